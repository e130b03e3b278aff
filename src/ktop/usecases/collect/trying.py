"""One small question to every source, to see whether it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.collect import certificates, epo, fsc, kipris, nps, ntis, nts, opendart, uspto
from ktop.collect.answer import Operation
from ktop.domain.values.registration_numbers import BusinessNumber

#: A number that no firm has: whoever answers that there is nothing answers.
_NOBODY = BusinessNumber.invented(1)

PROBES: Mapping[str, tuple[Operation, Mapping[str, str], Any]] = {
    "kipris": (kipris.APPLICANTS, {"BusinessRegistrationNumber": _NOBODY.formatted}, None),
    "fsc": (fsc.OUTLINE, {"bzno": _NOBODY.digits}, None),
    "opendart": (opendart.COMPANY, {"corp_code": "00000000"}, None),
    "nts": (nts.STATUS, {}, {"b_no": [_NOBODY.digits]}),
    "nps": (nps.SITES, {"wkplNm": "ktop", "bzowrRgstNo": _NOBODY.digits[: nps.SHOWN_DIGITS]}, None),
    "ntis": (ntis.PROJECTS, ntis.query("ktop"), None),
    "certificates": (certificates.VENTURES, {"edition": certificates.EDITION, "cond[업체명::EQ]": "ktop"}, None),
    "epo": (epo.SEARCH, epo.query("ktop"), None),
    "uspto": (uspto.SEARCH, uspto.query("ktop"), None),
}
