"""Reads DOCDB, the EPO's worldwide bibliographic data: exchange documents, one a file or many in one document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ktop.patents.readers import Record, Reject, Sample, xml_safe
from ktop.patents.readers.exchange import exchange_patent
from ktop.patents.readers.source import Source

_MARK = re.compile(rb"<(?:[\w.\-]+:)?exchange-documents?[\s>]")


class DocdbXml:
    """Back file and weekly files of DOCDB (``exchange-documents``), and single ``exchange-document`` files."""

    name = "docdb-xml"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the element; OPS wraps the same in its own root."""
        return _MARK.search(sample.head) is not None and b"world-patent-data" not in sample.head

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per exchange document, one in memory at a time.

        Raises ``InputError`` where nothing of the file can be read.
        """
        for where, root in xml_safe.well_formed(source, lambda stream: xml_safe.elements(stream, "exchange-document")):
            yield root if isinstance(root, Reject) else exchange_patent(root, where, self.name)


READER = DocdbXml()
