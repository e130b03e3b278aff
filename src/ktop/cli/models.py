"""``ktop models``: train on any panel, predict, validate, and look at what is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ktop.catalogue import text
from ktop.cli.options import Json, Lang, help_of
from ktop.cli.state import Session, session, terminal
from ktop.kernel.errors import InputError
from ktop.usecases.training.interface import TUNING_MINUTES

app = typer.Typer(help=help_of("models"), no_args_is_help=True)


def tell_torn_log(at: Session) -> None:
    """Say so on stderr where the last line of the model log was never finished."""
    line = at.platform.models.torn_log_line(at.actor)
    if line is not None:
        terminal.note(text("models.log_torn", terminal.lang, line=line))


Data = Annotated[Path, typer.Option("--data", metavar="D.parquet", help=help_of("panel"))]
Model = Annotated[str, typer.Option("--model", metavar="DIR|NAME", help=help_of("model_folder"))]


@app.command(help=help_of("models_train"))
def train(
    ctx: typer.Context,
    scheme: Annotated[Path, typer.Option(metavar="S.yaml", help=help_of("scheme"))],
    data: Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help=help_of("out_folder"))],
    until: Annotated[int | None, typer.Option(metavar="YEAR", help=help_of("until"))] = None,
    minutes: Annotated[float, typer.Option(min=0, max=100_000, help=help_of("minutes"))] = TUNING_MINUTES,
    lang: Lang = None,
) -> None:
    """Train a model on any panel by a scheme; one without tracks is tuned first."""
    terminal.languages(lang)
    at = session(ctx)
    warned: list[Mapping[str, str]] = []
    with terminal.progress() as progress:
        report = at.platform.training.train_panel(
            at.actor,
            scheme,
            data,
            out,
            until=until,
            minutes=minutes,
            lang=terminal.lang,
            progress=progress,
            warn=warned.append,
        )
    for warning in warned:
        terminal.note(warning[terminal.lang])
    for sentence in report["tuned"]:
        terminal.note(sentence)
    terminal.note(terminal.say("models_trained", out=out, rows=report["rows"]))


@app.command(help=help_of("models_predict"))
def predict(
    ctx: typer.Context,
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option(metavar="P.parquet", help=help_of("out_table"))],
    rate: Annotated[list[str] | None, typer.Option(metavar="TARGET=SHARE", help=help_of("known_rate"))] = None,
    lang: Lang = None,
) -> None:
    """Predict every row of a panel."""
    terminal.languages(lang)
    at = session(ctx)
    rows = at.platform.training.predict_panel(
        at.actor,
        model,
        data,
        out,
        rates=_rates(rate or []),
        warn=lambda warning: terminal.note(warning[terminal.lang]),
    )
    terminal.note(terminal.say("models_predicted", rows=rows, out=out))


def _rates(given: Sequence[str]) -> dict[str, float]:
    """Read ``failure=0.039``; a share that is no number is refused like one that is none."""
    rates = {}
    for one in given:
        target, _, share = one.partition("=")
        try:
            rates[target] = float(share)
        except ValueError:
            raise InputError("models.rate_share", target=target, given=share) from None
    return rates


@app.command(help=help_of("models_validate"))
def validate(
    ctx: typer.Context,
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option(metavar="DIR", help=help_of("out_folder"))],
    since: Annotated[int | None, typer.Option(min=1900, max=2100, metavar="YEAR", help=help_of("since"))] = None,
    lang: Lang = None,
) -> None:
    """Write report.html and metrics.json for a model on a panel with outcomes."""
    langs = terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        at.platform.training.validate_panel(at.actor, model, data, out, since=since, lang=langs[0], progress=progress)
    terminal.note(terminal.say("models_validated", path=out / "report.html"))


@app.command("list", help=help_of("models_list"))
def list_(ctx: typer.Context, json: Json = False, lang: Lang = None) -> None:
    """List the released models."""
    langs = terminal.languages(lang)
    at = session(ctx)
    cards = list(at.platform.models.model_cards(at.actor))
    tell_torn_log(at)
    if json:
        terminal.json(cards)
        return
    from ktop.cli.render import print_models  # loads what draws charts

    print_models(cards, langs[0])


@app.command(help=help_of("models_show"))
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help=help_of("model_name"))],
    version: Annotated[str | None, typer.Option(help=help_of("model_version"))] = None,
) -> None:
    """Print the model card."""
    at = session(ctx)
    terminal.json(at.platform.models.model_card(at.actor, name, version))
    tell_torn_log(at)


@app.command(help=help_of("models_release"))
def release(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=help_of("release_out"))] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help=text("lifecycle.help_release_model", terminal.lang))
    ] = None,
    firms: Annotated[int | None, typer.Option(min=5_000, help=help_of("firms"))] = None,
    seed: Annotated[int | None, typer.Option(min=0, help=help_of("seed"))] = None,
    lang: Lang = None,
) -> None:
    """Rebuild the released models from the synthetic reference population, bit for bit."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        report = at.platform.training.release_models(
            at.actor, out, names=model, firms=firms, seed=seed, progress=progress
        )
    terminal.note(terminal.say("models_released", **report))


@app.command("growth-paths", help=text("lifecycle.help_growth_paths", terminal.lang))
def growth_paths(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=help_of("release_out"))] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help=text("lifecycle.help_release_model", terminal.lang))
    ] = None,
    lang: Lang = None,
) -> None:
    """Count what firms in each growth-risk cell did, beside the released models, bit for bit."""
    terminal.languages(lang)
    at = session(ctx)
    with terminal.progress() as progress:
        told = at.platform.training.count_growth_paths(at.actor, out, names=model, progress=progress)
    for one in told:
        terminal.note(text("lifecycle.growth_paths_counted", terminal.lang, **one))
