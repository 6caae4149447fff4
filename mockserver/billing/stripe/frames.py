"""The documents of the frames. Each is empty: its script makes what it shows."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mockserver.engine.address import without_port
from mockserver.loopback import is_loopback

TITLES = {
    "elements-inner-payment": "Secure payment input frame",
    "elements-inner-card": "Secure card input frame",
    "elements-inner-address": "Secure address input frame",
    "elements-inner-link-authentication": "Secure email input frame",
    "three-ds-2-challenge": "3-D Secure",
    "3d_secure_2_challenge": "3-D Secure challenge",
}
"""The title of each document, by its name in the address."""

_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<script defer src="../frame.js"></script>
</head>
<body></body>
</html>
"""
_LOCAL = " ".join(
    f"{scheme}://{host}:*"
    for scheme in ("http", "https")
    for host in ("localhost", "*.localhost", "127.0.0.1")
)
"""The pages of this machine."""
_ANY = "http: https:"


def ancestors(host: str) -> str:
    """Return the pages that may frame the documents of a mock with this host name.

    A mock on a loopback name serves the pages of the same machine. Pages of other hosts reach it
    only in the browser of its developer, and the guard of the control API refuses them too. A mock
    with another name, such as one in a container, serves the pages of its network.
    """
    return f"'self' {_LOCAL if is_loopback(without_port(host)) else _ANY}"


async def frame(request: Request) -> Response:
    """Return the document of a frame."""
    title = TITLES.get(request.path_params["name"])
    if title is None:
        raise HTTPException(404)
    policy = (
        "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors(request.headers.get('host', ''))}"
    )
    headers = {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "cross-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Response(_DOCUMENT.format(title=title), media_type="text/html", headers=headers)
