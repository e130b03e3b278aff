"""All that an index answers to some questions, to be held against what another index answers to the last bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

import numpy as np

from ktop.domain.technology.summary import Technology
from ktop.patents.engine.index import Mode, PatentIndex
from ktop.patents.engine.patent_search import Filter
from ktop.patents.neighbours.neighbourhood import neighbourhood

QUESTIONS = (
    "medical image diagnosis of cancer lesions in tissue of a patient",
    "a lithium battery with an electrolyte and a separator between cathode and anode",
    "a base station transmits on a channel whose frequency avoids interference of an antenna",
    "the ranking of a document by the relevance of its keyword to a search query",
    "a robot arm whose gripper avoids an obstacle by a map of its path",
    "wastewater purification by bacteria in a tank with a membrane and oxygen",
    "a sensor measures the capacity of a battery while it is charging in a robot",
    "an index of medical images in a database is searched by a query image",
    "nitrogen and sludge are measured by a wireless sensor in a tank",
    "the motion of a joint is transmitted to a terminal",
    "의료 영상에서 암 병변을 분할하여 환자의 종양을 진단하는 장치",
    "리튬 전지의 양극과 음극 사이에 분리막과 전해질을 두는 이차전지",
    "기지국이 간섭을 피하여 주파수 채널을 정하고 안테나로 송신하는 무선 단말",
    "질의와 키워드의 관련도로 문서의 순위를 정하는 검색 데이터베이스",
    "로봇 팔의 그리퍼가 지도와 경로에 따라 장애물을 피하는 동작 센서",
    "폐수를 세균과 산소로 정화하고 슬러지와 질소를 거르는 분리막 필터",
    "충전 중인 전지의 용량을 측정하는 무선 센서",
    "영상 색인을 데이터베이스에서 검색하는 의료 단말",
    "탱크 안의 산소를 측정하여 기지국으로 송신하는 정화 장치",
    "관절의 동작을 측정하는 로봇",
)
BEFORE = date(2012, 7, 1)


def searched(index: PatentIndex, questions: Sequence[str] = QUESTIONS, top: int = 100) -> dict[Any, list[Any]]:
    """Return (question, mode, day) → (id, score) of the hits, best first; of every third question filtered, too."""
    found: dict[Any, list[Any]] = {}
    for number, question in enumerate(questions):
        for mode in get_args(Mode):
            for day in (None, BEFORE):
                hits = index.search(question, top, day, mode=mode)
                found[question, mode, day] = [(hit.patent_id, hit.score) for hit in hits]
        if number % 3 == 0:
            left_out = [name for name, _ in found[question, "hybrid", None][:3]]
            only = Filter(classes=frozenset({"A61B", "H0"}))
            for limits in ({"exclude": left_out}, {"only": only}):
                hits = index.search(question, top, BEFORE, **limits)  # type: ignore[arg-type]
                found[question, *limits] = [(hit.patent_id, hit.score) for hit in hits]
    return found


def rated(index: PatentIndex, questions: Sequence[str], exclude: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Return question → all of the neighbourhood that a rating follows from, as plain values."""
    found = {}
    for question in questions:
        made = neighbourhood(index, Technology.from_text(f"{question}, told at length", BEFORE), exclude=exclude)
        values = plain(made)
        del values["seconds"], values["corpus"]["name"]
        found[question] = values
    return found


def plain(value: Any) -> Any:
    """Return dataclasses, arrays and tuples as dictionaries, bytes and lists, in which NaN equals NaN."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype == object else (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value
