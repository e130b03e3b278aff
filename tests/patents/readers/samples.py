"""A made-up source of every format, each with the same twelve inventions: what readers are fuzzed with."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import polars as pl

NUMBERS = tuple(range(7_100_001, 7_100_013))


def _title(number: int) -> str:
    return f"Lamp with reflector {number}"


def _docdb_document(number: int, prefix: str = "exch:") -> str:
    return (
        f'<{prefix}exchange-document country="US" doc-number="{number}" kind="B2" date-publ="20060905">'
        f"<{prefix}bibliographic-data><{prefix}invention-title lang=\"en\">{_title(number)}</{prefix}invention-title>"
        f"<{prefix}references-cited><{prefix}citation><patcit><document-id><country>JP</country><doc-number>H05142789"
        f"</doc-number><kind>A</kind></document-id></patcit></{prefix}citation></{prefix}references-cited>"
        f"</{prefix}bibliographic-data></{prefix}exchange-document>\n"
    )  # fmt: skip


def _uspto(number: int) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<us-patent-grant><us-bibliographic-data-grant><publication-reference><document-id><country>US</country>
<doc-number>0{number}</doc-number><kind>B2</kind><date>20060905</date></document-id></publication-reference>
<application-reference><document-id><country>US</country><doc-number>1{number}</doc-number></document-id>
</application-reference><invention-title>{_title(number)}</invention-title></us-bibliographic-data-grant>
<claims><claim>1. A lamp.</claim></claims></us-patent-grant>
"""


def _ep(number: int) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ep-patent-document country="EP" doc-number="{number}" kind="A1"><SDOBI><B100><B110>{number}</B110><B130>A1</B130>
<B140><date>20060905</date></B140><B190>EP</B190></B100><B500><B540><B541>en</B541><B542>{_title(number)}</B542></B540>
</B500></SDOBI></ep-patent-document>
"""


def _greenbook(number: int) -> str:
    lines = [
        "PATN",
        f"WKU  0{number}5",
        "SRC  5",
        f"APN  {number - 7_000_000}1",
        "APT  1",
        f"TTL  {_title(number)}",
        "ISD  19760113",
    ]
    return "\n".join([*lines, "UREF", "PNO  1234567", "ABST", "PAL  A lamp.", ""])


def _patsnap(number: int) -> str:
    return (
        f'<doc><str name="Patent Number">US{number}</str><str name="Title">{_title(number)}</str>'
        f'<str name="Publication Date">2006-09-05</str><str name="Cites">US1234567 | EP0240590</str></doc>\n'
    )


def _kipris(number: int) -> str:
    return (
        f"<PatentUtilityInfo><ApplicationNumber>102019{number}</ApplicationNumber><OpeningNumber>102020{number}"
        f"</OpeningNumber><InventionName>{_title(number)}</InventionName></PatentUtilityInfo>\n"
    )


def _lens(number: int) -> dict[str, object]:
    return {
        "lens_id": str(number), "jurisdiction": "US", "doc_number": str(number), "kind": "B2",
        "biblio": {"invention_title": [{"text": _title(number), "lang": "en"}]},
    }  # fmt: skip


def _bigquery(number: int) -> dict[str, object]:
    return {
        "publication_number": f"US-{number}-B2", "title_localized": [{"text": _title(number), "language": "en"}],
        "family_id": "-1", "citation": [{"publication_number": "SG-11201505229S-A"}],
    }  # fmt: skip


def _hit(number: int) -> str:
    return f'<tr><td><a href="x">{number}</a></td>\n<td><a href="y">{_title(number)}</a></td></tr>\n'


def _lines(records: Sequence[object]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def samples() -> dict[str, bytes]:
    """Return name → bytes; the name begins with that of the reader."""
    opening = '<?xml version="1.0" encoding="UTF-8"?>\n'
    kipris_head = "<header><resultCode>00</resultCode></header>"
    docdb = "".join(map(_docdb_document, NUMBERS))
    ops = "".join(_docdb_document(number, "") for number in NUMBERS)
    parquet = io.BytesIO()
    pl.DataFrame({"patent_id": [f"US{n}B2" for n in NUMBERS], "title": [_title(n) for n in NUMBERS]}).write_parquet(
        parquet
    )
    own = [{"id": f"US{n}B2", "title": _title(n), "filed": "2003-03-04", "family": "N/A"} for n in NUMBERS]
    return {
        "uspto-xml": "".join(map(_uspto, NUMBERS)).encode(),
        "ep-xml": "".join(map(_ep, NUMBERS)).encode(),
        "docdb-xml": f'{opening}<exch:exchange-documents xmlns:exch="x">\n{docdb}</exch:exchange-documents>\n'.encode(),
        "ops": f'{opening}<world-patent-data xmlns="o">\n{ops}</world-patent-data>\n'.encode(),
        "ops client": json.dumps({"query": "lamp", "num_results": 12, "results": [
            {"doc_number": str(n), "country": "US", "kind": "B2", "family_id": "0"} for n in NUMBERS]}).encode(),
        "kipris-xml": (f"{opening}<response>{kipris_head}<body><items>\n{''.join(map(_kipris, NUMBERS))}</items></body>"
                       "</response>\n").encode(),
        "patsnap-xml": f"{opening}<docs>\n{''.join(map(_patsnap, NUMBERS))}</docs>\n".encode(),
        "uspto-greenbook": "".join(map(_greenbook, NUMBERS)).encode(),
        "patft-html": f"<html><title>Patent Database Search Results</title>\n{''.join(map(_hit, NUMBERS))}".encode(),
        "json": _lines(own),
        "json array": json.dumps(own, indent=1).encode(),
        "lens-json": _lines([*map(_lens, NUMBERS)]),
        "bigquery-json": _lines([*map(_bigquery, NUMBERS)]),
        "table": ("publication_number,title,family\n" + "".join(f"US{n}B2,{_title(n)},-1\n" for n in NUMBERS)).encode(),
        "table tabs": ("publication_number\ttitle\n" + "".join(f'US{n}B2\t"{_title(n)}"\n' for n in NUMBERS)).encode(),
        "table parquet": parquet.getvalue(),
        "citations": ("citing,cited\n" + "".join(f"US{n}B2,US1234567A\n" for n in NUMBERS)).encode(),
        "google-csv": ("search URL:,https://patents.google.com/?q=lamp\nid,title,assignee,inventor/author,result link\n"
                       + "".join(f"US-{n}-B2,{_title(n)},A,B,x\n" for n in NUMBERS)).encode(),
        "lens-csv": ("Jurisdiction,Kind,Publication Number,Lens ID,Title,Type\n"
                     + "".join(f"US,B2,US{n}B2,{n},{_title(n)},Granted Patent\n" for n in NUMBERS)).encode(),
        "patentsview": ("patent_id\tpatent_title\tpatent_date\twipo_kind\n"
                        + "".join(f"{n}\t{_title(n)}\t2006-09-05\tB2\n" for n in NUMBERS)).encode(),
        "patentsview rows": ("patent_id\tcpc_subclass\tcpc_group\n"
                             + "".join(f"{n}\tF21S\tF21S2/0{k}\n" for n in NUMBERS for k in range(3))).encode(),
    }  # fmt: skip
