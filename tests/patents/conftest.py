"""A small corpus of made-up patents on six themes, in English and Korean, indexed once for all tests that search."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

THEMES: dict[str, tuple[str, list[str], list[str]]] = {
    "battery": (
        "H01M",
        ["lithium", "battery", "electrode", "electrolyte", "cathode", "anode", "separator", "charging", "capacity"],
        ["리튬", "전지", "전극", "전해질", "양극", "음극", "분리막", "충전", "용량"],
    ),
    "imaging": (
        "A61B",
        ["medical", "image", "lesion", "cancer", "diagnosis", "tissue", "patient", "tumor", "segmentation"],
        ["의료", "영상", "병변", "암", "진단", "조직", "환자", "종양", "분할"],
    ),
    "wireless": (
        "H04W",
        ["wireless", "base station", "terminal", "channel", "frequency", "antenna", "interference", "transmission"],
        ["무선", "기지국", "단말", "채널", "주파수", "안테나", "간섭", "송신"],
    ),
    "search": (
        "G06F",
        ["search", "query", "document", "ranking", "database", "keyword", "relevance", "index", "click"],
        ["검색", "질의", "문서", "순위", "데이터베이스", "키워드", "관련도", "색인", "클릭"],
    ),
    "robot": (
        "B25J",
        ["robot", "gripper", "arm", "joint", "obstacle", "path", "map", "sensor", "motion"],
        ["로봇", "그리퍼", "팔", "관절", "장애물", "경로", "지도", "센서", "동작"],
    ),
    "water": (
        "C02F",
        ["wastewater", "filter", "sludge", "membrane", "bacteria", "purification", "tank", "oxygen", "nitrogen"],
        ["폐수", "필터", "슬러지", "분리막", "세균", "정화", "탱크", "산소", "질소"],
    ),
}


def made_up_records(per_theme: int = 20, seed: int = 7) -> list[dict[str, Any]]:
    """Return records of both languages, in the order of their filing dates."""
    chance = random.Random(seed)
    records: list[dict[str, Any]] = []
    for theme, (subclass, english, korean) in THEMES.items():
        for number in range(per_theme):
            language = "ko" if number % 3 == 2 else "en"
            words = korean if language == "ko" else english
            pick = [chance.choice(words) for _ in range(24)]
            threes = [pick[i : i + 3] for i in range(0, len(pick), 3)]
            if language == "ko":
                title = f"{pick[0]} {pick[1]} 장치"
                abstract = " ".join(f"{a}의 {b}를 측정하여 {c}을 판단한다." for a, b, c in threes)
            else:
                title = f"{pick[0]} {pick[1]} apparatus"
                abstract = " ".join(f"The {a} and the {b} {c} are measured." for a, b, c in threes)
            filed = date(2005, 1, 3) + timedelta(days=chance.randrange(3_600))
            records.append({"theme": theme, "language": language, "title": title, "abstract": abstract, "filed": filed})
            records[-1] |= {"ipc": [f"{subclass}1/00"], "applicants": [f"{theme.title()} Company {number % 4}"]}
    records.sort(key=lambda record: record["filed"])
    for number, record in enumerate(records):
        record["id"] = f"US{7_000_000 + number}B2"
        record["family"] = f"family-{number // 2 if number % 10 < 2 else 1_000 + number}"
        record["claims"] = 1 + number % 20
        same = [other for other in records[:number] if other["theme"] == record["theme"]]
        record["cites"] = [other["id"] for other in same[-2:]]
        record["filed"] = record["filed"].isoformat()
        record["published"] = (date.fromisoformat(record["filed"]) + timedelta(days=540)).isoformat()
    return records


def write_records(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write records as the house's own JSON lines."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def records() -> list[dict[str, Any]]:
    """The records of the small corpus."""
    return made_up_records()


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]) -> Path:
    """Folder of the small corpus, imported and indexed. Not to be changed by a test."""
    from ktop.patents.corpus.importing import import_paths
    from ktop.patents.engine.indexing import build_index

    folder = tmp_path_factory.mktemp("small")
    import_paths(folder / "corpus", [write_records(folder / "records.jsonl", records)])
    build_index(folder / "corpus")
    return folder / "corpus"
