"""Rates technology summaries against the patent corpus named, else the one in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ktop.catalogue import Lang
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.patent.document import Patent
from ktop.domain.rating.rating import Rating
from ktop.kernel.clock import today
from ktop.kernel.errors import TooLargeError
from ktop.kernel.progress import Progress, silent
from ktop.usecases.corpora.interface import Corpora
from ktop.usecases.technologies import examples
from ktop.usecases.technologies.interface import RankedUpload, RankReport, RatedAgain, TechnologyExample
from ktop.usecases.technologies.many import score_queries, without_score
from ktop.usecases.technologies.proposals import (
    AT_ONCE,
    proposals_of,
    rank_file,
    rank_rows,
    spreadsheet,
    uploaded_table,
)
from ktop.usecases.technologies.prospects import prospects_block
from ktop.usecases.technologies.rate_again import rate_again
from ktop.usecases.technologies.rating import compare_technologies, rate_technology
from ktop.usecases.technologies.suggest_terms import suggest_terms
from ktop.usecases.uploads import read_text, sentences


class TechnologyService:
    """See ``ktop.usecases.technologies.interface.Technologies``."""

    def __init__(self, corpora: Corpora) -> None:
        self._corpora = corpora

    def example_technologies(self, actor: Actor) -> Sequence[TechnologyExample]:
        require(actor, "platform:example:read")
        return examples.example_technologies()

    def read_summary(self, actor: Actor, path: Path) -> str:
        require(actor, "own:rating:make")
        return read_text(path)

    def rate_summary(
        self,
        actor: Actor,
        summary: str,
        as_of: date | None = None,
        *,
        corpus: Path | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Rating:
        require(actor, "own:rating:make")
        engine = self._corpora.engine(actor, corpus, lang=lang, progress=progress)
        return rate_technology(engine, summary, as_of=as_of)

    def rate_again(self, actor: Actor, stored: Mapping[str, Any], *, corpus: Path | None = None) -> RatedAgain:
        require(actor, "own:rating:read")
        return rate_again(stored, lambda formulas: self._corpora.engine(actor, corpus, formulas=formulas))

    def prospects_with_applicant(
        self, actor: Actor, applicant: str, as_of: date | None = None, *, corpus: Path | None = None
    ) -> Mapping[str, Any]:
        require(actor, "own:rating:make")
        return prospects_block(self._corpora.folder(actor, corpus), applicant, as_of or today())

    def suggest_terms(
        self, actor: Actor, summary: str, as_of: date | None = None, *, corpus: Path | None = None
    ) -> Mapping[str, Any]:
        require(actor, "own:rating:read")
        return suggest_terms(self._corpora.engine(actor, corpus), summary, as_of=as_of)

    def compare_summaries(
        self,
        actor: Actor,
        first: str,
        second: str,
        as_of: date | None = None,
        *,
        corpus: Path | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        require(actor, "own:rating:make")
        engine = self._corpora.engine(actor, corpus, lang=lang, progress=progress)
        return compare_technologies(engine, first, second, as_of=as_of)

    def patents_named(
        self, actor: Actor, patent_ids: Sequence[str], *, corpus: Path | None = None
    ) -> Mapping[str, Patent]:
        require(actor, "own:rating:read")
        return self._corpora.engine(actor, corpus).index.corpus.get(patent_ids)

    def score_table(
        self,
        actor: Actor,
        queries: Path,
        out: Path,
        *,
        corpus: Path | None = None,
        as_of: date | None = None,
        workers: int = 2,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> Mapping[str, Any]:
        require(actor, "own:batch:run")
        return score_queries(
            queries,
            out,
            corpus=lambda: self._corpora.folder(actor, corpus, lang=lang, progress=progress),
            as_of=as_of,
            workers=workers,
            lang=lang,
            progress=progress,
            open_index=self._corpora.opener(actor),
        )

    def rank_table(
        self,
        actor: Actor,
        source: Path,
        out: Path,
        *,
        corpus: Path | None = None,
        as_of: date | None = None,
        lang: Lang = "ko",
        progress: Progress = silent,
    ) -> RankReport:
        require(actor, "own:batch:run")
        return rank_file(
            source,
            out,
            engine=lambda: self._corpora.engine(actor, corpus, lang=lang, progress=progress),
            as_of=as_of,
            lang=lang,
            progress=progress,
        )

    def rank_upload(self, actor: Actor, source: bytes, name: str, lang: Lang) -> RankedUpload:
        require(actor, "own:batch:run")
        table, shown = uploaded_table(source, name)
        rows = self.rank_proposals(actor, proposals_of(table.frame, shown, AT_ONCE), lang)
        told = without_score([row["problem"] for row in rows], lang)
        return RankedUpload(rows, (*told, *sentences(table, lang)))

    def rank_proposals(
        self, actor: Actor, proposals: Sequence[Mapping[str, Any]], lang: Lang
    ) -> Sequence[Mapping[str, Any]]:
        require(actor, "own:batch:run")
        if len(proposals) > AT_ONCE:
            raise TooLargeError("records.too_many_proposals", rows=len(proposals), limit=AT_ONCE)
        return rank_rows(proposals, self._corpora.engine(actor), lang=lang)

    def ranked_spreadsheet(self, actor: Actor, rows: Sequence[Mapping[str, Any]], lang: Lang) -> bytes:
        require(actor, "own:batch:run")
        return spreadsheet(rows, lang)
