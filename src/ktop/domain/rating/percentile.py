"""A percentile in words: how far from the top or from the bottom."""

from __future__ import annotations

from ktop.catalogue import Lang, text


def percentile_words(percentile: float, lang: Lang) -> str:
    """Return a percentile (share of others at or below, 0-100) as top or bottom share: 92 is "top 8%"."""
    if percentile >= 50:
        return text("opinion.standing_top", lang, share=max(round(100 - percentile), 1))
    return text("opinion.standing_bottom", lang, share=max(round(percentile), 1))
