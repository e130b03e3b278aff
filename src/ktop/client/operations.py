"""Every operation of the API; made by ``ktop.client.generate``, not by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypedDict

from ktop.client.asking import Connection, part


class AccessShown(TypedDict):
    """Who saw what, when, why and by which consent."""

    number: int
    at: str
    reader: Party
    reader_user: str
    consent: str
    rating: str
    """Empty where only the list of results was seen."""
    seen: dict[str, list[str]]
    purpose: str
    way: Literal["page", "program", "sent", "watch"]


class ActionShown(TypedDict):
    """One step: who takes it, from which states, and what follows."""

    label: dict[str, str]
    by: Literal["company", "guarantor", "bank", "rule"]
    before: list[str]
    to: str
    second: str | None
    figures: list[str]
    reason: bool


class Added(TypedDict):
    """How many companies were added."""

    added: int


class AnswerGiven(TypedDict):
    """Whether a request is accepted."""

    accept: bool


class AppealGiven(TypedDict):
    """An objection to a preliminary result, with corrected data where there are any."""

    reason: str
    record: NotRequired[dict[str, Any] | None]
    """The corrected company record; its JSON Schema is at /api/v1/schema/company."""


class AppealShown(TypedDict):
    """An appeal, with the result of the corrected data beside the first."""

    id: str
    application: str
    reason: str
    corrected: bool
    first: dict[str, Any]
    second: dict[str, Any] | None
    state: Literal["open", "upheld", "rejected"]
    created: str
    decided_reason: str | None


class ApplicantShown(TypedDict):
    """One line of a ranked list; name and number are null where the reader is not to know them."""

    id: str
    number: int
    name: str | None
    business_number: str | None
    state: str
    conflict: bool
    """Whether you declared a conflict of interest."""
    appealed: bool
    outcome: OutcomeShown | None


class ApplicantsShown(TypedDict):
    """Applicants by rank; `after` is the cursor of the next page, null on the last."""

    items: list[ApplicantShown]
    after: str | None


class ApplicationGiven(TypedDict):
    """What a company applies for; the words are those of `/api/v1/finance/process`."""

    rating: str
    """Identifier of the kept rating it stands on."""
    guarantor: str
    bank: str
    purpose: str
    amount_krw: int
    """The loan wished for, in won."""
    months: int
    """Its term."""
    words: NotRequired[str]
    """What for, in the company's words."""
    inputs: NotRequired[list[str]]
    """Groups of inputs that guarantor and bank see besides."""


class ApplicationShown(TypedDict):
    """What the company applies for."""

    rating: str
    purpose: str
    amount_krw: int
    months: int
    words: str
    inputs: list[str]


class ApplicationsShown(TypedDict):
    """Applications that your company made."""

    items: list[ProgrammeApplicationShown]


class BatchShown(TypedDict):
    """A table of companies and what came of it; the counts are null until it is done."""

    id: str
    file: str
    job: JobShown
    ready: bool
    """Whether the answer can be downloaded."""
    answer: str
    """Name of the answer's file."""
    rows: int | None
    rated: int | None
    refused: int | None
    remarks: list[str]


class BatchesShown(TypedDict):
    """Batches, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[BatchShown]
    after: str | None


class CallGiven(TypedDict):
    """A call under a published rule."""

    rule: str
    """Identifier of the published rule."""
    opens: str
    closes: str
    as_of: str
    """Day of the ratings."""
    blind: NotRequired[bool]
    """Whether names stay hidden until the announcement."""


class CallShown(TypedDict):
    """A call; counts are there for its own agency only."""

    id: str
    rule: str
    programme: str
    year: int
    name: dict[str, str]
    agency: str
    agency_name: dict[str, str]
    state: Literal["open", "closed", "appeals", "announced"]
    opens: str
    closes: str
    as_of: str
    blind: bool
    round: int
    """How often applicants were ranked."""
    capacity: int | None
    applications: int
    decisions: dict[str, int]
    appeals_open: int
    actions: list[str]
    """What may be done with it now."""
    version: int


class CallsShown(TypedDict):
    """Calls, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[CallShown]
    after: str | None


class CaseShown(TypedDict):
    """A case; steps, documents and possible actions only where one was asked for."""

    id: str
    company: Party
    guarantor: Party
    bank: Party
    you: Literal["company", "guarantor", "bank", "rule"]
    application: ApplicationShown
    state: str
    guarantee: str
    loan: str
    figures: dict[str, float]
    since: str
    due: str | None
    version: int
    created: str
    steps: list[StepShown]
    documents: list[DocumentShown]
    actions: list[str]


class CasesShown(TypedDict):
    """Cases, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[CaseShown]
    after: str | None


class CellProblemShown(TypedDict):
    """What is wrong with a cell; `column` is empty for a whole row."""

    sheet: Literal["companies", "statements", "staff", "projects", "checklist"]
    row: int
    """The row as the file counts it, from 1."""
    column: str
    key: str
    text: dict[str, str]


class ChangesShown(TypedDict):
    """What was found changed, newest first."""

    items: list[CollectChangeShown]


class ClauseCountShown(TypedDict):
    """How many applicants a clause lets pass, refuses and asks, and how many fail by it alone."""

    clause: str
    label: dict[str, str]
    passed: int
    failed: int
    unknown: int
    failed_alone: int


class ClauseShown(TypedDict):
    """A clause as the company stands with it, and what would change a failure."""

    id: str
    label: dict[str, str]
    outcome: str
    reason: dict[str, str] | None
    remedies: list[dict[str, str]]


class CollectChangeShown(TypedDict):
    """What public sources said otherwise than the time before."""

    id: str
    business_number: str
    company: str | None
    """The kept company it was saved to."""
    collection: str
    before: str
    """The collection before."""
    found: str
    changes: list[dict[str, Any]]
    """Entries with path, before, now and source."""
    seen: str | None


class CollectionAsked(TypedDict):
    """A company to be collected."""

    business_number: str
    """Ten digits."""
    names: NotRequired[list[str]]
    """Names known; they narrow the search."""
    corporate_number: NotRequired[str | None]
    """13 digits, where known."""
    made_up: NotRequired[bool]
    """Ask stand-ins about a made-up company."""


class CollectionShown(TypedDict):
    """One collection; `details` is what `ktop collect company --json` prints, null while it runs."""

    id: str
    business_number: str
    state: Literal["running", "done"]
    made_up: bool
    job: str | None
    company: str | None
    """The kept company it was saved to."""
    created: str
    details: dict[str, Any] | None


class CollectionsShown(TypedDict):
    """The last collections, without details."""

    items: list[CollectionShown]


class CompanyEdit(TypedDict):
    """What is to be changed of a kept company; what is left out stays."""

    name: NotRequired[str | None]
    note: NotRequired[str | None]
    archived: NotRequired[bool | None]


class CompanyRequest(TypedDict):
    """One company record to rate."""

    record: dict[str, Any]
    """The company record; its JSON Schema is at /api/v1/schema/company."""
    as_of: NotRequired[str | None]
    """Day of the rating (ISO 8601); without it, today."""


class Comparison(TypedDict):
    """Two kept results side by side."""

    a: Stored
    b: Stored
    gaps: dict[str, list[dict[str, Any]]]
    """What each indicator adds to score(a) - score(b)."""
    technologies: dict[str, Any] | None
    """Traits, shared patents and terms of two technologies."""


class ConsentAsked(TypedDict):
    """A consent that an institution asks a company for."""

    business_number: str
    """The company's, ten digits."""
    terms: TermsGiven
    reason: NotRequired[str]
    """Why, in the words of who asks or decides."""


class ConsentGiven(TypedDict):
    """A consent that a company gives unasked."""

    institution: str
    terms: TermsGiven
    reason: NotRequired[str]
    """Why, in the words of who asks or decides."""


class ConsentShown(TypedDict):
    """One consent; `changes` only where one was asked for."""

    id: str
    number: int
    """1, and one more with each narrower successor."""
    predecessor: str | None
    company: Party
    grantee: Party
    state: Literal["requested", "active", "rejected", "narrowed", "expired", "revoked"]
    state_at: str
    terms: TermsShown
    asked_reason: str
    granted_by: str | None
    authenticated_by: str | None
    notice_version: str
    notice_hash: str
    changes: list[ConsentsChangeShown]


class ConsentText(TypedDict):
    """A version of the text that a company reads before it consents."""

    version: str
    hash: str
    """SHA-256 of version and text, which every consent holds."""
    text: dict[str, str]


class ConsentsChangeShown(TypedDict):
    """One change of state."""

    state: Literal["requested", "active", "rejected", "narrowed", "expired", "revoked"]
    at: str
    by: str
    reason: str


class ConsentsShown(TypedDict):
    """Consents, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[ConsentShown]
    after: str | None


class ContactShown(TypedDict):
    """A request for contact; `company` is null to the asker until an anonymous company accepts."""

    id: str
    asker: Party
    company: Party | None
    yours: bool
    """Whether it was made to you."""
    message: str
    state: Literal["asked", "accepted", "declined"]
    asked: str
    answered: str | None


class Correction(TypedDict):
    """What is right instead of a value, and why."""

    path: str
    value: str
    """Empty takes the value out."""
    reason: str


class DecidedGiven(TypedDict):
    """How an appeal is decided."""

    upheld: bool
    reason: str


class Decision(TypedDict):
    """What a company decides on a consent; `terms` only where it grants a part, or narrows."""

    terms: NotRequired[TermsGiven | None]
    reason: NotRequired[str]
    """Why, in the words of who asks or decides."""


class DecisionChangeShown(TypedDict):
    """How many applicants would be decided on differently."""

    before: str
    now: str
    count: int


class DeliveriesShown(TypedDict):
    """Messages, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[DeliveryShown]
    after: str | None


class DeliveryShown(TypedDict):
    """One message on its way to one address; `dead` ones were tried often enough."""

    id: str
    message: str
    """The `webhook-id` of the message, the same in every attempt."""
    topic: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    next_at: str | None
    """The next attempt, null where there is none."""
    problem: dict[str, str] | None
    created: str
    ended: str | None


class Description(TypedDict):
    """What an organisation calls a result and notes on it."""

    title: NotRequired[str]
    note: NotRequired[str]
    archived: NotRequired[bool]


class DocumentShown(TypedDict):
    """A file of a case."""

    id: str
    kind: str
    name: str
    media_type: str
    bytes: int
    sha256: str
    created: str


class DraftGiven(TypedDict):
    """What a draft begins from: an example of the catalogue, or a rule of one's own."""

    example: NotRequired[str | None]
    like: NotRequired[str | None]
    """Identifier of the rule whose next version it becomes."""


class Ending(TypedDict):
    """Why a consent is refused or revoked."""

    reason: NotRequired[str]
    """Why, in the words of who asks or decides."""


class ExceededShown(TypedDict):
    """A share of companies above the institution's own limit."""

    what: Literal["industry", "region"]
    code: str
    percent: float
    most_percent: float


class FeedEntryShown(TypedDict):
    """The newest state of a result; `limits`, `created` and `as_of` are null of one that is withdrawn."""

    number: int
    at: str
    state: Literal["shown", "withdrawn"]
    rating: str
    company: Party
    models: list[str]
    created: str | None
    as_of: str | None
    consent: str
    limits: TermsShown | None


class FeedShown(TypedDict):
    """What changed; the next request asks `since` the place told here, also where there is no more now."""

    items: list[FeedEntryShown]
    since: int
    more: bool


class FiguresShown(TypedDict):
    """The public figures: use by half-year, grades by industry and region, what became of rated firms."""

    made: str
    least: int
    """Counts from 1 to one less than this are hidden (null), with others that tell them."""
    tables: dict[str, list[dict[str, Any]]]


class FirmShown(TypedDict):
    """A company that was found; `company` and `until` are null while it is anonymous; `near`: by some words."""

    id: str
    company: Party | None
    profile: ProfileShown
    words: str
    until: str | None
    created: str
    near: bool


class FirmsShown(TypedDict):
    """Companies, newest or best match first; `after` is the cursor of the next page, null on the last."""

    items: list[FirmShown]
    after: str | None


class FirstPassword(TypedDict):
    """The password of a new account, told once."""

    password: str


class FollowedShown(TypedDict):
    """The agency's supported projects; `several` firms were supported more than once."""

    programmes: list[ProgrammeShown]
    firms: int
    several: int
    most: int
    warned: list[WarnedShown]


class FollowingAsked(TypedDict):
    """How often a company is collected again."""

    every_days: int
    """Days between two collections."""


class FollowingShown(TypedDict):
    """How a company is collected again by itself; null where it is not."""

    every_days: int | None
    """Days between two collections; 0 until every source has answered."""
    due: str | None
    """When next; sooner where a source did not answer."""


class FoundShown(TypedDict):
    """What may be seen of a company."""

    company: Party
    consents: list[ConsentShown]
    results: list[ResultFound]


class ImportShown(TypedDict):
    """A file that was read; its right rows are kept only when they are taken in."""

    id: str
    file: str
    state: Literal["read", "taken"]
    read: str
    counts: list[SheetCountShown]
    companies: int
    """Records that the right rows make."""
    new: int
    """Companies among them that were not kept before."""
    wrong_rows: int
    problems: list[CellProblemShown]
    """The first 200; the file of the rest has all."""
    unknown: list[str]
    """Headings that nothing was read of."""


class InstitutionShown(TypedDict):
    """An institution."""

    id: str
    kind: Literal["agency", "bank", "investor", "operator"]
    name: dict[str, str]
    state: Literal["active", "suspended", "merged"]
    merged_into: str | None
    """Into which it was merged."""
    demo: bool
    kept_bytes: int | None
    """Size of all files that it keeps; told to the operator alone."""


class InstitutionState(TypedDict):
    """Whether people can act for it."""

    state: Literal["active", "suspended"]


class InstitutionsCompaniesShown(TypedDict):
    """Companies that joined, by identifier; `after` is the cursor of the next page, null on the last."""

    items: list[InstitutionsCompanyShown]
    after: str | None


class InstitutionsCompanyShown(TypedDict):
    """A company that joined, and whether somebody has seen that the business number is its own."""

    id: str
    name: dict[str, str]
    business_number: str | None
    state: Literal["active", "suspended", "merged"]
    demo: bool
    verified: str | None
    """When the number was verified, null where never."""
    evidence: str
    """By what it was seen."""
    kept_bytes: int
    """Size of all files that it keeps."""


class InstitutionsShown(TypedDict):
    """Institutions by identifier; `after` is the cursor of the next page, null on the last."""

    items: list[InstitutionShown]
    after: str | None


class Invitation(TypedDict):
    """The role that somebody is invited to."""

    role: str
    """As listed at `/api/v1/member-roles`."""
    email: NotRequired[str | None]
    """Where the link is sent as well, if this installation sends mail."""


class Issued(TypedDict):
    """A signed result of the caller's organisation."""

    id: str
    """Its identifier."""
    rating: str
    """The kept rating that it was made of."""
    address: str
    """Public page that tells whether it still counts."""
    created: str
    key_id: str
    """`kid` of the key that signed it."""
    inputs: list[str]
    """Names of the inputs that can be shown or withheld; not told in lists."""
    revoked: str | None
    """When it was withdrawn."""
    reason: str
    """Why it was withdrawn; told to the organisation alone."""


class JobRequest(TypedDict):
    """A job to give."""

    kind: str
    """`models.drift` or `corpus.prepare`."""
    arguments: NotRequired[dict[str, str]]
    key: NotRequired[str | None]
    """Given twice under one key, done once."""


class JobShown(TypedDict):
    """One job."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: ProgressShown
    attempts: int
    """Begun since the job last got further."""
    error: dict[str, str] | None
    """Why it failed, or why it is tried again."""
    created: str
    started: str | None
    ended: str | None
    result: dict[str, Any] | None


class JobsShown(TypedDict):
    """Jobs, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[JobShown]
    after: str | None


class KeptShown(TypedDict):
    """The kept company."""

    company: str


class KeyAsked(TypedDict):
    """A key to make."""

    name: str
    """What it is for."""
    scopes: list[str]
    """Permissions that one role joins, as listed at `/api/v1/key-scopes`."""
    days: NotRequired[int]
    """Days that it counts for."""


class KeyShown(TypedDict):
    """A key by its prefix."""

    id: str
    """The prefix that it is shown by; the client id of OAuth 2."""
    name: str
    scopes: list[str]
    made_by: str
    created: str
    expires: str
    used: str | None
    state: Literal["active", "expired", "revoked"]
    left_behind: bool
    """Whether it is in use and was made, or last rotated, by a person who has left: rotate or revoke it."""


class LedgerShown(TypedDict):
    """The ledger, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[AccessShown]
    after: str | None


class LinkShown(TypedDict):
    """A link that can still be used; its address is told once, when it is made."""

    id: str
    purpose: Literal["join", "reset"]
    role: str | None
    expires: str


class LoanRuleGiven(TypedDict):
    """A bank's own rule on the terms of its loans."""

    most_krw: int
    """Largest loan, in won."""
    most_months: int
    """Longest term in months."""
    interest_percent: dict[str, float]
    """Interest a year in per cent by letters of the business grade; no terms for a grade without one."""


class LoanRuleShown(TypedDict):
    """The rule in force."""

    most_krw: int
    """Largest loan, in won."""
    most_months: int
    """Longest term in months."""
    interest_percent: dict[str, float]
    """Interest a year in per cent by letters of the business grade; no terms for a grade without one."""
    version: int
    """Counts the changes from 1."""
    made: str


class LoanRuleTried(TypedDict):
    """A loan to try a rule on."""

    rule: LoanRuleGiven
    grade: str
    """Technology-business grade."""
    amount_krw: int
    """Loan asked for, in won."""
    months: int
    """Term asked for."""


class LoanTermsShown(TypedDict):
    """What a rule gives: terms, or null and why."""

    loan_krw: int | None
    months: int | None
    interest_percent: float | None
    reason: dict[str, str] | None


class LookShown(TypedDict):
    """Who found or opened the company."""

    number: int
    viewer: Party
    way: Literal["found", "opened"]
    at: str


class LooksShown(TypedDict):
    """Looks, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[LookShown]
    after: str | None


class ManySigned(TypedDict):
    """Signed results to verify together."""

    files: NotRequired[list[SignedFile]]
    """Signed JSON files."""
    reports: NotRequired[list[str]]
    """Signed PDF reports, Base64."""


class MemberShown(TypedDict):
    """A member with all roles in the organisation."""

    user: str
    login: str
    name: str
    roles: list[str]


class Merger(TypedDict):
    """The institution that takes another one in."""

    into: str
    """Identifier of an active institution of the same kind."""


class MessageGiven(TypedDict):
    """Why contact is asked for."""

    message: str


class Moved(TypedDict):
    """How many companies moved from one business grade to another."""

    before: str
    now: str
    companies: int


class Narrowing(TypedDict):
    """Terms that allow less."""

    terms: TermsGiven
    reason: NotRequired[str]
    """Why, in the words of who asks or decides."""


class NewAccount(TypedDict):
    """An account with a role in an organisation."""

    login: str
    """3 to 100 letters, digits and . @ + - _."""
    name: str
    """The person's name."""
    role: str
    """A role of the organisation's kind."""


class NewInstitution(TypedDict):
    """An institution to enter."""

    id: str
    """A short word: small letters, digits, hyphens."""
    kind: Literal["agency", "bank", "investor", "operator"]
    name_ko: str
    """Name in Korean."""
    name_en: str
    """Name in English."""


class NewKeyShown(TypedDict):
    """A key just made. `key` is never shown again."""

    id: str
    """The prefix that it is shown by; the client id of OAuth 2."""
    name: str
    scopes: list[str]
    made_by: str
    created: str
    expires: str
    used: str | None
    state: Literal["active", "expired", "revoked"]
    left_behind: bool
    """Whether it is in use and was made, or last rotated, by a person who has left: rotate or revoke it."""
    key: str
    """The whole key, also the client secret of OAuth 2; told once."""


class NewLinkShown(TypedDict):
    """A link just made."""

    address: str
    """The address to hand over, told once."""
    expires: str
    mailed: bool
    """Whether it is sent by mail as well."""


class NewWebhookShown(TypedDict):
    """An address just registered. `secret` is never shown again; signatures are verified with it
    (docs/webhooks.md).
    """

    id: str
    url: str
    topics: list[str]
    state: Literal["active", "paused"]
    created: str
    secret: str


class OpenedShown(TypedDict):
    """A result as far as a consent shows it; the shape of one rating is described in docs/formats.md."""

    id: str
    company: Party
    created: str
    as_of: str
    kind: str
    ratings: list[dict[str, Any]]
    withheld: list[str]
    """Models that answered, too, but that the consent does not name."""
    inputs: list[str]
    """Groups of inputs that are shown."""
    consent: str
    purpose: str
    used_up: bool
    """Whether this was the only look that the consent allowed."""
    limits: TermsShown
    """What the consent allows: for what, how much, until when."""


class OptInGiven(TypedDict):
    """What a company lets be found of itself."""

    rating: str
    """Identifier of the kept rating whose bands are shown."""
    to: list[Literal["bank", "investor", "agency"]]
    anonymous: NotRequired[bool]
    """Whether name and number stay hidden until a contact is accepted."""
    words: NotRequired[str]
    """What the company does, 1,000 characters at most; shown and searched only of one that is named."""
    hidden: NotRequired[
        list[Literal["business", "growth", "risk", "index_score", "industry", "region", "size", "age_band", "model"]]
    ]
    """Parts of the profile that are not shown."""
    until: NotRequired[str | None]
    """Last day (ISO 8601); without it, a year from today."""


class Options(TypedDict):
    """What a consent can say, and the text that a company reads before it consents."""

    results: dict[str, dict[str, str]]
    inputs: dict[str, dict[str, str]]
    purposes: dict[str, dict[str, str]]
    legal_bases: dict[str, dict[str, str]]
    institutions: list[Party]
    notice_version: str
    notice_hash: str
    notice: dict[str, str]


class OutcomeShown(TypedDict):
    """What became of an application in one ranking."""

    round: int
    decision: str
    points: float | None
    rank: int | None
    reasons: dict[str, str]
    figures: dict[str, Any]


class OwnShown(TypedDict):
    """What is shown of the company now."""

    rating: str
    to: list[str]
    anonymous: bool
    words: str
    until: str
    profile: ProfileShown
    hidden: list[str]
    created: str


class Party(TypedDict):
    """An organisation as the other side sees it."""

    id: str
    kind: str
    name: dict[str, str]
    business_number: str | None


class PathsConfirmed(TypedDict):
    """Values that are right as their sources state them."""

    paths: list[str]


class PortfolioCompaniesShown(TypedDict):
    """One page of companies; `after` asks for the next, null on the last."""

    items: list[PortfolioCompanyShown]
    after: str | None


class PortfolioCompanyShown(TypedDict):
    """A company that the organisation keeps."""

    id: str
    name: str
    name_en: str | None
    """Its name in English as its record says it, null where it says none."""
    business_number: str | None
    company_id: str | None
    """What the organisation calls it."""
    note: str
    created: str
    changed: str
    archived: bool
    version: int
    """Counts edits; the ETag of the company."""


class PortfolioLimits(TypedDict):
    """An institution's own limits; null where there is none."""

    industry_percent: NotRequired[float | None]
    """Largest share of one industry."""
    region_percent: NotRequired[float | None]
    """Largest share of one region."""


class PortfolioShown(TypedDict):
    """An institution's portfolio, compared with a day."""

    since: str
    companies: list[WatchedShown]
    migration: list[Moved]
    industries: Spread
    regions: Spread
    exceeded: list[ExceededShown]
    """Shares above the institution's own limits."""


class PreviewShown(TypedDict):
    """What a rule would do with applicants; nothing of it is kept."""

    rows: int
    decisions: dict[str, int]
    clauses: list[ClauseCountShown]
    changes: list[DecisionChangeShown]
    compared_with: str | None


class ProcessShown(TypedDict):
    """The process in force: states, steps, and the words that an application can say."""

    version: str
    states: dict[str, StateShown]
    actions: dict[str, ActionShown]
    purposes: dict[str, dict[str, str]]
    documents: dict[str, dict[str, Any]]
    guarantee_rule: dict[str, Any]


class ProfileShown(TypedDict):
    """Bands of grades, the Tech-Index rounded down to five points, and the peer group."""

    business: str
    growth: str
    risk: str
    index_score: float | None
    industry: str
    region: str
    size: str
    age_band: str
    model: str


class ProgrammeAnswersStandingShown(TypedDict):
    """Where a company stands with a programme; `call` is null for an example rule."""

    call: str | None
    name: dict[str, str]
    agency: dict[str, str]
    closes: str | None
    decision: Literal["eligible", "refused", "ask"]
    points: float | None
    most: float
    clauses: list[ClauseShown]


class ProgrammeApplicationShown(TypedDict):
    """One application with its results and appeals."""

    applicant: ApplicantShown
    call: CallShown
    yours: bool
    facts: dict[str, Any]
    problems: dict[str, str] | None
    outcomes: list[OutcomeShown]
    appeals: list[AppealShown]
    may_appeal: bool
    may_withdraw: bool
    created: str


class ProgrammeShown(TypedDict):
    """Figures of one programme's projects; costs are null where a budget is not known."""

    programme: str
    projects: int
    firms: int
    budget_krw: int | None
    decided: int
    """Projects with targets whose outcomes are known."""
    met: int
    """Of those, the ones that reached all targets."""
    cost_krw: float | None
    """Budget of decided projects per success."""
    warned: int


class ProgressShown(TypedDict):
    """How far a job is, in its own count; `of` is null where nobody knows."""

    done: int
    of: int | None


class Promotion(TypedDict):
    """A version to put in force."""

    why: str
    """The reason; it stays in the log."""
    comparison: NotRequired[dict[str, Any] | None]
    """What `ktop models compare --out` wrote; its figures stand in the log."""
    anyway: NotRequired[bool]
    """Put it in force even though the comparison found it worse."""


class Proposal(TypedDict):
    """One proposal to rank."""

    id: str
    title: NotRequired[str | None]
    text: str
    """The proposal's summary in Korean or English."""


class ProposalsRequest(TypedDict):
    """Proposals to rank, 100 at most."""

    proposals: list[Proposal]


class RatingAsked(TypedDict):
    """How a kept company or technology is to be rated."""

    as_of: NotRequired[str | None]
    """Day of the rating (ISO 8601); without it, today."""
    technology: NotRequired[str | None]
    """A kept technology to rate with the company."""


class Reason(TypedDict):
    """Why a signed result is withdrawn."""

    reason: str
    """For the organisation itself."""


class ReasonGiven(TypedDict):
    """Why."""

    reason: str


class RecordGiven(TypedDict):
    """What is known of a company."""

    record: dict[str, Any]
    """A company record; its JSON Schema is at /api/v1/schema/company."""


class RecordShown(TypedDict):
    """What was known of a company from a moment on; number 0 is the draft."""

    number: int
    known_at: str
    given_by: str
    draft: bool
    record: dict[str, Any]


class ReportShown(TypedDict):
    """A report on an effect; `found` is what the analysis tells, null until it is ready."""

    job: JobShown
    file: str
    outcome: str
    covariates: list[str]
    by: list[str]
    score: str | None
    ready: bool
    found: NotRequired[dict[str, Any] | None]


class ReportsShown(TypedDict):
    """Reports, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[ReportShown]
    after: str | None


class ResetAsked(TypedDict):
    """What of a member's access is set anew."""

    second_factor: NotRequired[bool]
    """Whether the second factor is forgotten, too."""


class Result(TypedDict):
    """A kept result as a list shows it."""

    id: str
    kind: Literal["company", "technology", "both"]
    created: str
    as_of: str
    name: str
    """Whom or what was rated."""
    title: str
    """What the organisation calls it."""
    note: str
    archived: bool
    figures: dict[str, float | str | None]
    """Headline of each model: Tech-Index, technology-business grade, originality grade."""


class ResultFound(TypedDict):
    """A result that may be opened; what it says is not told yet."""

    id: str
    created: str
    as_of: str
    kind: str
    models: list[str]


class Results(TypedDict):
    """One page of kept results; ``after`` asks for the next, null on the last."""

    items: list[Result]
    after: str | None


class Roles(TypedDict):
    """The roles of a member, in the place of the present ones."""

    roles: list[str]
    """As listed at `/api/v1/member-roles`."""


class RollBack(TypedDict):
    """A version to go back behind."""

    why: str
    """The reason; it stays in the log."""


class Rotation(TypedDict):
    """How long the new secret counts for."""

    days: NotRequired[int]
    """Days that it counts for."""


class RuleShown(TypedDict):
    """A rule of an agency: a draft, or a published version that never changes."""

    id: str
    programme: str
    year: int
    rule_version: int
    name: dict[str, str]
    state: Literal["draft", "published"]
    source: str
    """The rule as YAML."""
    version: int
    """Counts edits; an edit names the one it changes."""
    changed: str
    problem: dict[str, str] | None
    """Why a draft cannot be understood yet, with its line."""


class RulesShown(TypedDict):
    """Rules of the agency."""

    items: list[RuleShown]


class SearchGiven(TypedDict):
    """A search to be kept."""

    name: str
    wanted: WantedGiven


class SearchShown(TypedDict):
    """A kept search; `new` counts the firms it found since those were last looked at."""

    id: str
    name: str
    wanted: WantedGiven
    created: str
    looked: str
    new: int


class Sending(TypedDict):
    """A result to send."""

    rating: str
    institution: str
    purpose: str
    inputs: NotRequired[list[str]]
    message: NotRequired[str]
    signed: NotRequired[bool]
    """Whether a signed file goes with it; it shows the inputs consented to and no others."""


class SentList(TypedDict):
    """Transmissions, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[SentShown]
    after: str | None


class SentShown(TypedDict):
    """A result that was sent."""

    id: str
    sender: Party
    receiver: Party
    rating: str
    consent: str
    consent_made: bool
    """Whether the consent was given by sending, for this result alone."""
    message: str
    signed: bool
    sent: str
    received: str | None
    read: str | None
    withdrawn: str | None


class Share(TypedDict):
    """How many companies have one code."""

    code: str
    companies: int


class SheetCountShown(TypedDict):
    """Rows of a sheet, and how many of them are right."""

    sheet: Literal["companies", "statements", "staff", "projects", "checklist"]
    rows: int
    right: int


class SignedFile(TypedDict):
    """A signed result as a file: the token (`vc+jwt`) and the inputs that are shown with it."""

    format: str
    credential: str
    """Compact JWS, ES256."""
    disclosures: list[str]
    """Inputs shown, as in RFC 9901."""


class SourceGiven(TypedDict):
    """What a draft says now."""

    version: int
    """The version that is edited; another one is refused."""
    source: str
    """The rule as YAML."""


class SourceShown(TypedDict):
    """How a source is; keys are never shown."""

    source: str
    has_key: bool
    address: str
    used: dict[str, list[int]]
    """Period → calls made, most allowed."""
    organisations: dict[str, int]
    """Calls by organisation in the longest of these periods."""
    outcomes: dict[str, int]
    """How today's answers turned out."""
    failures: int
    rests_until: str | None
    why: str


class SourcesShown(TypedDict):
    """All sources."""

    items: list[SourceShown]


class Spread(TypedDict):
    """How the portfolio spreads over codes; `index` is the sum of squared shares, 1 where all have one code."""

    shares: list[Share]
    unknown: int
    """Companies whose consent does not show it."""
    index: float | None


class StandingsShown(TypedDict):
    """Open calls first, then example programmes."""

    items: list[ProgrammeAnswersStandingShown]


class StateShown(TypedDict):
    """One state of a case."""

    label: dict[str, str]
    waits_for: Literal["company", "guarantor", "bank", "rule"] | None
    days: int | None


class StepAsked(TypedDict):
    """A step of a call."""

    action: Literal["close", "reopen", "tell", "announce"]
    version: int
    """The version that is meant; another one is refused."""


class StepGiven(TypedDict):
    """A step to take."""

    action: str
    reason: NotRequired[str]
    figures: NotRequired[dict[str, float | int | str]]
    """What the step needs said; money in won, rates in per cent."""
    key: NotRequired[str | None]
    """The caller's own name of this step: sent again, it is done once."""
    version: NotRequired[int | None]
    """Version of the case that the caller saw; another one is refused."""


class StepShown(TypedDict):
    """One step that was taken; `by` is empty for people of another side. A rule's `reason` is in `lang`."""

    number: int
    action: str
    before: str
    after: str
    side: Literal["company", "guarantor", "bank", "rule"]
    by: str
    at: str
    reason: str
    figures: dict[str, float]


class Stored(TypedDict):
    """Ratings made together, kept under ``id``. The shape of one rating is described in docs/formats.md."""

    id: str
    kind: Literal["company", "technology", "both"]
    created: str
    as_of: str
    ratings: list[dict[str, Any]]
    failures: dict[str, dict[str, str]]
    """Models that could not rate, and why, by language."""


class StoredTechnology(TypedDict):
    """A kept technology rating, and what who files foresees where an applicant was named (docs/formats.md)."""

    id: str
    kind: Literal["company", "technology", "both"]
    created: str
    as_of: str
    ratings: list[dict[str, Any]]
    failures: dict[str, dict[str, str]]
    """Models that could not rate, and why, by language."""
    prospects_with_applicant: NotRequired[dict[str, Any] | None]


class TakenShown(TypedDict):
    """How many rows were taken in."""

    rows: int


class TechnologiesShown(TypedDict):
    """One page of technologies; `after` asks for the next, null on the last."""

    items: list[TechnologyShown]
    after: str | None


class TechnologyEdit(TypedDict):
    """What is to be changed of a kept technology; what is left out stays."""

    title: NotRequired[str | None]
    text: NotRequired[str | None]
    note: NotRequired[str | None]
    archived: NotRequired[bool | None]


class TechnologyGiven(TypedDict):
    """A technology to keep."""

    title: str
    text: str
    company: NotRequired[str | None]
    """The kept company it belongs to."""


class TechnologyRequest(TypedDict):
    """One technology summary to rate."""

    text: str
    """The technology summary in Korean or English, 20,000 characters at most."""
    title: NotRequired[str | None]
    """What the technology is called; a title counts as part of the text, as that of a patent does."""
    as_of: NotRequired[str | None]
    """Day of the rating (ISO 8601); without it, today."""
    applicant: NotRequired[str | None]
    """Who files: adds prospects_with_applicant, a forecast beside the rating that is not kept."""


class TechnologyShown(TypedDict):
    """A technology that the organisation keeps."""

    id: str
    company: str | None
    title: str
    text: str
    note: str
    created: str
    changed: str
    archived: bool
    version: int
    """Counts edits; the ETag of the technology."""


class TermsGiven(TypedDict):
    """What is asked for or consented to; the words are those of `/api/v1/consent-options`."""

    purpose: str
    results: list[str]
    """Models whose answer is shown."""
    inputs: NotRequired[list[str]]
    """Groups of inputs that are shown besides."""
    technologies: NotRequired[list[str]]
    """Kept technologies, or `*` for all."""
    valid_from: NotRequired[str | None]
    """First day (ISO 8601); without it, today."""
    valid_until: NotRequired[str | None]
    """Last day; without it, a year from the first."""
    once: NotRequired[bool]
    """Whether one look-up uses it up."""
    legal_basis: NotRequired[str]


class TermsShown(TypedDict):
    """What is consented to."""

    purpose: str
    results: list[str]
    inputs: list[str]
    technologies: list[str]
    valid_from: str
    valid_until: str
    once: bool
    legal_basis: str


class Token(TypedDict):
    """A token for a key; send it as ``Authorization: Bearer``."""

    access_token: str
    token_type: NotRequired[str]
    """Always Bearer."""
    expires_in: int
    """Seconds that the token counts for."""
    scope: str
    """Permissions of the token, split by spaces."""


class TokenBody(TypedDict):
    """Body_token_api_v1_oauth_token_post"""

    grant_type: NotRequired[str]
    client_id: NotRequired[str]
    """The key's prefix, unless in HTTP Basic."""
    client_secret: NotRequired[str]
    """The whole key, unless in HTTP Basic."""
    scope: NotRequired[str]
    """Permissions, split by spaces; without it, all."""


class UploadShown(TypedDict):
    """What became of a table of applicants; `before` tells that the same table had come already."""

    rows: int
    unread: int
    before: bool


class ValidationAsked(TypedDict):
    """What a registration should be. The name is sent to the tax service and kept nowhere."""

    opened: str
    """Day of opening, as registered."""
    representative: str
    """Name of the representative, as registered."""


class ValidationShown(TypedDict):
    """What the tax service said."""

    right: bool | None
    """Whether all three go together; null where it did not answer."""
    outcome: str
    """How its answer turned out: found, no_data, not_permitted, quota or broken."""
    at: str
    digest: str
    """SHA-256 of number, answer and moment, as in the audit trail."""


class Verification(TypedDict):
    """By what it was seen that a company's business number is its own."""

    evidence: str


class Verified(TypedDict):
    """What a signed result says that is authentic, unaltered and, as far as was looked up, not withdrawn."""

    id: str
    """Address of its page at the issuer."""
    issuer: str
    issuer_name: str
    company: str | None
    business_number: str | None
    technology: str | None
    models: list[dict[str, Any]]
    """Per model: name, version, scores, grades, probabilities, trained_on."""
    as_of: str
    issued: str
    key_id: str
    inputs: dict[str, Any]
    """Inputs shown: value, source, date."""
    withheld: int
    missing: int
    revoked: str | None
    status_checked: bool
    status_list: str


class VerifiedMany(TypedDict):
    """The answers in the order in which they were given: files, then reports."""

    items: list[VerifiedOne]


class VerifiedOne(TypedDict):
    """What became of one of them: `result`, or the code and sentence of what does not hold."""

    result: Verified | None
    code: str | None
    problem: str | None


class VersionGiven(TypedDict):
    """Which version is meant."""

    version: int
    """The version that is meant; another one is refused."""


class WantedGiven(TypedDict):
    """What a search asks for; empty parts ask for nothing, grades mean this band or a better one."""

    business: NotRequired[str]
    growth: NotRequired[str]
    risk: NotRequired[str]
    index_score: NotRequired[float | None]
    industry: NotRequired[str]
    region: NotRequired[str]
    size: NotRequired[str]
    age_band: NotRequired[str]
    words: NotRequired[str]
    model: NotRequired[str]


class WarnedShown(TypedDict):
    """A project that needs a look, and why."""

    project: str
    programme: str
    year: int
    firm: str
    name: str
    reasons: list[dict[str, str]]


class WatchStandingShown(TypedDict):
    """What a result says, as far as the consent shows it; empty where it says nothing."""

    rating: str
    as_of: str
    business: str
    growth: str
    risk: str
    index_score: float | None
    industry: str
    region: str
    closed: bool | None
    """Whether the business is suspended or closed; null where the consent does not show it."""


class WatchedShown(TypedDict):
    """A company of the portfolio; without a consent that holds, nothing but its name."""

    company: Party
    added: str
    covered: bool
    """Whether a consent covers anything today."""
    before: WatchStandingShown | None
    now: WatchStandingShown | None
    signs: list[
        Literal[
            "closed", "business_down", "risk_high", "risk_down", "index_down", "old_result", "no_result", "consent_ends"
        ]
    ]
    """Early warnings, the weightiest first."""
    consent: str
    until: str | None


class Watching(TypedDict):
    """A company to watch."""

    business_number: str


class WebhookRequest(TypedDict):
    """An address to register."""

    url: str
    """https only."""
    topics: list[str]
    """Kinds (`rating`) or whole actions (`rating.made`) that it is told of."""


class WebhookShown(TypedDict):
    """A registered address."""

    id: str
    url: str
    topics: list[str]
    state: Literal["active", "paused"]
    created: str


class WebhookState(TypedDict):
    """Whether messages are sent; what happens while paused is sent later."""

    state: Literal["active", "paused"]


class AccessOperations:
    """Operations on access."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def token(self, form: TokenBody, *, idempotency_key: str | None = None) -> Token:
        """Exchange a key for a token of one hour, with all of its permissions or some.

        POST /api/v1/oauth/token
        """
        found: Token = self._connection.ask(
            "POST", "/api/v1/oauth/token", form=dict(form), idempotency_key=idempotency_key
        ).json()
        return found


class BatchesOperations:
    """Operations on batches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def batches(self, *, limit: int | None = None, after: str | None = None) -> BatchesShown:
        """List the tables given.

        GET /api/v1/batches
        """
        found: BatchesShown = self._connection.ask(
            "GET", "/api/v1/batches", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_batches(self, *, limit: int | None = None) -> Iterator[BatchShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.batches(limit=limit, after=after))

    def give_batch(
        self,
        content: bytes,
        *,
        name: str,
        as_of: str | None = None,
        model: list[str] | None = None,
        answer: Literal["xlsx", "csv", "parquet"] | None = None,
        key: str | None = None,
        idempotency_key: str | None = None,
    ) -> BatchShown:
        """Give a table of companies (one a row) to be rated in the background; the body is the file.

        POST /api/v1/batches
        """
        found: BatchShown = self._connection.ask(
            "POST",
            "/api/v1/batches",
            query={"name": name, "as_of": as_of, "model": model, "answer": answer, "key": key},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def batch(self, job_id: str) -> BatchShown:
        """Fetch one table's progress and counts.

        GET /api/v1/batches/{job_id}
        """
        found: BatchShown = self._connection.ask("GET", f"/api/v1/batches/{part(job_id)}").json()
        return found

    def answer_of(self, job_id: str) -> bytes:
        """Download the rated table.

        GET /api/v1/batches/{job_id}/answer
        """
        found: bytes = self._connection.ask("GET", f"/api/v1/batches/{part(job_id)}/answer").content
        return found


class CollectionsOperations:
    """Operations on collections."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, body: CollectionAsked, *, idempotency_key: str | None = None) -> CollectionShown:
        """Have a company collected in the background.

        POST /api/v1/collections
        """
        found: CollectionShown = self._connection.ask(
            "POST", "/api/v1/collections", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def collections(self) -> CollectionsShown:
        """List the last collections.

        GET /api/v1/collections
        """
        found: CollectionsShown = self._connection.ask("GET", "/api/v1/collections").json()
        return found

    def collection(self, collection_id: str) -> CollectionShown:
        """Fetch one collection with every value and where it is from.

        GET /api/v1/collections/{collection_id}
        """
        found: CollectionShown = self._connection.ask("GET", f"/api/v1/collections/{part(collection_id)}").json()
        return found

    def confirm(
        self, collection_id: str, body: PathsConfirmed, *, idempotency_key: str | None = None
    ) -> CollectionShown:
        """Confirm values; the path of an entry found by name alone takes it into the record.

        POST /api/v1/collections/{collection_id}/confirm
        """
        found: CollectionShown = self._connection.ask(
            "POST", f"/api/v1/collections/{part(collection_id)}/confirm", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def correct(self, collection_id: str, body: Correction, *, idempotency_key: str | None = None) -> CollectionShown:
        """Correct a value; it holds until its source says something else.

        POST /api/v1/collections/{collection_id}/correct
        """
        found: CollectionShown = self._connection.ask(
            "POST", f"/api/v1/collections/{part(collection_id)}/correct", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def validate(
        self, collection_id: str, body: ValidationAsked, *, idempotency_key: str | None = None
    ) -> ValidationShown:
        """Ask the tax service whether number, day of opening and representative go together.

        POST /api/v1/collections/{collection_id}/validation
        """
        found: ValidationShown = self._connection.ask(
            "POST", f"/api/v1/collections/{part(collection_id)}/validation", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def save(self, collection_id: str, *, idempotency_key: str | None = None) -> KeptShown:
        """Keep the record as a further version of the company's.

        POST /api/v1/collections/{collection_id}/save
        """
        found: KeptShown = self._connection.ask(
            "POST", f"/api/v1/collections/{part(collection_id)}/save", idempotency_key=idempotency_key
        ).json()
        return found

    def follow(self, collection_id: str, body: FollowingAsked) -> FollowingShown:
        """Have the company collected again every so many days; changes are told to webhooks as `company.changed`.

        PUT /api/v1/collections/{collection_id}/following
        """
        found: FollowingShown = self._connection.ask(
            "PUT", f"/api/v1/collections/{part(collection_id)}/following", body=body
        ).json()
        return found

    def follow_no_more(self, collection_id: str) -> FollowingShown:
        """Collect the company no more by itself.

        DELETE /api/v1/collections/{collection_id}/following
        """
        found: FollowingShown = self._connection.ask(
            "DELETE", f"/api/v1/collections/{part(collection_id)}/following"
        ).json()
        return found

    def changes(self, *, unseen: bool | None = None, limit: int | None = None) -> ChangesShown:
        """List what public sources said otherwise than the time before, the newest first.

        GET /api/v1/company-changes
        """
        found: ChangesShown = self._connection.ask(
            "GET", "/api/v1/company-changes", query={"unseen": unseen, "limit": limit}
        ).json()
        return found

    def change_seen(self, change_id: str, *, idempotency_key: str | None = None) -> None:
        """Say that a change was looked at.

        POST /api/v1/company-changes/{change_id}/seen
        """
        self._connection.ask("POST", f"/api/v1/company-changes/{part(change_id)}/seen", idempotency_key=idempotency_key)

    def answer(self, answer_id: str) -> bytes:
        """Download the answer that a value is from, as it came.

        GET /api/v1/collected-answers/{answer_id}
        """
        found: bytes = self._connection.ask("GET", f"/api/v1/collected-answers/{part(answer_id)}").content
        return found

    def sources(self) -> SourcesShown:
        """List public sources with their state and the quota used.

        GET /api/v1/sources
        """
        found: SourcesShown = self._connection.ask("GET", "/api/v1/sources").json()
        return found


class ConsentsOperations:
    """Operations on consents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def consent_options(self) -> Options:
        """List what a consent can say: results, inputs, purposes, institutions, and the text that is shown.

        GET /api/v1/consent-options
        """
        found: Options = self._connection.ask("GET", "/api/v1/consent-options").json()
        return found

    def consent_texts(self) -> list[ConsentText]:
        """List every version of the text that companies were shown before they consented, the newest last.

        GET /api/v1/consent-texts
        """
        found: list[ConsentText] = self._connection.ask("GET", "/api/v1/consent-texts").json()
        return found

    def consents(
        self,
        *,
        state: Literal["requested", "active", "rejected", "narrowed", "expired", "revoked"] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> ConsentsShown:
        """List the consents that the organisation gave or was given.

        GET /api/v1/consents
        """
        found: ConsentsShown = self._connection.ask(
            "GET", "/api/v1/consents", query={"state": state, "limit": limit, "after": after}
        ).json()
        return found

    def all_consents(
        self,
        *,
        state: Literal["requested", "active", "rejected", "narrowed", "expired", "revoked"] | None = None,
        limit: int | None = None,
    ) -> Iterator[ConsentShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.consents(state=state, limit=limit, after=after))

    def give_consent(self, body: ConsentGiven, *, idempotency_key: str | None = None) -> ConsentShown:
        """Give an institution a consent that it did not ask for.

        POST /api/v1/consents
        """
        found: ConsentShown = self._connection.ask(
            "POST", "/api/v1/consents", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def ask_for_consent(self, body: ConsentAsked, *, idempotency_key: str | None = None) -> ConsentShown:
        """Ask a company for its consent.

        POST /api/v1/consent-requests
        """
        found: ConsentShown = self._connection.ask(
            "POST", "/api/v1/consent-requests", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def consent(self, consent_id: str) -> ConsentShown:
        """Fetch one consent with its changes.

        GET /api/v1/consents/{consent_id}
        """
        found: ConsentShown = self._connection.ask("GET", f"/api/v1/consents/{part(consent_id)}").json()
        return found

    def consent_receipt(self, consent_id: str) -> dict[str, Any]:
        """Fetch the receipt of a consent as it stands (fields of ISO/IEC TS 27560).

        GET /api/v1/consents/{consent_id}/receipt
        """
        found: dict[str, Any] = self._connection.ask("GET", f"/api/v1/consents/{part(consent_id)}/receipt").json()
        return found

    def grant_consent(self, consent_id: str, body: Decision, *, idempotency_key: str | None = None) -> ConsentShown:
        """Give a consent that was asked for, or by narrower terms a part of it.

        POST /api/v1/consents/{consent_id}/grant
        """
        found: ConsentShown = self._connection.ask(
            "POST", f"/api/v1/consents/{part(consent_id)}/grant", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def reject_consent(self, consent_id: str, body: Ending, *, idempotency_key: str | None = None) -> ConsentShown:
        """Refuse a consent that was asked for.

        POST /api/v1/consents/{consent_id}/reject
        """
        found: ConsentShown = self._connection.ask(
            "POST", f"/api/v1/consents/{part(consent_id)}/reject", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def narrow_consent(self, consent_id: str, body: Narrowing, *, idempotency_key: str | None = None) -> ConsentShown:
        """Put a consent of narrower terms in the place of one; the answer is the new one.

        POST /api/v1/consents/{consent_id}/narrow
        """
        found: ConsentShown = self._connection.ask(
            "POST", f"/api/v1/consents/{part(consent_id)}/narrow", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def revoke_consent(self, consent_id: str, body: Ending, *, idempotency_key: str | None = None) -> ConsentShown:
        """Revoke a consent: nobody reads by it from now on.

        POST /api/v1/consents/{consent_id}/revoke
        """
        found: ConsentShown = self._connection.ask(
            "POST", f"/api/v1/consents/{part(consent_id)}/revoke", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def ledger(self, *, consent: str | None = None, limit: int | None = None, after: str | None = None) -> LedgerShown:
        """List who saw what of the company.

        GET /api/v1/ledger
        """
        found: LedgerShown = self._connection.ask(
            "GET", "/api/v1/ledger", query={"consent": consent, "limit": limit, "after": after}
        ).json()
        return found

    def all_ledger(self, *, consent: str | None = None, limit: int | None = None) -> Iterator[AccessShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.ledger(consent=consent, limit=limit, after=after))


class DiscoveryOperations:
    """Operations on discovery."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def own_card(self) -> OwnShown:
        """Fetch what the company lets be found of itself.

        GET /api/v1/discovery/own
        """
        found: OwnShown = self._connection.ask("GET", "/api/v1/discovery/own").json()
        return found

    def opt_in(self, body: OptInGiven) -> OwnShown:
        """Let the company be found; what was shown before is gone.

        PUT /api/v1/discovery/own
        """
        found: OwnShown = self._connection.ask("PUT", "/api/v1/discovery/own", body=body).json()
        return found

    def opt_out(self) -> None:
        """Take the company out: the next search does not find it.

        DELETE /api/v1/discovery/own
        """
        self._connection.ask("DELETE", "/api/v1/discovery/own")

    def looks(self, *, limit: int | None = None, after: str | None = None) -> LooksShown:
        """List who found or opened the company.

        GET /api/v1/discovery/looks
        """
        found: LooksShown = self._connection.ask(
            "GET", "/api/v1/discovery/looks", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_looks(self, *, limit: int | None = None) -> Iterator[LookShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.looks(limit=limit, after=after))

    def firms(
        self,
        *,
        business: str | None = None,
        growth: str | None = None,
        risk: str | None = None,
        index_score: float | None = None,
        industry: str | None = None,
        region: str | None = None,
        size: str | None = None,
        age_band: str | None = None,
        words: str | None = None,
        model: str | None = None,
        like: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> FirmsShown:
        """Find companies that agreed to be found; grades mean this band or a better one.

        GET /api/v1/discovery/firms
        """
        found: FirmsShown = self._connection.ask(
            "GET",
            "/api/v1/discovery/firms",
            query={
                "business": business,
                "growth": growth,
                "risk": risk,
                "index_score": index_score,
                "industry": industry,
                "region": region,
                "size": size,
                "age_band": age_band,
                "words": words,
                "model": model,
                "like": like,
                "limit": limit,
                "after": after,
            },
        ).json()
        return found

    def all_firms(
        self,
        *,
        business: str | None = None,
        growth: str | None = None,
        risk: str | None = None,
        index_score: float | None = None,
        industry: str | None = None,
        region: str | None = None,
        size: str | None = None,
        age_band: str | None = None,
        words: str | None = None,
        model: str | None = None,
        like: str | None = None,
        limit: int | None = None,
    ) -> Iterator[FirmShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.firms(
                business=business,
                growth=growth,
                risk=risk,
                index_score=index_score,
                industry=industry,
                region=region,
                size=size,
                age_band=age_band,
                words=words,
                model=model,
                like=like,
                limit=limit,
                after=after,
            )
        )

    def firm(self, card_id: str) -> FirmShown:
        """Open one company that was found; it is told.

        GET /api/v1/discovery/firms/{card_id}
        """
        found: FirmShown = self._connection.ask("GET", f"/api/v1/discovery/firms/{part(card_id)}").json()
        return found

    def ask_contact(self, card_id: str, body: MessageGiven, *, idempotency_key: str | None = None) -> ContactShown:
        """Ask a company for contact.

        POST /api/v1/discovery/firms/{card_id}/contact
        """
        found: ContactShown = self._connection.ask(
            "POST", f"/api/v1/discovery/firms/{part(card_id)}/contact", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def searches(self) -> list[SearchShown]:
        """List the searches that the institution keeps.

        GET /api/v1/discovery/searches
        """
        found: list[SearchShown] = self._connection.ask("GET", "/api/v1/discovery/searches").json()
        return found

    def save_search(self, body: SearchGiven, *, idempotency_key: str | None = None) -> SearchShown:
        """Keep a search; once a day the institution is told (`discovery.new_found`) of firms not found before.

        POST /api/v1/discovery/searches
        """
        found: SearchShown = self._connection.ask(
            "POST", "/api/v1/discovery/searches", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def new_finds(self, search_id: str, *, idempotency_key: str | None = None) -> list[FirmShown]:
        """Take the firms that a kept search found since this was last asked, as far as they can still be found.

        POST /api/v1/discovery/searches/{search_id}/new
        """
        found: list[FirmShown] = self._connection.ask(
            "POST", f"/api/v1/discovery/searches/{part(search_id)}/new", idempotency_key=idempotency_key
        ).json()
        return found

    def forget_search(self, search_id: str) -> None:
        """Keep a search no more.

        DELETE /api/v1/discovery/searches/{search_id}
        """
        self._connection.ask("DELETE", f"/api/v1/discovery/searches/{part(search_id)}")

    def contacts(self) -> list[ContactShown]:
        """List the requests for contact made or received.

        GET /api/v1/discovery/contacts
        """
        found: list[ContactShown] = self._connection.ask("GET", "/api/v1/discovery/contacts").json()
        return found

    def answer_contact(self, contact_id: str, body: AnswerGiven, *, idempotency_key: str | None = None) -> ContactShown:
        """Accept a request, which tells the asker who the company is, or decline it.

        POST /api/v1/discovery/contacts/{contact_id}/answer
        """
        found: ContactShown = self._connection.ask(
            "POST", f"/api/v1/discovery/contacts/{part(contact_id)}/answer", body=body, idempotency_key=idempotency_key
        ).json()
        return found


class FinanceOperations:
    """Operations on finance."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def finance_process(self) -> ProcessShown:
        """Describe the process in force: its states, who may do what, by when.

        GET /api/v1/finance/process
        """
        found: ProcessShown = self._connection.ask("GET", "/api/v1/finance/process").json()
        return found

    def loan_rule(self) -> LoanRuleShown:
        """Fetch the bank's own loan rule in force.

        GET /api/v1/finance/loan-rule
        """
        found: LoanRuleShown = self._connection.ask("GET", "/api/v1/finance/loan-rule").json()
        return found

    def set_loan_rule(self, body: LoanRuleGiven) -> LoanRuleShown:
        """Put a new version of the bank's own loan rule in force.

        PUT /api/v1/finance/loan-rule
        """
        found: LoanRuleShown = self._connection.ask("PUT", "/api/v1/finance/loan-rule", body=body).json()
        return found

    def try_loan_rule(self, body: LoanRuleTried, *, idempotency_key: str | None = None) -> LoanTermsShown:
        """Tell what a rule would give for a loan; nothing is kept.

        POST /api/v1/finance/loan-rule/try
        """
        found: LoanTermsShown = self._connection.ask(
            "POST", "/api/v1/finance/loan-rule/try", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def finance_cases(
        self, *, state: list[str] | None = None, limit: int | None = None, after: str | None = None
    ) -> CasesShown:
        """List the guarantee and loan cases of the organisation.

        GET /api/v1/finance/cases
        """
        found: CasesShown = self._connection.ask(
            "GET", "/api/v1/finance/cases", query={"state": state, "limit": limit, "after": after}
        ).json()
        return found

    def all_finance_cases(self, *, state: list[str] | None = None, limit: int | None = None) -> Iterator[CaseShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.finance_cases(state=state, limit=limit, after=after))

    def apply_for_finance(self, body: ApplicationGiven, *, idempotency_key: str | None = None) -> CaseShown:
        """Begin a case as a draft; the step `submit` hands it in.

        POST /api/v1/finance/cases
        """
        found: CaseShown = self._connection.ask(
            "POST", "/api/v1/finance/cases", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def finance_case(self, case_id: str) -> CaseShown:
        """Fetch one case with its steps, documents and what can be done.

        GET /api/v1/finance/cases/{case_id}
        """
        found: CaseShown = self._connection.ask("GET", f"/api/v1/finance/cases/{part(case_id)}").json()
        return found

    def revise_application(self, case_id: str, body: ApplicationGiven) -> CaseShown:
        """Change a draft, or what was returned for correction.

        PUT /api/v1/finance/cases/{case_id}
        """
        found: CaseShown = self._connection.ask("PUT", f"/api/v1/finance/cases/{part(case_id)}", body=body).json()
        return found

    def take_step(self, case_id: str, body: StepGiven, *, idempotency_key: str | None = None) -> CaseShown:
        """Take a step of a case; what rules do next is done at once.

        POST /api/v1/finance/cases/{case_id}/steps
        """
        found: CaseShown = self._connection.ask(
            "POST", f"/api/v1/finance/cases/{part(case_id)}/steps", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def add_document(
        self, content: bytes, *, case: str, kind: str, name: str, idempotency_key: str | None = None
    ) -> CaseShown:
        """Add a file to a case; the body is the file.

        POST /api/v1/finance/documents
        """
        found: CaseShown = self._connection.ask(
            "POST",
            "/api/v1/finance/documents",
            query={"case": case, "kind": kind, "name": name},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def case_document(self, case_id: str, document_id: str) -> bytes:
        """Download a file of a case.

        GET /api/v1/finance/cases/{case_id}/documents/{document_id}
        """
        found: bytes = self._connection.ask(
            "GET", f"/api/v1/finance/cases/{part(case_id)}/documents/{part(document_id)}"
        ).content
        return found


class ImportsOperations:
    """Operations on imports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def template(
        self, *, sheet: Literal["companies", "statements", "staff", "projects", "checklist"] | None = None
    ) -> bytes:
        """Download the template of the spreadsheets of companies.

        GET /api/v1/import-templates
        """
        found: bytes = self._connection.ask("GET", "/api/v1/import-templates", query={"sheet": sheet}).content
        return found

    def give(self, content: bytes, *, name: str, idempotency_key: str | None = None) -> ImportShown:
        """Check a spreadsheet of companies; the body is the file, and nothing of it is kept yet.

        POST /api/v1/imports
        """
        found: ImportShown = self._connection.ask(
            "POST", "/api/v1/imports", query={"name": name}, content=content, idempotency_key=idempotency_key
        ).json()
        return found

    def given(self, import_id: str) -> ImportShown:
        """Fetch what was found in a spreadsheet.

        GET /api/v1/imports/{import_id}
        """
        found: ImportShown = self._connection.ask("GET", f"/api/v1/imports/{part(import_id)}").json()
        return found

    def take(self, import_id: str, *, idempotency_key: str | None = None) -> ImportShown:
        """Keep the right rows as further versions of the companies' records.

        POST /api/v1/imports/{import_id}/take
        """
        found: ImportShown = self._connection.ask(
            "POST", f"/api/v1/imports/{part(import_id)}/take", idempotency_key=idempotency_key
        ).json()
        return found

    def rest(self, import_id: str) -> bytes:
        """Download the rows that were not taken in, every wrong cell marked.

        GET /api/v1/imports/{import_id}/rest
        """
        found: bytes = self._connection.ask("GET", f"/api/v1/imports/{part(import_id)}/rest").content
        return found


class InstitutionsOperations:
    """Operations on institutions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def institutions(self, *, limit: int | None = None, after: str | None = None) -> InstitutionsShown:
        """List the institutions.

        GET /api/v1/institutions
        """
        found: InstitutionsShown = self._connection.ask(
            "GET", "/api/v1/institutions", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_institutions(self, *, limit: int | None = None) -> Iterator[InstitutionShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.institutions(limit=limit, after=after))

    def add_institution(self, body: NewInstitution, *, idempotency_key: str | None = None) -> InstitutionShown:
        """Enter an institution.

        POST /api/v1/institutions
        """
        found: InstitutionShown = self._connection.ask(
            "POST", "/api/v1/institutions", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def institution(self, institution_id: str) -> InstitutionShown:
        """Fetch one institution.

        GET /api/v1/institutions/{institution_id}
        """
        found: InstitutionShown = self._connection.ask("GET", f"/api/v1/institutions/{part(institution_id)}").json()
        return found

    def change_institution(
        self, institution_id: str, body: InstitutionState, *, version: str | None = None
    ) -> InstitutionShown:
        """Suspend an institution, or open it again.

        PATCH /api/v1/institutions/{institution_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: InstitutionShown = self._connection.ask(
            "PATCH", f"/api/v1/institutions/{part(institution_id)}", body=body, version=version, changes=True
        ).json()
        return found

    def merge_institution(
        self, institution_id: str, body: Merger, *, idempotency_key: str | None = None, version: str | None = None
    ) -> InstitutionShown:
        """Close an institution for good and give its users their roles in another one.

        POST /api/v1/institutions/{institution_id}/merger
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: InstitutionShown = self._connection.ask(
            "POST",
            f"/api/v1/institutions/{part(institution_id)}/merger",
            body=body,
            idempotency_key=idempotency_key,
            version=version,
            changes=True,
        ).json()
        return found

    def add_account(
        self, organisation_id: str, body: NewAccount, *, idempotency_key: str | None = None
    ) -> FirstPassword:
        """Make an account with a role in an organisation; the answer holds its password, this once.

        POST /api/v1/organisations/{organisation_id}/accounts
        """
        found: FirstPassword = self._connection.ask(
            "POST",
            f"/api/v1/organisations/{part(organisation_id)}/accounts",
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def joined_companies(
        self, *, unverified: bool | None = None, limit: int | None = None, after: str | None = None
    ) -> InstitutionsCompaniesShown:
        """List the companies that joined.

        GET /api/v1/joined-companies
        """
        found: InstitutionsCompaniesShown = self._connection.ask(
            "GET", "/api/v1/joined-companies", query={"unverified": unverified, "limit": limit, "after": after}
        ).json()
        return found

    def all_joined_companies(
        self, *, unverified: bool | None = None, limit: int | None = None
    ) -> Iterator[InstitutionsCompanyShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.joined_companies(unverified=unverified, limit=limit, after=after)
        )

    def joined_company(self, organisation_id: str) -> InstitutionsCompanyShown:
        """Fetch one company that joined.

        GET /api/v1/joined-companies/{organisation_id}
        """
        found: InstitutionsCompanyShown = self._connection.ask(
            "GET", f"/api/v1/joined-companies/{part(organisation_id)}"
        ).json()
        return found

    def verify_number(
        self,
        organisation_id: str,
        body: Verification,
        *,
        idempotency_key: str | None = None,
        version: str | None = None,
    ) -> InstitutionsCompanyShown:
        """Note that a company's business number is its own, and by what that was seen.

        POST /api/v1/joined-companies/{organisation_id}/verification
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: InstitutionsCompanyShown = self._connection.ask(
            "POST",
            f"/api/v1/joined-companies/{part(organisation_id)}/verification",
            body=body,
            idempotency_key=idempotency_key,
            version=version,
            changes=True,
        ).json()
        return found


class JobsOperations:
    """Operations on jobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def jobs(
        self,
        *,
        state: list[Literal["waiting", "running", "done", "failed", "cancelled"]] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> JobsShown:
        """List the organisation's jobs.

        GET /api/v1/jobs
        """
        found: JobsShown = self._connection.ask(
            "GET", "/api/v1/jobs", query={"state": state, "limit": limit, "after": after}
        ).json()
        return found

    def all_jobs(
        self,
        *,
        state: list[Literal["waiting", "running", "done", "failed", "cancelled"]] | None = None,
        limit: int | None = None,
    ) -> Iterator[JobShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.jobs(state=state, limit=limit, after=after))

    def give_job(self, body: JobRequest, *, idempotency_key: str | None = None) -> JobShown:
        """Give a job of the installation's upkeep.

        POST /api/v1/jobs
        """
        found: JobShown = self._connection.ask(
            "POST", "/api/v1/jobs", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def job(self, job_id: str) -> JobShown:
        """Fetch one job: its state, progress and error.

        GET /api/v1/jobs/{job_id}
        """
        found: JobShown = self._connection.ask("GET", f"/api/v1/jobs/{part(job_id)}").json()
        return found

    def cancel_job(self, job_id: str, *, idempotency_key: str | None = None) -> JobShown:
        """Cancel a job: one that waits at once, one that runs at its next item.

        POST /api/v1/jobs/{job_id}/cancel
        """
        found: JobShown = self._connection.ask(
            "POST", f"/api/v1/jobs/{part(job_id)}/cancel", idempotency_key=idempotency_key
        ).json()
        return found


class KeysOperations:
    """Operations on keys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keys(self) -> list[KeyShown]:
        """List the organisation's keys, newest first.

        GET /api/v1/keys
        """
        found: list[KeyShown] = self._connection.ask("GET", "/api/v1/keys").json()
        return found

    def make_key(self, body: KeyAsked, *, idempotency_key: str | None = None) -> NewKeyShown:
        """Make a key; the answer holds the whole of it, this once.

        POST /api/v1/keys
        """
        found: NewKeyShown = self._connection.ask(
            "POST", "/api/v1/keys", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def key_scopes(self) -> list[str]:
        """List the permissions that a key of the organisation can have.

        GET /api/v1/key-scopes
        """
        found: list[str] = self._connection.ask("GET", "/api/v1/key-scopes").json()
        return found

    def key(self, key_id: str) -> KeyShown:
        """Fetch one key.

        GET /api/v1/keys/{key_id}
        """
        found: KeyShown = self._connection.ask("GET", f"/api/v1/keys/{part(key_id)}").json()
        return found

    def revoke_key(self, key_id: str, *, version: str | None = None) -> None:
        """Revoke a key with its tokens, for good.

        DELETE /api/v1/keys/{key_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        self._connection.ask("DELETE", f"/api/v1/keys/{part(key_id)}", version=version, changes=True)

    def rotate_key(
        self, key_id: str, body: Rotation, *, idempotency_key: str | None = None, version: str | None = None
    ) -> NewKeyShown:
        """Give a key another secret; the former one and its tokens count no more.

        POST /api/v1/keys/{key_id}/rotation
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: NewKeyShown = self._connection.ask(
            "POST",
            f"/api/v1/keys/{part(key_id)}/rotation",
            body=body,
            idempotency_key=idempotency_key,
            version=version,
            changes=True,
        ).json()
        return found


class LookupsOperations:
    """Operations on lookups."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def look_up(self, *, business_number: str) -> FoundShown:
        """Find what may be seen of a company today; the look is noted in the company's ledger.

        GET /api/v1/lookups
        """
        found: FoundShown = self._connection.ask(
            "GET", "/api/v1/lookups", query={"business_number": business_number}
        ).json()
        return found

    def feed(self, *, since: int | None = None, limit: int | None = None) -> FeedShown:
        """Read on in what consents show: each result by its newest state, shown or withdrawn, none passed over.

        GET /api/v1/result-feed
        """
        found: FeedShown = self._connection.ask(
            "GET", "/api/v1/result-feed", query={"since": since, "limit": limit}
        ).json()
        return found

    def open_result(self, rating_id: str, *, consent: str | None = None) -> OpenedShown:
        """Open a result by consent; the look is noted in the company's ledger, and uses up a consent for one look.

        GET /api/v1/lookups/{rating_id}
        """
        found: OpenedShown = self._connection.ask(
            "GET", f"/api/v1/lookups/{part(rating_id)}", query={"consent": consent}
        ).json()
        return found

    def portfolio(self, *, since: str | None = None) -> PortfolioShown:
        """Read the portfolio: grades then and now, early warnings, migration and concentration; each look is noted.

        GET /api/v1/watch
        """
        found: PortfolioShown = self._connection.ask("GET", "/api/v1/watch", query={"since": since}).json()
        return found

    def watch(self, body: Watching, *, idempotency_key: str | None = None) -> Party:
        """Watch a company whose consent holds; one watched already stays as it is.

        POST /api/v1/watch
        """
        found: Party = self._connection.ask("POST", "/api/v1/watch", body=body, idempotency_key=idempotency_key).json()
        return found

    def limits(self) -> PortfolioLimits:
        """Read the institution's own limits on shares of its portfolio.

        GET /api/v1/watch-limits
        """
        found: PortfolioLimits = self._connection.ask("GET", "/api/v1/watch-limits").json()
        return found

    def set_limits(self, body: PortfolioLimits) -> PortfolioLimits:
        """Set the institution's own limits, as a new version.

        PUT /api/v1/watch-limits
        """
        found: PortfolioLimits = self._connection.ask("PUT", "/api/v1/watch-limits", body=body).json()
        return found

    def watch_all(self, *, idempotency_key: str | None = None) -> Added:
        """Watch every company whose consent holds.

        POST /api/v1/watch/all
        """
        found: Added = self._connection.ask("POST", "/api/v1/watch/all", idempotency_key=idempotency_key).json()
        return found

    def end(self, company: str) -> None:
        """Watch a company no more.

        DELETE /api/v1/watch/{company}
        """
        self._connection.ask("DELETE", f"/api/v1/watch/{part(company)}")


class MembersOperations:
    """Operations on members."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def members(self) -> list[MemberShown]:
        """List the organisation's members by name.

        GET /api/v1/members
        """
        found: list[MemberShown] = self._connection.ask("GET", "/api/v1/members").json()
        return found

    def roles(self) -> list[str]:
        """List the roles that one can give in one's organisation.

        GET /api/v1/member-roles
        """
        found: list[str] = self._connection.ask("GET", "/api/v1/member-roles").json()
        return found

    def member(self, user_id: str) -> MemberShown:
        """Fetch one member.

        GET /api/v1/members/{user_id}
        """
        found: MemberShown = self._connection.ask("GET", f"/api/v1/members/{part(user_id)}").json()
        return found

    def change_roles(self, user_id: str, body: Roles, *, version: str | None = None) -> MemberShown:
        """Give a member other roles.

        PATCH /api/v1/members/{user_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: MemberShown = self._connection.ask(
            "PATCH", f"/api/v1/members/{part(user_id)}", body=body, version=version, changes=True
        ).json()
        return found

    def end_member(self, user_id: str, *, version: str | None = None) -> None:
        """End a member's roles in the organisation.

        DELETE /api/v1/members/{user_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        self._connection.ask("DELETE", f"/api/v1/members/{part(user_id)}", version=version, changes=True)

    def reset_member(self, user_id: str, body: ResetAsked, *, idempotency_key: str | None = None) -> NewLinkShown:
        """Make a link by which a member sets a new password within a day.

        POST /api/v1/members/{user_id}/reset
        """
        found: NewLinkShown = self._connection.ask(
            "POST", f"/api/v1/members/{part(user_id)}/reset", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def erase_member(self, user_id: str, *, idempotency_key: str | None = None) -> None:
        """Erase what is known of a member, for good; records stay under an identifier.

        POST /api/v1/members/{user_id}/erasure
        """
        self._connection.ask("POST", f"/api/v1/members/{part(user_id)}/erasure", idempotency_key=idempotency_key)

    def invitations(self) -> list[LinkShown]:
        """List the links that can still be used.

        GET /api/v1/invitations
        """
        found: list[LinkShown] = self._connection.ask("GET", "/api/v1/invitations").json()
        return found

    def invite(self, body: Invitation, *, idempotency_key: str | None = None) -> NewLinkShown:
        """Make a link by which one person joins with a role, within seven days.

        POST /api/v1/invitations
        """
        found: NewLinkShown = self._connection.ask(
            "POST", "/api/v1/invitations", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def withdraw_invitation(self, link_id: str) -> None:
        """Withdraw a link.

        DELETE /api/v1/invitations/{link_id}
        """
        self._connection.ask("DELETE", f"/api/v1/invitations/{part(link_id)}")


class PortfolioOperations:
    """Operations on portfolio."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def companies(
        self,
        *,
        search: str | None = None,
        archived: bool | None = None,
        drafts: bool | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> PortfolioCompaniesShown:
        """List kept companies, the last changed first.

        GET /api/v1/companies
        """
        found: PortfolioCompaniesShown = self._connection.ask(
            "GET",
            "/api/v1/companies",
            query={"search": search, "archived": archived, "drafts": drafts, "limit": limit, "after": after},
        ).json()
        return found

    def all_companies(
        self,
        *,
        search: str | None = None,
        archived: bool | None = None,
        drafts: bool | None = None,
        limit: int | None = None,
    ) -> Iterator[PortfolioCompanyShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.companies(search=search, archived=archived, drafts=drafts, limit=limit, after=after)
        )

    def keep_company(self, body: RecordGiven, *, idempotency_key: str | None = None) -> PortfolioCompanyShown:
        """Keep a company, or a further version of the record of the one of that business number or company id.

        POST /api/v1/companies
        """
        found: PortfolioCompanyShown = self._connection.ask(
            "POST", "/api/v1/companies", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def company(self, kept_id: str) -> PortfolioCompanyShown:
        """Fetch one company; the ETag header names its version.

        GET /api/v1/companies/{kept_id}
        """
        found: PortfolioCompanyShown = self._connection.ask("GET", f"/api/v1/companies/{part(kept_id)}").json()
        return found

    def edit_company(self, kept_id: str, body: CompanyEdit, *, version: str | None = None) -> PortfolioCompanyShown:
        """Call a company otherwise, note something on it, put it away or bring it back.

        PATCH /api/v1/companies/{kept_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: PortfolioCompanyShown = self._connection.ask(
            "PATCH", f"/api/v1/companies/{part(kept_id)}", body=body, version=version, changes=True
        ).json()
        return found

    def records(self, kept_id: str) -> list[RecordShown]:
        """List what was known of a company when and by whom: its draft, if any, then the newest version first.

        GET /api/v1/companies/{kept_id}/records
        """
        found: list[RecordShown] = self._connection.ask("GET", f"/api/v1/companies/{part(kept_id)}/records").json()
        return found

    def keep_record(
        self, kept_id: str, body: RecordGiven, *, idempotency_key: str | None = None
    ) -> PortfolioCompanyShown:
        """Keep a further version of a company's record.

        POST /api/v1/companies/{kept_id}/records
        """
        found: PortfolioCompanyShown = self._connection.ask(
            "POST", f"/api/v1/companies/{part(kept_id)}/records", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def keep_draft(self, kept_id: str, body: RecordGiven) -> PortfolioCompanyShown:
        """Keep a record that is not complete yet, unchecked, in the place of the draft before.

        PUT /api/v1/companies/{kept_id}/draft
        """
        found: PortfolioCompanyShown = self._connection.ask(
            "PUT", f"/api/v1/companies/{part(kept_id)}/draft", body=body
        ).json()
        return found

    def rate_company(self, kept_id: str, body: RatingAsked, *, idempotency_key: str | None = None) -> Stored:
        """Rate the newest version of a company's record, with one of its technologies where one is named.

        POST /api/v1/companies/{kept_id}/ratings
        """
        found: Stored = self._connection.ask(
            "POST", f"/api/v1/companies/{part(kept_id)}/ratings", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def ratings_of(self, kept_id: str, *, limit: int | None = None, after: str | None = None) -> Results:
        """List the results of one company, newest first.

        GET /api/v1/companies/{kept_id}/ratings
        """
        found: Results = self._connection.ask(
            "GET", f"/api/v1/companies/{part(kept_id)}/ratings", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_ratings_of(self, kept_id: str, *, limit: int | None = None) -> Iterator[Result]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.ratings_of(kept_id, limit=limit, after=after))

    def technologies(
        self,
        *,
        search: str | None = None,
        archived: bool | None = None,
        company: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> TechnologiesShown:
        """List kept technologies, the last changed first.

        GET /api/v1/technologies
        """
        found: TechnologiesShown = self._connection.ask(
            "GET",
            "/api/v1/technologies",
            query={"search": search, "archived": archived, "company": company, "limit": limit, "after": after},
        ).json()
        return found

    def all_technologies(
        self,
        *,
        search: str | None = None,
        archived: bool | None = None,
        company: str | None = None,
        limit: int | None = None,
    ) -> Iterator[TechnologyShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.technologies(search=search, archived=archived, company=company, limit=limit, after=after)
        )

    def keep_technology(self, body: TechnologyGiven, *, idempotency_key: str | None = None) -> TechnologyShown:
        """Keep a technology.

        POST /api/v1/technologies
        """
        found: TechnologyShown = self._connection.ask(
            "POST", "/api/v1/technologies", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def technology(self, kept_id: str) -> TechnologyShown:
        """Fetch one technology; the ETag header names its version.

        GET /api/v1/technologies/{kept_id}
        """
        found: TechnologyShown = self._connection.ask("GET", f"/api/v1/technologies/{part(kept_id)}").json()
        return found

    def edit_technology(self, kept_id: str, body: TechnologyEdit, *, version: str | None = None) -> TechnologyShown:
        """Change a technology, note something on it, put it away or bring it back.

        PATCH /api/v1/technologies/{kept_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: TechnologyShown = self._connection.ask(
            "PATCH", f"/api/v1/technologies/{part(kept_id)}", body=body, version=version, changes=True
        ).json()
        return found


class ProgrammesOperations:
    """Operations on programmes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rules(self) -> RulesShown:
        """List the agency's rules.

        GET /api/v1/programmes/rules
        """
        found: RulesShown = self._connection.ask("GET", "/api/v1/programmes/rules").json()
        return found

    def draft_rule(self, body: DraftGiven, *, idempotency_key: str | None = None) -> RuleShown:
        """Begin a draft.

        POST /api/v1/programmes/rules
        """
        found: RuleShown = self._connection.ask(
            "POST", "/api/v1/programmes/rules", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def rule(self, rule_id: str) -> RuleShown:
        """Fetch one rule: one's own, or a published one.

        GET /api/v1/programmes/rules/{rule_id}
        """
        found: RuleShown = self._connection.ask("GET", f"/api/v1/programmes/rules/{part(rule_id)}").json()
        return found

    def save_rule(self, rule_id: str, body: SourceGiven) -> RuleShown:
        """Keep what a draft says now, understood or not.

        PUT /api/v1/programmes/rules/{rule_id}
        """
        found: RuleShown = self._connection.ask("PUT", f"/api/v1/programmes/rules/{part(rule_id)}", body=body).json()
        return found

    def remove_rule(self, rule_id: str) -> None:
        """Remove a draft.

        DELETE /api/v1/programmes/rules/{rule_id}
        """
        self._connection.ask("DELETE", f"/api/v1/programmes/rules/{part(rule_id)}")

    def publish_rule(self, rule_id: str, body: VersionGiven, *, idempotency_key: str | None = None) -> RuleShown:
        """Publish a draft: from then on it never changes.

        POST /api/v1/programmes/rules/{rule_id}/publish
        """
        found: RuleShown = self._connection.ask(
            "POST", f"/api/v1/programmes/rules/{part(rule_id)}/publish", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def preview_rule(
        self, rule_id: str, content: bytes, *, name: str, idempotency_key: str | None = None
    ) -> PreviewShown:
        """Try a rule on a table of applicants (the body); nothing is kept.

        POST /api/v1/programmes/rules/{rule_id}/preview
        """
        found: PreviewShown = self._connection.ask(
            "POST",
            f"/api/v1/programmes/rules/{part(rule_id)}/preview",
            query={"name": name},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def calls(self, *, limit: int | None = None, after: str | None = None) -> CallsShown:
        """List the agency's calls.

        GET /api/v1/programmes/calls
        """
        found: CallsShown = self._connection.ask(
            "GET", "/api/v1/programmes/calls", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_calls(self, *, limit: int | None = None) -> Iterator[CallShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.calls(limit=limit, after=after))

    def open_call(self, body: CallGiven, *, idempotency_key: str | None = None) -> CallShown:
        """Open a call under a published rule.

        POST /api/v1/programmes/calls
        """
        found: CallShown = self._connection.ask(
            "POST", "/api/v1/programmes/calls", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def open_calls(self) -> CallsShown:
        """List the calls of all agencies that can be applied to today.

        GET /api/v1/programmes/open-calls
        """
        found: CallsShown = self._connection.ask("GET", "/api/v1/programmes/open-calls").json()
        return found

    def call(self, call_id: str) -> CallShown:
        """Fetch one call.

        GET /api/v1/programmes/calls/{call_id}
        """
        found: CallShown = self._connection.ask("GET", f"/api/v1/programmes/calls/{part(call_id)}").json()
        return found

    def step_call(self, call_id: str, body: StepAsked, *, idempotency_key: str | None = None) -> CallShown:
        """Close, reopen, tell the preliminary result or announce the final one.

        POST /api/v1/programmes/calls/{call_id}/step
        """
        found: CallShown = self._connection.ask(
            "POST", f"/api/v1/programmes/calls/{part(call_id)}/step", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def upload_applicants(
        self, call_id: str, content: bytes, *, name: str, idempotency_key: str | None = None
    ) -> UploadShown:
        """Take a table of applicants in, one company a row (the body); unread rows are kept with their reasons.

        POST /api/v1/programmes/calls/{call_id}/applicants
        """
        found: UploadShown = self._connection.ask(
            "POST",
            f"/api/v1/programmes/calls/{part(call_id)}/applicants",
            query={"name": name},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def applicants(
        self,
        call_id: str,
        *,
        decision: Literal["selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread", "withdrawn"]
        | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> ApplicantsShown:
        """List applicants by rank, with points and reasons.

        GET /api/v1/programmes/calls/{call_id}/applicants
        """
        found: ApplicantsShown = self._connection.ask(
            "GET",
            f"/api/v1/programmes/calls/{part(call_id)}/applicants",
            query={"decision": decision, "limit": limit, "after": after},
        ).json()
        return found

    def all_applicants(
        self,
        call_id: str,
        *,
        decision: Literal["selected", "reserve", "not_selected", "ask", "refused", "repeated", "unread", "withdrawn"]
        | None = None,
        limit: int | None = None,
    ) -> Iterator[ApplicantShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.applicants(call_id, decision=decision, limit=limit, after=after)
        )

    def rank_applicants(self, call_id: str, *, idempotency_key: str | None = None) -> JobShown:
        """Have all applicants rated and ranked in the background; what is rated already is kept.

        POST /api/v1/programmes/calls/{call_id}/rank
        """
        found: JobShown = self._connection.ask(
            "POST", f"/api/v1/programmes/calls/{part(call_id)}/rank", idempotency_key=idempotency_key
        ).json()
        return found

    def result(self, call_id: str) -> bytes:
        """Download the newest ranking.

        GET /api/v1/programmes/calls/{call_id}/result
        """
        found: bytes = self._connection.ask("GET", f"/api/v1/programmes/calls/{part(call_id)}/result").content
        return found

    def check_standings(
        self, body: RecordGiven, *, as_of: str | None = None, idempotency_key: str | None = None
    ) -> StandingsShown:
        """Tell where a company stands with open calls and example programmes; nothing is kept.

        POST /api/v1/programmes/check
        """
        found: StandingsShown = self._connection.ask(
            "POST", "/api/v1/programmes/check", query={"as_of": as_of}, body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def apply(
        self, call_id: str, body: RecordGiven, *, idempotency_key: str | None = None
    ) -> ProgrammeApplicationShown:
        """Apply with the company's record, which is a consent that this agency uses it for this call.

        POST /api/v1/programmes/calls/{call_id}/apply
        """
        found: ProgrammeApplicationShown = self._connection.ask(
            "POST", f"/api/v1/programmes/calls/{part(call_id)}/apply", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def applications(self) -> ApplicationsShown:
        """List the applications that the company made.

        GET /api/v1/programmes/applications
        """
        found: ApplicationsShown = self._connection.ask("GET", "/api/v1/programmes/applications").json()
        return found

    def application(self, application_id: str) -> ProgrammeApplicationShown:
        """Fetch one application, as its agency or as the applicant.

        GET /api/v1/programmes/applications/{application_id}
        """
        found: ProgrammeApplicationShown = self._connection.ask(
            "GET", f"/api/v1/programmes/applications/{part(application_id)}"
        ).json()
        return found

    def withdraw(
        self, application_id: str, body: ReasonGiven, *, idempotency_key: str | None = None
    ) -> ProgrammeApplicationShown:
        """Withdraw an application, and with it the consent.

        POST /api/v1/programmes/applications/{application_id}/withdraw
        """
        found: ProgrammeApplicationShown = self._connection.ask(
            "POST",
            f"/api/v1/programmes/applications/{part(application_id)}/withdraw",
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def declare_conflict(self, application_id: str, body: ReasonGiven, *, idempotency_key: str | None = None) -> None:
        """Declare a conflict of interest: you neither see nor decide on the application from then on.

        POST /api/v1/programmes/applications/{application_id}/conflict
        """
        self._connection.ask(
            "POST",
            f"/api/v1/programmes/applications/{part(application_id)}/conflict",
            body=body,
            idempotency_key=idempotency_key,
        )

    def appeal(self, application_id: str, body: AppealGiven, *, idempotency_key: str | None = None) -> AppealShown:
        """Object to a preliminary result; corrected data are rated at once.

        POST /api/v1/programmes/applications/{application_id}/appeals
        """
        found: AppealShown = self._connection.ask(
            "POST",
            f"/api/v1/programmes/applications/{part(application_id)}/appeals",
            body=body,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def decide_appeal(self, appeal_id: str, body: DecidedGiven, *, idempotency_key: str | None = None) -> AppealShown:
        """Uphold or reject an appeal; corrected data count from the next ranking on.

        POST /api/v1/programmes/appeals/{appeal_id}/decision
        """
        found: AppealShown = self._connection.ask(
            "POST", f"/api/v1/programmes/appeals/{part(appeal_id)}/decision", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def projects(self, *, year: int | None = None) -> FollowedShown:
        """Fetch figures by programme, overlap, and the projects that warn early.

        GET /api/v1/programmes/projects
        """
        found: FollowedShown = self._connection.ask("GET", "/api/v1/programmes/projects", query={"year": year}).json()
        return found

    def add_projects(self, content: bytes, *, name: str, idempotency_key: str | None = None) -> TakenShown:
        """Take a table of supported projects in (the body).

        POST /api/v1/programmes/projects
        """
        found: TakenShown = self._connection.ask(
            "POST",
            "/api/v1/programmes/projects",
            query={"name": name},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def add_outcomes(self, content: bytes, *, name: str, idempotency_key: str | None = None) -> TakenShown:
        """Take outcomes of projects in, one project and year a row (the body).

        POST /api/v1/programmes/outcomes
        """
        found: TakenShown = self._connection.ask(
            "POST",
            "/api/v1/programmes/outcomes",
            query={"name": name},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def follow_selected(self, call_id: str, *, idempotency_key: str | None = None) -> TakenShown:
        """Follow those selected in an announced call.

        POST /api/v1/programmes/calls/{call_id}/follow
        """
        found: TakenShown = self._connection.ask(
            "POST", f"/api/v1/programmes/calls/{part(call_id)}/follow", idempotency_key=idempotency_key
        ).json()
        return found

    def effects(self, *, limit: int | None = None, after: str | None = None) -> ReportsShown:
        """List the reports on effects.

        GET /api/v1/programmes/effects
        """
        found: ReportsShown = self._connection.ask(
            "GET", "/api/v1/programmes/effects", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_effects(self, *, limit: int | None = None) -> Iterator[ReportShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.effects(limit=limit, after=after))

    def give_effect(
        self,
        content: bytes,
        *,
        name: str,
        outcome: str,
        covariates: list[str] | None = None,
        by: list[str] | None = None,
        score: str | None = None,
        idempotency_key: str | None = None,
    ) -> ReportShown:
        """Have an effect estimated in the background from a table of firms and years (the body).

        POST /api/v1/programmes/effects
        """
        found: ReportShown = self._connection.ask(
            "POST",
            "/api/v1/programmes/effects",
            query={"name": name, "outcome": outcome, "covariates": covariates, "by": by, "score": score},
            content=content,
            idempotency_key=idempotency_key,
        ).json()
        return found

    def effect(self, report_id: str) -> ReportShown:
        """Fetch one report, with what was found once it is ready.

        GET /api/v1/programmes/effects/{report_id}
        """
        found: ReportShown = self._connection.ask("GET", f"/api/v1/programmes/effects/{part(report_id)}").json()
        return found

    def effect_file(
        self,
        report_id: str,
        *,
        ending: Literal["pdf", "xlsx", "html", "json"] | None = None,
        reader: Literal["officer", "ministry"] | None = None,
    ) -> bytes:
        """Download a report.

        GET /api/v1/programmes/effects/{report_id}/file
        """
        found: bytes = self._connection.ask(
            "GET", f"/api/v1/programmes/effects/{part(report_id)}/file", query={"ending": ending, "reader": reader}
        ).content
        return found


class RatingsOperations:
    """Operations on ratings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rate_company(self, body: CompanyRequest, *, idempotency_key: str | None = None) -> Stored:
        """Rate a company by Tech-Index and KTRS-FM, and a start-up by its own model as well.

        POST /api/v1/ratings/company
        """
        found: Stored = self._connection.ask(
            "POST", "/api/v1/ratings/company", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def rate_technology(self, body: TechnologyRequest, *, idempotency_key: str | None = None) -> StoredTechnology:
        """Rate a technology summary against the installed patent corpus.

        POST /api/v1/ratings/technology
        """
        found: StoredTechnology = self._connection.ask(
            "POST", "/api/v1/ratings/technology", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def ratings(
        self,
        *,
        search: str | None = None,
        kind: Literal["company", "technology", "both"] | None = None,
        archived: bool | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Results:
        """List the organisation's kept results, newest first.

        GET /api/v1/ratings
        """
        found: Results = self._connection.ask(
            "GET",
            "/api/v1/ratings",
            query={"search": search, "kind": kind, "archived": archived, "limit": limit, "after": after},
        ).json()
        return found

    def all_ratings(
        self,
        *,
        search: str | None = None,
        kind: Literal["company", "technology", "both"] | None = None,
        archived: bool | None = None,
        limit: int | None = None,
    ) -> Iterator[Result]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.ratings(search=search, kind=kind, archived=archived, limit=limit, after=after)
        )

    def describe(self, rating_id: str, body: Description) -> Result:
        """Name a kept result, note something on it, put it away; the result itself never changes.

        PATCH /api/v1/ratings/{rating_id}
        """
        found: Result = self._connection.ask("PATCH", f"/api/v1/ratings/{part(rating_id)}", body=body).json()
        return found

    def rating(self, rating_id: str) -> Stored:
        """Fetch a kept result.

        GET /api/v1/ratings/{rating_id}
        """
        found: Stored = self._connection.ask("GET", f"/api/v1/ratings/{part(rating_id)}").json()
        return found

    def recomputed(self, rating_id: str) -> list[dict[str, Any]]:
        """Compute a kept result again from its own inputs and model versions, and say whether every bit agrees.

        GET /api/v1/ratings/{rating_id}/recomputed
        """
        found: list[dict[str, Any]] = self._connection.ask(
            "GET", f"/api/v1/ratings/{part(rating_id)}/recomputed"
        ).json()
        return found

    def growth_paths(self, rating_id: str) -> list[dict[str, Any]]:
        """Fetch what firms in the cell of a kept result did, those that rose beside those that fell.

        GET /api/v1/ratings/{rating_id}/growth-paths
        """
        found: list[dict[str, Any]] = self._connection.ask(
            "GET", f"/api/v1/ratings/{part(rating_id)}/growth-paths"
        ).json()
        return found

    def suggestions(self, rating_id: str) -> dict[str, Any]:
        """Try which added terms would raise the originality of a kept result's technology.

        GET /api/v1/ratings/{rating_id}/suggestions
        """
        found: dict[str, Any] = self._connection.ask("GET", f"/api/v1/ratings/{part(rating_id)}/suggestions").json()
        return found

    def proposals(self, body: ProposalsRequest, *, idempotency_key: str | None = None) -> list[dict[str, Any]]:
        """Rank proposals by originality and flag those that repeat a patent or one another; nothing is kept.

        POST /api/v1/proposals
        """
        found: list[dict[str, Any]] = self._connection.ask(
            "POST", "/api/v1/proposals", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def compare(self, *, a: str, b: str) -> Comparison:
        """Hold two kept results of companies, or of technologies, side by side.

        GET /api/v1/compare
        """
        found: Comparison = self._connection.ask("GET", "/api/v1/compare", query={"a": a, "b": b}).json()
        return found


class ReferenceOperations:
    """Operations on reference."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def company_schema(self) -> dict[str, Any]:
        """Fetch the JSON Schema of a company record.

        GET /api/v1/schema/company
        """
        found: dict[str, Any] = self._connection.ask("GET", "/api/v1/schema/company").json()
        return found

    def models(self) -> list[dict[str, Any]]:
        """List every model version, released or this installation's own, and which is in force.

        GET /api/v1/models
        """
        found: list[dict[str, Any]] = self._connection.ask("GET", "/api/v1/models").json()
        return found

    def model_history(self) -> list[dict[str, Any]]:
        """List who entered, promoted or rolled back which version, when and why.

        GET /api/v1/models/history
        """
        found: list[dict[str, Any]] = self._connection.ask("GET", "/api/v1/models/history").json()
        return found

    def model_drift(self) -> list[dict[str, Any]]:
        """List the newest drift report of every version that has one.

        GET /api/v1/models/drift
        """
        found: list[dict[str, Any]] = self._connection.ask("GET", "/api/v1/models/drift").json()
        return found

    def model_card(self, name: str, version: str) -> dict[str, Any]:
        """Fetch one version's card with its history.

        GET /api/v1/models/{name}/{version}
        """
        found: dict[str, Any] = self._connection.ask("GET", f"/api/v1/models/{part(name)}/{part(version)}").json()
        return found

    def promote(
        self, name: str, version: str, body: Promotion, *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Put a version in force for every rating from now on, and answer the line of the log.

        POST /api/v1/models/{name}/{version}/promotion
        """
        found: dict[str, Any] = self._connection.ask(
            "POST", f"/api/v1/models/{part(name)}/{part(version)}/promotion", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def roll_back(
        self, name: str, version: str, body: RollBack, *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Go back behind the version in force to the one before, and answer the line of the log.

        POST /api/v1/models/{name}/{version}/rollback
        """
        found: dict[str, Any] = self._connection.ask(
            "POST", f"/api/v1/models/{part(name)}/{part(version)}/rollback", body=body, idempotency_key=idempotency_key
        ).json()
        return found


class ResultsOperations:
    """Operations on results."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def issue(self, rating_id: str, *, idempotency_key: str | None = None) -> Issued:
        """Sign a kept rating.

        POST /api/v1/ratings/{rating_id}/results
        """
        found: Issued = self._connection.ask(
            "POST", f"/api/v1/ratings/{part(rating_id)}/results", idempotency_key=idempotency_key
        ).json()
        return found

    def results_of(self, rating_id: str) -> list[Issued]:
        """List what was signed of a kept rating, the newest first.

        GET /api/v1/ratings/{rating_id}/results
        """
        found: list[Issued] = self._connection.ask("GET", f"/api/v1/ratings/{part(rating_id)}/results").json()
        return found

    def result(self, result_id: str) -> Issued:
        """Fetch what is known of a signed result.

        GET /api/v1/results/{result_id}
        """
        found: Issued = self._connection.ask("GET", f"/api/v1/results/{part(result_id)}").json()
        return found

    def result_file(self, result_id: str, *, show: list[str] | None = None, none: bool | None = None) -> SignedFile:
        """Fetch the signed file, with the inputs of the models or only those named.

        GET /api/v1/results/{result_id}/file
        """
        found: SignedFile = self._connection.ask(
            "GET", f"/api/v1/results/{part(result_id)}/file", query={"show": show, "none": none}
        ).json()
        return found

    def result_report(self, result_id: str) -> bytes:
        """Fetch the signed PDF report, Korean where no language is named.

        GET /api/v1/results/{result_id}/report
        """
        found: bytes = self._connection.ask("GET", f"/api/v1/results/{part(result_id)}/report").content
        return found

    def revoke(self, result_id: str, body: Reason, *, idempotency_key: str | None = None) -> Issued:
        """Withdraw a signed result for good.

        POST /api/v1/results/{result_id}/revocation
        """
        found: Issued = self._connection.ask(
            "POST", f"/api/v1/results/{part(result_id)}/revocation", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def verify(self, body: SignedFile, *, idempotency_key: str | None = None) -> Verified:
        """Verify a signed result against this installation's keys and withdrawals; open to everybody.

        POST /api/v1/results/verify
        """
        found: Verified = self._connection.ask(
            "POST", "/api/v1/results/verify", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def verify_many(self, body: ManySigned, *, idempotency_key: str | None = None) -> VerifiedMany:
        """Verify up to 50 signed files and 20 reports; one that does not hold does not stop the others.

        POST /api/v1/results/verify-many
        """
        found: VerifiedMany = self._connection.ask(
            "POST", "/api/v1/results/verify-many", body=body, idempotency_key=idempotency_key
        ).json()
        return found


class StatisticsOperations:
    """Operations on statistics."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def statistics(self) -> FiguresShown:
        """Fetch the figures that were published last.

        GET /api/v1/statistics
        """
        found: FiguresShown = self._connection.ask("GET", "/api/v1/statistics").json()
        return found


class TransmissionsOperations:
    """Operations on transmissions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, body: Sending, *, idempotency_key: str | None = None) -> SentShown:
        """Send a result to an institution; where no consent covers it, one is given for it alone.

        POST /api/v1/transmissions
        """
        found: SentShown = self._connection.ask(
            "POST", "/api/v1/transmissions", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def sent(self, *, limit: int | None = None, after: str | None = None) -> SentList:
        """List what the company sent.

        GET /api/v1/transmissions
        """
        found: SentList = self._connection.ask(
            "GET", "/api/v1/transmissions", query={"limit": limit, "after": after}
        ).json()
        return found

    def all_sent(self, *, limit: int | None = None) -> Iterator[SentShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.sent(limit=limit, after=after))

    def transmission(self, transmission_id: str) -> SentShown:
        """Fetch one transmission with its marks.

        GET /api/v1/transmissions/{transmission_id}
        """
        found: SentShown = self._connection.ask("GET", f"/api/v1/transmissions/{part(transmission_id)}").json()
        return found

    def transmission_receipt(self, transmission_id: str) -> dict[str, Any]:
        """Fetch the receipt of a transmission as it stands.

        GET /api/v1/transmissions/{transmission_id}/receipt
        """
        found: dict[str, Any] = self._connection.ask(
            "GET", f"/api/v1/transmissions/{part(transmission_id)}/receipt"
        ).json()
        return found

    def withdraw(self, transmission_id: str, *, idempotency_key: str | None = None) -> SentShown:
        """Take a result back.

        POST /api/v1/transmissions/{transmission_id}/withdraw
        """
        found: SentShown = self._connection.ask(
            "POST", f"/api/v1/transmissions/{part(transmission_id)}/withdraw", idempotency_key=idempotency_key
        ).json()
        return found

    def inbox(self, *, limit: int | None = None, after: str | None = None) -> SentList:
        """List the results received, and mark them as arrived.

        GET /api/v1/inbox
        """
        found: SentList = self._connection.ask("GET", "/api/v1/inbox", query={"limit": limit, "after": after}).json()
        return found

    def all_inbox(self, *, limit: int | None = None) -> Iterator[SentShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(lambda after: self.inbox(limit=limit, after=after))

    def open_received(self, transmission_id: str) -> OpenedShown:
        """Open a result received, and mark it as read.

        GET /api/v1/inbox/{transmission_id}
        """
        found: OpenedShown = self._connection.ask("GET", f"/api/v1/inbox/{part(transmission_id)}").json()
        return found

    def received_file(self, transmission_id: str) -> bytes:
        """Download the signed file of a result received.

        GET /api/v1/inbox/{transmission_id}/file
        """
        found: bytes = self._connection.ask("GET", f"/api/v1/inbox/{part(transmission_id)}/file").content
        return found


class WebhooksOperations:
    """Operations on webhooks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def webhooks(self) -> list[WebhookShown]:
        """List the registered addresses.

        GET /api/v1/webhooks
        """
        found: list[WebhookShown] = self._connection.ask("GET", "/api/v1/webhooks").json()
        return found

    def add_webhook(self, body: WebhookRequest, *, idempotency_key: str | None = None) -> NewWebhookShown:
        """Register an address; the answer holds its secret, this once.

        POST /api/v1/webhooks
        """
        found: NewWebhookShown = self._connection.ask(
            "POST", "/api/v1/webhooks", body=body, idempotency_key=idempotency_key
        ).json()
        return found

    def webhook(self, webhook_id: str) -> WebhookShown:
        """Fetch one registered address.

        GET /api/v1/webhooks/{webhook_id}
        """
        found: WebhookShown = self._connection.ask("GET", f"/api/v1/webhooks/{part(webhook_id)}").json()
        return found

    def change_webhook(self, webhook_id: str, body: WebhookState, *, version: str | None = None) -> WebhookShown:
        """Pause an address, or let it go on.

        PATCH /api/v1/webhooks/{webhook_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: WebhookShown = self._connection.ask(
            "PATCH", f"/api/v1/webhooks/{part(webhook_id)}", body=body, version=version, changes=True
        ).json()
        return found

    def remove_webhook(self, webhook_id: str, *, version: str | None = None) -> None:
        """Remove an address with all that waits for it.

        DELETE /api/v1/webhooks/{webhook_id}
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        self._connection.ask("DELETE", f"/api/v1/webhooks/{part(webhook_id)}", version=version, changes=True)

    def rotate_webhook_secret(
        self, webhook_id: str, *, idempotency_key: str | None = None, version: str | None = None
    ) -> NewWebhookShown:
        """Sign by another secret, told this once; for 24 hours messages are signed by the former one as well.

        POST /api/v1/webhooks/{webhook_id}/secret
        ``version`` is the ETag of what is changed; without it, the one that this client read last.
        """
        found: NewWebhookShown = self._connection.ask(
            "POST",
            f"/api/v1/webhooks/{part(webhook_id)}/secret",
            idempotency_key=idempotency_key,
            version=version,
            changes=True,
        ).json()
        return found

    def deliveries(
        self,
        webhook_id: str,
        *,
        state: list[Literal["waiting", "delivered", "dead"]] | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> DeliveriesShown:
        """List what was sent to an address, and what waits or was given up.

        GET /api/v1/webhooks/{webhook_id}/deliveries
        """
        found: DeliveriesShown = self._connection.ask(
            "GET",
            f"/api/v1/webhooks/{part(webhook_id)}/deliveries",
            query={"state": state, "limit": limit, "after": after},
        ).json()
        return found

    def all_deliveries(
        self,
        webhook_id: str,
        *,
        state: list[Literal["waiting", "delivered", "dead"]] | None = None,
        limit: int | None = None,
    ) -> Iterator[DeliveryShown]:
        """Go through all pages of it."""
        yield from self._connection.pages(
            lambda after: self.deliveries(webhook_id, state=state, limit=limit, after=after)
        )

    def send_again(self, delivery_id: str, *, idempotency_key: str | None = None) -> DeliveryShown:
        """Send a message again that was given up or delivered.

        POST /api/v1/deliveries/{delivery_id}/again
        """
        found: DeliveryShown = self._connection.ask(
            "POST", f"/api/v1/deliveries/{part(delivery_id)}/again", idempotency_key=idempotency_key
        ).json()
        return found


class Client(Connection):
    """All operations of K-TOP, version 1.0.0, by group."""

    @property
    def access(self) -> AccessOperations:
        """Operations on access."""
        return AccessOperations(self)

    @property
    def batches(self) -> BatchesOperations:
        """Operations on batches."""
        return BatchesOperations(self)

    @property
    def collections(self) -> CollectionsOperations:
        """Operations on collections."""
        return CollectionsOperations(self)

    @property
    def consents(self) -> ConsentsOperations:
        """Operations on consents."""
        return ConsentsOperations(self)

    @property
    def discovery(self) -> DiscoveryOperations:
        """Operations on discovery."""
        return DiscoveryOperations(self)

    @property
    def finance(self) -> FinanceOperations:
        """Operations on finance."""
        return FinanceOperations(self)

    @property
    def imports(self) -> ImportsOperations:
        """Operations on imports."""
        return ImportsOperations(self)

    @property
    def institutions(self) -> InstitutionsOperations:
        """Operations on institutions."""
        return InstitutionsOperations(self)

    @property
    def jobs(self) -> JobsOperations:
        """Operations on jobs."""
        return JobsOperations(self)

    @property
    def keys(self) -> KeysOperations:
        """Operations on keys."""
        return KeysOperations(self)

    @property
    def lookups(self) -> LookupsOperations:
        """Operations on lookups."""
        return LookupsOperations(self)

    @property
    def members(self) -> MembersOperations:
        """Operations on members."""
        return MembersOperations(self)

    @property
    def portfolio(self) -> PortfolioOperations:
        """Operations on portfolio."""
        return PortfolioOperations(self)

    @property
    def programmes(self) -> ProgrammesOperations:
        """Operations on programmes."""
        return ProgrammesOperations(self)

    @property
    def ratings(self) -> RatingsOperations:
        """Operations on ratings."""
        return RatingsOperations(self)

    @property
    def reference(self) -> ReferenceOperations:
        """Operations on reference."""
        return ReferenceOperations(self)

    @property
    def results(self) -> ResultsOperations:
        """Operations on results."""
        return ResultsOperations(self)

    @property
    def statistics(self) -> StatisticsOperations:
        """Operations on statistics."""
        return StatisticsOperations(self)

    @property
    def transmissions(self) -> TransmissionsOperations:
        """Operations on transmissions."""
        return TransmissionsOperations(self)

    @property
    def webhooks(self) -> WebhooksOperations:
        """Operations on webhooks."""
        return WebhooksOperations(self)
