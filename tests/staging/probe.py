"""A deployment within the process, and requests to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from tests.staging import app, seed
from tests.staging.deviations import FAULTS, NOISE, SWITCHES, Deviations
from tests.staging.site import ADMIN_TOKEN

API = "/api/v1/billing"
KEY, OTHER_KEY = seed.key_of(seed.FIRST.name), seed.key_of(seed.SECOND_ONE.name)


class Probe:
    """A deployment with some deviations, and a client of it."""

    def __init__(self, database: Path, *names: str) -> None:
        deviations = Deviations.of(
            [name for name in names if name in SWITCHES],
            [name for name in names if name in FAULTS],
            [name for name in names if name.partition("=")[0] in NOISE],
        )
        self._app, self.site = app.create(database, deviations, "http://staging.test")

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = KEY,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Return the response to a request."""
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-Key"] = key
        if path.startswith("/internal"):
            sent["X-Admin-Token"] = ADMIN_TOKEN
        else:
            path = API + path
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        client = TestClient(self._app, raise_server_exceptions=False, follow_redirects=False)
        response: httpx.Response = client.request(
            method, path, json=json, content=content, headers=sent
        )
        return response

    def get(self, path: str, key: str = KEY) -> Any:
        """Return the body of a GET."""
        return self.call("GET", path, key=key).json()

    def status(self, method: str, path: str, json: Any = None, **more: Any) -> int:
        """Return the status of a request."""
        return self.call(method, path, json, **more).status_code

    def at_once(self, *requests: Callable[[], Any]) -> list[Any]:
        """Return the results of requests that are made at the same time."""
        with ThreadPoolExecutor(len(requests)) as pool:
            return [future.result() for future in [pool.submit(item) for item in requests]]

    def pay(self, deposit: dict[str, Any]) -> str:
        """Open and pay a deposit; return the session."""
        session = str(self.call("POST", "/deposit", deposit).json()["session_id"])
        self.call("POST", f"/internal/pay/{session}")
        return session

    def balance(self) -> int:
        """Return the balance in microcents."""
        return int(self.get("/balance")["balance_microcents"])

    def ledger_sum(self) -> int:
        """Return the sum of the newest 100 entries, and of what was before them."""
        entries = self.get("/credit-transactions?limit=100")["transactions"]
        before = entries[-1]["balance_after_microcents"] - entries[-1]["amount_microcents"]
        return int(before + sum(entry["amount_microcents"] for entry in entries))

    def cards(self, key: str = KEY) -> list[dict[str, Any]]:
        """Return the cards of an account, newest first."""
        return list(self.get("/payment-methods", key)["payment_methods"])

    def challenge(self) -> tuple[str, str]:
        """Open a challenge; return its id and its code."""
        opened = self.call("POST", "/verify/initiate", {"action": "test"}).json()
        return opened["challenge_id"], self.get("/internal/outbox")["messages"][0]["code"]

    def confirm(self, challenge: str, code: str, key: str = KEY) -> httpx.Response:
        """Return the response to a confirmation."""
        return self.call(
            "POST", "/verify/confirm", {"challenge_id": challenge, "code": code}, key=key
        )
