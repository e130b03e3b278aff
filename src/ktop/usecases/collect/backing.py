"""What public sources said of a company when its record was saved: proof that a value is more than the firm's word.

A record names its own sources, and anybody can write that. So the values that were collected are kept by their hashes
with the answers they were read from; a value of a record counts as evidenced where it is one of these.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ktop.domain.company.provenance import fingerprint
from ktop.domain.party.actor import Actor
from ktop.domain.values.kind import RefusedValueError
from ktop.domain.values.registration_numbers import BusinessNumber
from ktop.store.unit_of_work import Store, UnitOfWork

PROOF = "collect.backed"
#: Collections of one company that are looked through, the newest ones.
_LOOKED_AT = 20


def keep_proof(unit: UnitOfWork, business_number: str, record: Mapping[str, Any]) -> None:
    """Keep what a record (as JSON) says by the word of its sources; see ``reading.proved``."""
    proved = {
        entry["path"]: fingerprint(record, entry["path"])
        for entry in record.get("sources", ())
        if entry.get("status") == "evidenced"
    }
    content = json.dumps({path: value for path, value in proved.items() if value}).encode()
    unit.documents.add(kind=PROOF, name=PROOF, media_type="application/json", subject=business_number, content=content)


def backed_paths(store: Store, actor: Actor, record: Mapping[str, Any]) -> Collection[str]:
    """Return the paths of a record's sources whose values public sources stated to the actor's organisation."""
    try:
        number = BusinessNumber.parse(str(record.get("business_number") or "")).digits
    except RefusedValueError:
        return ()
    known: dict[str, set[str]] = {}
    with store.reading(actor) as unit:
        for kept in unit.documents.of([number], PROOF)[-_LOOKED_AT:]:
            for path, value in json.loads(unit.documents.content(kept.id)).items():
                known.setdefault(path, set()).add(value)
    return [path for path, values in known.items() if fingerprint(record, path) in values]
