"""Sequences of requests at random over all rooms; a long run: ``KTOP_SEQUENCES=1200 ./test tests/web -k sequences``."""

from __future__ import annotations

import os
from pathlib import Path

from fuzzing_sequences import Sequences

#: Some fourteen requests each.
SEQUENCES = int(os.environ.get("KTOP_SEQUENCES", "8"))


def test_every_answer_in_a_sequence_is_as_it_is_described(tmp_path: Path) -> None:
    tried = Sequences(tmp_path)
    tried.run(SEQUENCES)
    # What is drawn depends on the modules loaded before (hypothesis takes constants from them): few make nothing new.
    assert len({operation for operation, _ in tried.answers}) >= 25
    assert {status for _, status in tried.answers} >= {200, 404, 422, *({201} if SEQUENCES >= 50 else ())}
    assert tried.problems == {}
