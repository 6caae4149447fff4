"""Where safety is proved: a recording server before the mock, and two customers who have something to lose."""

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
from tests.contract_kit.program import Said, kit
from tests.contract_kit.recorder import (
    Answerer,
    Received,
    Recorder,
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
"""What no PUT can set."""


@dataclass(frozen=True)
class Customer:
    """An account, looked at from outside the kit."""

    url: str
    key: str

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """A request that must succeed: its answer."""
        with httpx.Client(
            base_url=self.url, headers={"X-API-Key": self.key}, trust_env=False, verify=TLS
        ) as client:
            answer = client.request(method, path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def settle_in(self) -> Customer:
        """Have cards and settings."""
        for name in ("pm_card_amex", "pm_card_discover"):
            self.add_card(name)
        self.ask("PUT", f"{API}/auto-recharge", json=RECHARGE)
        self.ask("PUT", f"{API}/usage-alerts", json=ALERTS)
        self.ask("POST", f"{API}/payment-methods/{self.cards[1]['id']}/default")
        return self

    def add_card(self, name: str) -> str:
        """A card under its Stripe id: its id."""
        return str(
            self.ask("POST", f"{API}/payment-methods", json={"payment_method_id": name})["id"]
        )

    @property
    def cards(self) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"{API}/payment-methods")["payment_methods"]
        return found

    @property
    def names(self) -> set[str]:
        """By which somebody could name its cards."""
        return {
            name for card in self.cards for name in (card["id"], card["stripe_payment_method_id"])
        }

    @property
    def state(self) -> dict[str, Any]:
        """What must be as it was when a run is over."""
        whole = self.ask("GET", "/_mock/state")
        settings = {
            name: {key: value for key, value in whole[name].items() if key not in _NOT_SET}
            for name in ("auto_recharge", "usage_alerts")
        }
        return {"wallet": whole["wallet"], **settings}


@dataclass(frozen=True)
class Scene:
    """Everything that a run of the kit needs, and what it must leave alone."""

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
        """A run of some drivers, to its end."""
        run = Run(self.settings(*phases, **more), CONTRACT, KNOWLEDGE)
        perform(run)
        return run


Wrap = Callable[[Answerer], Answerer]


@contextmanager
def scene(url: str, folder: Path, wrap: Wrap = lambda forward: forward) -> Iterator[Scene]:
    """A scene before a mock, until the end of the block."""
    customer, other = (Customer(url, f"sk_test_{uuid.uuid4().hex}").settle_in() for _ in range(2))
    with recording(wrap(forwarding(url))) as recorder:
        yield Scene(recorder, customer, other, folder / "contract-tests.journal")


class Stage:
    """A scene, and a run that is as far as its drivers, each answer of the mock changed as a test likes."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.change: Callable[[Received, bytes], bytes] = lambda _, answer: answer
        self.seen: Callable[[Received], None] = lambda _: None
        self.forwards: Callable[[Received], bool] = lambda _: True
        """Whether the mock hears of a request."""
        self.before = scene.state
        self.begin()

    def begin(self) -> None:
        self.run = Run(self.scene.settings(allow_irreversible=True), CONTRACT, KNOWLEDGE)
        self.journal.begin()

    @property
    def journal(self) -> Journal:
        assert self.run.journal is not None
        return self.run.journal

    @property
    def caller(self) -> Client:
        return Client(self.run.channel, KEY)

    def crash(self) -> None:
        """The end of the run's process: the file is free, and nothing has been put back."""
        self.journal.close()

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.scene.journal.read_text().splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.told if entry["entry"] == kind]

    def call_as(self, key: str, operation_id: str, *args: Any) -> int:
        return Client(self.run.channel, key).call(operation_id, *args).status

    def add(self, name: str) -> str:
        """Add a card by the kit: its id."""
        return str(self.caller.call("add_payment_method", {"payment_method_id": name}).object["id"])

    def remove(self, name: str, key: str = KEY) -> int:
        path = {"payment_method_id": name}
        return Client(self.run.channel, key).call("remove_payment_method", path=path).status

    def answers(self, operation: str, change: Callable[[Any], Any]) -> None:
        """Change what the mock answers to an operation."""

        def changed(received: Received, answer: bytes) -> bytes:
            if operation_of(received) != operation or received.method == "HEAD":
                return answer
            return as_json(200, change(json.loads(answer.partition(b"\r\n\r\n")[2])))

        self.change = changed


@contextmanager
def staged(url: str, folder: Path) -> Iterator[Stage]:
    """A stage before a mock, until the end of the block."""
    made: list[Stage] = []

    def wrap(forward: Answerer) -> Answerer:
        def answer(received: Received) -> bytes:
            for stage in made:
                stage.seen(received)
                return stage.change(
                    received, forward(received) if stage.forwards(received) else b""
                )
            return forward(received)

        return answer

    with scene(url, folder, wrap) as there:
        made.append(Stage(there))
        yield made[0]


def clean(stage: Scene, *words: str | Path, **variables: str) -> Said:
    """The command, with the keys of both customers."""
    keys = {"BILLING_API_KEY": stage.customer.key, "OTHER_KEY": stage.other.key}
    return kit("cleanup", stage.journal, *words, **{**keys, **variables})


def operation_of(received: Received) -> str | None:
    found = CONTRACT.match(received.method, received.path)
    return found[0].id if found is not None else None


def sent(received: Received) -> Any:
    """The body, if it is JSON."""
    try:
        return json.loads(received.body)
    except ValueError:
        return None
