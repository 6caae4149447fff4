"""The requests of the measurements, as the bytes that are sent."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

BALANCE_PATH = "/api/v1/billing/balance"
DEPOSIT_PATH = "/api/v1/billing/deposit"
PAGE_PATH = "/api/v1/billing/credit-transactions"

LONG_LEDGER_KEY = "sk_test_power_user"
"""A persona with 10,000 ledger entries."""
SHORT_LEDGER_KEY = "sk_test_card_expiring"
"""A persona with slightly more than 100 ledger entries, so that a page of 100 is full."""
PAGE_SIZE = 100
LAST_PAGE_OFFSET = 9_900


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of request, which is sent repeatedly."""

    name: str
    method: str
    path: str
    key: str | None = None
    """The API key; None means a new random key for each round."""
    body: str = ""

    def request(self) -> bytes:
        """Return the request, with the given key if the scenario has none."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"X-API-Key: {self.key or random_key()}",
            "Accept: application/json",
        ]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode("ascii")


def random_key() -> str:
    """Return a new API key."""
    return f"sk_test_{secrets.token_hex(12)}"


def _page(name: str, key: str, offset: int = 0) -> Scenario:
    at = f"&offset={offset}" if offset else ""
    return Scenario(name, "GET", f"{PAGE_PATH}?limit={PAGE_SIZE}{at}", key)


BALANCE = Scenario("GET balance", "GET", BALANCE_PATH)
DEPOSIT = Scenario("POST deposit", "POST", DEPOSIT_PATH, body=json.dumps({"amount_cents": 5_000}))
PAGE = _page("GET page of 100 transactions", LONG_LEDGER_KEY)
SHORT_LEDGER_PAGE = _page("page of 100 from a short ledger", SHORT_LEDGER_KEY)
LONG_LEDGER_PAGE = _page("first page of 100 from 10,000 entries", LONG_LEDGER_KEY)
LONG_LEDGER_LAST_PAGE = _page(
    "last page of 100 from 10,000 entries", LONG_LEDGER_KEY, LAST_PAGE_OFFSET
)
