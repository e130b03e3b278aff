"""Training and releasing models: from the synthetic population, or from any institution's own panel."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from ktop.catalogue import Lang
from ktop.domain.company.frame_columns import with_numbers
from ktop.kernel.errors import InputError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import FILE_NAME, Artefact, save
from ktop.models.registry import released_folder
from ktop.training.fit import predict, train_scheme
from ktop.training.reference import build_reference
from ktop.training.release import release_all
from ktop.training.tuning.minimal import full_scheme, is_tuned
from ktop.training.tuning.tune import tune_scheme
from ktop.usecases.training.interface import TUNING_MINUTES, Warn, unheard
from ktop.usecases.training.tuning_report import sign_warnings, tuning_lines, write_tuning
from ktop.usecases.uploads import existing, parse_yaml, read_table, yaml_line

POPULATION_FILE = "companies.parquet"
#: Folder beside a model in the making that keeps what its tuning tried, so that a training that was killed goes on.
TUNING_FOLDER = "tuning"


def require_training_parts() -> None:
    """Raise ``UnavailableError`` where SciPy, which a plain installation lacks, is missing."""
    if importlib.util.find_spec("scipy") is None:
        raise UnavailableError("models.training_parts_missing")


def build_reference_population(*, firms: int, seed: int, out: Path, progress: Progress = silent) -> dict[str, Any]:
    """Write the synthetic reference population to ``out/companies.parquet``; returns ``firms`` and ``path``."""
    frame = build_reference(firms, seed, progress)
    with atomic_path(out / POPULATION_FILE) as beside:
        frame.write_parquet(beside, compression="zstd")
    return {"firms": frame.height, "path": out / POPULATION_FILE}


def read_panel(path: Path) -> pl.DataFrame:
    """Return a panel from a .parquet, .csv or .xlsx file.

    Spreadsheets and text files say numbers in text: a column of which every filled cell is a number (1,234 and −5
    among them) becomes one; ``N/A``, ``-`` and the like are empty cells, as in a batch table. Raises ``InputError``
    for another ending, a file that is not what its ending says, or a column name that stands twice.
    """
    if existing(path).suffix.lower() not in (".parquet", ".csv", ".xlsx"):
        raise InputError("records.unknown_panel", path=path.name)
    frame = read_table(path)
    return frame if path.suffix.lower() == ".parquet" else with_numbers(frame)


def read_scheme_file(path: Path) -> dict[str, Any]:
    """Return a training scheme read from YAML; its content is checked by the training itself."""
    try:
        scheme = parse_yaml(existing(path).read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("records.scheme_not_utf8", path=path.name) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError("records.scheme_not_yaml", path=path.name, line=yaml_line(error)) from None
    if not isinstance(scheme, dict):
        raise InputError("records.scheme_not_mapping", path=path.name)
    return scheme


def train_panel(
    scheme: Path,
    data: Path,
    out: Path,
    *,
    until: int | None = None,
    minutes: float = TUNING_MINUTES,
    lang: Lang = "ko",
    progress: Progress = silent,
    warn: Warn = unheard,
) -> dict[str, Any]:
    """Train by a scheme file on a panel file and write the model to ``out``; returns the number of ``rows`` used.

    A scheme that names no ``tracks`` is tuned first, unless ``minutes`` is 0: ``out`` then also holds the scheme with
    everything named (``scheme.yaml``) and what was tried (``tuning.json``, ``tuning.md`` in ``lang``), and the answer
    the lines of ``tuned``. ``warn`` is called with every warning about the data: its ``code`` and the sentence in each
    language.
    """
    content, panel = read_scheme_file(scheme), read_panel(data)
    report: dict[str, Any] | None = None
    folder = out / TUNING_FOLDER
    if is_tuned(content) and minutes > 0:
        content, report = tune_scheme(content, panel, until, minutes=minutes, folder=folder, progress=progress)
    else:
        content = dict(full_scheme(content, panel))
    artefact = train_scheme(content, panel, until, progress)
    save(artefact, out / FILE_NAME)
    told: Sequence[str] = ()
    if report is not None:
        write_tuning(report, content, out, lang)
        told = tuning_lines(report, lang)
        shutil.rmtree(folder, ignore_errors=True)
        for warning in sign_warnings(report):
            warn(warning)
    for warning in artefact.meta.get("data_warnings", []):
        warn(warning)
    return {"rows": max(target["rows"] for target in artefact.meta["training"].values()), "tuned": told}


def predict_panel(
    model: Artefact, data: Path, out: Path, *, rates: Mapping[str, float] | None = None, warn: Warn = unheard
) -> int:
    """Predict every row of a panel file with a trained model; returns the number of rows written.

    ``warn`` is told, as in ``train_panel``, of labels that the model does not know, of inputs that are missing here and
    were not in the training, of amounts in another unit, and of probabilities at another level than the training's
    outcomes. ``rates`` (target → share between 0 and 1) brings their mean to a rate that is known.
    """
    panel = read_panel(data)
    frame = predict(model, panel, lambda warning: warn(warning.as_dict()), rates)
    if out.suffix.lower() != ".parquet":
        raise InputError("records.parquet_only", path=out.name)
    with atomic_path(out) as beside:
        frame.write_parquet(beside, compression="zstd")
    return frame.height


def release_models(
    out: Path | None,
    *,
    names: list[str] | None = None,
    firms: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Rebuild the released models from the synthetic population; returns their ``path`` and size in ``bytes``."""
    folder = out or released_folder()
    release_all(folder, firms, seed, progress, names)
    return {"path": folder, "bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())}
