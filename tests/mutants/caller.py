"""A client for witnesses: short words for what they do, and a record of what was asked and answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

API = "/api/v1/billing/"
DEFAULT_KEY = "sk_test_witness"
"""Of no persona: an account that starts like ``sk_test_default``."""


@dataclass(frozen=True)
class Exchange:
    """What was asked, and the status of the answer."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Caller:
    """Somebody with an API key (or none) who talks to a server."""

    client: httpx.Client
    key: str | None = DEFAULT_KEY
    exchanges: list[Exchange] = field(default_factory=list)

    def named(self, key: str | None) -> Caller:
        """Somebody else at the same server: another key, or None for no header at all."""
        return Caller(self.client, key, self.exchanges)

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Any request; a path without a leading slash is one of the Billing API."""
        url = path if path.startswith("/") else API + path
        headers = {
            **({} if self.key is None else {"X-API-Key": self.key}),
            **sent.pop("headers", {}),
        }
        response = self.client.request(method, url, headers=headers, **sent)
        self.exchanges.append(Exchange(method, response.url.path, response.status_code))
        return response

    def get(self, path: str, **query: Any) -> Any:
        """The JSON that a GET answers."""
        return self.ask("GET", path, params=query).json()

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON that a POST answers."""
        return self._send("POST", path, body).json()

    def put(self, path: str, body: Any) -> Any:
        """The JSON that a PUT answers."""
        return self._send("PUT", path, body).json()

    def delete(self, path: str) -> Any:
        """The JSON that a DELETE answers."""
        return self.ask("DELETE", path).json()

    def status(self, method: str, path: str, body: Any = None, **query: Any) -> int:
        """The status that a request is answered with."""
        return self._send(method, path, body, params=query).status_code

    def use(self, type: str, requests: int) -> Any:
        """Let the account use the service: by the control API, as there is no other way."""
        return self.post("/_mock/usage", {"type": type, "requests": requests})

    def deposit(self, cents: int, **more: Any) -> str:
        """Open a deposit: the session's id."""
        opened: str = self.post("deposit", {"amount_cents": cents, **more})["session_id"]
        return opened

    def pay(self, session_id: str) -> Any:
        """Pay a checkout session, as the payer would on its page."""
        return self.post(f"/_mock/checkout-sessions/{session_id}/complete")

    def wait(self, **step: int) -> None:
        """Let time pass: ``seconds=``, ``days=``."""
        self.post("/_mock/clock/advance", step)

    def outbox(self) -> list[Any]:
        """What was sent to this account's owner, newest first."""
        messages: list[Any] = self.get("/_mock/outbox", limit=100)["messages"]
        return messages

    def _send(self, method: str, path: str, body: Any, **more: Any) -> httpx.Response:
        return (
            self.ask(method, path, **more)
            if body is None
            else self.ask(method, path, json=body, **more)
        )
