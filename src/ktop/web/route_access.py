"""Who may reach which address: every route of pages and API, and the permission it needs.

The table is asked before any route is; one that is missing from it is refused, and the application does not start.
``open`` is for everybody, ``person`` for whoever has signed in by a browser. Use cases ask for permissions again
themselves, because commands and jobs reach them without an address.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from ktop.domain.party.actor import VISITOR, Actor
from ktop.domain.party.permission import Allowed, check, require
from ktop.kernel.errors import ForbiddenError, SignInError
from ktop.web.asking import actor

OPEN, PERSON = "open", "person"

ACCESS: Mapping[str, str] = {
    # Files and states
    "GET /static/{digest}/{name}": OPEN,
    "GET /fonts/{key}/{name}.woff2": OPEN,
    "GET /favicon.ico": OPEN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    # First page and what is public
    "GET /": "platform:example:read",
    "GET /methods": OPEN,
    "GET /methods/{model}": OPEN,
    "GET /glossary": OPEN,
    "GET /api": OPEN,
    "GET /statistics": OPEN,
    "GET /api/v1/statistics": OPEN,
    "GET /api/v1/openapi.json": OPEN,
    "GET /models": "platform:model:read",
    "GET /models/{name}/{version}": "platform:model:read",
    # Accounts
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "GET /sign-in/provider": OPEN,
    "GET /sign-in/provider/back": OPEN,
    "GET /sign-up": OPEN,
    "POST /sign-up": OPEN,
    "POST /sign-out": PERSON,
    "GET /account": PERSON,
    "POST /account/organisation": PERSON,
    "POST /account/password": PERSON,
    "POST /account/sessions": PERSON,
    "GET /account/second-factor": PERSON,
    "POST /account/second-factor": PERSON,
    "POST /account/second-factor/app": PERSON,
    "POST /account/second-factor/remove": PERSON,
    "GET /join/{token}": OPEN,
    "POST /join/{token}": OPEN,
    "POST /join/{token}/account": PERSON,
    # Organisations
    "GET /institutions": "platform:institution:read",
    "POST /institutions": "platform:institution:manage",
    "POST /institutions/{institution}/state": "platform:institution:manage",
    "GET /organisation/members": "own:member:read",
    "POST /organisation/members/invite": "own:member:manage",
    "POST /organisation/members/{user}/end": "own:member:manage",
    "POST /organisation/members/{user}/reset": "own:member:manage",
    "POST /organisation/links/{link}/withdraw": "own:member:manage",
    "GET /organisation/keys": "own:key:manage",
    "POST /organisation/keys": "own:key:manage",
    "POST /organisation/keys/{key_id}/rotate": "own:key:manage",
    "POST /organisation/keys/{key_id}/revoke": "own:key:manage",
    "POST /api/v1/oauth/token": OPEN,
    "POST /organisation/members/{user}/erase": "own:member:manage",
    "GET /joined-companies": "platform:company:verify",
    "POST /joined-companies/{company}": "platform:company:verify",
    "POST /sign-in/passkey": OPEN,
    "POST /account/second-factor/passkey": PERSON,
    "POST /account/passkeys": PERSON,
    "POST /account/passkeys/remove": PERSON,
    "GET /api/v1/account/passkeys": PERSON,
    "POST /api/v1/account/passkeys": PERSON,
    "POST /api/v1/account/passkeys/options": PERSON,
    "DELETE /api/v1/account/passkeys/{credential_id}": PERSON,
    "POST /account/erasure": PERSON,
    "POST /account/provider/leave": PERSON,
    "GET /api/v1/account": PERSON,
    "PUT /api/v1/account/password": PERSON,
    "PUT /api/v1/account/email": PERSON,
    "POST /account/email": PERSON,
    "POST /api/v1/account/organisation": PERSON,
    "DELETE /api/v1/account/sessions": PERSON,
    "DELETE /api/v1/account/sessions/{session_id}": PERSON,
    "POST /api/v1/account/erasure": PERSON,
    "GET /api/v1/account/second-factor": PERSON,
    "POST /api/v1/account/second-factor": PERSON,
    "POST /api/v1/account/second-factor/app": PERSON,
    "PUT /api/v1/account/second-factor/app": PERSON,
    "POST /api/v1/account/second-factor/removal": PERSON,
    "GET /api/v1/account/providers": PERSON,
    "DELETE /api/v1/account/providers/{credential_id}": PERSON,
    "GET /api/v1/members": "own:member:read",
    "GET /api/v1/member-roles": "own:member:manage",
    "GET /api/v1/members/{user_id}": "own:member:read",
    "PATCH /api/v1/members/{user_id}": "own:member:manage",
    "DELETE /api/v1/members/{user_id}": "own:member:manage",
    "POST /api/v1/members/{user_id}/reset": "own:member:manage",
    "POST /api/v1/members/{user_id}/erasure": "own:member:manage",
    "GET /api/v1/invitations": "own:member:manage",
    "POST /api/v1/invitations": "own:member:manage",
    "DELETE /api/v1/invitations/{link_id}": "own:member:manage",
    "GET /api/v1/institutions": "platform:institution:read",
    "POST /api/v1/institutions": "platform:institution:manage",
    "GET /api/v1/institutions/{institution_id}": "platform:institution:read",
    "PATCH /api/v1/institutions/{institution_id}": "platform:institution:manage",
    "POST /api/v1/institutions/{institution_id}/merger": "platform:institution:manage",
    "POST /api/v1/organisations/{organisation_id}/accounts": "platform:institution:manage",
    "GET /api/v1/joined-companies": "platform:company:verify",
    "GET /api/v1/joined-companies/{organisation_id}": "platform:company:verify",
    "POST /api/v1/joined-companies/{organisation_id}/verification": "platform:company:verify",
    "GET /api/v1/keys": "own:key:manage",
    "GET /api/v1/key-scopes": "own:key:manage",
    "POST /api/v1/keys": "own:key:manage",
    "GET /api/v1/keys/{key_id}": "own:key:manage",
    "POST /api/v1/keys/{key_id}/rotation": "own:key:manage",
    "DELETE /api/v1/keys/{key_id}": "own:key:manage",
    # Ratings
    "POST /ratings": "own:rating:make",
    "GET /collect": "own:company:edit",
    "POST /collect": "own:company:edit",
    "GET /collect/{collection_id}": "own:company:read",
    "POST /collect/{collection_id}/confirm": "own:company:edit",
    "POST /collect/{collection_id}/correct": "own:company:edit",
    "POST /collect/{collection_id}/save": "own:company:edit",
    "GET /collect/answers/{answer_id}": "own:company:read",
    "GET /sources": "platform:settings:read",
    "POST /sources/{source}/try": "platform:source:try",
    "GET /companies": "own:rating:make",
    "POST /companies": "own:rating:make",
    "GET /companies/new": "own:rating:make",
    "POST /companies/new": "own:rating:make",
    "GET /my/companies": "own:company:read",
    "GET /my/companies/new": "own:company:edit",
    "POST /my/companies/new": "own:company:edit",
    "GET /my/companies/{kept_id}": "own:company:read",
    "POST /my/companies/{kept_id}": "own:company:edit",
    "POST /my/companies/{kept_id}/rate": "own:rating:make",
    "POST /my/companies/{kept_id}/draft": "own:company:edit",
    "GET /my/companies/{kept_id}/enter.xlsx": "own:company:edit",
    "POST /my/companies/{kept_id}/enter.xlsx": "own:company:edit",
    "GET /my/companies/{kept_id}/enter": "own:company:edit",
    "GET /my/companies/{kept_id}/enter/{step}": "own:company:edit",
    "POST /my/companies/{kept_id}/enter/{step}": "own:company:edit",
    "GET /my/technologies": "own:technology:read",
    "GET /my/technologies/{kept_id}": "own:technology:read",
    "POST /my/technologies/{kept_id}": "own:technology:edit",
    "GET /technology": "own:rating:make",
    "POST /technology": "own:rating:make",
    "GET /proposals": "own:batch:run",
    "POST /proposals": "own:batch:run",
    "GET /compare": "own:rating:read",
    "POST /compare": "own:rating:make",
    "GET /ratings/{rating_id}": "own:rating:read",
    "GET /ratings/{rating_id}.json": "own:rating:read",
    "GET /ratings/{rating_id}.pdf": "own:document:read",
    # Signed results
    "GET /.well-known/jwks.json": OPEN,
    "GET /status/results/{number}": OPEN,
    "GET /verify": OPEN,
    "POST /verify": OPEN,
    "GET /verify/{result_id}": OPEN,
    "GET /ratings/{rating_id}/signed": "own:rating:read",
    "POST /ratings/{rating_id}/signed": "own:result:issue",
    "GET /results/{result_id}": "own:rating:read",
    "GET /results/{result_id}.json": "own:document:read",
    "GET /results/{result_id}.pdf": "own:document:read",
    "POST /results/{result_id}/revoke": "own:result:revoke",
    "GET /api/v1/ratings/{rating_id}/results": "own:rating:read",
    "POST /api/v1/ratings/{rating_id}/results": "own:result:issue",
    "GET /api/v1/results/{result_id}": "own:rating:read",
    "GET /api/v1/results/{result_id}/file": "own:document:read",
    "GET /api/v1/results/{result_id}/report": "own:document:read",
    "POST /api/v1/results/{result_id}/revocation": "own:result:revoke",
    "POST /api/v1/results/verify": OPEN,
    "GET /my/results": "own:rating:read",
    "GET /my/results/{rating_id}": "own:rating:edit",
    "POST /my/results/{rating_id}": "own:rating:edit",
    "POST /ratings/{rating_id}/what-if": "own:rating:make",
    "GET /reviews": "own:rating:review",
    "POST /reviews/{review_id}": "own:rating:review",
    "GET /ratings/{rating_id}/review": "own:rating:review",
    "POST /ratings/{rating_id}/review": "own:rating:review",
    "POST /ratings/{rating_id}/override": "own:rating:review",
    # Jobs and batches
    "GET /batches": "own:batch:run",
    "POST /batches": "own:batch:run",
    "GET /batches/{batch_id}": "own:job:read",
    "GET /batches/{batch_id}/answer": "own:batch:run",
    "GET /jobs": "own:job:read",
    "GET /jobs/{job_id}": "own:job:read",
    "POST /jobs/{job_id}/cancel": "own:job:cancel",
    "GET /api/v1/batches": "own:job:read",
    "POST /api/v1/batches": "own:batch:run",
    "GET /api/v1/batches/{job_id}": "own:job:read",
    "GET /api/v1/batches/{job_id}/answer": "own:batch:run",
    "GET /api/v1/jobs": "own:job:read",
    "POST /api/v1/jobs": "own:job:read",  # and what the kind of job needs
    "GET /api/v1/jobs/{job_id}": "own:job:read",
    "POST /api/v1/jobs/{job_id}/cancel": "own:job:cancel",
    # Webhooks
    "GET /webhooks": "own:webhook:manage",
    "POST /webhooks": "own:webhook:manage",
    "GET /webhooks/{webhook_id}": "own:webhook:manage",
    "POST /webhooks/{webhook_id}": "own:webhook:manage",
    "GET /api/v1/webhooks": "own:webhook:manage",
    "POST /api/v1/webhooks": "own:webhook:manage",
    "GET /api/v1/webhooks/{webhook_id}": "own:webhook:manage",
    "PATCH /api/v1/webhooks/{webhook_id}": "own:webhook:manage",
    "DELETE /api/v1/webhooks/{webhook_id}": "own:webhook:manage",
    "POST /api/v1/webhooks/{webhook_id}/secret": "own:webhook:manage",
    "GET /api/v1/webhooks/{webhook_id}/deliveries": "own:webhook:manage",
    "POST /api/v1/deliveries/{delivery_id}/again": "own:webhook:manage",
    # Support programmes
    "GET /programmes": "platform:institution:read",
    "POST /programmes/rules": "own:programme:manage",
    "GET /programmes/rules/{rule_id}": "platform:institution:read",
    "POST /programmes/rules/{rule_id}": "own:programme:manage",
    "GET /programmes/projects": "own:programme:review",
    "POST /programmes/projects": "own:programme:manage",
    "GET /programmes/check": "own:rating:make",
    "POST /programmes/check": "own:rating:make",
    "GET /programmes/calls/{call_id}": "platform:institution:read",
    "POST /programmes/calls/{call_id}": "platform:institution:read",  # and what the button pressed needs
    "GET /programmes/calls/{call_id}/result.xlsx": "own:programme:manage",
    "GET /programmes/applications/{application_id}": "platform:institution:read",  # and to be a side of it
    "POST /programmes/applications/{application_id}": "platform:institution:read",
    # Consents, look-ups and what is sent
    "GET /consents": "own:consent:read",
    "POST /consents": "own:consent:give",
    "POST /consents/requests": "granted:consent:request",
    "GET /consents/{consent_id}": "own:consent:read",
    "POST /consents/{consent_id}/grant": "own:consent:give",
    "POST /consents/{consent_id}/reject": "own:consent:give",
    "POST /consents/{consent_id}/narrow": "own:consent:give",
    "POST /consents/{consent_id}/revoke": "own:consent:give",
    "GET /consents/{consent_id}/receipt.json": "own:consent:read",
    "GET /consents/{consent_id}/receipt.pdf": "own:consent:read",
    "GET /ledger": "own:ledger:read",
    "GET /lookup": "granted:result:read",
    "POST /lookup": "granted:result:read",
    "POST /lookup/{rating_id}": "granted:result:read",
    "GET /inbox": "own:inbox:read",
    "POST /inbox/{transmission_id}": "own:inbox:read",
    "POST /inbox/{transmission_id}/file": "own:inbox:read",
    "GET /sent": "own:rating:read",
    "GET /send/{rating_id}": "own:result:send",
    "POST /send/{rating_id}": "own:result:send",
    "POST /sent/{transmission_id}/withdraw": "own:result:send",
    "GET /api/v1/consent-options": "own:consent:read",
    "POST /api/v1/consent-requests": "granted:consent:request",
    "GET /api/v1/consent-texts": "own:consent:read",
    "GET /api/v1/consents": "own:consent:read",
    "POST /api/v1/consents": "own:consent:give",
    "GET /api/v1/consents/{consent_id}": "own:consent:read",
    "GET /api/v1/consents/{consent_id}/receipt": "own:consent:read",
    "POST /api/v1/consents/{consent_id}/grant": "own:consent:give",
    "POST /api/v1/consents/{consent_id}/reject": "own:consent:give",
    "POST /api/v1/consents/{consent_id}/narrow": "own:consent:give",
    "POST /api/v1/consents/{consent_id}/revoke": "own:consent:give",
    "GET /api/v1/ledger": "own:ledger:read",
    "GET /api/v1/lookups": "granted:result:read",
    "GET /api/v1/lookups/{rating_id}": "granted:result:read",
    "GET /api/v1/inbox": "own:inbox:read",
    "GET /api/v1/inbox/{transmission_id}": "own:inbox:read",
    "GET /api/v1/inbox/{transmission_id}/file": "own:inbox:read",
    "GET /api/v1/transmissions": "own:rating:read",
    "POST /api/v1/transmissions": "own:result:send",
    "GET /api/v1/transmissions/{transmission_id}": "own:inbox:read",
    "GET /api/v1/transmissions/{transmission_id}/receipt": "own:inbox:read",
    "POST /api/v1/transmissions/{transmission_id}/withdraw": "own:result:send",
    # Guarantee and loan; each step asks for the permission of its side again
    "GET /finance": "own:finance:read",
    "POST /finance": "own:finance:apply",
    "POST /finance/documents": "own:finance:apply",
    "GET /finance/{case_id}": "own:finance:read",
    "GET /finance/{case_id}/documents/{document_id}": "own:finance:read",
    "POST /finance/{case_id}/steps": "own:finance:read",
    "GET /api/v1/finance/process": OPEN,
    "GET /api/v1/finance/cases": "own:finance:read",
    "POST /api/v1/finance/cases": "own:finance:apply",
    "GET /api/v1/finance/cases/{case_id}": "own:finance:read",
    "PUT /api/v1/finance/cases/{case_id}": "own:finance:apply",
    "POST /api/v1/finance/cases/{case_id}/steps": "own:finance:read",
    "POST /api/v1/finance/documents": "own:finance:apply",
    "GET /api/v1/finance/cases/{case_id}/documents/{document_id}": "own:finance:read",
    # API
    "GET /api/v1/companies": "own:company:read",
    "POST /api/v1/companies": "own:company:edit",
    "GET /api/v1/companies/{kept_id}": "own:company:read",
    "PATCH /api/v1/companies/{kept_id}": "own:company:edit",
    "GET /api/v1/companies/{kept_id}/records": "own:company:read",
    "POST /api/v1/companies/{kept_id}/records": "own:company:edit",
    "PUT /api/v1/companies/{kept_id}/draft": "own:company:edit",
    "GET /api/v1/companies/{kept_id}/ratings": "own:rating:read",
    "POST /api/v1/companies/{kept_id}/ratings": "own:rating:make",
    "GET /api/v1/technologies": "own:technology:read",
    "POST /api/v1/technologies": "own:technology:edit",
    "GET /api/v1/technologies/{kept_id}": "own:technology:read",
    "PATCH /api/v1/technologies/{kept_id}": "own:technology:edit",
    "POST /api/v1/ratings/company": "own:rating:make",
    "POST /api/v1/ratings/technology": "own:rating:make",
    "GET /api/v1/ratings": "own:rating:read",
    "PATCH /api/v1/ratings/{rating_id}": "own:rating:edit",
    "GET /api/v1/ratings/{rating_id}": "own:rating:read",
    "GET /api/v1/ratings/{rating_id}/recomputed": "own:rating:read",
    "GET /api/v1/ratings/{rating_id}/suggestions": "own:rating:read",
    "POST /api/v1/proposals": "own:batch:run",
    "GET /api/v1/compare": "own:rating:read",
    "GET /api/v1/schema/company": "platform:example:read",
    "GET /api/v1/models": "platform:model:read",
    "GET /api/v1/models/history": "platform:model:read",
    "GET /api/v1/models/drift": "platform:model:read",
    "GET /api/v1/models/{name}/{version}": "platform:model:read",
}


async def require_access(request: Request) -> None:
    """Let a request through to its route, or raise ``SignInError`` or ``ForbiddenError``."""
    needed = ACCESS[_named(request.method, request.scope["route"].path)]
    who = actor(request)
    if needed == PERSON and not who.session:
        raise SignInError("access.sign_in") if who == VISITOR else ForbiddenError("access.person_only")
    if needed not in (OPEN, PERSON):
        require(who, needed)


def may_reach(who: Actor, address: str) -> bool:
    """Whether a page may be shown to somebody, so that menus offer nothing that is refused."""
    needed = ACCESS[f"GET {address}"]
    return needed == OPEN or (bool(who.session) if needed == PERSON else isinstance(check(who, needed), Allowed))


def routes_of(*routers: APIRouter) -> set[str]:
    """Return the routes of some routers, as the table names them."""
    found = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {_named(method, route.path) for route in found for method in route.methods or ()}


def require_complete(*routers: APIRouter) -> None:
    """Raise ``RuntimeError`` where a route is missing from the table, which would be refused to everybody."""
    missing = sorted(routes_of(*routers) - ACCESS.keys())
    if missing:
        raise RuntimeError(f"add to ACCESS in {__name__} who may reach: {', '.join(missing)}")


def _named(method: str, path: str) -> str:
    return f"{'GET' if method == 'HEAD' else method} {path}"
