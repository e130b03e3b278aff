"""Random draws the generator is made of: repeatable streams, class tables, zero-inflated and over-dispersed values."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.training.reference.parameters import Array, linear


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent random streams, one per stage, so that a change in one leaves the others' draws alone."""

    firms: int
    seed: int
    version: int

    def stage(self, name: str) -> np.random.Generator:
        """Return a fresh generator that depends only on (firms, seed, version, name)."""
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([self.seed, self.firms, self.version, zlib.crc32(name.encode())]))
        )


def logistic(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))`` without overflow."""
    value: Array = 0.5 * (1.0 + np.tanh(0.5 * x))
    return value


def class_quantile(u: Array, bounds: Sequence[float], shares: Sequence[float]) -> Array:
    """Return the quantiles ``u`` (in (0, 1)) of a distribution given by class shares, log-uniform inside each class."""
    cumulated = np.concatenate(([0.0], np.cumsum(shares)))
    value: Array = np.exp(np.interp(u, cumulated / cumulated[-1], np.log(bounds)))
    return value


def happens(rng: np.random.Generator, logit: Array) -> Array:
    """Return booleans, true with probability ``logistic(logit)``."""
    return rng.random(logit.shape) < logistic(logit)


def count(rng: np.random.Generator, mean: Array, shape: float) -> Array:
    """Return negative binomial counts (gamma-mixed Poisson): variance = mean + mean^2 / shape."""
    return rng.poisson(rng.gamma(shape, mean / shape)).astype(float)


def student(rng: np.random.Generator, df: float, n: int) -> Array:
    """Return Student t draws scaled to unit variance (df > 2), clipped at eight deviations."""
    value: Array = np.clip(rng.standard_t(df, n) * np.sqrt((df - 2.0) / df), -8.0, 8.0)
    return value


def share_of(rng: np.random.Generator, total: Array, spec: Mapping[str, Any], v: Mapping[str, Array]) -> Array:
    """Return binomial counts out of ``total``; the success logit is a linear predictor with normal noise."""
    logit = linear(spec["level"], v) + rng.normal(0.0, spec["sd"], total.shape)
    return rng.binomial(total.astype(np.int64), logistic(logit)).astype(float)


def zero_inflated(rng: np.random.Generator, spec: Mapping[str, Any], v: Mapping[str, Array]) -> Array:
    """Return values that are zero with probability ``logistic(zero)`` and else log-normal around ``level``, capped."""
    level = linear(spec["level"], v)
    value = np.minimum(np.exp(level + rng.normal(0.0, spec["sd"], level.shape)), spec["most"])
    nothing = happens(rng, linear(spec["zero"], v))
    return np.where(nothing, 0.0, value)


def log_count(rng: np.random.Generator, spec: Mapping[str, Any], v: Mapping[str, Array]) -> Array:
    """Return negative binomial counts whose log mean is the linear predictor ``level``."""
    return count(rng, np.exp(linear(spec["level"], v)), float(spec["shape"]))
