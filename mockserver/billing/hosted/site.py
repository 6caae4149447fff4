"""What all pages share: templates, headers, and the way from an address to an account."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, Response

from mockserver.billing import money
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.context import Context

if TYPE_CHECKING:
    from jinja2 import Environment

FORMS_STAY = "'self'"
FORMS_LEAVE = "'self' http: https:"
"""For forms that are answered with the way back to a shop: a browser asks the policy about each redirect on that way,
also about those with which the shop goes on, and nobody can know where to."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LET_GO = (
    "Perhaps the server was restarted or reset, or the address is incomplete; "
    "of very many, the oldest are let go."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a page is shown again."""

    text: str
    status: int
    field: str | None = None
    """The field of the typed card at which to look."""


class Site:
    """Pages without scripts, that nothing may frame, keep or add to."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def find(self, id: str) -> Context | None:
        """The context in which whoever opens the page of a session or an invoice reads and changes its account."""
        tenant = self._accounts.owner(id)
        return self._accounts.context(tenant, "payer") if tenant is not None else None

    def page(
        self, template: str, status: int = 200, *, forms: str = "'none'", **facts: Any
    ) -> Response:
        """A page; ``forms`` says where its forms may lead."""
        html = self._templates.get_template(template).render(**facts)
        headers = {
            "content-security-policy": f"default-src 'none'; style-src {self._style_hash}; img-src data:; "
            f"form-action {forms}; frame-ancestors 'none'; base-uri 'none'",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            # Forms have to say that they come from here: without any referrer, their origin would be null.
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        return HTMLResponse(html, status, headers)

    def message(self, status: int, message: str, more: str | None = None) -> Response:
        """A page that says one thing."""
        return self.page("message.html", status, message=message, more=more)

    def missing(self, what: str) -> Response:
        """A page for an address that leads to nothing, or no longer."""
        return self.message(404, f"This {what} does not exist.", _LET_GO)

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, PackageLoader, StrictUndefined

        made = Environment(
            loader=PackageLoader("mockserver.billing.hosted"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        made.filters |= {
            "cents": money.display_cents,
            "microcents": money.display,
            "day": day,
            "moment": moment,
        }
        return made

    @cached_property
    def _style_hash(self) -> str:
        style = self._templates.get_template("style.css").render()
        return f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"


def day(when: datetime) -> str:
    """A day as people write it: ``18 March 2026``."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(when: datetime) -> str:
    """A day and a time of it."""
    return f"{day(when)}, {when:%H:%M} UTC"
