"""The kinds of value of company facts: what each takes beside its own codes."""

from __future__ import annotations

import pytest

from ktop.catalogue import LANGS, load
from ktop.domain.company.kinds import FACT_CODES, fact_kind
from ktop.domain.values.kind import RefusedValueError


@pytest.mark.parametrize("choice", FACT_CODES)
def test_a_fact_takes_the_codes_and_words_of_the_record_and_no_others(choice: str) -> None:
    fact, codes = FACT_CODES[choice]
    labels = load("company")["values"][choice]
    for code, number in codes.items():
        assert fact_kind(fact).parse(code) == number
        for lang in LANGS:
            assert fact_kind(fact).parse(labels[code][lang]) == number
    others = {code for other in FACT_CODES if other != choice for code in FACT_CODES[other][1]} - set(codes)
    for code in others:
        with pytest.raises(RefusedValueError):
            fact_kind(fact).parse(code)
