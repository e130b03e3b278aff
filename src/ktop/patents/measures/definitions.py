"""Names, types and meanings of the measures, and the windows they look at."""

from __future__ import annotations

import polars as pl

#: Raised whenever a measure is reckoned otherwise: tables made before are then told to be outdated.
MEASURES_VERSION = "2"
#: Windows of forward citations, in years from the publication of the cited patent.
WINDOWS = (3, 5)
#: Window of the disruption index, in years from the publication of the focal patent.
DISRUPTION_YEARS = 5
#: Calendar years before and after a patent's own that its text is compared with.
BACKWARD_YEARS = 5
FORWARD_YEARS = (5, 10)
#: A term can only be called new once texts of so many years before are known.
BASELINE_YEARS = 5
DAYS_PER_YEAR = 365.25

_INT, _FLOAT, _TEXT = pl.Int32(), pl.Float64(), pl.String()

#: Name → (type, meaning). All but the first three are null where the corpus cannot tell.
MEASURES: dict[str, tuple[pl.DataType, str]] = {
    "id": (_TEXT, "patent id"),
    "year": (_INT, "year of filing, else of publication, else of grant"),
    "field": (_TEXT, "first subclass, the patent's field in percentiles"),
    "originality": (_FLOAT, "1 - sum of squared class shares of cited patents, 0 to 1"),
    "originality_corrected": (_FLOAT, "originality x N / (N - 1), null for N < 2"),
    "generality": (_FLOAT, "1 - sum of squared class shares of citing patents, 0 to 1"),
    "generality_corrected": (_FLOAT, "generality x N / (N - 1), null for N < 2"),
    "forward_citations": (_INT, "citations received"),
    "forward_citations_3y": (_INT, "citations received within three years of publication"),
    "forward_citations_5y": (_INT, "citations received within five years of publication"),
    "citations_field_year_percentile": (_FLOAT, "share of the field and year cited less, ties half, 0 to 100"),
    "citations_year_percentile": (_FLOAT, "share of the year cited less, ties half, 0 to 100"),
    "disruption_5y": (_FLOAT, "disruption index over five years, -1 (consolidating) to 1 (disruptive)"),
    "scope": (_INT, "distinct subclasses"),
    "claims": (_INT, "claims"),
    "family_size": (_INT, "patents of the family in the corpus"),
    "backward_citations": (_INT, "patents cited"),
    "literature_citations": (_INT, "other documents cited"),
    "backward_lag_years": (_FLOAT, "mean years from the cited patents to this one"),
    "forward_lag_years": (_FLOAT, "mean years from this patent to those that cite it"),
    "backward_similarity": (_FLOAT, "mean text similarity to patents of the five years before, 0 to 1"),
    "forward_similarity_5y": (_FLOAT, "mean text similarity to patents of the five years after, 0 to 1"),
    "forward_similarity_10y": (_FLOAT, "mean text similarity to patents of the ten years after, 0 to 1"),
    "text_importance_5y": (_FLOAT, "forward similarity of five years / backward similarity"),
    "text_importance_10y": (_FLOAT, "forward similarity of ten years / backward similarity"),
    "new_terms": (_INT, "terms that no patent had before this one's day"),
    "new_terms_reuse": (_INT, "later patents with these terms, added up over the terms"),
    "new_pairs": (_INT, "pairs of neighbouring terms that no patent had before this one's day"),
    "new_pairs_reuse": (_INT, "later patents with these pairs, added up over the pairs"),
}
