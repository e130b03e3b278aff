"""The 25 checklist answers an appraiser gives about each synthetic firm."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np

from ktop.training.reference.draw import Streams
from ktop.training.reference.parameters import Array, parameters


def draw_checklist(v: Mapping[str, Array], streams: Streams) -> dict[str, Array]:
    """Return q01 ... q25, each 1 (lowest) to 5 (best) or NaN where unanswered."""
    return draw_answers(parameters("checklist"), "q", v, streams.stage("checklist"))


def draw_answers(
    spec: Mapping[str, Any], letter: str, v: Mapping[str, Array], rng: np.random.Generator
) -> dict[str, Array]:
    """Return the answers to one checklist, named ``letter`` and the question's number.

    An answer is the cut of loading * (standardised mixture of latents) + a leniency common to all answers about the
    firm (halo) + noise of its own. Items differ in difficulty, so their shares of 1 ... 5 differ.
    """
    n = len(v["infra"])
    normal = NormalDist()
    usual_cuts = np.array([normal.inv_cdf(share) for share in np.cumsum(spec["shares"])[:-1]])
    scale = float(np.sqrt(spec["loading"] ** 2 + spec["halo_sd"] ** 2 + spec["noise_sd"] ** 2))
    halo = rng.normal(0.0, spec["halo_sd"], n)
    answers: dict[str, Array] = {}
    for group in spec["groups"].values():
        mixture = np.sum([weight * v[name] for name, weight in group["mixture"].items()], axis=0)
        mixture = (mixture - mixture.mean()) / (mixture.std() or 1.0)
        for item in range(group["items"]):
            difficulty = spec["cut_spread"] * (item / (group["items"] - 1) - 0.5)
            score = spec["loading"] * mixture + halo + rng.normal(0.0, spec["noise_sd"], n)
            answer = 1.0 + np.searchsorted(usual_cuts + difficulty, score / scale)
            answer[rng.random(n) < spec["unanswered"]] = np.nan
            answers[f"{letter}{len(answers) + 1:02d}"] = answer
    return answers
