"""The caller of an operation: key, query, organization, and the response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import Field, TypeAdapter, ValidationError

from tests.staging import shapes
from tests.staging.errors import Refusal, problem
from tests.staging.records import Span
from tests.staging.site import Books, Site

_INTEGER = re.compile("[+-]?[0-9]+")
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PREFIX = 20


@dataclass
class Facts:
    """What the edge of the server needs to know about a request for the headers."""

    account: str | None = None
    remaining: int | None = None
    reset: int = 0


def account_of(site: Site, key: str | None) -> str | None:
    """Return the account of a key, if the key is valid."""
    if not key:
        return None
    sql = "SELECT account FROM keys WHERE key = ?"
    if site.on("key_prefix_accepted") and len(key) >= _PREFIX:
        sql = f"SELECT account FROM keys WHERE substr(key, 1, {_PREFIX}) = substr(?, 1, {_PREFIX})"
    if site.on("key_case_ignored"):
        sql = "SELECT account FROM keys WHERE lower(key) = lower(?)"
    sql += " AND revoked_at IS NULL"
    row = site.database.connection().execute(sql, (key,)).fetchone()
    return str(row["account"]) if row is not None else None


def first_account(site: Site) -> str:
    """Return the account that was opened first."""
    row = site.database.connection().execute("SELECT account FROM keys ORDER BY rowid").fetchone()
    return str(row["account"])


def refuse_key(site: Site, key: str | None) -> Refusal:
    """Return the refusal of a key."""
    problem_ = "invalid" if key else "missing"
    status = 403 if site.on("unauthorized_403") else 401
    return Refusal(status, f"API key is {problem_}. Send the header 'X-API-Key' with your key.")


async def authenticate(request: Request) -> None:
    """Find the account of the key, and count the request."""
    site: Site = request.app.state.site
    facts: Facts = request.scope["staging"]
    key = request.headers.get("x-api-key")
    account = account_of(site, key)
    if account is None and site.on("chart_without_key") and request.url.path.endswith("-chart"):
        account = first_account(site)
    cost = 1 if request.method == "GET" else 2
    client = request.client.host if request.client is not None else ""
    facts.remaining, facts.reset = site.count(account or client, cost)
    if account is None:
        raise refuse_key(site, key)
    facts.account = account
    if facts.remaining < 0:
        seconds = facts.reset - site.now() // 1_000
        message = f"Rate limit exceeded. Try again in {seconds} seconds."
        raise Refusal(429, message, headers={"Retry-After": str(max(1, seconds))})


class Call:
    """One authenticated request."""

    def __init__(self, request: Request) -> None:
        self.site: Site = request.app.state.site
        self._request = request
        self._facts: Facts = request.scope["staging"]
        assert self._facts.account is not None
        self.account = self._facts.account
        self._problems: list[dict[str, Any]] = []

    @contextmanager
    def writing(self) -> Iterator[Books]:
        """Run a block that changes the account."""
        with self.site.writing(self.account) as books:
            yield books

    @contextmanager
    def reading(self) -> Iterator[Books]:
        """Run a block that reads the account."""
        with self.site.reading(self.account) as books:
            yield books

    def text(self, name: str) -> str | None:
        """Return a query parameter."""
        return self._request.query_params.get(name)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return a query parameter that is an integer within bounds."""
        text = self.text(name)
        if text is None:
            return default
        bounds = Annotated[int, Field(ge=low, le=high)]
        strict_text = text if _INTEGER.fullmatch(text) else "x"
        try:
            lax = self.site.on("lax_types")
            return int(TypeAdapter(bounds).validate_python(text if lax else strict_text))
        except ValidationError as error:
            self._problems += [
                problem(["query", name], entry["msg"], entry["type"]) for entry in error.errors()
            ]
            return default

    def limit(self, default: int, name: str = "limit") -> int:
        """Return the size of a page."""
        site = self.site
        most = 1_000 if site.on("large_pages") else 50 if site.on("small_pages") else 100
        if site.on("limit_clamped"):
            return min(100, self.integer(name, default, 1, 10**9))
        return self.integer(name, min(default, most), 1, most)

    def span(self, default: int) -> Span:
        """Return the part of a list that the query asks for."""
        span = Span(self.limit(default), self.integer("offset", 0, 0, 1_000_000_000))
        self.check()
        return span

    def check(self) -> None:
        """Refuse the request if a parameter was invalid."""
        if self._problems:
            raise Refusal(422, self._problems)

    def use_organization(self) -> None:
        """Use the account of the organization that the header names, if it does."""
        value = self._request.headers.get("x-organization-id")
        if value is not None and not _UUID.fullmatch(value):
            place: list[str | int] = ["header", "X-Organization-Id"]
            self._problems.append(problem(place, "Input should be a valid UUID", "uuid_parsing"))
        self.check()
        if value is None:
            return
        sql = "SELECT id FROM accounts WHERE organization = :organization"
        if not self.site.on("organization_unchecked"):
            sql += " AND organization IN (SELECT organization FROM members WHERE account = :caller)"
        values = {"organization": value.lower(), "caller": self.account}
        row = self.site.database.connection().execute(sql, values).fetchone()
        if row is None:
            status = 404 if self.site.on("foreign_organization_404") else 403
            raise Refusal(status, "You are not a member of this organization.")
        self.account = row["id"]
        if self.site.on("organization_balance_header"):
            self._facts.account = self.account

    def reply(self, data: dict[str, Any], status: int = 200) -> Response:
        """Return the response with a body."""
        name = self._request.scope["route"].name
        return shapes.response(self.site, name, data, status)


Caller = Annotated[Call, Depends(Call)]
