"""Writes a made-up invention down as title and abstract, in Korean or English, from the sentence patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ktop.training.demo_corpus.chance import Chance
from ktop.training.demo_corpus.inventions import Invention
from ktop.training.demo_corpus.vocabulary import Entry, grammar
from ktop.training.demo_corpus.wording import EnglishNoun, EnglishVerb, KoreanNoun, KoreanVerb

KO, EN = 0, 1
#: Grain to which the figures of a range are rounded, by the width of the range.
_GRAINS = ((1000, 50), (200, 10), (40, 5))
_HIGHEST_PARTS_BY_WEIGHT = 60
#: A longer abstract is written again with one part fewer, down to the fewest parts.
MAX_WORDS = 140
FEWEST_PARTS = 3


class Figures:
    """Number ranges of one invention: ``{r:4,32}`` becomes "10 to 20", the same numbers in both languages."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._drawn: dict[str, tuple[int, int]] = {}
        self.word = "to"

    def __format__(self, spec: str) -> str:
        if spec not in self._drawn:
            low, high = (int(number) for number in spec.split(","))
            grain = next((grain for width, grain in _GRAINS if high - low >= width), 1)
            first = self._chance.between(low // grain, high // grain - 1)
            second = self._chance.between(first + 1, min(high // grain, first + max(1, (high - low) // grain // 2)))
            self._drawn[spec] = (max(low, first * grain), second * grain)
        a, b = self._drawn[spec]
        return f"{a} {self.word} {b}"


@dataclass(slots=True)
class Words:
    """The invention's words in one language, its slots filled in."""

    subject: Any
    problem: Any
    effects: list[Any]
    parts: list[tuple[Any, Any]]
    steps: list[Any]
    details: list[str]


class Writer:
    """Writes one invention; both languages share its figures."""

    def __init__(self, invention: Invention, seed: int) -> None:
        self._invention = invention
        self._figures = Figures(Chance(seed))
        self._chance = Chance(seed + 1)

    def write(self, language: str) -> tuple[str, str]:
        """Return title and abstract in ``language`` (``"ko"`` or ``"en"``)."""
        for parts in range(len(self._invention.parts), FEWEST_PARTS - 1, -1):
            title, abstract = self._draft(language, parts)
            if len(abstract.split()) <= MAX_WORDS:
                break
        else:
            title, abstract = self._draft(language, FEWEST_PARTS)
        return title, abstract

    def _draft(self, language: str, parts: int) -> tuple[str, str]:
        patterns = grammar()[language]
        korean = language == "ko"
        self._figures.word = "내지" if korean else "to"
        words = self._words(KO if korean else EN)
        words.parts = words.parts[:parts]
        sentences = self._opening(patterns, words)
        title = self._title(patterns, words)
        if self._chance.happens(0.6):
            short = grammar()["short"][language][self._invention.kind]
            words.subject = KoreanNoun(short) if korean else EnglishNoun(short)
        sentences += self._body(patterns, words, korean)
        sentences += [self._fill(patterns["detail"], {"D": detail}) for detail in words.details]
        sentences.append(self._fill(patterns["effect"], _effects(words)))
        return title, " ".join(_capital(s) for s in sentences)

    def _fill(self, patterns: list[str], values: Mapping[str, Any]) -> str:
        return self._chance.choice(patterns).format_map(values)

    def _words(self, lang: int) -> Words:
        noun: Any = KoreanNoun if lang == KO else EnglishNoun
        verb: Any = KoreanVerb if lang == KO else EnglishVerb
        slots: dict[str, Any] = {name: noun(entry.fields[lang]) for name, entry in self._invention.slots.items()}
        slots["r"] = self._figures

        def say(entry: Entry, column: int) -> str:
            return entry.fields[column].format_map(slots)

        mine = self._invention
        return Words(
            subject=noun(say(mine.subject, 1 + lang)),
            problem=verb(say(mine.problem, lang)) if lang == KO else say(mine.problem, lang),
            effects=[verb(say(entry, lang)) for entry in mine.effects],
            parts=[(noun(say(entry, lang)), verb(say(entry, 2 + lang))) for entry in mine.parts],
            steps=[verb(say(entry, lang)) for entry in mine.steps],
            details=[say(entry, lang) for entry in mine.details],
        )

    def _opening(self, patterns: dict[str, list[str]], words: Words) -> list[str]:
        field = self._fill(patterns["field"], _effects(words) | {"S": words.subject})
        problem = self._fill(patterns["problem"], {"P": words.problem})
        return [problem, field] if self._chance.happens(0.3) else [field, problem]

    def _body(self, patterns: dict[str, list[str]], words: Words, korean: bool) -> list[str]:
        if self._invention.kind == "apparatus":
            main, rest = words.parts[:-1], words.parts[-1:]
            joined = self._part_list(main, korean)
            body = [self._fill(patterns["apparatus"], {"S": words.subject, "L": joined})]
            return body + [self._fill(patterns["part"], {"a": part, "fa": does}) for part, does in rest]
        if self._invention.kind == "method":
            acts = [*words.steps, *(does for _, does in words.parts)][:4]
            steps = _join([f"{act:는} 단계" for act in acts], korean) if korean else _join([f"{a:ing}" for a in acts])
            body = [self._fill(patterns["method"], {"S": words.subject, "T": KoreanNoun(steps) if korean else steps})]
            if words.parts and (len(acts) < 4 or self._chance.happens(0.4)):
                part, does = words.parts[-1]
                body.append(self._fill(patterns["part"], {"a": part, "fa": does}))
            return body
        return self._composition(patterns, words, korean)

    def _composition(self, patterns: dict[str, list[str]], words: Words, korean: bool) -> list[str]:
        amounts = []
        for name, _ in words.parts:
            low = self._chance.between(1, _HIGHEST_PARTS_BY_WEIGHT)
            high = low + self._chance.between(2, 20)
            amounts.append(
                f"{name} {low} 내지 {high} 중량부" if korean else f"{low} to {high} parts by weight of {name}"
            )
        joined = _join(amounts, korean)
        body = [
            self._fill(patterns["composition"], {"S": words.subject, "M": KoreanNoun(joined) if korean else joined})
        ]
        for i in range(0, len(words.parts) - 1, 2):
            (a, fa), (b, fb) = words.parts[i : i + 2]
            body.append(self._fill(patterns["roles"], {"a": a, "fa": fa, "b": b, "fb": fb}))
        if len(words.steps) >= 2:
            body.append(self._fill(patterns["process"], {"fa": words.steps[0], "fb": words.steps[1]}))
        return body

    def _part_list(self, parts: list[tuple[Any, Any]], korean: bool) -> Any:
        if korean:
            return KoreanNoun(_join([f"{does:는} {part}" for part, does in parts], True))
        said = []
        for part, does in parts:
            forms = (f"{part:a} configured to {does}", f"{part:a} for {does:ing}", f"{part:a} that {does:s}")
            said.append(self._chance.choice(forms if part.countable else forms[:2]))
        return _join(said)

    def _title(self, patterns: dict[str, list[str]], words: Words) -> str:
        kind = self._invention.kind
        choices = patterns["title" if kind == "apparatus" else f"title_{kind}"]
        values = _effects(words) | {"S": words.subject}
        if words.parts:
            named = [part for part, _ in self._chance.sample(words.parts, 2)]
            values |= {"a": named[0], "b": named[-1]}
        return _capital(self._fill(choices, values))


def _effects(words: Words) -> dict[str, Any]:
    return {"E1": words.effects[0], "E2": words.effects[-1]}


def _join(items: list[str], korean: bool = False) -> str:
    """Join a list as each language does: "A, B 및 C" or "A, B, and C"."""
    if len(items) == 1:
        return items[0]
    if korean:
        return ", ".join(items[:-1]) + " 및 " + items[-1]
    mark = "; " if any(", " in item for item in items) else ", "
    return mark.join(items[:-1]) + f"{mark}and {items[-1]}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
