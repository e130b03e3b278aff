"""Damaged tables and records: every row read is answered or refused with its reason, and nothing fails otherwise.

``KTOP_MUTATIONS`` sets how many inputs are made of each kind (1,000 for a release); the seed is fixed.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from python_calamine import CalamineWorkbook

from ktop.catalogue import LANGS, message
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.headings import CompanyHeadings
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import KtopError
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.batch import rate_table
from ktop.usecases.companies.service import CompanyService
from ktop.usecases.uploads import parse_record, read_told_table

from .test_office_tables import DAY, FIRM, HEADER, OTHER, book

MUTATIONS = int(os.environ.get("KTOP_MUTATIONS", "100"))
#: Nothing may take longer on a machine that does other work, too.
SECONDS = 10.0
ROWS = 12
REGISTRY = ModelRegistry(None)
RECORD = Path(__file__).parents[3] / "examples" / "companies" / "hanbit-motion.yaml"
#: What is put into files: marks that readers treat in their own way, and values that mean something else.
ODD_TEXT = [
    *(
        '"',
        "'",
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\x00",
        "=",
        "#",
        "{",
        "[",
        "}",
        "]",
        ":",
        "- ",
        "*a",
        "&a",
        "!!",
        "<",
    ),
    *(
        "&amp;",
        "1e999",
        "-",
        "NaN",
        "null",
        "#DIV/0!",
        "9" * 21,
        "합계",
        "천원",
        "(단위: 천원)",
        "\u200b",
        '="0012"',
        "△5",
    ),
]
ODD = [*(text.encode() for text in ODD_TEXT), b"\xff\xfe", b"\xef\xbb\xbf", b"\xb0\xa1", "가".encode("cp949")]


def companies() -> list[list[Any]]:
    return [[f"A{n}", f"회사{n}", *(FIRM if n % 2 else OTHER)[2:]] for n in range(ROWS)]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return a file with a few changes: bytes turned, taken out, put in, parts moved, doubled or cut off."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        if not data:
            break
        at, to = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        span = slice(at, min(to, at + chance.choice((1, 2, 7, 40, 400))))
        match chance.randrange(7):
            case 0:
                data[min(at, len(data) - 1)] = chance.randrange(256)
            case 1:
                del data[span]
            case 2:
                data[at:at] = chance.choice(ODD)
            case 3:
                data[span] = chance.choice(ODD)
            case 4:
                data[to:to] = data[span]
            case 5:
                del data[chance.randrange(len(data) // 2 + 1) + len(data) // 2 :]
            case 6:
                lines = bytes(data).split(b"\n")
                chance.shuffle(lines)
                data = bytearray(b"\n".join(lines))
    return bytes(data)


def written_csv(chance: random.Random, folder: Path) -> bytes:
    encoding, separator = chance.choice(("utf-8", "utf-8-sig", "cp949", "utf-16")), chance.choice((",", ";", "\t"))
    lines = [separator.join(map(str, row)) for row in [HEADER, *companies()]]
    if chance.random() < 0.3:
        lines = ["2026년 현황", "", *lines, "합계" + separator * (len(HEADER) - 1)]
    return "\n".join(lines).encode(encoding)


def written_jsonl(chance: random.Random, folder: Path) -> bytes:
    return "\n".join(
        json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in companies()
    ).encode()


def written_parquet(chance: random.Random, folder: Path) -> bytes:
    file = io.BytesIO()
    frame = pl.DataFrame(companies(), schema=HEADER, orient="row")
    frame.write_parquet(file, compression=chance.choice(("zstd", "snappy", "uncompressed")))
    return file.getvalue()


def written_xlsx(chance: random.Random, folder: Path) -> bytes:
    above = [["2026년 현황"], ["(단위: 원)"]] if chance.random() < 0.5 else []
    return book(folder / "whole.xlsx", [*above, HEADER, *companies(), ["합계"]]).read_bytes()


def mutated_parquet(content: bytes, chance: random.Random) -> bytes:
    """Return a table with columns of other kinds, other cells or other names, or with one byte turned."""
    if chance.random() < 0.3:
        data = bytearray(content)
        data[chance.randrange(len(data))] = chance.randrange(256)
        return bytes(data)
    frame = pl.read_parquet(io.BytesIO(content))
    for _ in range(chance.choice((1, 2, 4))):
        name = chance.choice(frame.columns)
        column = frame[name]
        match chance.randrange(5):
            case 0:
                kinds = (
                    pl.Categorical,
                    pl.Binary,
                    pl.Float32,
                    pl.Int16,
                    pl.Boolean,
                    pl.Date,
                    pl.Datetime("ms", "Asia/Seoul"),
                )
                with contextlib.suppress(pl.exceptions.PolarsError):
                    frame = frame.with_columns(column.cast(chance.choice(kinds), strict=False))
            case 1:
                frame = frame.with_columns(
                    chance.choice((pl.concat_list(name), pl.struct(name), pl.lit(None))).alias(name)
                )
            case 2:
                texts = [chance.choice((cell, chance.choice(ODD_TEXT))) for cell in column.to_list()]
                frame = frame.with_columns(pl.Series(name, list(map(str, texts)), dtype=pl.String))
            case 3:
                new = name + chance.choice(("(천원)", " ", "\u200b", "(명)", "\n(백만원)", "2"))
                frame = frame.rename({name: new}) if new not in frame.columns else frame
            case 4:
                frame = frame.sample(frame.height + 3, with_replacement=True, seed=chance.randrange(99))
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def mutated_xlsx(content: bytes, chance: random.Random) -> bytes:
    """Return a workbook with one of its parts mutated and packed again, or with its packed bytes mutated."""
    if chance.random() < 0.2:
        return mutated(content, chance)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as again:
        names = parts.namelist()
        wanted = [
            n for n in names if n.startswith("xl/worksheets/sheet") or n in ("xl/sharedStrings.xml", "xl/workbook.xml")
        ]
        hit = chance.choice([*wanted, chance.choice(names)])
        for name in names:
            part = parts.read(name)
            again.writestr(name, mutated(part, chance) if name == hit else part)
    return packed.getvalue()


def rows_of_csv(content: bytes) -> int | None:
    """Return the rows of a file in which each line is one row; None where quotes or other line ends blur that."""
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp949", "latin-1"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeError:
            continue
    else:
        return None
    if '"' in text or "\r" in text or "\x00" in text:
        return None
    lines = text.split("\n")
    while lines and not lines[-1].strip(" ,;\t\ufeff\u200b\u3000"):
        lines.pop()
    return len(lines)


def rows_of_jsonl(content: bytes) -> int | None:
    return sum(1 for line in content.decode("utf-8", "replace").split("\n") if line.strip().strip("\ufeff"))


def rows_of_parquet(content: bytes) -> int | None:
    return pl.read_parquet(io.BytesIO(content)).height


def rows_of_xlsx(content: bytes) -> int | None:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    while rows and not any(str(cell).strip() for cell in rows[-1]):
        rows.pop()
    return len(rows)


KINDS: dict[str, tuple[Callable[..., bytes], Callable[..., bytes], Callable[[bytes], int | None]]] = {
    "csv": (written_csv, mutated, rows_of_csv),
    "jsonl": (written_jsonl, mutated, rows_of_jsonl),
    "parquet": (written_parquet, mutated_parquet, rows_of_parquet),
    "xlsx": (written_xlsx, mutated_xlsx, rows_of_xlsx),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_a_damaged_table_is_answered_or_refused(kind: str, tmp_path: Path) -> None:
    write, mutate, count = KINDS[kind]
    read = 0
    for seed in range(MUTATIONS):
        chance = random.Random(f"{kind} {seed}")
        content = mutate(write(chance, tmp_path), chance)
        path = tmp_path / f"{seed}.{kind}"
        path.write_bytes(content)
        begin = time.process_time()
        try:
            table = read_told_table(path, headings=CompanyHeadings())
            answer, report = rate_table(table, registry=REGISTRY, models=["tech-index"], as_of=DAY, lang="en")
        except KtopError as error:
            for lang in LANGS:
                assert "{" not in message(error, lang).replace(str(error.params), ""), seed
            continue
        finally:
            path.unlink()
        assert time.process_time() - begin < SECONDS, seed
        read += 1
        assert answer.height == report.rows == report.rated + report.refused == table.frame.height, seed
        for row in answer.select("company_id", "rated", "problems").iter_rows(named=True):
            assert row["company_id"], seed
            assert row["rated"] != bool(row["problems"]), seed
        rows = count(content)
        if rows is not None:  # what is no row of the answer stands above it in the file
            begins = table.begins
            assert answer.height == max(rows - begins, 0), seed
    assert read >= MUTATIONS // 10, "most damage leaves something to read"


def mutated_record(record: dict[str, Any], chance: random.Random) -> bytes:
    """Return a record with one or two of its values replaced, doubled or taken out."""
    record = copy.deepcopy(record)
    for _ in range(chance.choice((1, 2))):
        part: Any = record
        while isinstance(part, dict | list) and part:
            key = chance.choice(list(part) if isinstance(part, dict) else range(len(part)))
            if isinstance(part[key], dict | list) and part[key] and chance.random() < 0.9:
                part = part[key]
                continue
            if chance.random() < 0.2:
                del part[key]
            else:
                part[key] = chance.choice(
                    [*ODD_TEXT, None, [], {}, True, -1, 1e300, 10**30, "2024", "1900-01-01", "3억원"]
                )
            break
    return yaml.safe_dump(record, allow_unicode=True, sort_keys=False).encode()


def test_a_damaged_record_is_read_or_refused_in_one_sentence() -> None:
    content = RECORD.read_bytes()
    whole = yaml.safe_load(content)
    service = CompanyService(REGISTRY)
    read = 0
    for seed in range(MUTATIONS):
        chance = random.Random(f"record {seed}")
        if seed % 3:
            source = mutated(content if seed % 3 == 1 else json.dumps(whole, default=str).encode(), chance)
        else:
            source = mutated_record(whole, chance)
        begin = time.process_time()
        try:
            record = parse_record(source)
            RatedSubject.of(record, DAY)
            service.rate_record(LOCAL_OWNER, record, as_of=DAY, models=["tech-index"])
        except KtopError as error:
            for lang in LANGS:
                assert message(error, lang).encode("utf-8"), seed
            continue
        finally:
            assert time.process_time() - begin < SECONDS, seed
        read += 1
    assert read >= MUTATIONS // 10


def test_an_undamaged_table_of_each_kind_is_rated_whole(tmp_path: Path) -> None:
    for kind, (write, _, _) in KINDS.items():
        path = tmp_path / f"whole.{kind}"
        path.write_bytes(write(random.Random(1), tmp_path))
        table, problems = FactTable.from_table(read_told_table(path, headings=CompanyHeadings()), DAY)
        assert problems.ok.sum() == ROWS, kind
        assert [name for name in table.columns["name"].tolist() if name] == [f"회사{n}" for n in range(ROWS)], kind
