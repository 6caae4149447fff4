"""Templates, headers and account lookup of all pages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.responses import Response

from mockserver.billing import money
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.context import Context
from mockserver.engine.address import Address
from mockserver.engine.errors import Headers
from mockserver.engine.world import World

if TYPE_CHECKING:
    from jinja2 import Environment

FORMS_STAY = "'self'"
FORMS_LEAVE = "'self' http: https:"
"""The policy of forms whose response redirects to a shop.

A browser applies the policy to every redirect in the chain, and a shop may redirect to any host.
"""

_HEADERS: Headers = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Without a referrer, a browser sends forms with the origin "null".
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_KEPT_PAGES = 64
"""The number of rendered pages to keep, at 16 kB each."""
_WHY_MISSING = (
    "The server may have been restarted or reset, or the address is incomplete. "
    "The oldest sessions are dropped when there are very many."
)


class Problem(Struct, frozen=True):
    """An error that a page shows."""

    text: str
    status: int
    field: str | None = None
    """The invalid field of a typed card."""


class _Page(Response):
    """A page whose headers are encoded already."""

    def __init__(self, body: bytes, status: int, headers: Headers) -> None:
        self.status_code, self.body, self.background = status, body, None
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [*headers, length, (b"content-type", b"text/html; charset=utf-8")]


class Site:
    """Renders pages: without scripts, not cached, and not to be framed."""

    def __init__(self, world: World[Accounts]) -> None:
        self._world = world
        self._accounts = world.state
        self._headers_by_forms: dict[str, Headers] = {}
        self.kept: dict[Hashable, bytes] = {}
        """Rendered pages by the facts that they show."""

    @property
    def address(self) -> Address:
        """Finds the address of the server, for the origins of pages."""
        return self._world.address

    def find(self, id: str) -> Context | None:
        """Return the context of the account that owns a session or an invoice, or None."""
        tenant = self._accounts.owner(id)
        return self._accounts.context(tenant, "payer") if tenant is not None else None

    def page(
        self, template: str, status: int = 200, *, forms: str = "'none'", **facts: Any
    ) -> Response:
        """Return a page. ``forms`` is the policy for the targets of its forms."""
        return _Page(self._render(template, facts), status, self._headers(forms))

    def kept_page(
        self, key: Hashable, template: str, status: int, *, forms: str, **facts: Any
    ) -> Response:
        """Return a page that is rendered once for equal keys, so the key covers all facts."""
        body = self.kept.get(key)
        if body is None:
            if len(self.kept) >= _KEPT_PAGES:
                self.kept.clear()
            body = self.kept[key] = self._render(template, facts)
        return _Page(body, status, self._headers(forms))

    def message(self, status: int, message: str, more: str | None = None) -> Response:
        """Return a page with a message."""
        return self.page("message.html", status, message=message, more=more)

    def missing(self, what: str) -> Response:
        """Return the 404 page of something that does not exist, or no longer."""
        return self.message(404, f"This {what} does not exist.", _WHY_MISSING)

    def _render(self, template: str, facts: Mapping[str, Any]) -> bytes:
        parts = self._templates.get_template(template).generate(facts)
        # Most parts are ASCII, which is encoded ten times as fast as the whole page.
        return b"".join([part.encode() for part in parts])

    @cached_property
    def _templates(self) -> Environment:
        from mockserver.billing.hosted.environment import environment

        return environment(
            {
                "cents": money.display_cents,
                "microcents": money.display,
                "day": day,
                "moment": moment,
            }
        )

    def _headers(self, forms: str) -> Headers:
        headers = self._headers_by_forms.get(forms)
        if headers is None:
            policy = (
                f"default-src 'none'; style-src {self._style_hash}; img-src data:; "
                f"form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
            )
            headers = [(b"content-security-policy", policy.encode()), *_HEADERS]
            self._headers_by_forms[forms] = headers
        return headers

    @cached_property
    def _style_hash(self) -> str:
        style = str(self._templates.globals["style"])
        return f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"


def day(when: datetime) -> str:
    """Format a date, such as ``18 March 2026``."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(when: datetime) -> str:
    """Format a date with the time."""
    return f"{day(when)}, {when.hour:02}:{when.minute:02} UTC"
