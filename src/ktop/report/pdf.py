"""PDF reports: what ``present`` shows, set by typst with our own fonts, archivable (PDF/A-2a) and tagged (PDF/UA-1).

A report that is to be signed carries its signed result as a file, which makes it PDF/A-3a: 2 allows no such file.

Everything a user wrote reaches the document as data: one JSON string whose values the document prints as text. Nothing
is ever joined into typst mark-up, so that no input can become code.
"""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from ktop.catalogue import Lang, text
from ktop.kernel.errors import InputError, KtopError
from ktop.kernel.places import Places
from ktop.report.appendix import appendix
from ktop.report.fonts import BOLD_FAMILY, bold_font_folder, font_folder
from ktop.report.present import report_view

_WORDS = (
    *(
        "platform",
        "as_of",
        "item",
        "value",
        "remark",
        "scores",
        "opinions",
        "position",
        "next_steps",
        "next_steps_lead",
    ),
    *(
        "guarantee_title",
        "clause",
        "result",
        "key_terms",
        "neighbours",
        "technology_text",
        "inputs",
        "breakdowns",
    ),
    *("breakdowns_lead", "seal_title", "seal_text", "seal_code", "seal_file"),
    *("number", "unsigned", "contents", "summary_page", "sure", "appendix", "method", "limits"),
    *("grade_meanings", "grades_fixed", "glossary", "glossary_lead"),
)
#: Typst holds some 45 MB for every document that it sets at the same time.
PDF_MAKING = Places(at_once=2, waiting=16, seconds=30.0, busy="report.pdf_busy")
_COLUMNS = {"feature_columns": 3, "step_columns": 3, "neighbour_columns": 5, "input_columns": 4, "glossary_columns": 2}


@dataclass(frozen=True, slots=True)
class Seal:
    """What makes a report one that can be verified.

    Parameters
    ----------
    address : of the page that tells whether the result still counts; printed as a QR code.
    name, content : the signed result, attached as a file.
    """

    address: str
    name: str
    content: bytes


class ReportError(KtopError):
    """The document could not be set: a defect of ours, or characters that no font of ours can carry."""


def company_report(ratings: Sequence[Mapping[str, Any]], lang: Lang) -> bytes:
    """Return the PDF report of the ratings of one company (and of its technology, where that was rated with it).

    Parameters
    ----------
    ratings : ``Rating.to_json()`` objects with opinions in ``lang``; raises ``InputError`` where there is none.
    """
    return report(ratings, lang)


def technology_report(rating: Mapping[str, Any], lang: Lang, technology_text: str | None = None) -> bytes:
    """Return the PDF report of one technology rating; ``technology_text`` is the summary as given."""
    return report([rating], lang, technology_text=technology_text)


def report(
    ratings: Sequence[Mapping[str, Any]], lang: Lang, *, technology_text: str | None = None, seal: Seal | None = None
) -> bytes:
    """Return the PDF report of ratings made together. The same ratings give the same bytes.

    ``seal`` makes it one that is to be signed. Raises ``BusyError`` where too many others wait for theirs.
    """
    data = _report_data(ratings, lang, technology_text, seal)
    with PDF_MAKING.taken():
        return set_document(data, date.fromisoformat(ratings[0]["as_of"]))


def report_pictures(
    ratings: Sequence[Mapping[str, Any]], lang: Lang, *, seal: Seal | None = None, dots_per_inch: float = 72.0
) -> list[bytes]:
    """Return the pages of a report as PNG, for documents that show what one looks like."""
    with PDF_MAKING.taken():
        pages = _compiler(_report_data(ratings, lang, None, seal), "report.typ").compile(
            format="png", ppi=dots_per_inch
        )
    return [pages] if isinstance(pages, bytes) else [page for page in pages or () if page is not None]


def _report_data(
    ratings: Sequence[Mapping[str, Any]], lang: Lang, technology_text: str | None, seal: Seal | None
) -> dict[str, Any]:
    if not ratings:
        raise InputError("report.nothing_to_report")
    view = report_view(ratings, lang, technology_text=technology_text, medium="paper")
    data: dict[str, Any] = _for_print(asdict(view))
    data["words"] = _words(lang)
    data["inputs_line"] = text("report.inputs_line", lang, given=view.given, missing=view.missing)
    data["seal"] = None if seal is None else _sealed(seal)
    data["appendix"] = appendix(ratings, lang)
    data["appendix"]["grades"] = [asdict(table) for table in data["appendix"]["grades"]]
    return data


def sections_pdf(title: str, parts: Sequence[Any], lang: Lang, day: date) -> bytes:
    """Return sections (``ktop.report.validation.Section``), with their wide chart, as PDF."""
    shown = [
        {name: getattr(part, name) for name in ("heading", "level", "said", "notice", "items")}
        | {"table": None if part.table is None else {"columns": part.table.columns, "rows": part.table.rows}}
        | {"chart": None if part.wide_chart is None else _for_print(asdict(part.wide_chart))}
        for part in parts
    ]
    data = {
        "lang": lang,
        "title": title,
        "subject": title,
        "models": [],
        "as_of": day.isoformat(),
        "origin": text("report.platform", lang),
        "words": {"platform": text("report.platform", lang), "as_of": text("report.as_of", lang)},
        "parts": shown,
    }
    with PDF_MAKING.taken():
        return set_document(data, day, "sections.typ")


def _sealed(seal: Seal) -> dict[str, str]:
    """Return what the document prints and carries of a seal; the code stands still when a ninth of it is damaged."""
    import segno

    drawn = io.BytesIO()
    segno.make_qr(seal.address, error="q").save(drawn, kind="svg", xmldecl=False, border=4)
    return {
        "address": seal.address,
        "number": seal.address.rsplit("/", 1)[-1],
        "code": drawn.getvalue().decode(),
        "name": seal.name,
        "content": seal.content.decode(),
    }


def _words(lang: Lang) -> dict[str, Any]:
    words: dict[str, Any] = {key: text(f"report.{key}", lang) for key in _WORDS}
    for key, count in _COLUMNS.items():
        words[key] = [text(f"report.{key}_{i + 1}", lang) for i in range(count)]
    return words


@functools.cache
def _fonts() -> Any:
    """Return our fonts, read once: no font of the machine may change how a report looks."""
    import typst

    folders = [folder for folder in (font_folder(), bold_font_folder()) if folder is not None]
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder) for folder in folders]
    )


def set_document(data: Mapping[str, Any], day: date, document: str = "report.typ") -> bytes:
    """Set a document of ``report/documents``: archivable for good (PDF/A), readable by screen readers (PDF/UA-1)."""
    import typst

    archivable: Literal["a-2a", "a-3a"] = "a-2a" if data.get("seal") is None else "a-3a"

    try:
        content = _compiler(data, document).compile(
            format="pdf",
            pdf_standards=[archivable, "ua-1"],
            timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
        )
    except typst.TypstError as error:
        raise ReportError("report.pdf_failed") from error
    assert isinstance(content, bytes)  # a PDF is one file, whatever its number of pages
    return content


def _compiler(data: Mapping[str, Any], document: str) -> Any:
    import typst

    documents = Path(str(resources.files("ktop.report"))) / "documents"
    return typst.Compiler(
        documents / document,
        root=documents,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={
            "data": json.dumps(_printable(data), ensure_ascii=False),
            "bold": "" if bold_font_folder() is None else BOLD_FAMILY,
        },
    )


_BOLD_TEXT = re.compile(r'(<text [^>]*?fill="(#[0-9a-f]{6})"[^>]*?)font-weight="700"')


def _for_print(value: Any) -> Any:
    """Make bold text of charts bold by a thin outline: a picture is set in the font of one weight."""
    if isinstance(value, Mapping):
        return {
            key: _BOLD_TEXT.sub(r'\1stroke="\2" stroke-width="0.45"', part) if key == "svg" else _for_print(part)
            for key, part in value.items()
        }
    return [_for_print(part) for part in value] if isinstance(value, (list, tuple)) else value


#: Drawn where our fonts have no glyph: a PDF/A may not hold a character that it cannot show.
_NO_GLYPH = "□"


@functools.cache
def _drawable() -> frozenset[str]:
    """Return every character our font can draw, and those that only lay text out."""
    from fontTools.ttLib import TTFont

    with TTFont(font_folder() / "NotoSansKR-Regular.otf", lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap())) | {"\n", "\t"}


def _printable(value: Any) -> Any:
    """Take control and format characters out and mark those no font of ours can draw."""
    if isinstance(value, str):
        drawable = _drawable()
        if drawable.issuperset(value) and value.replace("\n", "").replace("\t", "").isprintable():
            return value
        return "".join(c if c in drawable else _NO_GLYPH for c in value if c.isprintable() or c in "\n\t")
    if isinstance(value, Mapping):
        return {key: _printable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(part) for part in value]
    return value
