"""The actor of a story: an account, with the operations of the API and of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.drivers.stories import StoryEnds
from contract_tests.findings.severity import Nature
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange

Json = dict[str, Any]

CENT = 1_000_000
"""One cent in microcents."""
DOLLAR = 100 * CENT
CREDIT = 20_000
"""One credit in microcents."""


@dataclass(frozen=True)
class Actor:
    """An account in a story."""

    run: Run
    caller: Client

    def call(self, operation_id: str, body: Any = None, **request: Any) -> Exchange:
        """Call an operation, whatever its status."""
        args = () if body is None else (body,)
        return self.caller.call(operation_id, *args, **request)

    def do(self, operation_id: str, body: Any = None, **request: Any) -> Json:
        """Call an operation that must succeed, and return its body. Raises StoryEnds."""
        response = self.call(operation_id, body, **request)
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
            provenance="documented",
        )
        if not is_success or not response.object:
            raise StoryEnds
        return response.object

    def refused(self, status: int, operation_id: str, body: Any = None, **request: Any) -> None:
        """Call an operation that must be refused with a status."""
        response = self.call(operation_id, body, **request)
        self.expect(
            response,
            response.status == status,
            "/response/status",
            "refused",
            str(status),
            response.status,
        )

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
            nature=nature,
        )

    def status(self, response: Exchange, status: int, rule: str, operation: str = "") -> None:
        """Expect a status."""
        fits = response.status == status
        self.expect(response, fits, "/response/status", rule, status, response.status, operation)

    def equal(
        self, response: Exchange, where: str, rule: str, expected: object, operation: str = ""
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
        )

    def read_all(self) -> None:
        """Read all views, so that the judge can compare them."""
        read_account(self.run, self.caller)

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
        found = self.do(operation_id, query={size: count}).get(name)
        return found if isinstance(found, list) else []

    def newest(self, operation_id: str, name: str) -> tuple[Exchange, Json]:
        """Return a response and the newest entry of its list. Raises StoryEnds if it is empty."""
        response = self.call(operation_id)
        items = response.object.get(name)
        if not isinstance(items, list) or not items or not isinstance(items[0], dict):
            self.expect(response, False, f"/{name}", "written", "at least one entry", "none")
            raise StoryEnds
        return response, items[0]

    # ------------------------------------------------------------------------ the mock

    def control(self, method: str, path: str, body: Json | None = None) -> Exchange:
        """Call the control API, which must succeed. Raises StoryEnds."""
        response = self.caller.control(method, path, body)
        if response.status != 200:
            raise StoryEnds
        return response

    def use(self, type: str, requests: int) -> Exchange:
        """Simulate usage, whether it is covered or not."""
        return self.caller.control("POST", "usage", {"type": type, "requests": requests})

    def leave(self, microcents: int) -> None:
        """Use up the balance except for an amount."""
        spare = self.balance - microcents
        if spare > 0:
            self.use("light", spare // CREDIT)

    def pay(self, session_id: str, card: str | None = None) -> Exchange:
        """Complete a checkout session, as a payer does on its page."""
        return self.caller.control(
            "POST",
            f"checkout-sessions/{session_id}/complete",
            {"payment_method_id": card} if card else {},
        )

    def deposit(self, amount_cents: int, **more: Any) -> Json:
        """Open and pay a deposit, and return its session. Raises StoryEnds."""
        session = self.do("create_deposit", {"amount_cents": amount_cents, **more})
        if self.pay(session["session_id"]).status != 200:
            raise StoryEnds
        return session

    @property
    def now(self) -> datetime:
        """The time of the mock's clock."""
        return datetime.fromisoformat(self.control("GET", "clock").object["now"])

    def wait(self, **step: int) -> None:
        """Advance the clock: ``seconds=60`` or ``days=31``."""
        self.control("POST", "clock/advance", dict(step))

    def wait_until(self, moment: datetime) -> None:
        """Advance the clock to a time."""
        self.control("POST", "clock/advance", {"to": moment.isoformat()})

    def messages(self) -> list[Json]:
        """Return the messages to the account's owner, newest first."""
        found: list[Json] = self.control("GET", "outbox").object["messages"]
        return found


def value_at(body: Any, where: str) -> Any:
    """Return the value at a place (``/a/0/b``) of a body; None if there is none."""
    for part in where.split("/")[1:]:
        if isinstance(body, list):
            body = body[int(part)] if part.isdigit() and int(part) < len(body) else None
        else:
            body = body.get(part) if isinstance(body, dict) else None
    return body
