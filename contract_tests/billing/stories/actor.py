"""The actor of a story: an account, with the operations of the API and what is done beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contract_tests.billing.adapters import FORGET, FRESH, PAY, Adapter, Outcome, adapter_of
from contract_tests.billing.catalogue import EXAMPLES, PACK, Catalogue
from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.drivers.stories import StoryEnds, Unsuitable
from contract_tests.findings.severity import CONTRADICTION, MINOR, Nature
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.judge.views import is_oldest_first
from contract_tests.knowledge import MOCK

Json = dict[str, Any]

CENT = 1_000_000
"""One cent in microcents."""
DOLLAR = 100 * CENT
CODE_ONCE = "code_once"
CREDITED_ONCE, CLOSED = "credited_once", "closed"
ONCE = frozenset({CODE_ONCE, CREDITED_ONCE, CLOSED})
"""Rules of doubled writes, of codes that are good twice, and of sessions that the deployment itself
has closed."""
CREDIT = 20_000
"""One credit in microcents."""
_BLUR, _MARGIN = timedelta(seconds=5), timedelta(seconds=20)
"""For a clock that runs: how exact times are, and how long a few requests may take."""
PAGES = {
    "success_url": "https://kit.example.com/done?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://kit.example.com/back",
}
_NEED_A_CARD = frozenset({"add_payment_method", "update_auto_recharge", "change_plan"})
_NAME_IT = "hook `catalogue`"
_MIN_DEPOSIT = 1_000
"""The least deposit in cents."""


@dataclass(frozen=True)
class Actor:
    """An account in a story."""

    run: Run
    caller: Client
    adapter: Adapter

    def call(self, operation_id: str, body: Any = None, **request: Any) -> Exchange:
        """Call an operation, whatever its status, and read what a refusal must not change."""
        response = self.send(operation_id, body, **request)
        self.run.follow(self.caller)
        return response

    def send(self, operation_id: str, body: Any = None, **request: Any) -> Exchange:
        """Call an operation, and nothing else: for races, and where requests are counted."""
        args = () if body is None else (body,)
        if self.run.contract.operations[operation_id].is_read:
            self.run.wait_for_lag(self.caller)
        return self.caller.call(operation_id, *args, **request)

    def do(self, operation_id: str, body: Any = None, **request: Any) -> Json:
        """Call an operation that must succeed, and return its body. Raises StoryEnds."""
        response = self.known(self.call(operation_id, body, **request), body)
        text = response.response_body.decode("utf-8", "replace")
        is_success = 200 <= response.status < 300
        self.run.expect(
            is_success,
            response,
            "story",
            "/response/status",
            "success",
            "200",
            f"{response.status}: {self.run.keyring.text(text)[:200]}",
            provenance="assumed" if self._may_be_declined(operation_id, response) else "documented",
        )
        if not is_success or not response.object:
            raise StoryEnds
        return response.object

    def _may_be_declined(self, operation_id: str, response: Exchange) -> bool:
        """Return whether a refusal is for want of a card: a bank may decline any card.

        Raise Unsuitable if the account has none.
        """
        if self.can(MOCK) or operation_id not in _NEED_A_CARD:
            return False
        if response.status == 400 and operation_id != "add_payment_method":
            listed = self.send("list_payment_methods").object.get("payment_methods")
            self.require(listed != [], "an account with a card")
        return response.status == 402

    def refused(
        self,
        status: int,
        operation_id: str,
        body: Any = None,
        *,
        rule: str = "refused",
        **request: Any,
    ) -> None:
        """Call an operation that must be refused with a status. Another refusal is minor."""
        response = self.call(operation_id, body, **request)
        self.status(response if status == 400 else self.known(response, body), status, rule)

    def known(self, response: Exchange, body: Any) -> Exchange:
        """Return a response. Raise Unsuitable if it refuses a name of the contract's examples."""
        named = set(body.values()) & set(EXAMPLES.values()) if isinstance(body, dict) else set()
        if response.status == 400 and named and self.catalogue.is_assumed:
            name = named.pop()
            self.require(self._knows(name), f"another name than '{name}' ({_NAME_IT})")
        return response

    def _knows(self, name: str) -> bool:
        """Return whether the deployment knows a price or a promo code."""
        if not name.startswith("price_"):
            shown = self.send("validate_promo_code", {"code": name})
            return shown.object.get("valid") is True
        mode = "payment" if name == EXAMPLES[PACK] else "subscription"
        body = {"price_id": name, "mode": mode, **PAGES}
        return self.send("create_checkout_session", body).status < 300

    def expect(
        self,
        response: Exchange,
        holds: bool,
        where: str,
        rule: str,
        expected: object,
        got: object,
        operation: str = "",
        nature: Nature | None = None,
    ) -> None:
        """Report a finding unless a condition on the response holds."""
        self.run.expect(
            holds,
            response,
            "story",
            where if where.startswith("/response") else f"/response/body{where}",
            rule,
            str(expected),
            str(got),
            operation=operation,
            nature=nature or (CONTRADICTION if rule in ONCE else None),
        )

    def status(self, response: Exchange, status: int, rule: str, operation: str = "") -> None:
        """Expect a status."""
        fits = response.status == status
        nature = MINOR if status >= 400 and response.status >= 400 else None
        self.expect(
            response, fits, "/response/status", rule, status, response.status, operation, nature
        )

    def equal(
        self,
        response: Exchange,
        where: str,
        rule: str,
        expected: object,
        operation: str = "",
        nature: Nature | None = None,
    ) -> None:
        """Expect a value at a place (``/a/b``) of the response body."""
        got = value_at(response.object, where)
        self.expect(
            response,
            got == expected and type(got) is type(expected),
            where,
            rule,
            expected,
            got,
            operation,
            nature,
        )

    def read_all(self) -> None:
        """Read all views, so that the judge can compare them."""
        read_account(self.run, self.caller)

    # ------------------------------------------------------------------------------- the catalogue

    @property
    def catalogue(self) -> Catalogue:
        """The deployment's prices and promo codes."""
        return self.adapter.catalogue()

    def named(self, role: str) -> str:
        """Return the price or the promo code of a role. Raises Unsuitable."""
        name = self.catalogue.names.get(role)
        where = "the mock's catalogue has none" if self.can(MOCK) else _NAME_IT
        self.require(name, f"a name for '{role}' ({where})")
        return str(name)

    def offer(self, role: str) -> Json:
        """Return the terms of a promo code that the account can use. Raises Unsuitable."""
        code = self.named(role)
        response = self.call("validate_promo_code", {"code": code})
        if response.object.get("valid") is not True:
            self.require(
                not self.catalogue.is_assumed, f"another promo code than '{code}' ({_NAME_IT})"
            )
            self.equal(response, "/valid", "usable", True)
            raise StoryEnds
        return {**response.object, "code": code}

    # --------------------------------------------------------------------------------- the account

    @property
    def balance(self) -> int:
        """The balance in microcents. Raises StoryEnds."""
        balance = self.do("get_balance").get("balance_microcents")
        if not isinstance(balance, int):
            raise StoryEnds
        return balance

    @property
    def cards(self) -> list[Json]:
        """The cards, newest first."""
        cards = self.do("list_payment_methods").get("payment_methods")
        return cards if isinstance(cards, list) else []

    def entries(self, operation_id: str, name: str, count: int = 20) -> list[Json]:
        """Return the newest entries of a list."""
        size = "per_page" if operation_id == "list_auto_recharge_history" else "limit"
        return newest_first(self.do(operation_id, query={size: count}), name)

    def newest(self, operation_id: str, name: str) -> tuple[Exchange, Json]:
        """Return a response and the newest entry of its list. Raises StoryEnds if it is empty."""
        response = self.call(operation_id)
        items = newest_first(response.object, name)
        if not items or not isinstance(items[0], dict):
            self.expect(response, False, f"/{name}", "written", "at least one entry", "none")
            raise StoryEnds
        return response, items[0]

    # ------------------------------------------------------------------------- beyond the API

    def someone(self, situation: str) -> Actor:
        """Return another account, in a situation such as ``new``. Raises Unsuitable."""
        return replace(self, caller=self.adapter.fresh(situation))

    def someone_like(self, situation: str, make: Callable[[Actor], object]) -> Actor:
        """Return an account in a situation, or a default one that ``make`` brings into it."""
        try:
            return self.someone(situation)
        except Unsuitable:
            made = self.someone("default")
            make(made)
            return made

    def can(self, *names: str) -> bool:
        """Return whether the run has these hooks."""
        return self.adapter.offers.issuperset(names)

    def require(self, holds: object, what: str) -> None:
        """End the story unless the account is fit for it. Raises Unsuitable."""
        if not holds:
            raise Unsuitable(f"it needs {what}")

    def use(self, type: str, requests: int) -> Outcome:
        """Use credits, whether the balance covers them or not."""
        return self.adapter.use(self.caller, type, requests)

    def leave(self, microcents: int) -> None:
        """Bring the balance to an amount: use up the rest, or deposit first. Raises Unsuitable."""
        spare = self.balance - microcents
        if spare < 0:
            self.require(self.can(PAY), f"a balance of ${microcents / DOLLAR:.2f}")
            cents = max(_MIN_DEPOSIT, -(spare // CENT))
            self.deposit(cents)
            spare += cents * CENT
        self.require(spare % CREDIT == 0, "a balance in whole credits")
        if spare > 0:
            self.use("light", spare // CREDIT)

    def have(self, microcents: int) -> None:
        """Bring the balance to an amount at least, by a deposit. Raises Unsuitable."""
        missing = microcents - self.balance
        if missing > 0:
            self.require(self.can(PAY), f"a balance of ${microcents / DOLLAR:.2f}")
            self.deposit(max(_MIN_DEPOSIT, -(-missing // CENT)))

    def pay(self, session_id: str, card: str | None = None) -> Outcome:
        """Complete a checkout session, as a payer does on its page."""
        return self.adapter.pay(self.caller, session_id, card)

    def deposit(self, amount_cents: int, **more: Any) -> Json:
        """Open and pay a deposit, and return its session. Raises StoryEnds."""
        session = self.do("create_deposit", {"amount_cents": amount_cents, **more})
        if not self.pay(session["session_id"]).accepted:
            raise StoryEnds
        return session

    @property
    def now(self) -> datetime:
        """The time of the deployment's clock."""
        return self.adapter.now(self.caller)

    @property
    def blur(self) -> timedelta:
        """How much a time may differ from ``now``: nothing if the clock stands still."""
        return timedelta(0) if self.run.settings.mock else _BLUR

    @property
    def margin(self) -> timedelta:
        """How long before a moment to stop the clock, so that what follows is still before it."""
        return timedelta(seconds=1) if self.run.settings.mock else _MARGIN

    def wait(self, span: timedelta = timedelta(0), *, seconds: int = 0, days: int = 0) -> None:
        """Advance the clock."""
        whole = span + timedelta(days=days, seconds=seconds)
        self.adapter.advance(self.caller, seconds=int(whole.total_seconds()))

    def wait_until(self, moment: datetime) -> None:
        """Advance the clock to a time."""
        self.adapter.advance(self.caller, to=moment)

    def code(self, challenge: str) -> str:
        """Return the code that was sent for a challenge."""
        return self.adapter.read_code(self.caller, challenge)

    def messages(self) -> list[Json]:
        """Return the messages to the account's owner, newest first."""
        return self.adapter.messages(self.caller)


def new_actor(run: Run) -> Actor:
    """Return the actor of a story: an account of its own, where there can be one."""
    adapter = adapter_of(run)
    is_fresh = not adapter.offers.isdisjoint((FRESH, FORGET))
    return Actor(run, adapter.fresh("default") if is_fresh else run.account(), adapter)


def newest_first(body: Json, name: str) -> list[Any]:
    """Return a list of a body, newest first; empty if there is none.

    The order of a list is assumed. Raises Unsuitable if the newest items are on another page.
    """
    items = body.get(name)
    if not isinstance(items, list):
        return []
    if not all(isinstance(item, dict) for item in items) or not is_oldest_first(items):
        return items
    totals = [body[total] for total in ("total", "total_count") if isinstance(body.get(total), int)]
    if body.get("has_more") or any(total > len(items) for total in totals):
        raise Unsuitable("the newest entries of its lists are not on the first page")
    return items[::-1]


def value_at(body: Any, where: str) -> Any:
    """Return the value at a place (``/a/0/b``) of a body; None if there is none.

    The first item of a list is the newest one. Raises Unsuitable if that is on another page.
    """
    parts = where.split("/")[1:]
    if len(parts) > 1 and parts[1].isdigit() and isinstance(body, dict):
        body = {**body, parts[0]: newest_first(body, parts[0])}
    for part in parts:
        if isinstance(body, list):
            body = body[int(part)] if part.isdigit() and int(part) < len(body) else None
        else:
            body = body.get(part) if isinstance(body, dict) else None
    return body


def expect_audit(actor: Actor, action: str) -> None:
    """Expect an entry of the audit log. The contract names no actions: the rest is the mock's."""
    response = actor.call("list_audit_log", query={"limit": 10})
    actions = [str(entry.get("action")) for entry in response.object.get("entries", [])]
    subject = action.partition(".")[0]
    fits = action in actions or (
        not actor.can(MOCK) and any(found.startswith(subject) for found in actions)
    )
    actor.expect(response, fits, "/entries", action, action, actions[:5])
