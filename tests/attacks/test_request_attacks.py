"""Requests made to lead readers astray or to break the server."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from fake_platform import FakePlatform
from starlette.testclient import TestClient

from ktop.kernel.settings import Settings
from ktop.web.app import create_app

FOREIGN = ["//evil.example/", "///evil.example/x", "//evil.example/%2e%2e", "/\\evil.example/", "/%5cevil.example/",
           "/%2fevil.example/", "/%09/evil.example", "/x%0d%0a/evil.example"]  # fmt: skip


@pytest.mark.parametrize("path", FOREIGN)
def test_every_link_of_a_page_stays_on_the_site(tmp_path: Path, path: str) -> None:
    client = TestClient(create_app(Settings(solo=True, data=tmp_path), FakePlatform()))
    page = client.request("GET", f"http://testserver{path}")
    links = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
    assert any("lang=" in link for link in links)
    for link in links:
        assert urlsplit(urljoin("http://testserver/", link.replace("\\", "/"))).netloc == "testserver", link
