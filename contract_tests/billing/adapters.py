"""What stories do to an account beyond the API: pay, use credits, advance a clock, read messages.

``ControlAdapter`` does it by the mock's control API, ``HookAdapter`` by the user's hooks. Both tell
the judge which views may have changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Any, Protocol

from contract_tests.billing.catalogue import ASSUMED, EXAMPLES, Catalogue, of_mock
from contract_tests.context import Run
from contract_tests.drivers.stories import StoryEnds, Unsuitable
from contract_tests.hooks.hook import Account, Hook, HookFailed, Hooks
from contract_tests.http.client import Client
from contract_tests.http.exchange import HOOK, Exchange
from contract_tests.knowledge import LISTEN, MOCK

Json = dict[str, Any]

READ_CODE, PAY, DECLINE, EXPIRE, USE = "read_code", "pay", "decline", "expire", "use"
NOW, ADVANCE, FORGET, FRESH, MESSAGES = "now", "advance", "forget", "fresh", "messages"
SIGNED_WITH, CATALOGUE = "webhook_secret", "catalogue"

HOOKS: Mapping[str, Hook] = {
    READ_CODE: Hook(("account", "challenge")),
    PAY: Hook(("account", "session", "card"), must=frozenset({"session"})),
    DECLINE: Hook(("account", "session"), must=frozenset({"session"})),
    EXPIRE: Hook(("account", "session"), must=frozenset({"session"})),
    USE: Hook(("account", "type", "requests"), must=frozenset({"type", "requests"})),
    NOW: Hook(("account",)),
    ADVANCE: Hook(("account", "seconds", "to"), one_of=frozenset({"seconds", "to"}), beside=NOW),
    FORGET: Hook(("account",), must=frozenset({"account"})),
    FRESH: Hook(("situation",), must=frozenset({"situation"})),
    MESSAGES: Hook(("account",)),
    SIGNED_WITH: Hook(("account",)),
    CATALOGUE: Hook(()),
}
"""The hooks of the Billing API, by name."""

_EFFECTS = {
    PAY: "/_mock/checkout-sessions/*/complete",
    DECLINE: "/_mock/checkout-sessions/*/decline",
    EXPIRE: "/_mock/checkout-sessions/*/expire",
    USE: "/_mock/usage",
    ADVANCE: "/_mock/clock/advance",
    FORGET: "/_mock/reset",
}
"""The path of the control API that has the same effects as a hook."""
_MAX_FAILURES = 2
"""Failures of a hook after which it is not called again."""
_DECLINING = "pm_card_chargeCustomerFail"
"""Stripe's test card that can be added, but declines each charge."""


@dataclass(frozen=True)
class Outcome:
    """What came of a payment or a charge."""

    accepted: bool
    value: Any = None
    """What the mock returned."""


class Adapter(Protocol):
    """Acts on accounts beyond the API. Methods raise StoryEnds or HookFailed."""

    offers: frozenset[str]
    """The names of the hooks that it has."""

    def fresh(self, situation: str) -> Client:
        """Return an account in a situation, such as ``new``. Raise Unsuitable."""

    def forget(self, client: Client) -> None:
        """Reset an account."""

    def pay(self, client: Client, session: str, card: str | None = None) -> Outcome:
        """Pay a checkout session, as a payer does on its page."""

    def decline(self, client: Client, session: str) -> Outcome:
        """Try to pay a checkout session with a card that is declined."""

    def expire(self, client: Client, session: str) -> Outcome:
        """Close a checkout session unpaid."""

    def use(self, client: Client, type: str, requests: int) -> Outcome:
        """Use credits, whether the balance covers them or not."""

    def now(self, client: Client) -> datetime:
        """Return the time of the deployment's clock."""

    def advance(self, client: Client, *, seconds: int = 0, to: datetime | None = None) -> None:
        """Advance the clock, by seconds or to a time."""

    def read_code(self, client: Client, challenge: str) -> str:
        """Return the code that was sent for a challenge."""

    def messages(self, client: Client) -> list[Json]:
        """Return the messages to the account's owner, newest first."""

    def webhook_secret(self, client: Client) -> str:
        """Return the secret that signs the account's usage alerts."""

    def catalogue(self) -> Catalogue:
        """Return the names of the deployment's prices and promo codes."""


def adapter_of(run: Run) -> Adapter:
    """Return what a run can do beyond the API."""
    return ControlAdapter(run) if run.settings.mock else HookAdapter(run, run.hooks)


# --------------------------------------------------------------------------------------- the mock


class ControlAdapter:
    """Acts by the mock's control API."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.offers = frozenset({*HOOKS, MOCK}) | ({LISTEN} if run.receiver is not None else set())

    def fresh(self, situation: str) -> Client:
        if situation == "default":
            return self._run.account()
        client = self._run.mock_account(situation)
        _, key = self._run.knowledge.mock_account(situation)
        personas = client.control("GET", "personas").object.get("personas")
        if personas and all(persona.get("key") != key for persona in personas):
            raise Unsuitable(f"the mock has no persona for the situation `{situation}`")
        return client

    def forget(self, client: Client) -> None:
        self._must(client, "POST", "reset")

    def pay(self, client: Client, session: str, card: str | None = None) -> Outcome:
        body = {"payment_method_id": card} if card else {}
        return _outcome(client.control("POST", f"checkout-sessions/{session}/complete", body))

    def decline(self, client: Client, session: str) -> Outcome:
        outcome = self.pay(client, session, _DECLINING)
        body = {"reason": "insufficient_funds"}
        client.control("POST", f"checkout-sessions/{session}/decline", body)
        return outcome

    def expire(self, client: Client, session: str) -> Outcome:
        return _outcome(client.control("POST", f"checkout-sessions/{session}/expire"))

    def use(self, client: Client, type: str, requests: int) -> Outcome:
        return _outcome(client.control("POST", "usage", {"type": type, "requests": requests}))

    def now(self, client: Client) -> datetime:
        return datetime.fromisoformat(self._must(client, "GET", "clock").object["now"])

    def advance(self, client: Client, *, seconds: int = 0, to: datetime | None = None) -> None:
        body: Json = {"seconds": seconds} if to is None else {"to": to.isoformat()}
        self._must(client, "POST", "clock/advance", body)

    def read_code(self, client: Client, challenge: str) -> str:  # noqa: ARG002 (the last one sent)
        codes = (str(message["code"]) for message in self.messages(client) if message.get("code"))
        return next(codes, "")

    def messages(self, client: Client) -> list[Json]:
        found: list[Json] = self._must(client, "GET", "outbox").object["messages"]
        return found

    def webhook_secret(self, client: Client) -> str:
        shown = self._must(client, "GET", "webhook-endpoints").object.get("usage_alerts") or {}
        return str(shown.get("secret", ""))

    def catalogue(self) -> Catalogue:
        return self._catalogue

    @cached_property
    def _catalogue(self) -> Catalogue:
        response = self._run.unauthenticated().control("GET", "catalogue")
        if response.status == 404:  # a mock of an earlier version
            return ASSUMED
        return of_mock(response.object)

    def _must(self, client: Client, method: str, path: str, body: Json | None = None) -> Exchange:
        """Call the control API, which must succeed. Raise StoryEnds."""
        response = client.control(method, path, body)
        if response.status != 200:
            raise StoryEnds
        return response


def _outcome(response: Exchange) -> Outcome:
    return Outcome(response.status == 200, response.object)


# ------------------------------------------------------------------------------------ the hooks


class HookAdapter:
    """Acts by the user's hooks, as far as there are any."""

    def __init__(self, run: Run, hooks: Hooks | None) -> None:
        self._run = run
        self._hooks = hooks or Hooks((), {})
        names = self._hooks.names
        failed = {name for name in names if run.hook_failures[name] >= _MAX_FAILURES}
        # An account that was just made is as good as one that was reset.
        able = {FORGET} if FRESH in names - failed else set[str]()
        self.offers = names - failed | able | ({LISTEN} if run.receiver is not None else set())

    def fresh(self, situation: str) -> Client:
        started = datetime.now(UTC)
        client = self._fresh(situation)
        self._note(FORGET, client, {}, started)
        return client

    def _fresh(self, situation: str) -> Client:
        run = self._run
        if FRESH in self.offers:
            key = self._call(FRESH, None, situation=situation)
            if key is None:
                raise Unsuitable(f"{FRESH} makes no account in the situation '{situation}'")
            return run.foreign_account(situation, self._text(FRESH, key))
        if situation != "default" or FORGET not in self.offers:
            raise Unsuitable(f"it needs an account in the situation '{situation}' ({FRESH})")
        client = run.account()
        self.forget(client)
        return client

    def forget(self, client: Client) -> None:
        started = datetime.now(UTC)
        self._call(FORGET, client)
        self._note(FORGET, client, {}, started)
        if self._run.journal is not None:
            self._run.journal.forget(client.key or "")

    def pay(self, client: Client, session: str, card: str | None = None) -> Outcome:
        more = {"card": card} if card is not None else {}
        return self._act(PAY, client, session=session, **more)

    def decline(self, client: Client, session: str) -> Outcome:
        return self._act(DECLINE, client, session=session)

    def expire(self, client: Client, session: str) -> Outcome:
        return self._act(EXPIRE, client, session=session)

    def use(self, client: Client, type: str, requests: int) -> Outcome:
        return self._act(USE, client, type=type, requests=requests)

    def now(self, client: Client) -> datetime:
        value = self._text(NOW, self._call(NOW, client))
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self._wrong(NOW, f"must return a time, not '{value}'") from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def advance(self, client: Client, *, seconds: int = 0, to: datetime | None = None) -> None:
        values: Json = {}
        if self._hooks.takes(ADVANCE, "to"):
            values["to"] = to or self.now(client) + timedelta(seconds=seconds)
        else:
            left = (to - self.now(client)).total_seconds() if to is not None else seconds
            values["seconds"] = max(0, ceil(left))
        started = datetime.now(UTC)
        self._call(ADVANCE, client, **values)
        self._note(ADVANCE, client, values, started)

    def read_code(self, client: Client, challenge: str) -> str:
        return self._text(READ_CODE, self._call(READ_CODE, client, challenge=challenge))

    def messages(self, client: Client) -> list[Json]:
        found = self._call(MESSAGES, client)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self._wrong(MESSAGES, "must return a list of objects")
        return found

    def webhook_secret(self, client: Client) -> str:
        if SIGNED_WITH not in self.offers:
            return ""
        secret = self._text(SIGNED_WITH, self._call(SIGNED_WITH, client))
        self._run.keyring.hide("webhook secret", secret)
        return secret

    def catalogue(self) -> Catalogue:
        if CATALOGUE not in self.offers:
            return ASSUMED
        found = self._call(CATALOGUE, None)
        if not isinstance(found, dict) or not found.keys() <= EXAMPLES.keys():
            roles = ", ".join(EXAMPLES)
            raise self._wrong(CATALOGUE, f"must return an object with names for {roles}")
        named = {role: self._text(CATALOGUE, name) for role, name in found.items() if name}
        return Catalogue(named)

    # ------------------------------------------------------------------------------------ calling

    def _act(self, name: str, client: Client, **values: Any) -> Outcome:
        """Run a hook that changes something. It returns False for what was refused."""
        started = datetime.now(UTC)
        accepted = self._call(name, client, **values) is not False
        if accepted:
            self._note(name, client, values, started)
        return Outcome(accepted)

    def _call(self, name: str, client: Client | None, **values: Any) -> Any:
        run = self._run
        if name not in self._hooks.names:
            raise Unsuitable(f"needs `{name}` (--hooks)")
        if client is not None:
            key = run.keyring.key(client.key) if client.key is not None else ""
            values["account"] = Account(client.key or "", key, run.channel.base_url)
        try:
            return self._hooks.call(name, **values)
        except HookFailed as error:
            run.hook_failed(name, str(error))
            raise

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            raise self._wrong(name, f"must return text, not {type(value).__name__}")
        return str(value)

    def _wrong(self, name: str, text: str) -> HookFailed:
        error = self._hooks.failure(name, text)
        self._run.hook_failed(name, str(error))
        return error

    def _note(self, name: str, client: Client, values: Json, started: datetime) -> None:
        """Tell the judge what a hook may have changed, as if it were a step of the run."""
        path = _EFFECTS[name].replace("*", str(values.get("session", "")) or "-")
        exchange = Exchange(
            number=self._run.judge.judged,
            method=HOOK,
            url=f"hook:{name}",
            path=path,
            request_headers=(),
            request_body=json.dumps(values, default=str).encode(),
            status=200,
            response_headers=(),
            response_body=b"",
            started=started,
            seconds=(datetime.now(UTC) - started).total_seconds(),
            account=client.key or "",
            source=self._run.channel.source,
        )
        self._run.judge.accounts.observe_control(exchange)
