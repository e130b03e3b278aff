"""A panel of firms by year, as programmes are judged by it, and a figure with its interval."""

from __future__ import annotations

from dataclasses import dataclass

from ktop.kernel.arrays import Booleans, Floats, Integers


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Panel:
    """Firms by year, every firm in every year.

    Parameters
    ----------
    firms : how many.
    years : shape ``(T,)``, rising.
    treated_from : shape ``(firms,)``, first year of support; 0 never.
    outcome : shape ``(firms, T)``.
    covariates : name → shape ``(firms, T)``.
    """

    firms: int
    years: Integers
    treated_from: Integers
    outcome: Floats
    covariates: dict[str, Floats]

    @property
    def supported(self) -> Booleans:
        """Which firms are supported at some time, shape ``(firms,)``."""
        return self.treated_from > 0

    def part(self, firms: Booleans) -> Panel:
        """Return the panel of some firms only; ``firms`` has shape ``(firms,)``."""
        return Panel(
            firms=int(firms.sum()),
            years=self.years,
            treated_from=self.treated_from[firms],
            outcome=self.outcome[firms],
            covariates={name: values[firms] for name, values in self.covariates.items()},
        )
