"""One account of a running server: requests with its key, and what the control API can do to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.conftest import API, RunningServer

Json = dict[str, Any]

ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
"""The organization of ``sk_test_org_owner`` and ``sk_test_org_member``."""
DOLLAR = 100_000_000
"""One dollar in microcents."""
CREDIT = 20_000
"""One credit in microcents."""
PAGES = {
    "success_url": "https://app.example.com/done",
    "cancel_url": "https://app.example.com/back",
}


@dataclass(frozen=True)
class Account:
    """Requests with one key.

    The methods ``get``, ``post``, ``put`` and ``delete`` expect a success and return its body.
    """

    client: httpx.Client

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send any request below ``/api/v1/billing/``."""
        return self.client.request(method, f"{API}/{path}", **request)

    def get(self, path: str, **params: Any) -> Json:
        return body_of(self.call("GET", path, params=params))

    def post(self, path: str, body: Json | None = None) -> Json:
        return body_of(self.call("POST", path, json=body))

    def put(self, path: str, body: Json) -> Json:
        return body_of(self.call("PUT", path, json=body))

    def delete(self, path: str) -> Json:
        return body_of(self.call("DELETE", path))

    def refused(
        self, status: int, method: str, path: str, body: Json | None = None, **request: Any
    ) -> Any:
        """Check that a request is refused and changes nothing, and return its ``detail``."""
        before = self.state()
        response = self.call(method, path, json=body, **request)
        assert response.status_code == status, response.text
        assert self.state() == before
        return response.json()["detail"]

    def state(self) -> Json:
        """Return the exported state of the account."""
        return body_of(self.client.get("/_mock/state"))

    def use(self, type: str, requests: int) -> Json:
        """Record usage, which is charged at once."""
        return body_of(self.client.post("/_mock/usage", json={"type": type, "requests": requests}))

    def leave(self, microcents: int) -> None:
        """Use credits until so much of the balance is left."""
        spare = self.balance - microcents
        if spare:
            self.use("light", spare // CREDIT)
        assert self.balance == microcents

    def pay(self, session_id: str, card: str | None = None) -> httpx.Response:
        """Complete a checkout session as a payer would on its page."""
        body = {"payment_method_id": card} if card else {}
        return self.client.post(f"/_mock/checkout-sessions/{session_id}/complete", json=body)

    def deposit(self, amount_cents: int, **more: Any) -> Json:
        """Open a deposit, pay it, and return its session."""
        session = self.post("deposit", {"amount_cents": amount_cents, **more})
        self.pay(session["session_id"]).raise_for_status()
        return session

    def wait(self, **step: int) -> None:
        """Advance the server's clock: ``seconds=60`` or ``days=31``."""
        self.client.post("/_mock/clock/advance", json=step).raise_for_status()

    def messages(self) -> list[Json]:
        """Return the e-mails, text messages and webhook calls that were sent, newest first."""
        found: list[Json] = body_of(self.client.get("/_mock/outbox"))["messages"]
        return found

    @property
    def balance(self) -> int:
        """The balance in microcents."""
        return int(self.get("balance")["balance_microcents"])

    def audited(self, limit: int = 20) -> list[str]:
        """Return the newest actions of the audit log, newest first."""
        return [entry["action"] for entry in self.get("audit-log", limit=limit)["entries"]]

    def check_books(self) -> None:
        """Check that the account's books add up."""
        books = body_of(self.client.get("/_mock/invariants"))
        assert books == {"ok": True, "violations": []}


class Accounts:
    """The accounts of one server, with a connection for each key and one without a key."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.without_key = server.client(None)
        self._accounts: dict[str, Account] = {}

    def __call__(self, name: str) -> Account:
        """Return the account of ``sk_test_<name>``: a persona, or a copy of the default one."""
        if name not in self._accounts:
            self._accounts[name] = Account(self.server.client(f"sk_test_{name}"))
        return self._accounts[name]

    def close(self) -> None:
        self.without_key.close()
        for account in self._accounts.values():
            account.client.close()


def body_of(response: httpx.Response) -> Json:
    """Return the body of a success."""
    assert response.status_code == 200, response.text
    body: Json = response.json()
    return body


def assert_envelope(response: httpx.Response) -> None:
    """Check that an error has the documented body and reveals nothing internal."""
    assert response.headers["content-type"] == "application/json"
    assert_detail(response.json())


def assert_detail(body: Any) -> None:
    """Check that a body is ``{"detail": "..."}`` or has a list of ``{loc, msg, type}``."""
    assert set(body) - {"balance_dollars", "required_dollars"} == {"detail"}
    detail = body["detail"]
    assert detail
    assert "Traceback" not in str(detail)
    if isinstance(detail, str):
        return
    for problem in detail:
        assert set(problem) == {"loc", "msg", "type"}
        assert problem["loc"][0] in ("path", "query", "header", "body")
        assert all(isinstance(part, str | int) for part in problem["loc"])
        assert problem["msg"]
        assert problem["type"]
