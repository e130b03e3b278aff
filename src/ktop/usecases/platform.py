"""The platform behind the pages and the API: rates, keeps what it answered, and looks it up again."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ktop.catalogue import LANGS, Lang, message
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.company.record import Company
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.rating.rating import Rating
from ktop.kernel.errors import InputError, KtopError, TooLargeError, UnavailableError
from ktop.kernel.progress import Progress, silent
from ktop.kernel.settings import Settings
from ktop.usecases import examples
from ktop.usecases.answers import CompanyCard, Kind, StoredRating, TechnologyExample
from ktop.usecases.models import lifecycle
from ktop.usecases.rate.company import company_models, models_for, rate_by, what_if
from ktop.usecases.uploads import company_record_schema, parse_record

if TYPE_CHECKING:
    from ktop.models.company_model import CompanyModel
    from ktop.models.registry import ModelRegistry
    from ktop.store.ratings import RatingRow
    from ktop.store.unit_of_work import Store
    from ktop.usecases.corpora.engine import TechnologyEngine

#: How long a technology rating waits for the corpus to be prepared before it asks to come back.
PATIENCE_SECONDS = 10.0
#: A business number (사업자등록번호) has ten digits, however it is written.
BUSINESS_NUMBER_DIGITS = 10
#: Fields of a company record that a flat fact fills directly; the other facts go to the record's totals.
_RECORD_FIELDS = ("company_id", "name", "name_en", "business_number", "corporate_number", "industry", "founded")


class Platform:
    """The use cases of the first page set (see ``ktop.web.ports.Services``). Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._prepared = threading.Event()
        self._preparing: threading.Thread | None = None
        self._share_done = 0.0

    # --- what a first start prepares -------------------------------------------------------------------------------

    def is_prepared(self) -> bool:
        """Return whether the corpus in force is there and indexed."""
        from ktop.usecases.corpora.engine import corpus_is_ready

        return corpus_is_ready(self._settings.corpus_in_force)

    def prepare(self, progress: Progress = silent) -> None:
        """Build the demo corpus where no other corpus is named; takes up where it was interrupted."""
        from ktop.usecases.corpora.engine import corpus_in_force, open_corpus

        open_corpus(corpus_in_force(self._settings, progress=progress), progress=progress)

    def prepare_in_background(self) -> None:
        """Prepare while companies can already be rated; technologies wait, and are told how far it is."""

        def work() -> None:
            try:
                self.prepare(self._note_progress)
            finally:
                self._prepared.set()

        self._preparing = threading.Thread(target=work, name="prepare-corpus", daemon=True)
        self._preparing.start()

    def _note_progress(self, done: int, total: int | None, what: str) -> None:
        self._share_done = done / total if total else 0.0

    @cached_property
    def _store(self) -> Store:
        from ktop.store.unit_of_work import Store

        return Store.open(self._settings.database)

    @cached_property
    def _registry(self) -> ModelRegistry:
        from ktop.models.registry import ModelRegistry

        return ModelRegistry(self._settings.models)

    def _models(self, names: Sequence[str] | None) -> list[CompanyModel]:
        return company_models(names, self._registry)

    @cached_property
    def _engine(self) -> TechnologyEngine:
        from ktop.usecases.corpora.engine import corpus_in_force, open_corpus

        return open_corpus(corpus_in_force(self._settings))

    # --- examples and descriptions ---------------------------------------------------------------------------------

    def demo_companies(self) -> Sequence[CompanyCard]:
        """Return the example companies in the order to show them."""
        return examples.company_cards()

    def company_record(self, company_id: str) -> Mapping[str, Any]:
        """Return an example company's record."""
        return examples.example_record(company_id)

    def technology_examples(self) -> Sequence[TechnologyExample]:
        """Return the sample technology summaries."""
        return examples.technology_examples()

    def models(self) -> Sequence[Mapping[str, Any]]:
        """Return the card of every model version, with ``champion`` and ``origin``."""
        return self._registry.cards()

    def model_card(self, name: str, version: str) -> Mapping[str, Any]:
        """Return one version's card with its history."""
        return lifecycle.card(self._registry, name, version)

    def model_history(self) -> Sequence[Mapping[str, Any]]:
        """Return the log of versions, oldest first."""
        return lifecycle.history(self._registry)

    def model_drift(self) -> Sequence[Mapping[str, Any]]:
        """Return the newest drift report of every version that has one."""
        from ktop.usecases.models import drift

        return drift.latest(self._registry)

    def recompute(self, rating_id: str) -> Sequence[Mapping[str, Any]]:
        """Compute a kept answer again and say whether every bit agrees."""
        from ktop.usecases.rate.recompute import recompute_ratings

        return recompute_ratings(self.rating(rating_id).ratings, self._registry)

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a company record."""
        return company_record_schema()

    # --- records ---------------------------------------------------------------------------------------------------

    def parse_record(self, source: bytes) -> Mapping[str, Any]:
        """Return an uploaded record as a mapping."""
        return parse_record(source)

    def record_of_facts(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the record that says just these facts (absent or None = missing); rating it checks it."""
        given = {name: value for name, value in facts.items() if value is not None}
        record: dict[str, Any] = {name: given.pop(name) for name in _RECORD_FIELDS if name in given}
        if "region" in given:
            record["region"] = given.pop("region")
        answers = {name: given.pop(name) for name in list(given) if name in FACTS and FACTS[name].group == "checklist"}
        if answers:
            record["checklist"] = answers
        totals = {name: value for name, value in given.items() if name not in FACTS or not FACTS[name].derived}
        if totals:
            record["facts"] = totals
        record |= {"source": "self-reported", "source_date": _today().isoformat()}
        return record

    def facts_of_record(self, record: Mapping[str, Any], as_of: date | None) -> Mapping[str, Any]:
        """Return the flat facts of a record as of a day, None where missing."""
        from ktop.domain.company.facts import company_facts

        return company_facts(Company.from_mapping(record), as_of or _today())

    # --- ratings ---------------------------------------------------------------------------------------------------

    def rate_company(self, record: Mapping[str, Any], as_of: date | None) -> StoredRating:
        """Rate a company by the company models that fit it and keep the answer."""
        day = as_of or _today()
        ratings, failures = self._company_ratings(record, day)
        return self._keep("company", day, ratings, failures, record=record)

    def rate_technology(self, text: str, as_of: date | None) -> StoredRating:
        """Rate a technology summary against the corpus in force and keep the answer."""
        from ktop.usecases.rate.technology import rate_technology

        day = as_of or _today()
        return self._keep("technology", day, [rate_technology(self._engine_now(), text, as_of=day)], {}, text=text)

    def rate_both(self, record: Mapping[str, Any], text: str, as_of: date | None) -> StoredRating:
        """Rate a company and its technology together; a model that cannot rate says why beside the others."""
        from ktop.usecases.rate.technology import rate_technology

        day = as_of or _today()
        ratings, failures = self._company_ratings(record, day)
        ratings.append(rate_technology(self._engine_now(), text, as_of=day))
        return self._keep("both", day, ratings, failures, record=record, text=text)

    def rating(self, rating_id: str) -> StoredRating:
        """Return a kept answer."""
        with self._store.unit(LOCAL_OWNER) as unit:
            return _stored(unit.ratings.get(rating_id))

    def what_if(self, rating_id: str, changes: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Rate the company of a kept answer again with some facts changed; nothing is kept."""
        kept = self.rating(rating_id)
        if kept.record is None:
            raise InputError("platform.no_company_to_change")
        subject = RatedSubject.of(kept.record, kept.as_of)
        names = [r["model"]["name"] for r in kept.ratings if r["model"]["name"] != "originality"]
        return [what_if(model, subject, changes).to_json() for model in self._models(names)]

    def suggestions(self, rating_id: str) -> Mapping[str, Any]:
        """Try which added terms would raise the originality of a kept answer's technology; nothing is kept."""
        from ktop.usecases.rate.suggest_terms import suggest_terms

        kept = self.rating(rating_id)
        if kept.text is None:
            raise InputError("platform.no_technology_to_suggest_for")
        return suggest_terms(self._engine_now(), kept.text, as_of=kept.as_of)

    def rank_proposals(self, source: bytes, name: str, lang: Lang) -> Sequence[Mapping[str, Any]]:
        """Rank the proposals of an uploaded table; nothing is kept."""
        from ktop.usecases.rate.proposals import proposals_in

        return self.rank_given(proposals_in(source, name), lang)

    def rank_given(self, proposals: Sequence[Mapping[str, Any]], lang: Lang) -> Sequence[Mapping[str, Any]]:
        """Rank proposals, at most as many as one answer should wait for."""
        from ktop.usecases.rate.proposals import AT_ONCE, rank_rows

        if len(proposals) > AT_ONCE:
            raise TooLargeError("records.too_many_proposals", rows=len(proposals), limit=AT_ONCE)
        return rank_rows(proposals, self._engine_now(), lang=lang)

    def ranked_spreadsheet(self, rows: Sequence[Mapping[str, Any]], lang: Lang) -> bytes:
        """Return ranked proposals as an .xlsx file."""
        from ktop.usecases.rate.proposals import spreadsheet

        return spreadsheet(rows, lang)

    def compare(self, a_id: str, b_id: str) -> Mapping[str, Any]:
        """Return two kept answers side by side, with what each indicator adds to every score's gap.

        Two technologies have ``technologies`` besides: what ``ktop.models.originality.compare`` finds.
        """
        from ktop.models.compare import compare
        from ktop.models.originality import compare as compare_technologies

        a, b = self.rating(a_id), self.rating(b_id)
        first = {rating["model"]["name"]: rating for rating in a.ratings}
        second = {rating["model"]["name"]: rating for rating in b.ratings}
        if not first.keys() & second.keys():
            raise InputError("platform.nothing_to_compare")
        found: dict[str, Any] = {}
        technologies: Mapping[str, Any] | None = None
        for name in first:
            if name in second:
                if name == "originality":
                    technologies = compare_technologies(first[name], second[name])
                for score, parts in compare(first[name], second[name])["gaps"].items():
                    found[f"{name}:{score}" if score in found else score] = parts
        return {"a": a, "b": b, "gaps": found, "technologies": technologies}

    # --- inside ----------------------------------------------------------------------------------------------------

    def _engine_now(self) -> TechnologyEngine:
        if self._preparing is not None and not self._prepared.wait(PATIENCE_SECONDS):
            raise UnavailableError("platform.corpus_preparing", percent=round(100 * self._share_done))
        with self._lock:  # opening loads models: once, however many ask at the same time
            return self._engine

    def _company_ratings(self, record: Mapping[str, Any], day: date) -> tuple[list[Rating], dict[str, dict[str, str]]]:
        subject = RatedSubject.of(record, day)
        ratings: list[Rating] = []
        failures: dict[str, dict[str, str]] = {}
        last: KtopError | None = None
        for model in self._models(models_for(subject)):
            try:
                ratings.append(rate_by(model, subject))
            except InputError as error:
                if not error.key.startswith("models."):
                    raise
                last = error
                failures[model.name] = {lang: message(error, lang) for lang in LANGS}
        if not ratings and last is not None:
            raise last
        return ratings, failures

    def _keep(
        self,
        kind: Kind,
        day: date,
        ratings: Sequence[Rating],
        failures: Mapping[str, Mapping[str, str]],
        record: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> StoredRating:
        results = [rating.to_json() for rating in ratings]
        name = (record or {}).get("name") or results[0]["subject"].get("title") or results[0]["subject"].get("name")
        with self._store.unit(LOCAL_OWNER) as unit:
            row = unit.ratings.add(
                kind=kind,
                subject=str(name or ""),
                as_of=day,
                inputs={"record": _plain(record), "text": text, "failures": failures},
                results=results,
                subject_key=_subject_key(record or {}),
            )
        return _stored(row)


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the user's own calendar day


def _subject_key(record: Mapping[str, Any]) -> str | None:
    """Return what all ratings of one company are found by: its business number, else the id it is known by here."""
    digits = re.sub(r"\D", "", str(record.get("business_number") or ""))
    if len(digits) == BUSINESS_NUMBER_DIGITS:
        return f"business_number:{digits}"
    known_as = str(record.get("company_id") or "").strip()
    return f"company_id:{known_as[:100]}" if known_as else None


def _plain(value: Any) -> Any:
    """Return a value in JSON types: YAML reads dates as dates."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _stored(row: RatingRow) -> StoredRating:
    kind: Any = row.kind
    return StoredRating(
        id=row.id,
        kind=kind,
        created=row.created,
        as_of=row.as_of,
        ratings=row.results,
        record=row.inputs.get("record"),
        text=row.inputs.get("text"),
        failures=row.inputs.get("failures") or {},
    )
