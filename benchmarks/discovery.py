"""What searching firms that agreed to be found costs: filters, words, firms like one, with all that is noted besides.

    .venv/bin/python benchmarks/discovery.py [--firms 100000] [--searches 300] [--sqlite FILE] [--postgresql URL|wheel]
    .venv/bin/python benchmarks/discovery.py --quality

Makes up firms (six in ten named, with a summary of 25 to 45 words drawn as often as words of a language are, by Zipf's
law; the others anonymous), fills a database with them, and searches as a bank does: each search is the whole use case
with the notes for the firms it found. The share of each kind of search is even. Prints one table; without
``--postgresql`` for SQLite alone. A database given by ``--sqlite`` or by its address is kept, and taken as it is where
it holds such firms already. Processor time is that of this process: on PostgreSQL the server's is not in it.

``--quality`` asks instead what is found: 2,040 abstracts (Korean and US, from the development data beside the checkout;
KTOP_SHARED names their folder) stand for what firms say, the first three words of 200 titles for what is asked, and
whoever is of the same class of the patent classification is a right answer. Prints the share of right ones among ten.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import random
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "fixtures")]

_SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주추기니디리미비시이지치"
)
_REGIONS = ("KR-11", "KR-26", "KR-27", "KR-28", "KR-30", "KR-41")
_AT_ONCE = 2000


def vocabulary(size: int = 8000) -> list[str]:
    """Return invented nouns of two to four syllables, all different."""
    chance, words = random.Random(1), set[str]()
    while len(words) < size:
        words.add("".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4))))
    return sorted(words)


def fill(store: Any, firms: int) -> None:
    """Fill a database with firms that opted in, as the use case would have written them."""
    from sqlalchemy import insert

    from ktop.catalogue import load
    from ktop.domain.company.classification import cell_labels
    from ktop.domain.party.discovery import Profile, bands, cell, place
    from ktop.kernel.clock import today
    from ktop.patents.analysis.terms import term_code
    from ktop.store.tables import discovery_cards, discovery_terms, organisations
    from ktop.store.tables.base import new_id
    from ktop.usecases.discovery.words import field_code, name_words, text_words

    chance, words = random.Random(2), vocabulary()
    weights = [1 / (rank + 3) for rank in range(len(words))]
    codes = {word: term_code(word) for word in words}
    fields = list(load("patent_classes")["subclasses"])
    industries, now, until = list(cell_labels("industry_group")), datetime.now(UTC), today()
    for start in range(0, firms, _AT_ONCE):
        owners: list[dict[str, Any]] = []
        cards: list[dict[str, Any]] = []
        terms: list[dict[str, Any]] = []
        for number in range(start, min(firms, start + _AT_ONCE)):
            anonymous = number % 10 >= 6
            to = frozenset(chance.choice((("bank",), ("bank", "investor"), ("bank", "investor", "agency"))))
            grades = {name: chance.choice(bands(name)[:6]) for name in ("business", "growth", "risk")}
            shown = Profile(
                **grades,
                index_score=5.0 * chance.randrange(8, 18),
                industry=chance.choice(industries),
                region=chance.choice(_REGIONS),
                size=chance.choice(list(cell_labels("size"))),
                age_band=chance.choice(list(cell_labels("age_band"))),
                model="ktrs-fm",
            )
            if anonymous:  # those that show little are alike
                shown = Profile(grades["business"], "", "", None, shown.industry, shown.region, "", "", "ktrs-fm")
            identity, secret = f"made-up-{number}", secrets.randbits(62)
            listed = now - timedelta(seconds=chance.randrange(10**7))
            said = chance.choices(words, weights, k=chance.randint(25, 45))
            finders = {f"to_{kind}": kind in to for kind in ("bank", "investor", "agency")}
            owners.append(
                {"id": identity, "kind": "company", "name_ko": f"{said[0]}{said[1]}", "name_en": "", "state": "active"}
                | {"demo": True, "settings": {}, "created": now, "version": 1}
            )
            cards.append(
                {"id": new_id(), "tenant": identity, "rating": "r", "anonymous": anonymous, **finders, **asdict(shown)}
                | {f"{name}_place": place(name, getattr(shown, name)) for name in grades}
                | {"until": until + timedelta(days=chance.randrange(1, 400)), "created": listed, "listed": listed}
                | {"said": "" if anonymous else " ".join(said), "number": secret, "hidden": "", "batch": None}
                | {"cell": cell(shown, to) if anonymous else ""}
            )
            if not anonymous:
                # the words are invented, so no dictionary divides them: they count whole, with their pairs
                own = text_words("") | name_words(owners[-1]["name_ko"])
                counted = {codes[word]: 120 for word in said} | own
                counted |= {term_code(f"{a}_{b}"): 120 for a, b in itertools.pairwise(said)}
                counted |= dict.fromkeys(map(field_code, chance.sample(fields, 8)), 35)
                terms += [
                    {"code": code, "number": secret, "impact": impact, "tenant": identity, **finders}
                    for code, impact in counted.items()
                ]
        with store.installation() as work:
            work.connection.execute(insert(organisations), owners)
            work.connection.execute(insert(discovery_cards), cards)
            work.connection.execute(insert(discovery_terms), terms)
    with store.installation() as work:
        work.batches_of_firms.form(until)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As autovacuum does by itself within minutes of so many new rows.
        connection.exec_driver_sql("VACUUM ANALYZE" if store.engine.dialect.name == "postgresql" else "ANALYZE")


def questions(count: int, like: list[str]) -> dict[str, list[Any]]:
    """Return the searches of each kind; words are asked as often as they are written."""
    from ktop.catalogue import load
    from ktop.domain.company.classification import cell_labels
    from ktop.domain.party.discovery import Wanted

    chance, words = random.Random(3), vocabulary()
    weights = [1 / (rank + 3) for rank in range(len(words))]
    industries = list(cell_labels("industry_group"))

    real = [line.split(" | ")[0] for line in load("patent_classes")["subclasses"].values()]

    def asked(number: int) -> str:
        """Words, one of them often a real one, which has synonyms and a meaning."""
        return " ".join([*chance.choices(words, weights, k=number - 1), chance.choice([*real, *words[: len(real)]])])

    def filters() -> dict[str, Any]:
        chosen = {"business": chance.choice(("A", "BBB", "BB")), "industry": chance.choice(industries)}
        return chosen | ({"region": chance.choice(_REGIONS)} if chance.random() < 0.5 else {})

    kinds: dict[str, list[Any]] = {"filters": [], "words": [], "filters + words": [], "like one": []}
    for _ in range(count):
        kinds["filters"].append(Wanted(**filters(), index_score=chance.choice((None, 60.0, 75.0))))
        kinds["words"].append(Wanted(words=asked(chance.randint(1, 3))))
        kinds["filters + words"].append(Wanted(**filters(), words=asked(chance.randint(1, 2))))
        kinds["like one"].append(Wanted(like=chance.choice(like)))
    return kinds


def measured(url: str, firms: int, searches: int) -> tuple[str, dict[str, list[tuple[float, float]]], float]:
    """Return version, kind → milliseconds of each search by clock and by processor, and firms found a page."""
    from consenting import BANK, add_organisations
    from sqlalchemy import select, text

    from ktop.domain.party.discovery import Wanted
    from ktop.store.tables import organisations
    from ktop.store.unit_of_work import Store
    from ktop.usecases.discovery.service import DiscoveryService

    store = Store.open(url)
    with store.installation() as work:
        filled = work.connection.scalar(select(organisations.c.id).where(organisations.c.id == "made-up-0"))
    if not filled:
        add_organisations(store)
        fill(store, firms)
    use = DiscoveryService(lambda: store)
    with store.engine.connect() as connection:
        version = (
            f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}"
            if store.engine.dialect.name == "postgresql"
            else f"SQLite {sqlite3.sqlite_version}"
        )
    said = vocabulary()[20]
    named = [one.id for one in use.search(BANK, Wanted(words=said), limit=200).items]
    taken: dict[str, list[tuple[float, float]]] = {}
    found = 0
    for kind, asked in questions(searches, named).items():
        taken[kind] = []
        for one in asked:
            start, used = time.perf_counter(), time.process_time()
            found += len(use.search(BANK, one, limit=50).items)
            taken[kind].append((1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)))
    store.engine.dispose()
    return version, taken, found / (searches * len(taken))


def quality(questions: int = 200) -> None:
    """Print what share of ten firms found is of the field of the question, by language of question and firm."""
    import polars as pl
    from consenting import BANK, add_organisations
    from sqlalchemy import insert

    from ktop.domain.party.discovery import Wanted
    from ktop.kernel.clock import today
    from ktop.store.tables import discovery_cards, discovery_terms, organisations
    from ktop.store.unit_of_work import Store
    from ktop.usecases.discovery.service import DiscoveryService
    from ktop.usecases.discovery.words import text_words

    data = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data" / "patents"
    korean = pl.read_parquet(data / "kr_kipris_1329" / "patents.parquet").filter(
        pl.col("abstract_ko").str.len_chars() > 80
    )
    american = pl.read_parquet(data / "nus_retrieval_2244" / "patents.parquet").filter(
        pl.col("abstract").str.len_chars() > 80
    )
    texts = [
        *(
            ("ko", title, said[:600], classes[0][:3] if classes else "")
            for title, said, classes in korean.select("title_ko", "abstract_ko", "ipc").iter_rows()
        ),
        *(
            ("en", title, said[:600], (subclass or "")[:3])
            for title, said, subclass in american.sample(1000, seed=1)
            .select("title", "abstract", "ipc_subclass")
            .iter_rows()
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/ktop.sqlite3")
        add_organisations(store)
        now, to = datetime.now(UTC), {f"to_{kind}": True for kind in ("bank", "investor", "agency")}
        hidden = ("business", "growth", "risk", "industry", "size", "age_band", "cell", "hidden")
        # the region tells the language, so that a search can ask for firms of one
        region, shown = {"ko": "KR-11", "en": "KR-26"}, dict.fromkeys(hidden, "")
        with store.installation() as work:
            for number, (lang, _, said, _) in enumerate(texts, start=1):
                owner = {"id": f"made-up-{number}", "kind": "company", "name_ko": "", "name_en": "", "state": "active"}
                work.connection.execute(
                    insert(organisations).values(**owner, demo=True, settings={}, created=now, version=1)
                )
                card = {
                    "id": f"{number:032x}",
                    "tenant": owner["id"],
                    "rating": "r",
                    "region": region[lang],
                    "anonymous": False,
                    "said": said,
                    "number": number,
                }
                places = {f"{name}_place": 0 for name in ("business", "growth", "risk")}
                work.connection.execute(
                    insert(discovery_cards).values(
                        **card,
                        **to,
                        **shown,
                        **places,
                        index_score=None,
                        model="",
                        until=today(),
                        created=now,
                        listed=now,
                    )
                )
                rows = [
                    {"code": code, "number": number, "impact": impact, "tenant": owner["id"], **to}
                    for code, impact in text_words(said).items()
                ]
                work.connection.execute(insert(discovery_terms), rows)
        use, chance = DiscoveryService(lambda: store), random.Random(0)
        right: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for asked in chance.sample(range(len(texts)), questions):
            lang, title, _, field = texts[asked]
            for other in ("ko", "en"):
                wanted = Wanted(words=" ".join(title.split()[:3]), region=region[other])
                found = [one for one in use.search(BANK, wanted, limit=11).items if int(one.id, 16) - 1 != asked][:10]
                fits = [one.near for one in found if texts[int(one.id, 16) - 1][3] == field]
                both = len(fits) / 10, fits.count(False) / 10
                right.setdefault((lang, other), []).append(both)
        store.engine.dispose()
    print("| question | firms | right among ten | of these by all words |\n|---|---|---:|---:|")
    for (lang, other), shares in sorted(right.items()):
        whole, by_words = (statistics.mean(part) for part in zip(*shares, strict=True))
        print(f"| {lang} | {other} | {whole:.3f} | {by_words:.3f} |")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--sqlite", metavar="FILE", type=Path)
    parser.add_argument("--postgresql", metavar="URL|wheel")
    parser.add_argument("--quality", action="store_true")
    given = parser.parse_args()
    if given.quality:
        quality()
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {given.firms:,} firms")
    print("| database | search | median ms | p95 ms | worst ms | processor median ms | p95 ms | firms a page |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{given.sqlite.resolve() if given.sqlite else Path(folder, 'ktop.sqlite3')}"]
        if given.postgresql:
            from databases import migrated_postgresql

            urls.append(migrated_postgresql() if given.postgresql == "wheel" else given.postgresql)
        for url in urls:
            version, taken, found = measured(url, given.firms, given.searches)
            for kind, times in [*taken.items(), ("all", [one for each in taken.values() for one in each])]:
                clock, used = zip(*times, strict=True)
                p95, used_p95 = (statistics.quantiles(part, n=20)[-1] for part in (clock, used))
                row = (statistics.median(clock), p95, max(clock), statistics.median(used), used_p95, found)
                print(f"| {version} | {kind} | {' | '.join(f'{one:.0f}' for one in row)} |", flush=True)


if __name__ == "__main__":
    main()
