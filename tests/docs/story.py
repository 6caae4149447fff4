"""The account of the contract's examples: two weeks in March 2026, replayed on the mock.

An example shows a response to an account with a certain history. This story produces that history,
so that the samples can be sent and their responses compared with the examples.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

import httpx

from tests.conftest import API, RunningServer

BEGINNING = datetime.fromisoformat("2026-03-02T08:14:05Z")
NOW = "2026-03-14T09:27:00Z"
SECOND_CARD = "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70"
CHALLENGE, CODE = "84d6a0f2-1c97-4e5b-b3d8-60f7a92c4e1b", "493817"

State = dict[str, Any]

_USAGE = (
    ("2026-03-06T22:47:30Z", "light", 120_000),
    ("2026-03-11T18:15:49Z", "js", 25_500),
    ("2026-03-12T14:03:26Z", "crawl", 9_000),
    ("2026-03-13T16:40:05Z", "pdf", 500),
    ("2026-03-14T08:02:11Z", "ocr", 45),
    ("2026-03-14T09:26:53Z", "ocr", 5),
)
_DEPOSIT = {
    "amount_cents": 5_000,
    "promo_code": "WELCOME10",
    "auto_recharge_enabled": True,
    "auto_recharge_threshold_microcents": 500_000_000,
    "auto_recharge_amount_cents": 5_000,
}


class Story:
    """The account states that the examples are about, each created once."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._signed_up = self._state("sk_test_new")
        self._two_weeks, self._without_bonus = self._lived()
        self._special: dict[str, Callable[[], State]] = {
            "list_payment_methods": self._with_two_cards,
            "remove_payment_method": self._with_two_cards,
            "set_default_payment_method": self._with_two_cards,
            "validate_promo_code": lambda: self._signed_up,
            "get_subscription": self._subscribed,
            "change_plan": self._subscribed,
            "get_cost_projection": lambda: self._without_bonus,
            "confirm_verification": self._challenged,
        }

    def begin(self, operation_id: str, key: str) -> None:
        """Put the account of a key into the state of an operation's example."""
        self._put(key, self._special.get(operation_id, lambda: self._two_weeks)())

    def _lived(self) -> tuple[State, State]:
        """Return the account after two weeks, with and without bonus credits.

        The example of the cost projection has no bonus credits.
        """
        keys = {
            "sk_test_story": _DEPOSIT,
            "sk_test_without_bonus": {**_DEPOSIT, "promo_code": None},
        }
        begun = self._begun()
        self._put("sk_test_story", begun)
        self._put("sk_test_without_bonus", {**begun, "ledger": {"entries": []}, "activities": []})
        self._at("2026-03-02T08:17:32Z")
        for key in keys:
            self._post(key, f"{API}/payment-methods", {"payment_method_id": "pm_card_visa"})
        self._at("2026-03-02T08:19:03Z")
        pages = [
            httpx.URL(self._post(key, f"{API}/deposit", body)["url"]).path
            for key, body in keys.items()
        ]
        self._at("2026-03-02T08:21:40Z")
        for page in pages:
            with self._server.client(None) as payer:
                assert payer.post(f"{page}/pay").status_code == 200
        for moment, type, requests in _USAGE:
            self._at(moment)
            for key in keys:
                self._post(key, "/_mock/usage", {"type": type, "requests": requests})
        self._at(NOW)
        return self._ended("sk_test_story"), self._ended("sk_test_without_bonus")

    def _begun(self) -> State:
        state = deepcopy(self._signed_up)
        state["profile"]["email"] = "jane@example.com"
        state["audit_log"] = []  # the example begins after the sign-up
        state["usage_alerts"]["enabled"] = False  # the examples contain no alert
        return state

    def _ended(self, key: str) -> State:
        state = self._state(key)
        state["usage_alerts"]["enabled"] = True
        _set_expiry(
            state["wallet"]["cards"], 2028, 8
        )  # the mock's test cards have another expiry date
        return state

    def _with_two_cards(self) -> State:
        key = "sk_test_two_cards"
        self._put(key, self._two_weeks)
        added = self._post(
            key, f"{API}/payment-methods", {"payment_method_id": "pm_card_mastercard"}
        )["id"]
        state = json.loads(json.dumps(self._state(key)).replace(added, SECOND_CARD))
        _set_expiry(
            [card for card in state["wallet"]["cards"] if card["id"] == SECOND_CARD], 2027, 11
        )
        return dict(state)

    def _subscribed(self) -> State:
        key = "sk_test_subscribed"
        self._put(key, self._two_weeks)
        self._post(key, f"{API}/change-plan", {"price_id": "price_growth_monthly"})
        text = json.dumps(self._state(key)["subscription"])
        # The subscription of the example began on the first of the month.
        text = text.replace("2026-03-14T09:27:00", "2026-03-01T00:00:00").replace(
            "2026-04-14T09:27:00", "2026-04-01T00:00:00"
        )
        return {**self._state(key), "subscription": json.loads(text)}

    def _challenged(self) -> State:
        key = "sk_test_challenged"
        self._put(key, self._two_weeks)
        challenge = self._post(
            key, f"{API}/verify/initiate", {"action": "remove_payment_method", "method": "email"}
        )
        state = self._state(key)
        code = state["challenges"][challenge["challenge_id"]]["code"]
        text = (
            json.dumps(state)
            .replace(challenge["challenge_id"], CHALLENGE)
            .replace(f'"{code}"', f'"{CODE}"')
        )
        return dict(json.loads(text))

    def _at(self, moment: str) -> None:
        with self._server.client(None) as client:
            client.put("/_mock/clock", json={"now": moment}).raise_for_status()

    def _post(self, key: str, path: str, body: Any) -> Any:
        with self._server.client(key) as client:
            return client.post(path, json=body).raise_for_status().json()

    def _state(self, key: str) -> State:
        with self._server.client(key) as client:
            return dict(client.get("/_mock/state").raise_for_status().json())

    def _put(self, key: str, state: State) -> None:
        with self._server.client(key) as client:
            response = client.put("/_mock/state", json=state)
            assert response.status_code == 200, response.text


def _set_expiry(cards: list[dict[str, Any]], year: int, month: int) -> None:
    for card in cards:
        card["exp_year"], card["exp_month"] = year, month


_ID = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(cs_test|bps|seti|job|crawl)_\w+"
    r"|http://127\.0\.0\.1:\d+"
)
_TIME = re.compile(
    r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|(?<="card_exp_month": )\d+|(?<="card_exp_year": )\d+'
)


def without_ids_and_times(value: Any) -> Any:
    """Return the value with ids, times and hosts made equal. Card expiry dates count as times."""
    return json.loads(_TIME.sub("0", _ID.sub("id", json.dumps(value))))
