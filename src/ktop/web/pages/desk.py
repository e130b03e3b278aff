"""The home of whoever has signed in: what waits for them, counts of what is theirs, and their newest results.

What somebody sees follows from what they may do, not from the name of their role: a room whose permission they lack is
not asked. So a person with two roles has one home, and a new role needs no page of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ktop.catalogue import Lang, text
from ktop.domain.finance.process import process
from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.domain.party.permission import Allowed, check, role_names
from ktop.domain.work.job import FAILED, RUNNING, WAITING
from ktop.report import labels, numbers
from ktop.web.asking import actor, ask, asker, platform
from ktop.web.language import language
from ktop.web.pages.my_companies import figures_line
from ktop.web.rendering import page

router = APIRouter(include_in_schema=False)
#: Counts go so far; beyond, a home says "or more".
_COUNTED = 100
#: Things to do that a home names, and results that it lists.
_TASKS, _RECENT = 6, 5


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: a sentence, and where it is done."""

    sentence: str
    go: str
    address: str


@dataclass(frozen=True, slots=True)
class Place:
    """A room with how much is in it; without a count where counting says nothing."""

    label: str
    count: str
    address: str


@dataclass(slots=True)
class Desk:
    """What a home shows, as its rooms fill it. ``pressing`` comes before ``soon`` in the list of things to do."""

    request: Request
    who: Actor
    lang: Lang
    pressing: list[Task] = field(default_factory=list)
    soon: list[Task] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    recent: list[dict[str, str]] = field(default_factory=list)

    def may(self, permission: str) -> bool:
        """Whether whoever asks may do something."""
        return isinstance(check(self.who, permission), Allowed)

    async def ask(self, use: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Ask a use case on behalf of whoever asks."""
        return await ask(self.request, use, *args, **named)

    def do(self, key: str, address: str, *, soon: bool = False, **said: object) -> None:
        """Add something to do: the sentence ``do_KEY`` with what is said in it."""
        sentence = text(f"desk.do_{key}", self.lang, **said)
        (self.soon if soon else self.pressing).append(Task(sentence, text(f"desk.do_{key}_go", self.lang), address))

    def place(self, key: str, address: str, found: Sequence[object] | int | None, *, more: bool = False) -> None:
        """Add a room with its count."""
        number = found if isinstance(found, int) or found is None else len(found)
        word = "more_than" if more else "count"
        count = "" if number is None else text(f"desk.{word}", self.lang, n=f"{number:,}")
        self.places.append(Place(text(f"desk.at_{key}", self.lang), count, address))


@router.get("/home")
async def home(request: Request) -> Response:
    """Show the home of whoever asks."""
    who, person, lang = actor(request), asker(request), language(request)
    desk = Desk(request, who, lang)
    for permission, room in _ROOMS:
        if desk.may(permission) and not (who == LOCAL_OWNER and room in _BETWEEN):
            await room(desk)
    organisation = person.organisation[lang] if person else ""
    return page(
        request,
        "desk.html",
        title=text("desk.title", lang, organisation=organisation) if organisation else text("desk.title_solo", lang),
        roles=", ".join(role_names()[role][lang] for role in sorted(who.roles)),
        tasks=[*desk.pressing, *desk.soon][:_TASKS],
        places=desk.places,
        recent=desk.recent,
    )


async def _companies(desk: Desk) -> None:
    use = platform(desk.request)
    found = await desk.ask(use.portfolio.kept_companies, limit=_COUNTED)
    is_company = desk.may("own:result:send")
    if desk.may("own:company:edit"):
        drafts = await desk.ask(use.portfolio.drafts_among, [one.id for one in found.items])
        rated = await desk.ask(use.ratings.newest_results, [one.id for one in found.items])
        half = [one for one in found.items if one.id in drafts]
        bare = [one for one in found.items if one.id not in drafts and one.id not in rated]
        if half:
            one = f"/my/companies/{half[0].id}/enter"
            desk.do("draft", one if len(half) == 1 else "/my/companies?drafts=1", n=len(half))
        if bare:
            one = f"/my/companies/{bare[0].id}"
            desk.do("rate", one if len(bare) == 1 else "/my/companies?f_next=next_rate", n=len(bare))
        if changed := await desk.ask(use.collect.changes, unseen=True, limit=_COUNTED):
            desk.do("changed", "/collect", n=len(changed))
        if is_company and not found.items:
            desk.do("enter", "/my/companies/new")
    desk.place("companies", "/my/companies", found.items, more=found.after is not None)
    technologies = await desk.ask(use.portfolio.kept_technologies, limit=_COUNTED)
    desk.place("technologies", "/my/technologies", technologies.items, more=technologies.after is not None)
    if desk.may("own:batch:run"):
        desk.place("portfolio", "/portfolio", None)


async def _results(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).ratings.results, limit=_COUNTED)
    desk.place("results", "/my/results", found.items, more=found.after is not None)
    desk.recent = [
        {
            "address": f"/ratings/{one.id}",
            "name": one.title
            or labels.company(one.name, desk.lang, one.name_en)
            or text("kept.without_name", desk.lang),
            "figures": figures_line(one, desk.lang),
            "day": numbers.day(one.as_of, desk.lang),
        }
        for one in found.items[:_RECENT]
    ]
    if desk.recent and desk.may("own:result:send"):
        newest = desk.recent[0]
        desk.do("result", newest["address"], soon=True, name=newest["name"])


async def _batches(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).batches.batches, limit=_COUNTED)
    ready = next((one for one in found.items if one.ready), None)
    if ready is not None:
        desk.do(
            "batch", f"/batches/{ready.job.id}", file=ready.file, rated=ready.rated or 0, refused=ready.refused or 0
        )
    elif not found.items:
        desk.do("batch_none", "/batches", soon=True)
    desk.place("batches", "/batches", found.items, more=found.after is not None)


async def _reviews(desk: Desk) -> None:
    waiting = await desk.ask(platform(desk.request).reviews.waiting)
    mine_to_check = [one for one in waiting if not one.mine]
    if mine_to_check:
        desk.do("review", "/reviews", n=len(mine_to_check))
    desk.place("reviews", "/reviews", mine_to_check)


async def _consents(desk: Desk) -> None:
    use = platform(desk.request).consents
    asked = await desk.ask(use.consents, state="requested", limit=_COUNTED)
    active = await desk.ask(use.consents, state="active", limit=_COUNTED)
    if asked.items and desk.may("own:consent:give"):
        one = f"/consents/{asked.items[0].consent.id}"
        desk.do("consent", one if len(asked.items) == 1 else "/consents?f_state=requested", n=len(asked.items))
    desk.place("consents", "/consents?f_state=active", active.items, more=active.after is not None)
    if desk.may("granted:consent:request"):
        desk.place("asked", "/consents?f_state=requested", asked.items, more=asked.after is not None)
        if not asked.items and not active.items:
            desk.do("ask", "/consents#t-ask", soon=True)


async def _ledger(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).consents.ledger, limit=_COUNTED)
    desk.place("ledger", "/ledger", found.items, more=found.after is not None)


async def _inbox(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).transmissions.inbox, limit=_COUNTED)
    unread = [one for one in found.items if not one.read and not one.withdrawn]
    if unread:
        desk.do("inbox", "/inbox?f_state=arrived", n=len(unread))
    desk.place("inbox", "/inbox", found.items, more=found.after is not None)


async def _sent(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).transmissions.sent, limit=_COUNTED)
    desk.place("sent", "/sent", found.items, more=found.after is not None)


async def _lookups(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).lookups.looked_at, limit=_COUNTED)
    desk.place("lookups", "/lookup", found.items, more=found.after is not None)
    if warned := await desk.ask(platform(desk.request).watch.warned):
        desk.do("watch", "/watch?sort=-signs", n=warned)
    desk.place("watch", "/watch", None)


async def _cases(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).finance.cases, limit=_COUNTED)
    yours = [one for one in found.items if process().states[one.state].waits_for == one.you]
    if yours:
        due = min((one.due for one in yours if one.due), default=None)
        one = f"/finance/{yours[0].id}"
        to = one if len(yours) == 1 else "/finance"
        if due:
            desk.do("case", to, n=len(yours), due=numbers.day(due, desk.lang))
        else:  # drafts have no deadline
            desk.do("case_open", to, n=len(yours))
    desk.place("cases", "/finance", found.items, more=found.after is not None)


async def _contacts(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).discovery.contacts)
    waits = [one for one in found if one.yours and one.state == "asked"]
    if waits:
        desk.do("contact", "/discovery#t-contacts", n=len(waits))
    desk.place("contacts", "/discovery#t-contacts", found)


async def _finding(desk: Desk) -> None:
    use = platform(desk.request).discovery
    found, searches = await desk.ask(use.contacts), await desk.ask(use.saved_searches)
    if new := sum(one.new > 0 for one in searches):
        desk.do("found_new", "/discovery#t-searches", n=new)
    desk.do("find", "/discovery", soon=True)
    desk.place("discovery", "/discovery", None)
    desk.place("contacts", "/discovery#t-contacts", found)


async def _calls(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).seasons.calls, limit=_COUNTED)
    for one in found.items:
        if one.appeals_open and desk.may("own:programme:manage"):
            desk.do("appeal", f"/programmes/calls/{one.call.id}", n=one.appeals_open, name=one.name[desk.lang])
    desk.place("programmes", "/programmes", found.items, more=found.after is not None)


async def _members(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).members.members)
    if len({one.user for one in found}) == 1:
        desk.do("member", "/organisation/members", soon=True)
    desk.place("members", "/organisation/members", len({one.user for one in found}))


async def _keys(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).keys.keys)
    active = [one for one in found if one.state == "active"]
    if not active and not desk.may("own:rating:make"):
        desk.do("key", "/organisation/keys", soon=True)
    if left := sum(one.left_behind for one in active):
        desk.do("key_left", "/organisation/keys", n=left)
    desk.place("keys", "/organisation/keys", active)


async def _institutions(desk: Desk) -> None:
    use = platform(desk.request).institutions
    found = await desk.ask(use.institutions, limit=_COUNTED)
    desk.place("institutions", "/institutions", found.items, more=found.after is not None)
    bare = await desk.ask(use.companies, unverified=True, limit=_COUNTED)
    if bare.items:
        desk.do("verify", "/joined-companies", n=len(bare.items))
    desk.place("joined", "/joined-companies", bare.items, more=bare.after is not None)


async def _models(desk: Desk) -> None:
    use = platform(desk.request).models
    cards = await desk.ask(use.model_cards)
    in_force = {card["name"]: card["version"] for card in cards if card["champion"]}
    for report in await desk.ask(use.drift_reports):
        name, version = report["model"]["name"], report["model"]["version"]
        if report["verdict"] in ("alarm", "watch") and in_force.get(name) == version:
            title = f"{labels.word('model', name, desk.lang)} {version}"
            desk.do("drift", f"/models/{name}/{version}", model=title)
    desk.place("models", "/models", len(in_force))


async def _jobs(desk: Desk) -> None:
    use, everywhere = platform(desk.request).jobs, desk.may("platform:job:read")
    going = await desk.ask(use.jobs, everywhere=everywhere, states=(WAITING, RUNNING), limit=_COUNTED)
    failed = await desk.ask(use.jobs, everywhere=everywhere, states=(FAILED,), limit=_COUNTED)
    if failed.items:
        desk.do("failed", f"/jobs?f_state={FAILED}", soon=not everywhere, n=len(failed.items))
    desk.place("jobs", "/jobs", going.items, more=going.after is not None)


async def _audit(desk: Desk) -> None:
    desk.place("audit", "/audit", None)


async def _running(desk: Desk) -> None:
    found = await desk.ask(platform(desk.request).collect.sources)
    failing = [one for one in found if one.has_key and one.failures]
    if failing:
        desk.do("source", "/sources", n=len(failing))
    desk.place("sources", "/sources", found)
    desk.place("settings", "/settings", None)


_Room = Callable[[Desk], Awaitable[None]]
#: Permission → the room that is asked for whoever has it, what presses most first.
_ROOMS: Sequence[tuple[str, _Room]] = (
    ("own:company:read", _companies),
    ("own:rating:read", _results),
    ("own:consent:read", _consents),
    ("own:inbox:read", _inbox),
    ("own:finance:read", _cases),
    ("own:batch:run", _batches),
    ("own:rating:review", _reviews),
    ("own:programme:review", _calls),
    ("granted:result:read", _lookups),
    ("granted:discovery:read", _finding),
    ("own:consent:give", _contacts),
    ("own:ledger:read", _ledger),
    ("own:result:send", _sent),
    ("platform:institution:manage", _institutions),
    ("platform:model:manage", _models),
    ("own:job:read", _jobs),
    ("own:member:manage", _members),
    ("own:key:manage", _keys),
    ("own:audit:read", _audit),
    ("platform:settings:read", _running),
)
#: Rooms of what organisations have to do with each other.
_BETWEEN = frozenset((_consents, _inbox, _cases, _lookups, _finding, _contacts, _ledger, _sent, _calls, _institutions))
