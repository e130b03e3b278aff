"""Growth paths: packaged for every graded champion, told of a rating's own cell, refused where changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ktop.catalogue import load
from ktop.kernel.errors import InputError
from ktop.models.growth_paths import SUFFIX, growth_path, growth_path_facts
from ktop.models.registry import INDEX, ModelRegistry, read_index, released_folder

RATINGS = Path(__file__).resolve().parents[1] / "golden" / "ratings"


def rating(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RATINGS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_every_champion_with_a_growth_and_a_risk_grade_has_small_paths_without_small_groups() -> None:
    registry, least = ModelRegistry(), load("growth_paths")["least_firms"]
    graded = [
        name
        for name in read_index(registry.released)["champions"]
        if "growth" in registry.artefact(name).meta["ladders"]
    ]
    assert graded == ["ktrs-fm", "start-up"]
    for name in graded:
        entry = registry.entry(name)
        file = entry.folder / f"{entry.file}.{SUFFIX}"
        assert entry.growth_paths_sha256 and file.stat().st_size < 200_000
        paths = json.loads(file.read_bytes())
        assert paths["population"]["synthetic"] is True
        for place in (*paths["cells"].values(), *paths["grades"].values()):
            assert place["firms"] >= place["rose"]["firms"] + place["fell"]["firms"]
            for group in (place["rose"], place["fell"]):
                assert group["firms"] >= least
                for n, lower, median, upper in group["facts"].values():
                    assert least <= n <= group["firms"] and lower <= median <= upper


def test_a_rating_is_told_of_its_own_cell_with_its_own_values_beside() -> None:
    own = rating("ktrs-fm-1.4.0-hanbit-motion")
    del own["details"]["evidence"]
    path = growth_path(own, ModelRegistry())
    assert (
        path is not None
        and not path["as_declared"]
        and path["place"] == {name: own["grades"][name] for name in ("growth", "risk")}
    )
    assert 0 < path["rose"] + path["fell"] <= path["firms"]
    values = {entry["name"]: entry["value"] for entry in own["inputs"]}
    by_id = {fact["id"]: fact for fact in path["facts"]}
    assert by_id["patents_filed"]["own"] == values["patents_filed_3y"]
    assert by_id["rnd_ratio"]["own"] == pytest.approx(100 * values["rnd_expense_krw_t0"] / values["sales_krw_t0"])
    assert all(fact["own"] is None for fact in path["facts"] if fact["when"] == "after")
    # Who rose sold more by definition; a table that says otherwise would have its columns changed over.
    assert by_id["sales_after"]["rose"]["median"] > by_id["sales_after"]["fell"]["median"]
    assert set(by_id) <= {fact.id for fact in growth_path_facts()}


def test_a_grade_lowered_for_want_of_evidence_is_compared_as_it_was_before() -> None:
    own = rating("ktrs-fm-1.4.0-hanbit-motion")
    held = own["details"]["evidence"]["held"]
    path = growth_path(own, ModelRegistry())
    assert path is not None and path["as_declared"]
    assert path["place"] == {"growth": held["growth"]["from"], "risk": own["grades"]["risk"]}
    # So the share of firms that rose is near the probability that the same page tells.
    assert path["rose"] / path["firms"] == pytest.approx(own["probabilities"]["high_growth"]["value"], abs=0.1)


def test_a_missing_value_stays_missing_and_a_place_with_too_few_firms_is_not_told() -> None:
    own = rating("ktrs-fm-1.4.0-hanbit-motion")
    del own["details"]["evidence"]
    own["inputs"] = [entry for entry in own["inputs"] if entry["name"] != "patents_filed_3y"]
    path = growth_path(own, ModelRegistry())
    assert path is not None
    assert next(fact["own"] for fact in path["facts"] if fact["id"] == "patents_filed") is None
    # No firm of the population stands in this cell: those of the joined grade stand for it, or none where none does.
    own["grades"] |= {"growth": "AAA", "risk": "R10", "business": "BB"}
    path = growth_path(own, ModelRegistry())
    assert path is not None and path["place"] == {"business": "BB"}
    assert growth_path({**own, "grades": {**own["grades"], "business": "?"}}, ModelRegistry()) is None


@pytest.mark.parametrize("name", ["tech-index-1.4.0-hanbit-motion", "ktrs-fm-1.3.0-hanbit-motion"])
def test_models_without_both_grades_and_former_versions_have_none(name: str) -> None:
    assert growth_path(rating(name), ModelRegistry()) is None


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    file = f"ktrs-fm-1.4.0.{SUFFIX}"
    shutil.copy(released_folder() / INDEX, tmp_path / INDEX)
    content = (released_folder() / file).read_bytes()
    (tmp_path / file).write_bytes(content.replace(b'"firms":160000', b'"firms":160001', 1))
    with pytest.raises(InputError) as caught:
        growth_path(rating("ktrs-fm-1.4.0-hanbit-motion"), ModelRegistry(released=tmp_path))
    assert caught.value.key == "models.file_changed"
