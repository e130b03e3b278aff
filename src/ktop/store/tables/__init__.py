"""The tables of the platform; migrations/ brings a database from any older form to this one."""

from ktop.store.tables.base import metadata
from ktop.store.tables.collection import (
    collected_answers,
    collections,
    company_changes,
    followed_companies,
    source_counts,
    source_states,
    value_choices,
)
from ktop.store.tables.consents import access_ledger, consent_changes, consents, transmissions
from ktop.store.tables.discovery import discovery_cards, discovery_contacts, discovery_views
from ktop.store.tables.finance import finance_cases, finance_documents, finance_steps
from ktop.store.tables.identity import (
    access_tokens,
    api_keys,
    credentials,
    invitations,
    letters,
    memberships,
    organisations,
    persons,
    sessions,
    sign_in_failures,
    users,
)
from ktop.store.tables.programmes import (
    programme_appeals,
    programme_applications,
    programme_calls,
    programme_conflicts,
    programme_followups,
    programme_projects,
    programme_results,
    programme_rules,
)
from ktop.store.tables.ratings import companies, documents, issued_results, ratings, record_versions, technologies
from ktop.store.tables.reviews import rating_reviews
from ktop.store.tables.trail import audit_chain, audit_events, audit_heads, outbox, webhook_deliveries, webhooks
from ktop.store.tables.watch import watched_companies
from ktop.store.tables.work import idempotency_keys, job_items, jobs, request_counts

__all__ = [
    "access_ledger",
    "access_tokens",
    "api_keys",
    "audit_chain",
    "audit_events",
    "audit_heads",
    "collected_answers",
    "collections",
    "companies",
    "company_changes",
    "consent_changes",
    "consents",
    "credentials",
    "discovery_cards",
    "discovery_contacts",
    "discovery_views",
    "documents",
    "finance_cases",
    "finance_documents",
    "finance_steps",
    "followed_companies",
    "idempotency_keys",
    "invitations",
    "issued_results",
    "job_items",
    "jobs",
    "letters",
    "memberships",
    "metadata",
    "organisations",
    "outbox",
    "persons",
    "programme_appeals",
    "programme_applications",
    "programme_calls",
    "programme_conflicts",
    "programme_followups",
    "programme_projects",
    "programme_results",
    "programme_rules",
    "rating_reviews",
    "ratings",
    "record_versions",
    "request_counts",
    "sessions",
    "sign_in_failures",
    "source_counts",
    "source_states",
    "technologies",
    "transmissions",
    "users",
    "value_choices",
    "watched_companies",
    "webhook_deliveries",
    "webhooks",
]
