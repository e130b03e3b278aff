"""Rates records of companies by the API of an installation, then goes through all results that are kept there.

    python examples/client.py ADDRESS KEY RECORD.yaml ...

A record that is refused is told and left out; everything else that goes wrong ends the program.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from ktop.client import Client, RefusedError


def rate(ktop: Client, records: Iterable[dict[str, Any]], as_of: str | None = None) -> Iterator[tuple[str, str]]:
    """Rate each record as of a day (ISO 8601; without it today); give its name with the headline, or why it was not."""
    for record in records:
        try:
            rated = ktop.ratings.rate_company({"record": record, "as_of": as_of})
        except RefusedError as error:
            yield str(record.get("name")), error.sentence
            continue
        kept = next(one for one in ktop.ratings.all_ratings(search=str(record["name"])) if one["id"] == rated["id"])
        yield kept["name"], ", ".join(f"{model} {figure}" for model, figure in kept["figures"].items())


def main(address: str, key: str, *files: str) -> None:
    """Run and print."""
    records = [yaml.safe_load(Path(file).read_text("utf-8")) for file in files]
    with Client(address, key, lang="en") as ktop:
        for name, said in rate(ktop, records):
            print(f"{name}: {said}")
        print(sum(1 for _ in ktop.ratings.all_ratings(kind="company")), "results of companies are kept")


if __name__ == "__main__":
    main(*sys.argv[1:])
