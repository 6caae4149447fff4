"""Who plays in a story: an account, what it can do over the API, and on the mock what its world can do to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.drivers.stories import StoryEnds
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
        """An operation, whatever it answers."""
        args = () if body is None else (body,)
        return self.caller.call(operation_id, *args, **request)

    def do(self, operation_id: str, body: Any = None, **request: Any) -> Json:
        """An operation that must succeed: its answer. Raises StoryEnds."""
        answer = self.call(operation_id, body, **request)
        self.run.expect(
            answer.status == 200,
            answer,
            "story",
            "/response/status",
            "success",
            "200",
            f"{answer.status}: {self.run.keyring.text(answer.response_body.decode('utf-8', 'replace'))[:200]}",
            provenance="documented",
        )
        if answer.status != 200 or not answer.object:
            raise StoryEnds
        return answer.object

    def refused(self, status: int, operation_id: str, body: Any = None, **request: Any) -> None:
        """An operation that must be refused with that status."""
        answer = self.call(operation_id, body, **request)
        self.expect(
            answer,
            answer.status == status,
            "/response/status",
            "refused",
            str(status),
            answer.status,
        )

    def expect(
        self,
        answer: Exchange,
        holds: bool,
        where: str,
        rule: str,
        expected: object,
        got: object,
        operation: str = "",
    ) -> None:
        """What must hold of an answer."""
        self.run.expect(
            holds,
            answer,
            "story",
            where if where.startswith("/response") else f"/response/body{where}",
            rule,
            str(expected),
            str(got),
            operation=operation,
        )

    def status(self, answer: Exchange, status: int, rule: str, operation: str = "") -> None:
        """What an answer's status must be."""
        fits = answer.status == status
        self.expect(answer, fits, "/response/status", rule, status, answer.status, operation)

    def equal(
        self, answer: Exchange, where: str, rule: str, expected: object, operation: str = ""
    ) -> None:
        """What must stand at a place (``/a/b``) of an answer."""
        got = value_at(answer.object, where)
        self.expect(
            answer,
            got == expected and type(got) is type(expected),
            where,
            rule,
            expected,
            got,
            operation,
        )

    def look(self) -> None:
        """Read everything, so that the judge can hold the views against each other."""
        read_account(self.run, self.caller)

    # --------------------------------------------------------------------------------- what it has

    @property
    def balance(self) -> int:
        """In microcents. Raises StoryEnds."""
        balance = self.do("get_balance").get("balance_microcents")
        if not isinstance(balance, int):
            raise StoryEnds
        return balance

    @property
    def cards(self) -> list[Json]:
        """Newest first."""
        cards = self.do("list_payment_methods").get("payment_methods")
        return cards if isinstance(cards, list) else []

    def entries(self, operation_id: str, name: str, count: int = 20) -> list[Json]:
        """The newest entries of a list."""
        size = "per_page" if operation_id == "list_auto_recharge_history" else "limit"
        found = self.do(operation_id, query={size: count}).get(name)
        return found if isinstance(found, list) else []

    def newest(self, operation_id: str, name: str) -> tuple[Exchange, Json]:
        """The newest entry of a list, and the answer that shows it. Raises StoryEnds if there is none."""
        answer = self.call(operation_id)
        items = answer.object.get(name)
        if not isinstance(items, list) or not items or not isinstance(items[0], dict):
            self.expect(answer, False, f"/{name}", "written", "at least one entry", "none")
            raise StoryEnds
        return answer, items[0]

    # ------------------------------------------------------------------------ what the mock can do

    def control(self, method: str, path: str, body: Json | None = None) -> Exchange:
        """The control API; it must succeed. Raises StoryEnds."""
        answer = self.caller.control(method, path, body)
        if answer.status != 200:
            raise StoryEnds
        return answer

    def use(self, type: str, requests: int) -> Exchange:
        """Usage, whatever comes of it."""
        return self.caller.control("POST", "usage", {"type": type, "requests": requests})

    def leave(self, microcents: int) -> None:
        """Use the balance up to so much."""
        spare = self.balance - microcents
        if spare > 0:
            self.use("light", spare // CREDIT)

    def pay(self, session_id: str, card: str | None = None) -> Exchange:
        """Complete a checkout session as a payer would on its page."""
        return self.caller.control(
            "POST",
            f"checkout-sessions/{session_id}/complete",
            {"payment_method_id": card} if card else {},
        )

    def deposit(self, amount_cents: int, **more: Any) -> Json:
        """A deposit that is opened and paid: its session."""
        session = self.do("create_deposit", {"amount_cents": amount_cents, **more})
        if self.pay(session["session_id"]).status != 200:
            raise StoryEnds
        return session

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.control("GET", "clock").object["now"])

    def wait(self, **step: int) -> None:
        """Let time pass: ``seconds=60`` or ``days=31``."""
        self.control("POST", "clock/advance", dict(step))

    def wait_until(self, moment: datetime) -> None:
        self.control("POST", "clock/advance", {"to": moment.isoformat()})

    def messages(self) -> list[Json]:
        """What was sent to the account's owner, newest first."""
        found: list[Json] = self.control("GET", "outbox").object["messages"]
        return found


def value_at(body: Any, where: str) -> Any:
    """What stands at a place (``/a/0/b``) of a body; None where there is nothing."""
    for part in where.split("/")[1:]:
        if isinstance(body, list):
            body = body[int(part)] if part.isdigit() and int(part) < len(body) else None
        else:
            body = body.get(part) if isinstance(body, dict) else None
    return body
