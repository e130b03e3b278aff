"""Parquet is decoded in a process that may be lost: what is whole comes as it is, damage is one error, nothing else."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel import parquet
from ktop.kernel.errors import InputError
from ktop.kernel.parquet import parquet_batches, parquet_columns, read_parquet, read_parquet_frame, start_reading

DAY = dt.date(2026, 6, 30)
NOON = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
EVERY_TYPE = {
    "text": pl.Series(["가", None, ""]),
    "category": pl.Series(["a", "b", None], dtype=pl.Categorical),
    "enum": pl.Series(["a", "b", None], dtype=pl.Enum(["b", "a"])),
    "yes": pl.Series([True, None, False]),
    "small": pl.Series([1, None, -128], dtype=pl.Int8),
    "large": pl.Series([2**63, None, 0], dtype=pl.UInt64),
    "huge": pl.Series([2**100, None, -1], dtype=pl.Int128),
    "float": pl.Series([0.1, None, float("nan")]),
    "decimal": pl.Series([Decimal("1.25"), None, Decimal("-3.00")], dtype=pl.Decimal(12, 2)),
    "day": pl.Series([DAY, None, dt.date(1, 1, 1)]),
    "moment": pl.Series([NOON, None, NOON]).cast(pl.Datetime("ms", "Asia/Seoul")),
    "plain_moment": pl.Series([NOON, None, NOON]).dt.replace_time_zone(None).cast(pl.Datetime("ns")),
    "hour": pl.Series([dt.time(9), None, dt.time(0)]),
    "span": pl.Series([dt.timedelta(days=3), None, dt.timedelta(0)]),
    "bytes": pl.Series([b"\xff", None, b""]),
    "list": pl.Series([["H01L"], None, []], dtype=pl.List(pl.String)),
    "array": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int32, 2)),
    "group": pl.Series([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
    "nothing": pl.Series([None, None, None], dtype=pl.Null),
}


def written(folder: Path, frame: pl.DataFrame, name: str = "a.parquet", **how: object) -> Path:
    frame.write_parquet(folder / name, **how)
    return folder / name


def aborting(folder: Path) -> Path:
    """Write a file whose only page tells of -201 values instead of 200: it asks the decoder for 2**61 bytes."""
    frame = pl.DataFrame({"a": [None, 1.5] * 100})
    path = written(folder, frame, "endless.parquet", compression="uncompressed", statistics=False)
    whole = path.read_bytes()
    assert whole.count(b"\x2c\x15\x90\x03\x15\x00") == 1  # the page's header: 200 as a zigzag of two bytes
    path.write_bytes(whole.replace(b"\x2c\x15\x90\x03\x15\x00", b"\x2c\x15\x91\x03\x15\x00"))
    return path


def test_every_type_comes_as_polars_reads_it(tmp_path: Path) -> None:
    frame = pl.DataFrame(EVERY_TYPE)
    path = written(tmp_path, frame)
    read = read_parquet_frame(path)
    assert read.schema == pl.read_parquet(path).schema
    assert read.equals(frame)
    assert parquet_columns(path) == frame.columns


def test_batches_are_the_rows_in_order(tmp_path: Path) -> None:
    frame = pl.DataFrame({"number": range(25), "text": [str(number) for number in range(25)]})
    path = written(tmp_path, frame, row_group_size=7)
    for rows in (1, 5, 10, 25, 26):
        batches = list(parquet_batches(path, rows))
        assert [batch.height for batch in batches] == [rows] * (25 // rows) + [25 % rows] * (25 % rows > 0)
        assert pl.concat(batches).equals(frame)


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    empty = pl.DataFrame(EVERY_TYPE).clear()
    path = written(tmp_path, empty)
    assert read_parquet_frame(path).schema == empty.schema
    assert list(parquet_batches(path, 10)) == []
    assert parquet_columns(path) == empty.columns


def test_many_rows_are_handed_over_in_blocks(tmp_path: Path) -> None:
    frame = pl.DataFrame({"number": range(250_001), "kind": pl.Series(["a", "b", "c"] * 83_333 + ["d"] * 2)})
    frame = frame.with_columns(pl.col("kind").cast(pl.Categorical))
    assert read_parquet_frame(written(tmp_path, frame)).equals(frame)


def test_a_file_that_aborts_the_decoder_is_damaged(tmp_path: Path) -> None:
    whole = written(tmp_path, pl.DataFrame({"a": [1.5]}))
    broken = aborting(tmp_path)
    for _ in range(2):  # by a process that has read another file, and by a fresh one
        assert read_parquet_frame(whole)["a"].to_list() == [1.5]
        with pytest.raises(ValueError, match="lost"):
            read_parquet_frame(broken)
        with pytest.raises(ValueError, match="lost"):
            list(parquet_batches(broken, 10))
    assert parquet_columns(broken) == ["a"]


def test_what_takes_more_than_it_may_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, pl.select(pl.repeat(1.5, 20_000_000).alias("a")))  # 160 MB from a file of a few kB
    assert path.stat().st_size < 1_000_000
    monkeypatch.setattr(parquet, "OUTPUT_BYTES", 100_000_000)
    monkeypatch.setattr(parquet, "OUTPUT_PER_BYTE", 0)
    with pytest.raises(ValueError, match="too large"):
        read_parquet_frame(path)
    assert sum(batch.height for batch in parquet_batches(path, 5_000_000)) == 20_000_000
    monkeypatch.setattr(parquet, "OUTPUT_BYTES", 1_000_000_000)
    monkeypatch.setattr(parquet, "_waiting", [])  # one that has read it before holds the memory for it
    monkeypatch.setattr(parquet, "MEMORY_BYTES", 50_000_000)
    monkeypatch.setattr(parquet, "MEMORY_PER_BYTE", 0)
    with pytest.raises(ValueError, match="lost"):
        read_parquet_frame(path)


def test_a_reader_that_stops_early_leaves_nothing_behind(tmp_path: Path) -> None:
    path = written(tmp_path, pl.DataFrame({"number": range(1_000_000)}))
    batches = parquet_batches(path, 1_000)
    assert next(batches)["number"].to_list() == list(range(1_000))
    other = parquet_batches(path, 2)  # read while the first is still read
    assert [next(other)["number"][0], next(batches)["number"][0]] == [0, 1_000]
    batches.close()
    other.close()
    assert read_parquet_frame(path).height == 1_000_000


def test_a_process_that_ended_while_it_waited_is_replaced(tmp_path: Path) -> None:
    path = written(tmp_path, pl.DataFrame({"a": [1.5]}))
    read_parquet_frame(path)
    for process in parquet._waiting:
        os.kill(process._child.pid, signal.SIGKILL)
        process._child.wait()
    assert parquet._waiting
    assert read_parquet_frame(path)["a"].to_list() == [1.5]


def test_a_process_is_ready_when_it_was_started_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_waiting", [])
    start_reading()
    start_reading()
    (process,) = parquet._waiting
    read_parquet_frame(written(tmp_path, pl.DataFrame({"a": [1.5]})))
    assert parquet._waiting == [process]
    process.end()


def test_a_decoder_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "endless.parquet")
    monkeypatch.setattr(parquet, "SECONDS", 0.3)
    with pytest.raises(ValueError, match="lost"):
        read_parquet_frame(tmp_path / "endless.parquet")


def test_damage_anywhere_is_read_or_told(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [f"US{7_000_000 + number}B2" for number in range(400)],
            "ipc": [["H01L", "G06F"][: number % 3] for number in range(400)],
            "day": pl.Series(range(400)).cast(pl.Date),
        }
    )
    whole, chance, told = written(tmp_path, frame).read_bytes(), random.Random(17), 0
    path = tmp_path / "damaged.parquet"
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 1, 3])):
            data[len(data) - 1 - chance.randrange(min(1_500, len(data)))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice([len(data), len(data), chance.randrange(len(data))])])
        try:
            read_parquet_frame(path)
        except ValueError:
            told += 1
    assert 100 < told < 300


def test_days_that_no_calendar_has_are_told_by_their_column(tmp_path: Path) -> None:
    days = pl.Series("founded", [-719_162, 2_932_896], dtype=pl.Int32)
    assert read_parquet(written(tmp_path, pl.DataFrame(days.cast(pl.Date)))).begins == 0
    for day in (-719_163, 2_932_897):
        path = written(tmp_path, pl.DataFrame(pl.Series("founded", [day], dtype=pl.Int32).cast(pl.Date)))
        with pytest.raises(InputError) as caught:
            read_parquet(path)
        assert (caught.value.key, caught.value.params) == ("tables.days_out_of_range", {"column": "founded"})
    moment = pl.Series("at", [2_932_897 * 86_400_000], dtype=pl.Int64).cast(pl.Datetime("ms"))
    with pytest.raises(InputError):
        read_parquet(written(tmp_path, pl.DataFrame(moment)))
    moment = pl.Series("at", [2_932_897 * 86_400_000 - 1], dtype=pl.Int64).cast(pl.Datetime("ms"))
    assert read_parquet(written(tmp_path, pl.DataFrame(moment))).frame.height == 1
