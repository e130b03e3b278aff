"""Do Korean patents of public R&D that score higher get cited more? A side check of the originality model in Korean.

    .venv/bin/python benchmarks/korean_side_check.py CORPUS

Needs the development data sets (KTOP_SHARED names their folder): kr_ntis_2013, Korean patents filed in 2013, of which
387 have a count of citations received until 2024. Each is told by its title and the title of its project and rated as
of 1 January 2013 against CORPUS, which must have patents before that day; against a corpus of US patents the texts are
led over and equated. Prints the AUC for "cited at all" with intervals (whole performers drawn) beside trivial rivals.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import polars as pl

DATA = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data" / "patents" / "kr_ntis_2013"
DAY = date(2013, 1, 1)


def main() -> None:
    """Rate, judge, print."""
    from ktop.domain.technology.summary import Technology
    from ktop.models.originality.definitions import TRAITS
    from ktop.usecases.corpora.engine import open_corpus
    from ktop.validation.within import within_groups

    engine = open_corpus(Path(sys.argv[1]))
    table = pl.read_parquet(DATA / "patents.parquet").drop_nulls(["forward_citations", "title_ko"])
    names = (*TRAITS, "score")
    rows: list[list[float]] = []
    for title, project in table.select("title_ko", "project_title_ko").iter_rows():
        technology = Technology(text=f"{title}. {project or ''}", language="ko", as_of=DAY)
        scores = engine.model.score(engine.neighbourhood(technology)).scores
        rows.append([np.nan if scores[name] is None else float(scores[name] or 0.0) for name in names])
    found = np.array(rows)
    rated = ~np.isnan(found[:, -1])
    cited = (table["forward_citations"].to_numpy() > 0).astype(np.float64)
    columns = {"score": found[:, -1], **{trait: found[:, i] for i, trait in enumerate(TRAITS)}}
    columns["length of the text"] = (
        table["title_ko"].str.len_chars() + table["project_title_ko"].fill_null("").str.len_chars()
    ).to_numpy()
    columns["public budget"] = table["gov_budget_krw"].to_numpy()
    figures = within_groups(
        cited[rated],
        {name: np.asarray(values, dtype=np.float64)[rated] for name, values in columns.items()},
        np.zeros(int(rated.sum())),
        table["performer"].to_numpy()[rated],
    )
    print(
        f"{len(cited)} Korean patents filed in 2013, {int(rated.sum())} rated, {int(cited[rated].sum())} of them cited"
    )
    for name, row in figures.items():
        print(f"{name:22} AUC {row.auc[0]:.3f} ({row.auc[1]:.3f}-{row.auc[2]:.3f})")


if __name__ == "__main__":
    main()
