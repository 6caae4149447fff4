"""Scenarios for tests of safety: a recording server before the mock, and two customers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import KEY, Run
from contract_tests.http.client import Client
from contract_tests.runner import perform
from contract_tests.safety.journal import Journal
from contract_tests.settings import Settings, packaged_spec
from tests.conftest import API, TLS
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.program import Outcome, kit
from tests.contract_kit.recorder import (
    Received,
    Recorder,
    Responder,
    as_json,
    forwarding,
    recording,
)

RECHARGE = {
    "enabled": True,
    "threshold_microcents": 123_000_000,
    "recharge_amount_cents": 4_200,
    "stripe_payment_method_id": "pm_card_amex",
    "consent_text": 'I agree. "Really." ¥ñ😀',
    "consent_source": "settings",
    "terms_version": "2025-12",
}
ALERTS = {
    "enabled": True,
    "threshold_50_enabled": True,
    "threshold_75_enabled": False,
    "threshold_90_enabled": True,
    "threshold_100_enabled": False,
    "email_enabled": False,
    "webhook_url": "https://hooks.customer.example.com/a?b=c",
}
CLEAN = "CLEAN: all is as it was before the run"
NOTHING = "CLEAN: there is nothing to put back"
_NOT_SET = ("updated_at", "fired", "attempts", "consecutive_failures")
"""Fields that a PUT cannot set."""


@dataclass(frozen=True)
class Customer:
    """An account, read and changed without the kit."""

    url: str
    key: str

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """Send a request that must succeed; return its JSON body."""
        with httpx.Client(
            base_url=self.url, headers={"X-API-Key": self.key}, trust_env=False, verify=TLS
        ) as client:
            response = client.request(method, path, **more)
        assert response.status_code == 200, response.text
        return response.json()

    def set_up(self) -> Customer:
        """Add two cards and change the settings."""
        for name in ("pm_card_amex", "pm_card_discover"):
            self.add_card(name)
        self.ask("PUT", f"{API}/auto-recharge", json=RECHARGE)
        self.ask("PUT", f"{API}/usage-alerts", json=ALERTS)
        self.ask("POST", f"{API}/payment-methods/{self.cards[1]['id']}/default")
        return self

    def add_card(self, name: str) -> str:
        """Add a card by its Stripe id; return its id."""
        return str(
            self.ask("POST", f"{API}/payment-methods", json={"payment_method_id": name})["id"]
        )

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards, newest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"{API}/payment-methods")["payment_methods"]
        return found

    @property
    def names(self) -> set[str]:
        """The ids and Stripe ids of the cards."""
        return {
            name for card in self.cards for name in (card["id"], card["stripe_payment_method_id"])
        }

    @property
    def state(self) -> dict[str, Any]:
        """The state that a run must leave unchanged."""
        whole = self.ask("GET", "/_mock/state")
        settings = {
            name: {key: value for key, value in whole[name].items() if key not in _NOT_SET}
            for name in ("auto_recharge", "usage_alerts")
        }
        return {"wallet": whole["wallet"], **settings}


@dataclass(frozen=True)
class Scenario:
    """A recording server before the mock, two customers and the path of a journal."""

    recorder: Recorder
    customer: Customer
    other: Customer
    journal: Path

    @property
    def state(self) -> list[dict[str, Any]]:
        return [self.customer.state, self.other.state]

    @property
    def received(self) -> list[Received]:
        return self.recorder.received

    def settings(self, *phases: str, **more: Any) -> Settings:
        plain = Settings(
            self.recorder.url,
            packaged_spec(),
            other_key_env="OTHER_KEY",
            phases=phases,
            journal=self.journal,
            max_examples=2,
            timeout=10,
            environment={"BILLING_API_KEY": self.customer.key, "OTHER_KEY": self.other.key},
        )
        return replace(plain, **more)

    def run(self, *phases: str, **more: Any) -> Run:
        """Perform a run with the given drivers."""
        run = Run(self.settings(*phases, **more), CONTRACT, KNOWLEDGE)
        perform(run)
        return run


Wrap = Callable[[Responder], Responder]


@contextmanager
def running_scenario(
    url: str, folder: Path, wrap: Wrap = lambda forward: forward
) -> Iterator[Scenario]:
    """Provide a scenario before a mock until the end of the block."""
    customer, other = (Customer(url, f"sk_test_{uuid.uuid4().hex}").set_up() for _ in range(2))
    with recording(wrap(forwarding(url))) as recorder:
        yield Scenario(recorder, customer, other, folder / "contract-tests.journal")


class OpenRun:
    """A scenario with a run whose journal is open, and hooks on the traffic to the mock."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.change_response: Callable[[Received, bytes], bytes] = lambda _, response: response
        self.on_request: Callable[[Received], None] = lambda _: None
        self.forwards: Callable[[Received], bool] = lambda _: True
        """A predicate: whether a request is forwarded to the mock."""
        self.before = scenario.state
        self.begin()

    def begin(self) -> None:
        self.run = Run(self.scenario.settings(allow_irreversible=True), CONTRACT, KNOWLEDGE)
        self.journal.begin()

    @property
    def journal(self) -> Journal:
        assert self.run.journal is not None
        return self.run.journal

    @property
    def caller(self) -> Client:
        return Client(self.run.channel, KEY)

    def crash(self) -> None:
        """Release the journal as the end of the process does, without restoring anything."""
        self.journal.close()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.scenario.journal.read_text().splitlines()]

    def entries_of(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["entry"] == kind]

    def call_as(self, key: str, operation_id: str, *args: Any) -> int:
        return Client(self.run.channel, key).call(operation_id, *args).status

    def add(self, name: str) -> str:
        """Add a card with the kit; return its id."""
        return str(self.caller.call("add_payment_method", {"payment_method_id": name}).object["id"])

    def remove(self, name: str, key: str = KEY) -> int:
        path = {"payment_method_id": name}
        return Client(self.run.channel, key).call("remove_payment_method", path=path).status

    def change_body(self, operation: str, change: Callable[[Any], Any]) -> None:
        """Change the JSON body of the responses of an operation."""

        def changed_response(received: Received, response: bytes) -> bytes:
            if operation_of(received) != operation or received.method == "HEAD":
                return response
            return as_json(200, change(json.loads(response.partition(b"\r\n\r\n")[2])))

        self.change_response = changed_response


@contextmanager
def opened_run(url: str, folder: Path) -> Iterator[OpenRun]:
    """Provide an open run before a mock until the end of the block."""
    runs: list[OpenRun] = []

    def wrap(forward: Responder) -> Responder:
        def respond(received: Received) -> bytes:
            for run in runs:
                run.on_request(received)
                response = forward(received) if run.forwards(received) else b""
                return run.change_response(received, response)
            return forward(received)

        return respond

    with running_scenario(url, folder, wrap) as scenario:
        runs.append(OpenRun(scenario))
        yield runs[0]


def clean(scenario: Scenario, *words: str | Path, **variables: str) -> Outcome:
    """Run the cleanup command with the keys of both customers."""
    keys = {"BILLING_API_KEY": scenario.customer.key, "OTHER_KEY": scenario.other.key}
    return kit("cleanup", scenario.journal, *words, **{**keys, **variables})


def operation_of(received: Received) -> str | None:
    found = CONTRACT.match(received.method, received.path)
    return found[0].id if found is not None else None


def json_body(received: Received) -> Any:
    """Return the JSON body of a request, or None."""
    try:
        return json.loads(received.body)
    except ValueError:
        return None
