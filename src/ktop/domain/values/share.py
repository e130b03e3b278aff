"""Shares of a whole, as a fraction or in per cent."""

from __future__ import annotations

from ktop.domain.values.number import Number, figure_of


class Share(Number):
    """A fraction such as ``0.2``; a text may say it in per cent, ``20%``. Without the sign 20 is 20, never 0.2."""

    def _of_text(self, text: str) -> float:
        if text.endswith(("%", "％")):
            return self._within(float(figure_of(text[:-1].rstrip())) / 100, text)
        return super()._of_text(text)
