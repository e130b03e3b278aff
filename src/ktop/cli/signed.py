"""``ktop verify``, ``ktop disclose`` and ``ktop signing-keys``: signed results, and the keys that sign them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from ktop.catalogue import Lang as Language
from ktop.catalogue import text
from ktop.cli.options import Json, Lang
from ktop.cli.state import Session, session, terminal
from ktop.kernel.errors import TooLargeError
from ktop.kernel.files import atomic_path
from ktop.usecases.rate.interface import StoredRating
from ktop.usecases.results.interface import Verification

#: No signed report, key set or status list is larger.
_MOST_BYTES = 20_000_000


def _say(key: str, **params: Any) -> str:
    return text(f"signed.{key}", terminal.lang, **params)


keys = typer.Typer(help=_say("help_keys"), no_args_is_help=True)
Signed = Annotated[Path | None, typer.Option("--signed", metavar="OUT.json", help=_say("help_signed"))]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the root."""
    app.command("verify", help=_say("help_verify"))(verify)
    app.command("disclose", help=_say("help_disclose"))(disclose)
    app.add_typer(keys, name="signing-keys")


def write_signed(at: Session, kept: StoredRating, out: Path, report: Path | None, lang: Language) -> None:
    """Sign a kept rating; write the signed result, and the report signed where there is to be one."""
    results = at.platform.results
    issued = results.issue_result(at.actor, kept.id)
    with atomic_path(out) as beside:
        beside.write_bytes(results.result_file(at.actor, issued.id))
    if report is not None:
        from ktop.cli.reports import write_report  # loads what draws charts

        write_report(results.result_report(at.actor, issued.id, lang), report)
    terminal.note(_say("written", path=out, address=issued.address))


def verify(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_say("help_file"))],
    jwks: Annotated[Path | None, typer.Option("--keys", metavar="JWKS", help=_say("help_jwks"))] = None,
    status: Annotated[Path | None, typer.Option("--status", metavar="FILE", help=_say("help_status"))] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Tell whether a signed result is authentic, unaltered and not withdrawn."""
    terminal.languages(lang)
    at = session(ctx)
    found = at.platform.results.verify_result(
        at.actor,
        _read(file),
        None if jwks is None else _read(jwks),
        None if status is None else _read(status),
    )
    if not found.status_checked:
        terminal.note(_say("status_unchecked", address=found.status_list))
    if json:
        terminal.json(_plain(found))
        return
    from ktop.report.present.verification import verification_rows  # loads the words of every model

    verdict = _say("authentic" if found.status_checked else "authentic_unchecked")
    for label, value in ((_say("verdict"), verdict), *verification_rows(asdict(found), terminal.lang)):
        terminal.console().print(f"{label}: {value}", markup=False, soft_wrap=True)


def disclose(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="SIGNED.json", help=_say("help_file_json"))],
    out: Annotated[Path, typer.Option("--out", metavar="OUT.json", help=_say("help_out"))],
    only: Annotated[str, typer.Option("--only", metavar="NAME,NAME", help=_say("help_only"))] = "",
    lang: Lang = None,
) -> None:
    """Write a signed result with some of its inputs only."""
    terminal.languages(lang)
    at = session(ctx)
    shown = [name.strip() for name in only.split(",") if name.strip()]
    content = at.platform.results.show_only(at.actor, _read(file), shown)
    with atomic_path(out) as beside:
        beside.write_bytes(content)
    terminal.note(_say("disclosed", path=out, count=len(shown)))


@keys.command("list", help=_say("help_keys_list"))
def list_keys(ctx: typer.Context, lang: Lang = None) -> None:
    """Print the public keys as a JWK set."""
    terminal.languages(lang)
    at = session(ctx)
    terminal.json(at.platform.results.public_keys(at.actor))


@keys.command("rotate", help=_say("help_keys_rotate"))
def rotate_keys(
    ctx: typer.Context,
    withdraw: Annotated[str | None, typer.Option("--withdraw", metavar="KID", help=_say("help_withdraw"))] = None,
    lang: Lang = None,
) -> None:
    """Put another key in force."""
    terminal.languages(lang)
    at = session(ctx)
    published = at.platform.results.rotate_key(at.actor, withdraw)
    terminal.note(_say("rotated", kid=published["keys"][0]["kid"], count=len(published["keys"])))


def _read(path: Path) -> bytes:
    from ktop.usecases.uploads import existing  # loads what reads tables

    if existing(path).stat().st_size > _MOST_BYTES:
        raise TooLargeError("signing.too_large")
    return path.read_bytes()


def _plain(found: Verification) -> dict[str, Any]:
    values = {name: part.isoformat() if isinstance(part, date) else part for name, part in asdict(found).items()}
    told = {"valid": True, "subject": found.company or found.technology, **values}
    return told | {"revoked": False if found.status_checked else None}
