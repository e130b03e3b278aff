"""Answers that are files to keep, or pictures to look at."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import Response


def download(content: bytes, name: str, media_type: str) -> Response:
    """Return a file to be kept under a name in any script (RFC 6266)."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in name)
    said = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"content-disposition": said})


def picture(png: bytes) -> Response:
    """Return a picture drawn anew, to be looked at alone: a browser can run and load nothing of it."""
    headers = {
        "content-disposition": "inline",
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "cache-control": "private, no-store",
    }
    return Response(png, media_type="image/png", headers=headers)
