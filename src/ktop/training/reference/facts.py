"""What an appraiser finds about people, R&D organisation, technology and IP rights of each synthetic firm."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktop.training.reference.draw import Streams, count, happens, log_count, share_of
from ktop.training.reference.parameters import Array, linear, parameters
from ktop.training.reference.population import Firms


def draw_people(firms: Firms, v: Mapping[str, Array], streams: Streams) -> dict[str, Array]:
    """Return the facts about the chief executive, the staff and the R&D organisation.

    research_staff <= technical_staff <= staff_total and advanced_degree_staff <= technical_staff.
    """
    rng = streams.stage("people")
    spec = parameters("people")
    n = firms.n
    before = spec["ceo_years_before"]
    years = before["share_of_age"] * np.minimum(firms.age_years, 30.0)
    years = years + np.exp(linear(before["mean"], v) + rng.normal(0.0, before["sd"], n))
    degree = linear(spec["ceo_degree"]["score"], v) + rng.standard_normal(n)
    organised = linear(spec["rnd_organisation"]["score"], v) + rng.standard_normal(n)
    technical = share_of(rng, firms.staff_total, spec["technical_share"], v)
    research = share_of(rng, technical, spec["research_share"], v)
    return {
        "ceo_industry_years": np.minimum(np.round(years), before["most"]),
        "ceo_degree": np.searchsorted(spec["ceo_degree"]["cuts"], degree).astype(float),
        "ceo_technical": happens(rng, linear(spec["ceo_technical"], v)).astype(float),
        "ceo_founding_record": rng.poisson(np.exp(linear(spec["ceo_founding_record"], v))).astype(float),
        "staff_total": firms.staff_total,
        "technical_staff": technical,
        "research_staff": research,
        "advanced_degree_staff": share_of(rng, technical, spec["advanced_share"], v),
        # A research institute needs at least one researcher.
        "rnd_organisation": np.where(
            research > 0, np.searchsorted(spec["rnd_organisation"]["cuts"], organised).astype(float), 0.0
        ),
    }


def draw_technology(firms: Firms, v: Mapping[str, Array], streams: Streams) -> dict[str, Array]:
    """Return the facts about projects, commercialisation, certificates and IP rights.

    completed <= projects, own commercialised <= completed, patents cited <= patents in force. The mean number of claims
    is missing (NaN) where the firm never filed.
    """
    rng = streams.stage("technology")
    spec = parameters("technology")
    projects = log_count(rng, spec["projects"], v)
    completed = share_of(rng, projects, spec["completed"], v)
    venture = firms.venture | happens(rng, linear(spec["venture_certified"], v))
    innobiz = happens(rng, linear(spec["innobiz_certified"], v))
    active = happens(rng, linear(spec["ip_active"], v))
    filed = np.where(active, log_count(rng, spec["patents_filed"], v), 0.0)
    registered = np.where(active, log_count(rng, spec["patents_registered"], v), 0.0)
    cited = share_of(rng, registered, spec["patents_cited"], v)
    more = spec["citations_beyond_first"]
    claims = np.exp(linear(spec["patent_claims"]["level"], v) + rng.normal(0.0, spec["patent_claims"]["sd"], firms.n))
    return {
        "rnd_projects_3y": projects,
        "rnd_projects_completed_3y": completed,
        "own_commercialised_3y": share_of(rng, completed, spec["own_commercialised"], v),
        "acquired_commercialised_3y": log_count(rng, spec["acquired_commercialised"], v),
        "certifications_valid": venture.astype(float) + innobiz + log_count(rng, spec["certifications_other"], v),
        "venture_certified": venture.astype(float),
        "innobiz_certified": innobiz.astype(float),
        "patents_filed_3y": filed,
        "patent_claims_mean": np.where(
            filed + registered > 0, np.round(np.clip(claims, 1.0, spec["patent_claims"]["most"]), 1), np.nan
        ),
        "patents_registered": registered,
        "patents_cited": cited,
        "patent_citations": cited + np.where(cited > 0, count(rng, cited * more["mean"] + 1e-9, more["shape"]), 0.0),
        "other_ip": np.where(active, log_count(rng, spec["other_ip"], v), 0.0),
    }
