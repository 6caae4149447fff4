"""The steps of the state machine: operations on a billing account, in any order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from contract_tests.billing.adapters import (
    ADVANCE,
    DECLINE,
    EXPIRE,
    PAY,
    USE,
    Adapter,
    adapter_of,
)
from contract_tests.billing.catalogue import (
    ASSUMED,
    EXAMPLES,
    EXPIRED,
    FIXED,
    GROWTH,
    PACK,
    PERCENTAGE,
    SCALE,
    STARTER,
)
from contract_tests.billing.money import CREDITS_PER_REQUEST, MICROCENTS_PER_CREDIT
from contract_tests.drivers.state_machine import AccountMachine
from contract_tests.drivers.stories import Unsuitable
from contract_tests.hooks.hook import HookFailed
from contract_tests.http.client import Client

_CARDS = (
    "pm_card_visa",
    "pm_card_mastercard",
    "pm_card_amex",
    "pm_card_chargeCustomerFail",
    "pm_card_chargeDeclined",
)
_PLANS = tuple(EXAMPLES[role] for role in (STARTER, GROWTH, SCALE, PACK))
_CODES = (*(EXAMPLES[role] for role in (PERCENTAGE, FIXED, EXPIRED)), "NONE")
_PAGES = {"success_url": "https://kit.example.com/a", "cancel_url": "https://kit.example.com/b"}
_TIMES: list[dict[str, int]] = [
    {"seconds": 1},
    {"seconds": 60},
    {"seconds": 600},
    {"days": 1},
    {"days": 7},
    {"days": 31},
]
_SWITCHES = (
    "enabled",
    "threshold_50_enabled",
    "threshold_75_enabled",
    "threshold_90_enabled",
    "threshold_100_enabled",
    "email_enabled",
)
_RESOLVE: dict[str, Callable[[Adapter, Client, str, str], object]] = {
    "complete": lambda adapter, client, session, card: adapter.pay(client, session, card),
    "decline": lambda adapter, client, session, _: adapter.decline(client, session),
    "expire": lambda adapter, client, session, _: adapter.expire(client, session),
}

_card, _number = st.sampled_from(_CARDS), st.integers(0, 5)
_recharge_body = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "threshold_microcents": st.integers(0, 200).map(
            lambda dollars: dollars * 100_000_000 + dollars
        ),
        "recharge_amount_cents": st.integers(2_500, 200_000),
        "stripe_payment_method_id": st.one_of(st.none(), _card),
        "consent_text": st.one_of(st.none(), st.text('ab ñ😀"\\', max_size=8)),
        "consent_source": st.sampled_from(["deposit_flow", "success_page", "settings", None]),
        "terms_version": st.one_of(st.none(), st.just("v2")),
    },
)
_alerts_body = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(_SWITCHES, st.booleans())
    | {
        "webhook_url": st.sampled_from(
            [None, "https://hooks.kit.example.com/a", "http://hooks.kit.example.com/b?c=d"]
        )
    },
)


class BillingMachine(AccountMachine):
    """Changes cards, settings, deposits, plans and challenges.

    On the mock, or by hooks, also payments, usage and time. Hypothesis sorts steps by name:
    renaming one may change what a seed generates.
    """

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.challenges: list[str] = []
        self._adapter = adapter_of(self.stage.run)
        self._catalogue = ASSUMED
        with suppress(HookFailed):
            self._catalogue = self._adapter.catalogue()
        super().__init__()

    @rule()
    def read(self) -> None:
        self.read_all()

    @rule(card=_card)
    def add_card(self, card: str) -> None:
        self.send("add_payment_method", {"payment_method_id": card})
        self.send("list_payment_methods")

    @rule(number=_number, remove=st.booleans(), by_stripe_id=st.booleans())
    def change_card(self, number: int, remove: bool, by_stripe_id: bool) -> None:
        cards = self.send("list_payment_methods").get("payment_methods") or []
        name = "pm_kit_of_nobody"
        if cards and number < 5:
            name = cards[number % len(cards)]["stripe_payment_method_id" if by_stripe_id else "id"]
        operation_id = "remove_payment_method" if remove else "set_default_payment_method"
        self.send(operation_id, path={"payment_method_id": str(name)})
        self.send("list_payment_methods")
        self.send("get_auto_recharge")

    @rule(body=_recharge_body)
    def set_recharge(self, body: dict[str, Any]) -> None:
        self.send("update_auto_recharge", body)
        self.send("get_auto_recharge")
        self.send("get_balance")

    @rule()
    def disable_recharge(self) -> None:
        self.send("disable_auto_recharge")
        self.send("get_auto_recharge")
        self.send("check_auto_recharge")

    @rule(body=_alerts_body)
    def set_alerts(self, body: dict[str, Any]) -> None:
        self.send("update_usage_alerts", body)
        self.send("get_usage_alerts")

    @rule(code=st.sampled_from(_CODES))
    def check_promo(self, code: str) -> None:
        self.send("validate_promo_code", {"code": self._catalogue.like(code)})

    @precondition(lambda self: self.stage.may_do_anything)
    @rule(
        cents=st.integers(1_000, 200_000),
        code=st.one_of(st.none(), st.sampled_from(_CODES)),
        recharge=st.booleans(),
    )
    def open_deposit(self, cents: int, code: str | None, recharge: bool) -> None:
        code = self._catalogue.like(code) if code is not None else None
        body = {"amount_cents": cents, "promo_code": code, "auto_recharge_enabled": recharge}
        self._keep_session(self.send("create_deposit", body))

    @precondition(lambda self: self.stage.may_do_anything)
    @rule(price=st.sampled_from(_PLANS), at_checkout=st.booleans())
    def choose_plan(self, price: str, at_checkout: bool) -> None:
        mode = "payment" if price == EXAMPLES[PACK] else "subscription"
        price = self._catalogue.like(price)
        if at_checkout:
            body = {"price_id": price, "mode": mode, **_PAGES}
            self._keep_session(self.send("create_checkout_session", body))
        else:
            self.send("change_plan", {"price_id": price})
            self.send("get_subscription")

    @precondition(lambda self: self.stage.may_do_anything)
    @rule(method=st.sampled_from(["email", "sms"]))
    def initiate(self, method: str) -> None:
        body = {"action": "kit_machine", "method": method}
        challenge = self.send("initiate_verification", body).get("challenge_id")
        self.challenges += [str(challenge)] if challenge else []

    @precondition(lambda self: self.stage.may_do_anything and self.challenges)
    @rule(number=_number, times=st.integers(1, 3))
    def confirm(self, number: int, times: int) -> None:
        challenge = self.challenges[number % len(self.challenges)]
        for _ in range(times):
            self.send("confirm_verification", {"challenge_id": challenge, "code": "kit"})

    @precondition(lambda self: self.can(PAY, DECLINE, EXPIRE) and self.sessions)
    @rule(
        number=_number,
        how=st.sampled_from(["complete", "complete", "complete", "decline", "expire"]),
        card=_card,
    )
    def resolve_session(self, number: int, how: str, card: str) -> None:
        session = self.sessions[number % len(self.sessions)]
        self.act(lambda adapter, client: _RESOLVE[how](adapter, client, session, card))
        self.send("get_balance")
        self.send("list_credit_transactions", query={"limit": 5})

    @precondition(lambda self: self.can(USE))
    @rule(type=st.sampled_from(sorted(CREDITS_PER_REQUEST)), requests=st.integers(1, 3_000))
    def use(self, type: str, requests: int) -> None:
        self.act(lambda adapter, client: adapter.use(client, type, requests))
        self.send("get_balance")
        self.send("list_credit_transactions", query={"limit": 3})

    @precondition(lambda self: self.can(USE))
    @rule(spare=st.integers(0, 3))
    def use_nearly_all(self, spare: int) -> None:
        balance = self.send("get_balance").get("balance_microcents")
        credits = balance // MICROCENTS_PER_CREDIT if isinstance(balance, int) else 0
        if credits > spare:
            self.act(lambda adapter, client: adapter.use(client, "light", credits - spare))
        self.send("get_balance")
        self.send("list_credit_transactions", query={"limit": 3})

    @precondition(lambda self: self.can(ADVANCE))
    @rule(step=st.sampled_from(_TIMES))
    def wait(self, step: dict[str, int]) -> None:
        seconds = step.get("seconds", 0) + 86_400 * step.get("days", 0)
        self.act(lambda adapter, client: adapter.advance(client, seconds=seconds))

    def can(self, *names: str) -> bool:
        """Return whether the run may and can do these things beyond the API."""
        return self.stage.may_do_anything and self._adapter.offers.issuperset(names)

    def act(self, step: Callable[[Adapter, Client], object]) -> None:
        """Do something beyond the API."""
        client, adapter = self.client, self._adapter

        def play() -> None:
            if client is not None:
                with suppress(HookFailed, Unsuitable):
                    step(adapter, client)

        self.play(play)

    def _keep_session(self, opened: dict[str, Any]) -> None:
        if opened.get("session_id"):
            self.sessions.append(str(opened["session_id"]))
