"""API operations of webhooks: register an address, see what was sent to it, send again."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.catalogue import LANGS
from ktop.domain.work.webhook import Delivery, Webhook
from ktop.usecases.webhooks.interface import NewWebhook
from ktop.usecases.webhooks.service import problem_sentence
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.conditions import CONDITION_FAILS, TAGGED, IfMatch, tag
from ktop.web.api.jobs import After, Limit
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

WebhookId = Annotated[str, Path(description="Identifier of a webhook.", pattern="^[0-9a-f]{32}$")]
DeliveryId = Annotated[str, Path(description="Identifier of a delivery.", pattern="^[0-9a-f]{32}$")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class WebhookRequest(BaseModel):
    """An address to register."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, description="https only.", examples=["https://bank.example/ktop"])
    topics: list[str] = Field(
        min_length=1,
        max_length=50,
        description="Kinds (`rating`) or whole actions (`rating.made`) that it is told of.",
        examples=[["rating", "consent.given"]],
    )


class WebhookState(BaseModel):
    """Whether messages are sent; what happens while paused is sent later."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["active", "paused"] = Field(examples=["paused"])


class WebhookShown(BaseModel):
    """A registered address."""

    id: str
    url: str
    topics: list[str]
    state: Literal["active", "paused"]
    created: datetime.datetime


class NewWebhookShown(WebhookShown):
    """An address just registered. `secret` is never shown again; signatures are verified with it (docs/webhooks.md)."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class DeliveryShown(BaseModel):
    """One message on its way to one address; `dead` ones were tried often enough."""

    id: str
    message: str = Field(description="The `webhook-id` of the message, the same in every attempt.")
    topic: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    next_at: datetime.datetime | None = Field(description="The next attempt, null where there is none.")
    problem: dict[Literal["ko", "en"], str] | None
    created: datetime.datetime
    ended: datetime.datetime | None


class DeliveriesShown(BaseModel):
    """Messages, newest first; `after` is the cursor of the next page, null on the last."""

    items: list[DeliveryShown]
    after: str | None


@router.get("/webhooks", tags=["webhooks"], responses={**error_answers(422)})
def webhooks(use: Uses, who: Acting, lang: Language = None) -> list[WebhookShown]:
    """List the registered addresses."""
    return [_shown(webhook) for webhook in use.webhooks.webhooks(who)]


@router.post("/webhooks", status_code=201, tags=["webhooks"], responses={201: TAGGED, **error_answers(400, 409, 422)})
def add_webhook(
    body: WebhookRequest, response: Response, use: Uses, who: Acting, lang: Language = None
) -> NewWebhookShown:
    """Register an address; the answer holds its secret, this once."""
    return _made(response, use.webhooks.add(who, body.url, body.topics))


@router.get("/webhooks/{webhook_id}", tags=["webhooks"], responses={200: TAGGED, **error_answers(404, 422)})
def webhook(webhook_id: WebhookId, response: Response, use: Uses, who: Acting, lang: Language = None) -> WebhookShown:
    """Fetch one registered address."""
    found = use.webhooks.webhook(who, webhook_id)
    tag(response, found.version)
    return _shown(found)


@router.patch(
    "/webhooks/{webhook_id}",
    tags=["webhooks"],
    responses={200: TAGGED, **error_answers(400, 404, 422, *CONDITION_FAILS)},
)
def change_webhook(
    webhook_id: WebhookId,
    body: WebhookState,
    condition: IfMatch,
    response: Response,
    use: Uses,
    who: Acting,
    lang: Language = None,
) -> WebhookShown:
    """Pause an address, or let it go on."""
    found = use.webhooks.change_state(who, webhook_id, body.state, version=condition.edit())
    tag(response, found.version)
    return _shown(found)


@router.post(
    "/webhooks/{webhook_id}/secret",
    tags=["webhooks"],
    responses={200: TAGGED, **error_answers(404, 422, *CONDITION_FAILS)},
)
def rotate_webhook_secret(
    webhook_id: WebhookId, condition: IfMatch, response: Response, use: Uses, who: Acting, lang: Language = None
) -> NewWebhookShown:
    """Sign by another secret, told this once; for 24 hours messages are signed by the former one as well."""
    return _made(response, use.webhooks.rotate_secret(who, webhook_id, version=condition.edit()))


@router.delete(
    "/webhooks/{webhook_id}",
    status_code=204,
    response_class=Response,
    tags=["webhooks"],
    responses={**error_answers(404, 422, *CONDITION_FAILS)},
)
def remove_webhook(
    webhook_id: WebhookId, condition: IfMatch, use: Uses, who: Acting, lang: Language = None
) -> Response:
    """Remove an address with all that waits for it."""
    use.webhooks.remove(who, webhook_id, version=condition.edit())
    return Response(status_code=204)


@router.get("/webhooks/{webhook_id}/deliveries", tags=["webhooks"], responses={**error_answers(404, 422)})
def deliveries(
    webhook_id: WebhookId,
    use: Uses,
    who: Acting,
    state: Annotated[
        list[Literal["waiting", "delivered", "dead"]] | None, Query(description="Only messages in these states.")
    ] = None,
    limit: Limit = None,
    after: After = None,
    lang: Language = None,
) -> DeliveriesShown:
    """List what was sent to an address, and what waits or was given up."""
    page = use.webhooks.deliveries(who, webhook_id, states=state or (), limit=limit, after=after)
    return DeliveriesShown(items=[_shown_delivery(delivery) for delivery in page.items], after=page.after)


@router.post("/deliveries/{delivery_id}/again", tags=["webhooks"], responses={**error_answers(404, 409, 422)})
def send_again(delivery_id: DeliveryId, use: Uses, who: Acting, lang: Language = None) -> DeliveryShown:
    """Send a message again that was given up or delivered."""
    return _shown_delivery(use.webhooks.send_again(who, delivery_id))


def _shown(webhook: Webhook) -> WebhookShown:
    state: Literal["active", "paused"] = "active" if webhook.state == "active" else "paused"
    return WebhookShown(
        id=webhook.id, url=webhook.url, topics=list(webhook.topics), state=state, created=webhook.created
    )


def _shown_delivery(delivery: Delivery) -> DeliveryShown:
    return DeliveryShown(
        id=delivery.id,
        message=delivery.message,
        topic=delivery.topic,
        state=delivery.state,
        attempts=delivery.attempts,
        next_at=delivery.next_at if delivery.state == "waiting" else None,
        problem={lang: problem_sentence(delivery.problem, lang) for lang in LANGS} if delivery.problem else None,
        created=delivery.created,
        ended=delivery.ended,
    )


def _made(response: Response, made: NewWebhook) -> NewWebhookShown:
    tag(response, made.webhook.version)
    return NewWebhookShown(**_shown(made.webhook).model_dump(), secret=made.secret)
