"""A text as a question to the index: its terms, their counterparts in the other language, and its vectors."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.encoder import encode_remembered
from ktop.patents.analysis.glossary import counterparts
from ktop.patents.analysis.terms import term_code
from ktop.patents.analysis.text import Analyser, Run, word_list
from ktop.patents.engine.bridge import Translation
from ktop.patents.engine.term_chances import Occurrences
from ktop.patents.engine.vectors import MAX_SENTENCE_CHARS, TextSpace

#: Terms of a long text that are asked for, the rarest and most repeated first.
MAX_TERMS = 150
#: Words and pairs that are led to the other language.
MAX_TRANSLATED = 60
#: Least nearness of a counterpart to the whole text that is reckoned with.
MIN_CONTEXT = 0.02
#: Weight of the glossary's words, as one sentence, beside the text itself (measured, docs/patents.md).
GLOSS_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class SourceTerm:
    """A word or pair of the question: index term, spelling, and how often it stands there."""

    term: str
    surface: str
    count: int

    @property
    def weight(self) -> float:
        """1 + log of the count."""
        return 1.0 + math.log(self.count)


@dataclass
class Question:
    """An analysed text.

    Parameters
    ----------
    counts : index term or pair → how often it stands in the text.
    runs : its noun phrases.
    meaning : (512,) vector of the text as a sentence where it is known already; made of its beginning where None.
    whole : the question that this one is a part of, whose translations and glossary stand for it; None for none.
    order : words and pairs of its text as they stand there.
    """

    text: str
    title: str | None
    language: Lang
    counts: Mapping[str, int]
    runs: Sequence[Run]
    space: TextSpace
    translations: dict[str, list[Translation]] = field(default_factory=dict)
    meaning: npt.NDArray[np.float32] | None = None
    whole: Question | None = None
    order: tuple[Sequence[str], Sequence[str]] = ((), ())

    @classmethod
    def of(cls, text: str, language: Lang, analyser: Analyser, space: TextSpace, title: str | None = None) -> Question:
        """Analyse a text and, where there is one, its title."""
        whole = f"{title}. {text}" if title else text
        terms, pairs = analyser.terms_and_pairs(whole, language)
        counts, runs = Counter([*terms, *pairs]), analyser.runs(whole, language)
        return cls(text, title, language, counts, runs, space, order=(terms, pairs))

    @cached_property
    def source_terms(self) -> list[SourceTerm]:
        """Words and pairs as written, generic ones left out, the most repeated first: what is led over."""
        generic = word_list(f"generic_{self.language}")
        counts: Counter[tuple[str, str]] = Counter()
        for run in self.runs:
            for word in run:
                if word.surface not in generic and len(word.surface) > 1:
                    counts[word.terms[0], word.surface] += 1
            for first, second in itertools.pairwise(run):
                if first.surface not in generic or second.surface not in generic:
                    pair = f"{first.terms[0]}_{second.terms[0]}"
                    counts[pair, f"{first.surface} {second.surface}"] += 1
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [SourceTerm(term, surface, count) for (term, surface), count in ranked[:MAX_TRANSLATED]]

    def own_groups(self) -> list[dict[str, float]]:
        """Return the question's own terms for the word index, each a group of its own."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [{term: 1.0 + math.log(count)} for term, count in ranked[:MAX_TERMS]]

    @cached_property
    def occurrences(self) -> Occurrences:
        """The question's own terms with where they stand, for searching by chances."""
        return Occurrences.of(*self.order)

    def translated(self) -> list[tuple[SourceTerm, list[Translation]]]:
        """Return each source term with its counterparts in the other language; terms without any are left out."""
        terms = self.source_terms
        missing = [term for term in terms if term.term not in self.translations]
        found = self.space.bridge.translate([(term.term, term.surface) for term in missing], self.language)
        self.translations.update({term.term: near for term, near in zip(missing, found, strict=True)})
        return [(term, self.translations[term.term]) for term in terms if self.translations[term.term]]

    def bridged_groups(self) -> list[dict[str, float]]:
        """Return the terms of the other language for the word index: of each word's counterparts the best counts.

        A counterpart weighs as much as it is near to the word, times the root of its nearness to the whole text: of the
        meanings a word has, the text favours its own.
        """
        context: npt.NDArray[np.float32] = self.vectors_of_counterparts() @ self.sentence
        nearness = iter(np.sqrt(np.maximum(context, MIN_CONTEXT)))
        return [
            {near.term: term.weight * near.similarity * float(next(nearness)) for near in found}
            for term, found in self.translated()
        ]

    def vectors_of_counterparts(self) -> npt.NDArray[np.float32]:
        """Return the vectors of all counterparts, one after the other, (counterparts, 512)."""
        near = [(near.term, near.surface) for _, found in self.translated() for near in found]
        return self.space.bridge.vectors_of(near, self._other)

    @property
    def opening(self) -> str:
        """The text as far as it is encoded as a sentence."""
        return self.text[:MAX_SENTENCE_CHARS]

    @cached_property
    def sentence(self) -> npt.NDArray[np.float32]:
        """(512,) the text as one sentence, by the encoder."""
        if self.meaning is not None:
            return self.meaning
        found: npt.NDArray[np.float32] = encode_remembered([self.opening])[0]
        return found

    @property
    def _other(self) -> Lang:
        return "en" if self.language == "ko" else "ko"

    @cached_property
    def _mean(self) -> npt.NDArray[np.float32]:
        terms = [(term.term, term.surface, term.weight) for term in self.source_terms]
        return self.space.mean_of(terms, self.language)

    @cached_property
    def vector(self) -> npt.NDArray[np.float32]:
        """The text vector for patents of the question's own language."""
        return self.space.question(self._mean, self.counts, self.language)

    @cached_property
    def vector_across(self) -> npt.NDArray[np.float32]:
        """The text vector for patents of the other language."""
        sentences = [(self.sentence, 1.0)]
        if self.gloss_vector is not None:
            sentences.append((self.gloss_vector, GLOSS_WEIGHT))
        return self.space.question_across(self._mean, sentences)

    @cached_property
    def gloss_vector(self) -> npt.NDArray[np.float32] | None:
        """(512,) the glossary's words for the text as one sentence; None where it has none."""
        if self.whole is not None:
            return self.whole.gloss_vector
        return encode_remembered([self.gloss])[0] if self.gloss else None

    def vector_of(self, meaning: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return what ``vector_across`` would be with another vector for the whole text, without the glossary."""
        return self.space.question_across(self._mean, [(meaning, 1.0)])

    @cached_property
    def gloss(self) -> str:
        """The text's words as the glossary has them in the other language, as far as encoded; empty: it has none."""
        words: list[str] = []
        for run in self.runs:
            for word in run:
                words += [spelling for _, spelling in counterparts(word.terms[0], word.surface, self.language)[:1]]
        return " ".join(dict.fromkeys(words))[:MAX_SENTENCE_CHARS]

    def weighted_codes(self, other_language: bool) -> dict[int, float]:
        """Return term code → 1 + log count, of the question itself or of its counterparts in the other language.

        A counterpart's weight is multiplied by its similarity; the best counterpart of each word stands for it.
        """
        if not other_language:
            return {term_code(term): 1.0 + math.log(count) for term, count in self.counts.items()}
        found: dict[int, float] = {}
        for term, translations in self.translated():
            for near in translations[:1]:
                code = term_code(near.term)
                found[code] = max(found.get(code, 0.0), term.weight * near.similarity)
        return found
