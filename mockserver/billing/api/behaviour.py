"""The behaviour of the Billing API: what ``mockserver.engine`` needs to serve its contract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from mockserver import packaged
from mockserver.billing import money
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.accounts.fixtures import DEFAULT_KEY, Fixtures
from mockserver.billing.accounts.store import MAX_TENANTS
from mockserver.billing.api import auth, rate_limits
from mockserver.billing.api.call import Call
from mockserver.billing.api.caller import BillingCaller
from mockserver.billing.api.errors import refusal_of
from mockserver.billing.api.made_up import MadeUp, Parse
from mockserver.billing.api.operations import HANDLERS
from mockserver.billing.tiers import warning_of
from mockserver.clock import Clock
from mockserver.engine import mistakes
from mockserver.engine.behaviour import About, Beside, ControlPart, ErrorResponse, PublicApp
from mockserver.engine.call import Handler
from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Unauthorized, envelope
from mockserver.engine.redaction import Redactor
from mockserver.engine.reply import encode
from mockserver.engine.request import Request
from mockserver.engine.world import World
from mockserver.faults.registry import FaultRegistry
from mockserver.openapi.contract import Operation
from mockserver.openapi.security import Security
from mockserver.webhooks.dispatcher import Webhooks
from mockserver.webhooks.event import Conventions

_SECRET_FIELDS = frozenset({"code", "client_secret"})
_KEY = re.compile(r"(sk_(?:test|live)_)(?!\.(?:\s|$))[^\s\"'\\&,;<>]+")
"""API keys, which are redacted in recorded exchanges except for their prefix."""
CONVENTIONS = Conventions(
    "X-Alterlab-Signature", "alterlab-billing-mock", "usage alerts of {account_id}"
)
"""How webhooks are signed and sent (header documented, the rest assumed)."""


def world_of(
    fixtures: Fixtures,
    clock: Clock,
    seed: int,
    webhooks: Webhooks | None = None,
    faults: FaultRegistry | None = None,
    *,
    max_accounts: int = MAX_TENANTS,
) -> World[Accounts]:
    """Return a world with the accounts of the Billing API."""
    webhooks = webhooks or Webhooks(clock, seed)
    accounts = Accounts(fixtures, clock, seed, webhooks.publish, max_accounts)
    world = World(
        clock,
        seed,
        accounts,
        faults=faults or FaultRegistry(seed=seed),
        webhooks=webhooks,
        redactor=Redactor(_SECRET_FIELDS, _KEY, accounts.is_public, _is_amount),
    )
    accounts.on_eviction = world.account_evicted
    return world


def _is_amount(field: str) -> bool:
    return field.endswith(("_cents", "_microcents"))


def _headers_of_balance(balance: int) -> Headers:
    headers = [(b"x-alterlab-balance", money.display(balance).encode())]
    warning = warning_of(balance)
    if warning is not None:
        headers.append((b"x-alterlab-balance-warning", warning.encode()))
    return headers


class Billing:
    """The behaviour of the Billing API, including hosted pages and the stand-in for Stripe.js."""

    negotiates = False
    """The API ignores ``Accept``, and OPTIONS is a 405 (observed)."""

    def __init__(self, world: World[Accounts], *, enforce_rate_limits: bool = False) -> None:
        self._world = world
        self._accounts = world.state
        self._is_limited = enforce_rate_limits
        self._made_up: MadeUp | None = None
        self._headers_of_balance = lru_cache(maxsize=1_024)(_headers_of_balance)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """One function for each operation of the contract."""
        return HANDLERS

    @property
    def state(self) -> Accounts:
        """All accounts."""
        return self._accounts

    def identify(self, request: Request, security: Security) -> BillingCaller:
        """Return the caller. Raise Unauthorized for a key that is missing, live or malformed."""
        value = request.headers.get(auth.HEADER)
        is_checked = security.is_required or (value and security.is_used)
        try:
            key = auth.check_key(value) if is_checked else ""
        except Unauthorized:
            mistakes.warn_of_credentials(request.warnings, request.headers, security)
            raise
        meant = self._accounts.key_typos.meant(key)
        if meant == key:
            plan = self._accounts.left_out[key]
            mistakes.add(
                request.warnings,
                f"The persona of '{key}' is left out: its plan '{plan}' is not in the catalogue.",
            )
        elif meant is not None:
            mistakes.add(request.warnings, f"'{key}' is a new account. Did you mean '{meant}'?")
        return BillingCaller(self._accounts, key, request.warnings, self._is_limited)

    def headers(self, caller: Caller | None, now: datetime) -> Headers:
        """Return the headers of every response: the rate limit, and the balance of the account.

        This is the only place that adds a header to all responses, errors included. Unauthenticated
        callers see the limit of the free tier and no balance.
        """
        if not isinstance(caller, BillingCaller):
            return rate_limits.anonymous(now).headers
        headers = caller.allowance_at(now).headers
        if caller.tenant is not None:
            headers += self._headers_of_balance(caller.tenant.account.ledger.balance)
        return headers

    def made_up(self, call: Call, operation: Operation, parse: Parse) -> Any:
        """Return the result of a handler for a made-up account; None if it refuses the request."""
        accounts = self._accounts
        if self._made_up is None or self._made_up.catalogue is not accounts.catalogue:
            self._made_up = MadeUp(accounts.catalogue, self._world.seed, accounts.locale)
        return self._made_up.response(call, operation, parse)

    def error(
        self,
        error: Exception,
        operation: Operation | None,  # noqa: ARG002 (every operation has the same envelope)
    ) -> ErrorResponse | None:
        """Return ``{"detail": ...}`` with the status of the error."""
        refusal = refusal_of(error)
        if refusal is None:
            return None
        response = ErrorResponse(refusal.status, envelope(refusal), refusal.headers)
        detail = refusal.detail
        response.facts = detail if isinstance(detail, str) else encode(detail)
        return response

    @cached_property
    def control(self) -> ControlPart:
        """Operations on personas, accounts, usage, refunds, messages and checkout sessions."""
        # The control API and the pages are imported when they are first used: they took 30 ms.
        from mockserver.billing.control.operations import HANDLERS as CONTROL_HANDLERS

        return ControlPart(packaged.billing_control_spec(), CONTROL_HANDLERS)

    @cached_property
    def beside(self) -> Beside:
        """The pages of checkout, portal and invoices, and the stand-in for Stripe.js."""
        from mockserver.billing.hosted.routes import billing_routes
        from mockserver.billing.stripe import paths as stripe_paths
        from mockserver.billing.stripe.app import StripeApp

        return Beside(
            billing_routes(self._world),
            [PublicApp(stripe_paths.serves, StripeApp(self._world))],
            packaged.billing_panels(),
        )

    @property
    def about(self) -> About:
        """The text of the banner, with the keys of all personas."""
        keys = [
            (persona.key, persona.title)
            for persona in self._accounts.personas.values()
            if persona.key
        ]
        keys.sort(key=lambda pair: pair[0] != DEFAULT_KEY)
        width = max(len(key) for key, _ in keys)
        return About(
            "AlterLab billing mock",
            [
                "Keys to try (any other sk_test_... is an account of its own, "
                "like sk_test_default):",
                *(f"  {key:<{width}}  {title}" for key, title in keys),
            ],
            f'{{url}}/api/v1/billing/balance -H "X-API-Key: {DEFAULT_KEY}"',
            {"ApiKey": DEFAULT_KEY},
            list(self._notices()),
        )

    def _notices(self) -> Iterator[str]:
        left_out = self._accounts.left_out
        if left_out:
            listed = ", ".join(f"{key} (plan '{plan}')" for key, plan in left_out.items())
            yield f"Packaged personas whose plan is missing are left out: {listed}."
