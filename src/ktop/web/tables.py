"""Lists on pages: every one is sorted, filtered, paged, remembered and downloaded alike, without scripts.

What a reader asked for stands in the address, so it can be kept as a bookmark and sent to a colleague. Order and rows a
page of each list are remembered in a cookie as well; what was searched for is not, because the next person at the
screen must not read it, and no filter may hide rows without standing on the page.

A list that has no end (a trail, a ledger) is read in windows of ``WINDOW`` rows, the newest first; what is sorted,
filtered and downloaded is the window, and the page says so and leads to the one before.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from ktop.catalogue import Lang, text
from ktop.domain.party.actor import Actor
from ktop.kernel.paging import MOST_ROWS, Page
from ktop.report import numbers
from ktop.report.list_file import MEDIA_TYPES, list_csv, list_xlsx
from ktop.web.asking import is_secure
from ktop.web.downloads import download
from ktop.web.language import language

P = ParamSpec("P")
T = TypeVar("T")

#: Rows that are read at once.
WINDOW = 1000
ROWS = (25, 50, 100, 200)
COOKIE = "ktop_lists"
_LISTS_REMEMBERED = 24
_REMEMBERED = re.compile(r"([a-z-]{1,40}):(-?[a-z_]{0,40}):(\d{1,3})")
_LONGEST_SEARCH = 200

Kind = Literal["text", "choice", "number", "day", "moment"]


@dataclass(frozen=True)  # without slots: a generic class sets what it was made with on its instances
class Column(Generic[T]):
    """A column of a list.

    Parameters
    ----------
    name, label : in addresses, and as people read it.
    of : a row's value: text, a number, a day, a moment, or None. It is what is sorted by and written to files.
    kind : how values are shown and sorted; a ``choice`` is text of few kinds, which can be filtered by.
    href, note, tone : where the cell leads, what stands below it, and its colour (good, warn, bad).
    shown : how the value is written, where its kind does not say.
    """

    name: str
    label: str
    of: Callable[[T], Any]
    kind: Kind = "text"
    href: Callable[[T], str] | None = None
    note: Callable[[T], str] | None = None
    tone: Callable[[T], str] | None = None
    shown: Callable[[Any], str] | None = None
    long: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it stands to the right."""
        return self.kind == "number"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a page shows of one value."""

    shown: str
    href: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: where it sorts, and how the list is sorted by it now (ascending, descending or not)."""

    label: str
    href: str
    sorted: Literal["", "ascending", "descending"]
    numeric: bool
    offer: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice by which a list is filtered; ``options`` are value and words."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that a use case is asked for or not, as whether to show what was put away."""

    name: str
    label: str
    on: bool


@dataclass(frozen=True)  # without slots: a generic class sets what it was made with on its instances
class Table(Generic[T]):
    """A list as a page shows it; ``rows`` are (row, its cells), ``everything`` the rows of all its pages."""

    title: str
    path: str
    headings: Sequence[Heading]
    rows: Sequence[tuple[T, Sequence[Cell]]]
    filters: Sequence[Filter]
    kept: Mapping[str, str]
    search: str
    search_help: str
    sizes: Sequence[tuple[int, bool]]
    count: str
    downloads: Sequence[tuple[str, str]]
    position: str
    previous: str
    next: str
    older: str
    older_words: str
    newest: str
    filtered: bool
    clear: str
    total: int
    name: str
    switches: Sequence[Switch]
    columns: Sequence[Column[T]]
    everything: Sequence[T]

    def width(self, place: int) -> str:
        """Return the class of a cell of a column."""
        one = self.columns[place]
        return "num" if one.numeric else "long-cell" if one.long else "nowrap" if one.kind in ("day", "moment") else ""


def window(
    actor: Actor, read: Callable[Concatenate[Actor, P], Page[T]], after: str | None, *args: P.args, **asked: P.kwargs
) -> Page[T]:
    """Return up to ``WINDOW`` rows of a use case that answers in pages, from a cursor on."""
    items: list[T] = []
    call: Callable[..., Page[T]] = read  # limit and after are named beside what the caller asks for
    while True:
        found = call(actor, *args, limit=min(MOST_ROWS, WINDOW - len(items)), after=after, **asked)
        items += found.items
        after = found.after
        if after is None or len(items) >= WINDOW:
            return Page(items, after)


def search_of(request: Request) -> str:
    """Return what is searched for, for a use case that searches itself."""
    return request.query_params.get("q", "")[:_LONGEST_SEARCH]


def after_of(request: Request) -> str | None:
    """Return the cursor that a window begins behind."""
    return request.query_params.get("after") or None


def listed(
    request: Request,
    name: str,
    title: str,
    columns: Sequence[Column[T]],
    found: Sequence[T] | Page[T],
    *,
    order: str = "",
    switches: Sequence[Switch] = (),
    searched: bool = False,
    search_help: str = "",
    beside: Mapping[str, str] | None = None,
) -> Table[T]:
    """Return rows as the reader asked for them.

    Parameters
    ----------
    name : of the list, under which its order is remembered.
    order : the order where nobody asked, a column's name, led by ``-`` for the largest first; empty: as they come.
    switches : what else of the address the use case was asked by (``switch``).
    searched : whether the use case has searched already.
    beside : what else the address says, and goes on saying, as what a search of the page asked for.
    """
    lang, asked = language(request), request.query_params
    # A page that answers a form leads to the page of that form.
    path = request.url.path if request.method == "GET" else str(getattr(request.state, "get_path", request.url.path))
    page = found if isinstance(found, Page) else Page(found, None)
    remembered = _remembered(request).get(name, ("", 0))
    by = {one.name: one for one in columns}
    sort = next((s for s in (asked.get("sort", ""), remembered[0], order) if s.lstrip("-") in by), "")
    size = next((s for s in (_number(asked.get("rows")), remembered[1]) if s in ROWS), ROWS[0])
    if {"sort", "rows"} & set(asked):
        request.state.list_asked = (name, sort or "-", size)
    search = search_of(request)
    rows = list(page.items)
    filters = [_filter(one, rows, asked.get(f"f_{one.name}", ""), lang) for one in columns if one.kind == "choice"]
    shown = _found(rows, columns, filters, "" if searched else search, lang)
    if sort:
        shown = _sorted(shown, by[sort.lstrip("-")], descending=sort.startswith("-"))
    begun = {n: v for n, v in (beside or {}).items() if v}
    older = functools.partial(_address, path, begun)
    begun |= {"after": asked["after"]} if asked.get("after") else {}
    state = {"q": search} | {one.name: one.chosen for one in filters} | {one.name: "1" for one in switches if one.on}
    state = {n: v for n, v in state.items() if v}
    address = functools.partial(_address, path, begun | state)
    pages = max(1, -(-len(shown) // size))
    number = min(max(1, _number(asked.get("page"))), pages)
    part = shown[(number - 1) * size : number * size]
    used = {"sort": asked.get("sort", ""), "rows": asked.get("rows", "")}
    used = {n: v for n, v in used.items() if v}
    return Table(
        title=title,
        path=path,
        headings=[_heading(one, sort, address, used, lang) for one in columns],
        rows=[(row, [_cell(one, row, lang) for one in columns]) for row in part],
        filters=[one for one in filters if len(one.options) > 1 or one.chosen],
        kept=begun | ({"sort": used["sort"]} if "sort" in used else {}),
        search=search,
        search_help=search_help or text("listing.search_help", lang),
        sizes=[(one, one == size) for one in ROWS],
        count=_count(len(part), (number - 1) * size, len(shown), len(rows), lang),
        downloads=[(ending, address(**used, file=ending)) for ending in MEDIA_TYPES] if shown else [],
        position=text("listing.page", lang, page=number, pages=pages) if pages > 1 else "",
        previous=address(**used, page=str(number - 1)) if number > 1 else "",
        next=address(**used, page=str(number + 1)) if number < pages else "",
        older=older(**state, **used, after=page.after) if page.after else "",
        older_words=text("listing.older", lang, rows=f"{len(rows):,}"),
        newest=older(**state, **used) if asked.get("after") else "",
        filtered=bool(state),
        clear=_address(path, begun, **used),
        total=len(rows),
        name=name,
        switches=switches,
        columns=columns,
        everything=shown,
    )


def switch(request: Request, name: str, label: str) -> Switch:
    """Return whether the reader asked for something more (``?away=1``)."""
    return Switch(name, label, request.query_params.get(name) == "1")


def file_of(request: Request, table: Table[Any]) -> Response | None:
    """Return a list as the file that the reader asked for, None where a page was asked for."""
    ending = request.query_params.get("file", "")
    if ending not in MEDIA_TYPES:
        return None
    lang = language(request)
    headings = [one.label for one in table.columns]
    cells = [[_written(one, row, lang) for one in table.columns] for row in table.everything]
    content = list_xlsx(table.title, headings, cells) if ending == "xlsx" else list_csv(headings, cells)
    return download(content, f"k-top-{table.name}.{ending}", MEDIA_TYPES[ending])


def remember(request: Request, response: Response) -> None:
    """Keep the order and the rows a page that the reader has just chosen."""
    asked: tuple[str, str, int] | None = getattr(request.state, "list_asked", None)
    if asked is None:
        return
    name, sort, size = asked
    known = {n: v for n, v in _remembered(request).items() if n != name}
    known = dict([*known.items(), (name, (sort, size))][-_LISTS_REMEMBERED:])
    kept = "|".join(f"{n}:{s or '-'}:{r}" for n, (s, r) in known.items())
    response.set_cookie(COOKIE, kept, httponly=True, samesite="lax", secure=is_secure(request), path="/")


def _remembered(request: Request) -> dict[str, tuple[str, int]]:
    given = request.cookies.get(COOKIE, "")[:4000]
    found = [_REMEMBERED.fullmatch(one) for one in given.split("|")]
    return {one[1]: (one[2], int(one[3])) for one in found[:_LISTS_REMEMBERED] if one}


def _number(given: str | None) -> int:
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 6 else 0


def _address(path: str, base: Mapping[str, str], **more: str) -> str:
    asked = {n: v for n, v in {**base, **more}.items() if v}
    return f"{path}?{urlencode(asked)}" if asked else path


def _heading(one: Column[T], sort: str, address: Callable[..., str], used: Mapping[str, str], lang: Lang) -> Heading:
    upwards = sort == one.name
    # Moments and numbers are looked at from the newest or largest on, words from the first letter on.
    first_down = one.kind in ("moment", "day", "number")
    down = upwards or (first_down and sort.lstrip("-") != one.name)
    return Heading(
        one.label,
        address(**{**used, "sort": f"-{one.name}" if down else one.name}),
        "ascending" if upwards else "descending" if sort == f"-{one.name}" else "",
        one.numeric,
        text("listing.sort_down" if down else "listing.sort_up", lang),
    )


def _filter(one: Column[T], rows: Sequence[T], chosen: str, lang: Lang) -> Filter:
    values = {str(value): value for row in rows if (value := one.of(row)) not in (None, "")}
    options = sorted(((key, _shown(one, value, lang)) for key, value in values.items()), key=lambda pair: pair[1])
    return Filter(f"f_{one.name}", one.label, options, chosen if chosen in values else "")


def _found(
    rows: Sequence[T], columns: Sequence[Column[T]], filters: Sequence[Filter], search: str, lang: Lang
) -> list[T]:
    chosen = [(next(c for c in columns if f"f_{c.name}" == one.name), one.chosen) for one in filters if one.chosen]
    words = search.casefold().split()
    return [
        row
        for row in rows
        if all(str(column.of(row)) == wanted for column, wanted in chosen)
        and (not words or _holds(row, columns, words, lang))
    ]


def _holds(row: T, columns: Sequence[Column[T]], words: Sequence[str], lang: Lang) -> bool:
    said = " ".join(f"{_shown(one, one.of(row), lang)} {one.note(row) if one.note else ''}" for one in columns)
    said = said.casefold()
    return all(word in said for word in words)


def _sorted(rows: Sequence[T], one: Column[T], *, descending: bool) -> list[T]:
    """Return rows in order; those without a value come last either way, for missing is not small."""
    given = [row for row in rows if one.of(row) not in (None, "")]
    without = [row for row in rows if one.of(row) in (None, "")]
    return [*sorted(given, key=lambda row: _key(one.of(row)), reverse=descending), *without]


def _key(value: Any) -> tuple[int, Any]:
    if isinstance(value, datetime):
        return 1, value.timestamp()
    if isinstance(value, date):
        return 1, value.toordinal()
    if isinstance(value, int | float):
        return 0, value
    return 2, str(value).casefold()


def _shown(one: Column[T], value: Any, lang: Lang) -> str:
    if one.shown is not None:
        return one.shown(value)
    if value is None or value == "":
        return numbers.missing(lang) if one.kind == "number" else "–"
    if isinstance(value, datetime):
        return numbers.moment(value, lang)
    if isinstance(value, date):
        return numbers.day(value, lang)
    if isinstance(value, float):
        return numbers.figure(value, lang, 1)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _written(one: Column[T], row: T, lang: Lang) -> Any:
    value = one.of(row)
    return _shown(one, value, lang) if one.kind == "choice" and value not in (None, "") else value


def _cell(one: Column[T], row: T, lang: Lang) -> Cell:
    return Cell(
        _shown(one, one.of(row), lang),
        one.href(row) if one.href else "",
        one.note(row) if one.note else "",
        one.tone(row) if one.tone else "",
    )


def _count(part: int, before: int, shown: int, every: int, lang: Lang) -> str:
    if not shown:
        return text("listing.count_none", lang)
    first, last = f"{before + 1:,}", f"{before + part:,}"
    said = text("listing.count", lang, first=first, last=last, total=f"{shown:,}")
    return said if shown == every else f"{said} · {text('listing.count_found', lang, all=f'{every:,}')}"
