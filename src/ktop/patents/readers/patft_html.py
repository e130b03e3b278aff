"""Reads result lists of the USPTO's old full-text search (PATFT), as saved from a browser: number and title."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from ktop.domain.patent.document import PatentCitation, normalise_publication_number
from ktop.kernel.errors import TooLargeError
from ktop.patents.readers import Record, Reject, Sample
from ktop.patents.readers.plain_text import plain_text
from ktop.patents.readers.record import build
from ktop.patents.readers.source import Source

_MARK = b"Patent Database Search Results"
_MAX_PAGE_BYTES = 16 * 1024**2
#: A hit: the number, then the title, both the text of a link.
_HIT = re.compile(
    r">\s*((?:RE|PP|D|H|T)?[\d,]{4,12})\s*</a>\s*</td>.{0,400}?<a\s[^<>]{0,2000}>([^<]{1,3000})</a>",
    re.DOTALL | re.IGNORECASE,
)
#: The search was for the patents that cite one number.
_REFERENCE = re.compile(
    r"Results of Search in US Patent Collection db for:\s*<br>\s*REF/((?:RE|PP|D|H|T)?\d{4,8})\s*</b>"
)


class PatftHtml:
    """A page of hits. A search for ``ref/NUMBER`` also says that every hit cites that number."""

    name = "patft-html"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the page's title."""
        return _MARK in sample.head and b"<html" in sample.head.lower()

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent with no more than number and title, or a reject, per hit."""
        with source.open() as stream:
            data = stream.read(_MAX_PAGE_BYTES + 1)
        if len(data) > _MAX_PAGE_BYTES:
            raise TooLargeError("patents.file_too_large", file=source.name, limit=_MAX_PAGE_BYTES // 1024**2)
        page = data.decode("utf-8", errors="replace")
        reference = _REFERENCE.search(page)
        cited = normalise_publication_number(reference[1], country="US") if reference else None
        found = 0
        for found, hit in enumerate(_HIT.finditer(page), 1):
            source.tally.saw()
            title = plain_text(" ".join(html.unescape(hit[2]).split()))
            yield build(
                f"result {found}",
                self.name,
                ("US", hit[1], ""),
                title,
                None,
                language="en",
                cited=[PatentCitation(cited)] if cited else [],
            )
        if not found:
            source.tally.saw()
            yield Reject("page", "patent_sources.reject_no_record")


READER = PatftHtml()
