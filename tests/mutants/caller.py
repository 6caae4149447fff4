"""A client for witnesses, with short methods and a record of its exchanges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

API = "/api/v1/billing/"
DEFAULT_KEY = "sk_test_witness"
"""A key of no persona: an account that is a copy of ``sk_test_default``."""


@dataclass(frozen=True)
class Exchange:
    """A request, and the status of its response."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Caller:
    """A client of a server, with an API key or without."""

    client: httpx.Client
    key: str | None = DEFAULT_KEY
    exchanges: list[Exchange] = field(default_factory=list)

    def named(self, key: str | None) -> Caller:
        """Return a caller of the same server with another key, or without one for None."""
        return Caller(self.client, key, self.exchanges)

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Send a request; a path without a leading slash is one of the Billing API."""
        url = path if path.startswith("/") else API + path
        headers = {
            **({} if self.key is None else {"X-API-Key": self.key}),
            **sent.pop("headers", {}),
        }
        response = self.client.request(method, url, headers=headers, **sent)
        self.exchanges.append(Exchange(method, response.url.path, response.status_code))
        return response

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a GET."""
        return self.ask("GET", path, params=query).json()

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON of a POST."""
        return self._send("POST", path, body).json()

    def put(self, path: str, body: Any) -> Any:
        """Return the JSON of a PUT."""
        return self._send("PUT", path, body).json()

    def delete(self, path: str) -> Any:
        """Return the JSON of a DELETE."""
        return self.ask("DELETE", path).json()

    def status(self, method: str, path: str, body: Any = None, **query: Any) -> int:
        """Return the status of a request."""
        return self._send(method, path, body, params=query).status_code

    def use(self, type: str, requests: int) -> Any:
        """Record usage of the account over the control API."""
        return self.post("/_mock/usage", {"type": type, "requests": requests})

    def deposit(self, cents: int, **more: Any) -> str:
        """Open a deposit, and return the session's id."""
        opened: str = self.post("deposit", {"amount_cents": cents, **more})["session_id"]
        return opened

    def pay(self, session_id: str) -> Any:
        """Pay a checkout session as the payer would."""
        return self.post(f"/_mock/checkout-sessions/{session_id}/complete")

    def wait(self, **step: int) -> None:
        """Advance the clock: ``seconds=``, ``days=``."""
        self.post("/_mock/clock/advance", step)

    def outbox(self) -> list[Any]:
        """Return the messages to this account's owner, newest first."""
        messages: list[Any] = self.get("/_mock/outbox", limit=100)["messages"]
        return messages

    def _send(self, method: str, path: str, body: Any, **more: Any) -> httpx.Response:
        return (
            self.ask(method, path, **more)
            if body is None
            else self.ask(method, path, json=body, **more)
        )
