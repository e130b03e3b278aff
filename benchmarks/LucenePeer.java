// Lucene beside our index (search_peers.py): one document a line until an empty line, then one question a line:
// "END TOP word weight word weight ...". Answers with the number of rows found and the rows, big-endian integers.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;

public class LucenePeer {
    public static void main(String[] arguments) throws IOException {
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 20);
        var output = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
        var directory = new MMapDirectory(Path.of(arguments[0]));
        var settings = new IndexWriterConfig(new WhitespaceAnalyzer()).setRAMBufferSizeMB(256);
        settings.setMergePolicy(new LogDocMergePolicy()); // keeps the order: document numbers are rows
        settings.setSimilarity(new BM25Similarity(1.2f, 0.75f));
        var kind = new FieldType();
        kind.setIndexOptions(IndexOptions.DOCS_AND_FREQS);
        kind.setTokenized(true);
        kind.freeze();
        try (var writer = new IndexWriter(directory, settings)) {
            int row = 0;
            for (String line = input.readLine(); line != null && !line.isEmpty(); line = input.readLine(), row++) {
                var document = new Document();
                document.add(new Field("text", line, kind));
                document.add(new IntPoint("row", row));
                document.add(new NumericDocValuesField("row", row));
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        var searcher = new IndexSearcher(DirectoryReader.open(directory));
        searcher.setSimilarity(new BM25Similarity(1.2f, 0.75f));
        searcher.setQueryCache(null); // every question is asked anew
        output.writeBytes("done");
        output.flush();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            var parts = line.split(" ");
            int end = Integer.parseInt(parts[0]), top = Integer.parseInt(parts[1]);
            var words = new BooleanQuery.Builder();
            for (int i = 2; i < parts.length; i += 2) {
                var word = new TermQuery(new Term("text", parts[i]));
                words.add(new BoostQuery(word, Float.parseFloat(parts[i + 1])), BooleanClause.Occur.SHOULD);
            }
            Query query = words.build();
            if (end >= 0) {
                var bound = new IndexOrDocValuesQuery(
                    IntPoint.newRangeQuery("row", 0, end - 1), NumericDocValuesField.newSlowRangeQuery("row", 0, end - 1));
                query = new BooleanQuery.Builder()
                    .add(query, BooleanClause.Occur.MUST).add(bound, BooleanClause.Occur.FILTER).build();
            }
            var hits = searcher.search(query, top).scoreDocs;
            output.writeInt(hits.length);
            for (var hit : hits) {
                output.writeInt(hit.doc);
            }
            output.flush();
        }
    }
}
