"""Errors that are told to users come whole out of another process."""

from __future__ import annotations

import pickle

import pytest

from ktop.kernel.errors import BusyError, KtopError, NotFoundError, TooManyRequestsError


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("corpus.none", path="a"),
        TooManyRequestsError("requests.too_many", retry_after_seconds=4, kind="b"),
        BusyError("cluster.busy", retry_after_seconds=2, seconds=3),
    ],
)
def test_an_error_is_the_same_in_another_process(error: KtopError) -> None:
    told = pickle.loads(pickle.dumps(error))
    assert type(told) is type(error)
    assert (told.args, vars(told), str(told)) == (error.args, vars(error), str(error))
