"""A signed result says what was rated, can withhold inputs, and verifies anywhere with the public keys alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import invented
import pytest
from joserfc.errors import JoseError
from signed import BUSINESS_NUMBER, ISSUER, NOW, Installation, part

from ktop.signing import document
from ktop.signing.credential import GUARANTEE_AMOUNT, disclosures_of
from ktop.signing.document import SignedResult
from ktop.signing.errors import NotAuthenticError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "signed-results.md"


def test_it_says_who_rated_whom_by_which_models_and_when(issuer: Installation) -> None:
    found = document.verify(issuer.issue(), issuer.public, NOW)
    said = found.claims
    assert (said.issuer, said.issuer_name, said.issued, said.as_of) == (*_issuer(), NOW, invented.AS_OF)
    assert said.subject["company"] == {
        "name": "가온정밀 주식회사",
        "nameEn": "Gaon Precision (invented)",
        "businessNumber": BUSINESS_NUMBER,
    }
    assert said.subject["technology"] == {"title": "발광 나노입자를 이용한 수분 감지 필름"}
    by_model = {rating["model"]["name"]: rating for rating in said.ratings}
    assert by_model["ktrs-fm"]["model"] == {"name": "ktrs-fm", "version": "1.0.0", "trainedOn": "synthetic"}
    ktrs = invented.ktrs_fm()
    assert [by_model["ktrs-fm"][of] for of in ("scores", "grades", "probabilities")] == [
        ktrs[of] for of in ("scores", "grades", "probabilities")
    ]
    assert by_model["ktrs-fm"]["guarantee"] == {"rule": "small-guarantee-1", "status": "conditional"}
    assert found.key_id == issuer.keys.current().id


def _issuer() -> tuple[str, str]:
    return ISSUER.address, ISSUER.name


def test_it_is_a_verifiable_credential_of_the_standard_s_form(issuer: Installation) -> None:
    token = issuer.issue().token
    assert part(token, 0) == {"alg": "ES256", "typ": "vc+jwt", "kid": issuer.keys.current().id}
    body = part(token, 1)
    assert body["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert body["type"][0] == "VerifiableCredential"
    assert (body["iss"], body["jti"]) == (body["issuer"]["id"], body["id"])
    assert body["validFrom"] == "2026-04-01T09:30:00Z"
    assert body["credentialStatus"] == {
        "id": "https://ktop.example.org/status/results/0#77",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "77",
        "statusListCredential": "https://ktop.example.org/status/results/0",
    }


def test_a_bank_verifies_it_with_any_jose_library_in_a_few_lines(
    issuer: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lines of docs/signed-results.md, executed: nothing of ours but the files."""
    monkeypatch.chdir(tmp_path)
    Path("result.json").write_bytes(issuer.issue().to_bytes())
    Path("jwks.json").write_text(json.dumps(issuer.keys.jwks()))
    verifying, looking_up = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    known: dict[str, Any] = {}
    exec(verifying, known)
    assert "가온정밀" in capsys.readouterr().out and (known["name"], known["value"]["value"]) == ("text", "…")
    for withdrawn in (True, False):
        known["status"] = issuer.status({77} if withdrawn else {78}, now=datetime.now(UTC))
        exec(looking_up, known)
        assert bool(known["withdrawn"]) is withdrawn
    content = json.loads(Path("result.json").read_text())
    header, payload, signature = content["credential"].split(".")
    Path("result.json").write_text(json.dumps(content | {"credential": f"{header}.{payload[:-4]}AAAA.{signature}"}))
    with pytest.raises(JoseError):
        exec(verifying, {})


def test_withheld_inputs_are_nowhere_in_it_and_the_grade_still_verifies(issuer: Installation) -> None:
    whole = issuer.issue()
    kept = SignedResult.parse(whole.showing({"staff_total"}).to_bytes())
    found = document.verify(kept, issuer.public, NOW)
    assert found.inputs == {"staff_total": {"value": 34, "source": "user", "date": "2025-12-31"}}
    assert found.withheld == len(whole.disclosed) - 1
    readable = json.dumps(part(kept.token, 1), ensure_ascii=False)
    assert "8234500000" not in readable and "sales_krw" not in readable
    assert found.claims.ratings == document.verify(whole, issuer.public, NOW).claims.ratings


def test_every_given_input_can_be_shown_and_missing_ones_are_counted(issuer: Installation) -> None:
    whole = document.verify(issuer.issue(), issuer.public, NOW)
    given = {name: value for name, value in invented.FACTS.items() if value is not None}
    shown = {name: entry["value"] for name, entry in whole.inputs.items() if name != "text"}
    assert shown == given | {GUARANTEE_AMOUNT: 220_000_000}
    assert (whole.withheld, whole.claims.given, whole.claims.missing) == (0, len(given) + 2, 2)


def test_the_amount_of_a_guarantee_is_an_input_because_it_bounds_sales(issuer: Installation) -> None:
    whole = issuer.issue()
    assert "220000000" not in json.dumps(part(whole.token, 1))
    shown = document.verify(whole.showing({GUARANTEE_AMOUNT}), issuer.public, NOW).inputs
    amount = {"value": 220_000_000, "source": "small-guarantee-1", "date": invented.AS_OF.isoformat()}
    assert shown == {GUARANTEE_AMOUNT: amount}


def test_results_that_were_signed_with_the_amount_in_clear_still_verify(issuer: Installation) -> None:
    signed = part(issuer.issue().token, 1)
    rating = next(one for one in signed["credentialSubject"]["ratings"] if "guarantee" in one)
    rating["guarantee"]["amount_krw"] = 220_000_000
    found = document.verify(SignedResult(issuer.sign(signed)), issuer.public, NOW)
    assert rating in found.claims.ratings


def test_no_two_results_have_a_digest_in_common(issuer: Installation) -> None:
    first, second = (set(part(issuer.issue().token, 1)["credentialSubject"]["inputs"]["_sd"]) for _ in range(2))
    assert not first & second


def test_an_input_that_two_models_saw_differently_is_named_after_the_model() -> None:
    seen = {"name": "size", "source": None, "date": None}
    models = [("a", "small"), ("b", "medium"), ("c", "small"), ("d", None)]
    ratings: list[Mapping[str, Any]] = [
        {"model": {"name": name}, "inputs": [{**seen, "value": value}]} for name, value in models
    ]
    shown, missing = disclosures_of(ratings)
    assert SignedResult("", shown).names() == ["size", "b:size"] and missing == 0


def test_a_result_from_the_future_is_refused_and_a_clock_a_little_behind_is_not(issuer: Installation) -> None:
    assert document.verify(issuer.issue(issued=NOW + timedelta(minutes=4)), issuer.public, NOW)
    with pytest.raises(NotAuthenticError) as told:
        document.verify(issuer.issue(issued=NOW + timedelta(minutes=6)), issuer.public, NOW)
    assert told.value.key == "signing.from_the_future"
