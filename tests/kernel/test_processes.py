"""Work of several processes: the same answers in the same order, and a lost process is told."""

from __future__ import annotations

import functools
import operator
import os

import pytest

from ktop.kernel.errors import UnavailableError
from ktop.kernel.processes import answers_in_order


def test_answers_come_in_the_order_of_the_parts() -> None:
    work = functools.partial(operator.mul, 3)
    assert list(answers_in_order(work, range(25), 2)) == [3 * part for part in range(25)]


def test_whoever_stops_early_waits_for_nothing() -> None:
    answers = answers_in_order(abs, iter(range(1_000_000)), 2)
    assert next(answers) == 0
    answers.close()


@pytest.mark.parametrize(("work", "prepare"), [(os._exit, None), (abs, os.abort)])
def test_a_lost_process_is_told(work: object, prepare: object) -> None:
    with pytest.raises(UnavailableError) as lost:
        list(answers_in_order(work, [1, 2, 3], 2, prepare))  # type: ignore[arg-type]
    assert lost.value.key == "patents.worker_lost"
