"""A state machine on an account: any operation after any other, chosen by Hypothesis, with the judge looking on.

The model is the judge's tracker: it knows what each step must bring. When a step brings something else, Hypothesis
looks for the shortest way there (on the mock, where every try has a fresh account).
"""

from __future__ import annotations

from typing import Any, cast

import requests

from contract_tests.billing.stories.actor import CREDIT, Actor, StoryEnds
from contract_tests.context import Run
from contract_tests.drivers.chance import by_the_seed
from contract_tests.drivers.read_account import read_account
from contract_tests.errors import KitError
from contract_tests.findings.finding import Key
from contract_tests.http.channel import Withheld
from contract_tests.judge.money import CREDITS_PER_REQUEST

_CARDS = (
    "pm_card_visa",
    "pm_card_mastercard",
    "pm_card_amex",
    "pm_card_chargeCustomerFail",
    "pm_card_chargeDeclined",
)
_PLANS = (
    "price_starter_monthly",
    "price_growth_monthly",
    "price_scale_monthly",
    "price_credits_25",
)
_CODES = ("WELCOME10", "BONUS5", "SPRING2025", "NONE")
_STEPS = 30
_ROUNDS = 4
"""How often the machine is started again after it found something."""
_SHRINKING = 1_500
"""So many requests may be spent on finding a shorter way to what was found."""


class Found(Exception):
    """A step brought something that must not be."""


class Stage:
    """What all examples of one run share."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.known: set[Key] = set()
        self.found_at: int | None = None
        """How many exchanges there were when this round found something."""
        self.ended: KitError | requests.RequestException | None = None

    @property
    def is_spent(self) -> bool:
        """Whether enough was spent on a shorter way. Steps do nothing then, which ends Hypothesis' search."""
        return self.found_at is not None and self.run.judge.judged - self.found_at > _SHRINKING


def drive(run: Run) -> None:
    """Let the machine run, again after each new finding, until it finds nothing new."""
    if not run.settings.may_write:
        run.skip("state machine", "it writes (--allow-writes)")
        return
    from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
    from hypothesis.errors import HypothesisException
    from hypothesis.reporting import with_reporter
    from hypothesis.stateful import run_state_machine_as_test

    phases = [Phase.generate, Phase.shrink] if run.settings.mock else [Phase.generate]
    options = settings(
        max_examples=max(1, run.settings.max_examples // 2) if run.settings.mock else 3,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    stage = Stage(run)
    for round in range(_ROUNDS):
        stage.found_at = None
        machine = seed(run.settings.seed + round)(make_machine(stage))
        try:
            with by_the_seed(), with_reporter(lambda *_: None):
                run_state_machine_as_test(cast(Any, machine), settings=options)
        except (Found, HypothesisException):
            stage.known |= set(run.verdicts.heard)
        else:
            break
        finally:
            if stage.ended is not None:
                raise stage.ended


def make_machine(stage: Stage) -> type:
    """The machine, for one run."""
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

    run = stage.run
    is_mock, anything = run.settings.mock, run.settings.may_do_anything
    card, number = st.sampled_from(_CARDS), st.integers(0, 5)
    settings_body = st.fixed_dictionaries(
        {},
        optional={
            "enabled": st.booleans(),
            "threshold_microcents": st.integers(0, 200).map(
                lambda dollars: dollars * 100_000_000 + dollars
            ),
            "recharge_amount_cents": st.integers(2_500, 200_000),
            "stripe_payment_method_id": st.one_of(st.none(), card),
            "consent_text": st.one_of(st.none(), st.text('ab ñ😀"\\', max_size=8)),
            "consent_source": st.sampled_from(["deposit_flow", "success_page", "settings", None]),
            "terms_version": st.one_of(st.none(), st.just("v2")),
        },
    )
    names = (
        "enabled",
        "threshold_50_enabled",
        "threshold_75_enabled",
        "threshold_90_enabled",
        "threshold_100_enabled",
        "email_enabled",
    )
    alerts_body = st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(names, st.booleans())
        | {
            "webhook_url": st.sampled_from(
                [None, "https://hooks.kit.example.com/a", "http://hooks.kit.example.com/b?c=d"]
            )
        },
    )

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.sessions: list[str] = []
            self.challenges: list[str] = []
            run.verdicts.heard.clear()
            self.actor: Actor | None = None
            self.play(self.begin)

        def begin(self) -> None:
            self.actor = Actor(run, run.account())
            read_account(run, self.actor.caller)

        def play(self, step: Any) -> Any:
            """Play one step; what ends the run ends the examples too."""
            if stage.ended is not None or stage.is_spent:
                return None
            try:
                answer = step()
            except (StoryEnds, Withheld):
                answer = None
            except (KitError, requests.RequestException) as error:
                stage.ended = error
                return None
            if run.verdicts.heard - stage.known:
                stage.found_at = stage.found_at or run.judge.judged
                raise Found
            return answer

        def send(self, operation_id: str, *args: Any, **request: Any) -> dict[str, Any]:
            if self.actor is None or not run.takes(operation_id):
                return {}
            caller = self.actor.caller
            answer = self.play(lambda: caller.call(operation_id, *args, **request))
            return answer.object if answer is not None else {}

        def control(self, path: str, body: dict[str, Any] | None = None) -> None:
            if self.actor is not None:
                caller = self.actor.caller
                self.play(lambda: caller.control("POST", path, body))

        @rule()
        def look(self) -> None:
            if self.actor is not None:
                caller = self.actor.caller
                self.play(lambda: read_account(run, caller))

        @rule(card=card)
        def add_card(self, card: str) -> None:
            self.send("add_payment_method", {"payment_method_id": card})
            self.send("list_payment_methods")

        @rule(number=number, remove=st.booleans(), by_stripe_id=st.booleans())
        def change_card(self, number: int, remove: bool, by_stripe_id: bool) -> None:
            cards = self.send("list_payment_methods").get("payment_methods") or []
            name = "pm_kit_of_nobody"
            if cards and number < 5:
                name = cards[number % len(cards)][
                    "stripe_payment_method_id" if by_stripe_id else "id"
                ]
            operation_id = "remove_payment_method" if remove else "set_default_payment_method"
            self.send(operation_id, path={"payment_method_id": str(name)})
            self.send("list_payment_methods")
            self.send("get_auto_recharge")

        @rule(body=settings_body)
        def set_recharge(self, body: dict[str, Any]) -> None:
            self.send("update_auto_recharge", body)
            self.send("get_auto_recharge")
            self.send("get_balance")

        @rule()
        def disable_recharge(self) -> None:
            self.send("disable_auto_recharge")
            self.send("get_auto_recharge")
            self.send("check_auto_recharge")

        @rule(body=alerts_body)
        def set_alerts(self, body: dict[str, Any]) -> None:
            self.send("update_usage_alerts", body)
            self.send("get_usage_alerts")

        @rule(code=st.sampled_from(_CODES))
        def ask_promo(self, code: str) -> None:
            self.send("validate_promo_code", {"code": code})

        @precondition(lambda _: anything)
        @rule(
            cents=st.integers(1_000, 200_000),
            code=st.one_of(st.none(), st.sampled_from(_CODES)),
            recharge=st.booleans(),
        )
        def open_deposit(self, cents: int, code: str | None, recharge: bool) -> None:
            body = {"amount_cents": cents, "promo_code": code, "auto_recharge_enabled": recharge}
            session = self.send("create_deposit", body).get("session_id")
            if session:
                self.sessions.append(str(session))

        @precondition(lambda _: anything)
        @rule(price=st.sampled_from(_PLANS), at_checkout=st.booleans())
        def choose_plan(self, price: str, at_checkout: bool) -> None:
            if at_checkout:
                pages = {
                    "success_url": "https://kit.example.com/a",
                    "cancel_url": "https://kit.example.com/b",
                }
                mode = "payment" if "credits" in price else "subscription"
                session = self.send(
                    "create_checkout_session", {"price_id": price, "mode": mode, **pages}
                ).get("session_id")
                self.sessions += [str(session)] if session else []
            else:
                self.send("change_plan", {"price_id": price})
                self.send("get_subscription")

        @precondition(lambda _: anything)
        @rule(method=st.sampled_from(["email", "sms"]))
        def initiate(self, method: str) -> None:
            challenge = self.send(
                "initiate_verification", {"action": "kit_machine", "method": method}
            ).get("challenge_id")
            self.challenges += [str(challenge)] if challenge else []

        @precondition(lambda self: anything and self.challenges)
        @rule(number=number, times=st.integers(1, 3))
        def guess(self, number: int, times: int) -> None:
            challenge = self.challenges[number % len(self.challenges)]
            for _ in range(times):
                self.send("confirm_verification", {"challenge_id": challenge, "code": "kit"})

        @precondition(lambda self: is_mock and self.sessions)
        @rule(
            number=number,
            how=st.sampled_from(["complete", "complete", "complete", "decline", "expire"]),
            card=card,
        )
        def settle(self, number: int, how: str, card: str) -> None:
            session = self.sessions[number % len(self.sessions)]
            body = {"reason": "generic_decline"} if how == "decline" else None
            self.control(
                f"checkout-sessions/{session}/{how}",
                {"payment_method_id": card} if how == "complete" else body,
            )
            self.send("get_balance")
            self.send("list_credit_transactions", query={"limit": 5})

        @precondition(lambda _: is_mock)
        @rule(type=st.sampled_from(sorted(CREDITS_PER_REQUEST)), requests=st.integers(1, 3_000))
        def use(self, type: str, requests: int) -> None:
            self.control("usage", {"type": type, "requests": requests})
            self.send("get_balance")
            self.send("list_credit_transactions", query={"limit": 3})

        @precondition(lambda _: is_mock)
        @rule(spare=st.integers(0, 3))
        def use_nearly_all(self, spare: int) -> None:
            balance = self.send("get_balance").get("balance_microcents")
            if isinstance(balance, int) and balance // CREDIT > spare:
                self.control("usage", {"type": "light", "requests": balance // CREDIT - spare})
            self.send("get_balance")
            self.send("list_credit_transactions", query={"limit": 3})

        @precondition(lambda _: is_mock)
        @rule(
            step=st.sampled_from(
                [
                    {"seconds": 1},
                    {"seconds": 60},
                    {"seconds": 600},
                    {"days": 1},
                    {"days": 7},
                    {"days": 31},
                ]
            )
        )
        def wait(self, step: dict[str, int]) -> None:
            self.control("clock/advance", step)

        def teardown(self) -> None:
            self.look()

    return Machine
