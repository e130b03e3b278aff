"""A table of technologies as jobs: the same rows as rated at once, whoever does which part, each once in effect."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from databases import BACK_ENDS, database_url

from ktop.bootstrap import House
from ktop.domain.party.actor import INSTALLATION, LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.usecases.technologies import many, table_job
from ktop.usecases.technologies.many import score_queries

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "technologies"


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_jobs_of_a_table_give_what_is_given_at_once_whatever_happens_in_between(
    back_end: str, demo_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [file.read_text("utf-8") for file in sorted(EXAMPLES.glob("*.txt"))][:3]
    queries = pl.DataFrame({"query_id": [*"abcde"], "text": [*texts, "too short", texts[0] + " again"]})
    queries.write_parquet(tmp_path / "q.parquet")
    score_queries(tmp_path / "q.parquet", tmp_path / "at-once.parquet", corpus=lambda: demo_corpus, workers=1)
    monkeypatch.setattr(table_job, "TOGETHER", 1)
    rated: Counter[str] = Counter()

    def counting(engine: object, part: list[dict[str, object]], *more: object) -> object:
        rated.update(str(query["query_id"]) for query in part)
        return many.rated(engine, part, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(table_job, "rated", counting)
    house = House(Settings(data=tmp_path, database_url=database_url(back_end, tmp_path), corpus=demo_corpus))
    given = []
    for share in ("1/2", "2/2"):
        out = tmp_path / f"{share[0]}.parquet"
        arguments = {"path": str(tmp_path / "q.parquet"), "out": str(out), "share": share}
        given.append(house.jobs.give(LOCAL_OWNER, table_job.KIND, arguments, key=share))
    for looks in (1, 2, 99):  # the first workers are told to end after so many looks at whether to go on
        for job in house.work.take(INSTALLATION, "w", 5):
            looked = iter([None] * looks)
            house.work.do(INSTALLATION, job, lambda looked=looked: next(looked, "give_back"))  # type: ignore[misc]
    assert [house.jobs.job(LOCAL_OWNER, job.id).state for job in given] == ["done", "done"]
    assert rated == Counter("abcde")
    made = pl.concat([pl.read_parquet(tmp_path / f"{number}.parquet") for number in (1, 2)])
    assert made.equals(pl.read_parquet(tmp_path / "at-once.parquet"))
    with house._store().reading(LOCAL_OWNER) as unit:
        assert not any(unit.documents.of([job.id], "technologies.part") for job in given)


def test_a_share_that_is_none_fails_with_a_sentence(tmp_path: Path) -> None:
    pl.DataFrame({"query_id": ["a"], "text": ["b"]}).write_parquet(tmp_path / "q.parquet")
    house = House(Settings(data=tmp_path, database_url=None))
    asked = {"path": str(tmp_path / "q.parquet"), "out": str(tmp_path / "r.parquet")}
    for share in ("3/2", "0/2", "half"):
        job = house.jobs.give(LOCAL_OWNER, table_job.KIND, asked | {"share": share})
        for taken in house.work.take(INSTALLATION, "w", 5):
            house.work.do(INSTALLATION, taken, lambda: None)
        problem = house.jobs.job(LOCAL_OWNER, job.id).problem
        assert problem is not None and problem["key"] == "batches.no_share"
