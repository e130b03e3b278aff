"""The noise between wordings, measured against a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ktop.models.originality.definitions import measures
from ktop.usecases.training import wording_noise as wording
from ktop.usecases.training.wording_noise import FILE, wording_noise

from .conftest import PATENTS, SUMMARIES


def test_wordings_are_rated_once_for_each_version(
    demo_corpus: Path, few_wordings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (demo_corpus / FILE).write_bytes(b"broken")
    found = wording_noise(demo_corpus)
    m = len(measures())
    assert found.covariance.shape == (m, m) and np.isfinite(found.covariance).all()
    np.testing.assert_allclose(found.covariance, found.covariance.T)
    assert np.linalg.eigvalsh(found.covariance).min() > -1e-9
    assert found.pairs == 4 * SUMMARIES + 4 * PATENTS

    def never(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(wording, "_summaries", never)
    assert wording_noise(demo_corpus).digest == found.digest
    (demo_corpus / FILE).unlink()
