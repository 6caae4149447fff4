"""Stories of callbacks and webhooks, which a receiver of the kit takes in (``--listen``)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from contract_tests.billing.adapters import ADVANCE
from contract_tests.billing.stories.actor import CREDIT, Actor, Json
from contract_tests.billing.stories.usage import number_at, start_of_month, use_up_to
from contract_tests.drivers.stories import StoryEnds
from contract_tests.findings.severity import CONTRADICTION, Nature
from contract_tests.http.exchange import Exchange, NotJson, parse
from contract_tests.listen.receiver import Delivery, Inbox
from contract_tests.openapi.contract import JSON, escape

OPERATION = "update_usage_alerts"
SIGNATURE = "X-Alterlab-Signature"
ARRIVES_WITHIN = 10.0
"""Seconds within which a callback must arrive. The contract names no time; this is assumed."""
RETRIES_WITHIN = 30.0
"""Seconds within which a refused callback must be sent again, if the clock cannot be advanced."""
QUIET_FOR = 1.5
"""Seconds in which an accepted callback must not be sent again."""
_STEP = 15
"""Seconds by which the clock is advanced to reach a retry."""
_STEPS = 4
_THRESHOLDS = (50, 75, 90, 100)
_FORM = re.compile(r"sha256=[0-9a-f]{64}")
_EVENTS = ["deposit.created", "deposit.completed"]


def alerts_are_delivered(actor: Actor) -> None:
    """Cross a threshold: the callback arrives signed and valid, again after a 500, then no more."""
    inbox, secret = _inbox(actor, 500, 200), actor.adapter.webhook_secret(actor.caller)
    if actor.can(ADVANCE):
        start_of_month(actor)
    threshold, allocated = _next_threshold(actor)
    settings = {f"threshold_{percent}_enabled": percent == threshold for percent in _THRESHOLDS}
    body = {"enabled": True, "email_enabled": False, **settings, "webhook_url": inbox.url}
    actor.do(OPERATION, body)
    for more in (-1, 0):
        use_up_to(actor, allocated, threshold, more)
    callback = _Callback(actor, actor.call("get_usage_alerts"))
    first = inbox.wait(1, ARRIVES_WITHIN)[:1]
    callback.expect(bool(first), "", "arrived", f"within {ARRIVES_WITHIN:g} s", "nothing")
    for delivery in first:
        _judge(callback, delivery, secret, threshold)
        _expect_retry(callback, inbox, delivery)
    actor.do(OPERATION, {"enabled": False})


def events_are_delivered(actor: Actor) -> None:
    """Register an endpoint at the mock, and deposit: its events arrive signed, after a 500 too."""
    inbox = _inbox(actor, 500, 200)
    client = actor.caller
    body = {"url": inbox.url, "events": _EVENTS}
    endpoint = client.control("POST", "webhook-endpoints", body)
    if endpoint.status != 200:
        raise StoryEnds
    actor.deposit(2_345)
    inbox.wait(len(_EVENTS), ARRIVES_WITHIN)
    deliveries = _again(actor, inbox, len(_EVENTS) + 1)
    callback = _Callback(actor, actor.call("get_balance"))
    accepted = [delivery for delivery in deliveries if delivery.status == 200]
    got = sorted({str(_body(delivery).get("event")) for delivery in accepted})
    callback.expect(got == sorted(_EVENTS), "/event", "arrived", _EVENTS, got)
    for delivery in deliveries:
        _judge_signature(callback, delivery, str(endpoint.object.get("secret")))
    client.control("DELETE", f"webhook-endpoints/{endpoint.object.get('id')}")


@dataclass(frozen=True)
class _Callback:
    """Reports what is wrong with a callback, with the exchange after it."""

    actor: Actor
    response: Exchange

    def expect(
        self,
        holds: bool,
        where: str,
        rule: str,
        expected: object,
        got: object,
        *,
        nature: Nature | None = None,
    ) -> None:
        """Report a finding unless a condition holds."""
        self.actor.run.expect(
            holds,
            self.response,
            "story",
            f"/callback{where}",
            rule,
            str(expected),
            str(got),
            operation=OPERATION,
            nature=nature,
        )


def _inbox(actor: Actor, *statuses: int) -> Inbox:
    receiver = actor.run.receiver
    if receiver is None:
        raise StoryEnds
    return receiver.inbox(statuses)


def _next_threshold(actor: Actor) -> tuple[int, int]:
    """Return the next threshold that usage can cross, and the allocation. Raises Unsuitable."""
    shown = actor.do("get_cost_projection")
    used, allocated = (number_at(shown, f"credits_{name}") for name in ("used", "allocated"))
    ahead = [percent for percent in _THRESHOLDS if used * 100 < allocated * percent]
    actor.require(ahead, "a threshold that this month's usage has not reached")
    missing = -(-allocated * ahead[0] // 100) - used
    actor.require(actor.balance >= missing * CREDIT, "a balance that reaches the next threshold")
    return ahead[0], allocated


# ---------------------------------------------------------------------------------- the deliveries


def _expect_retry(callback: _Callback, inbox: Inbox, first: Delivery) -> None:
    """Expect the refused callback once more with the same body, and no third one."""
    actor = callback.actor
    deliveries = _again(actor, inbox, 2)
    callback.expect(len(deliveries) > 1, "", "retried", "again after a 500", "not again")
    for delivery in deliveries[1:2]:
        same = delivery.body == first.body
        callback.expect(same, "/body", "retried", "the same body", "another body")
    if actor.can(ADVANCE):
        actor.wait(seconds=_STEP * _STEPS)
    count = len(inbox.wait(len(deliveries) + 1, QUIET_FOR))
    got = f"{count} deliveries"
    callback.expect(count <= 2, "", "repeated", "no delivery after a 200", got)


def _again(actor: Actor, inbox: Inbox, count: int) -> list[Delivery]:
    """Return the deliveries as soon as there are so many, with the clock advanced to retries."""
    for _ in range(_STEPS if actor.can(ADVANCE) else 0):
        actor.wait(seconds=_STEP)
        if len(inbox.wait(count, 1.0)) >= count:
            break
    return inbox.wait(count, 0.1 if actor.run.settings.mock else RETRIES_WITHIN)


def _judge(callback: _Callback, delivery: Delivery, secret: str, threshold: int) -> None:
    """Judge one callback by the contract."""
    method = delivery.method
    callback.expect(method == "POST", "/method", "method", "POST", method)
    type = (delivery.header("content-type") or "none").partition(";")[0].strip().lower()
    callback.expect(type == JSON, "/headers/content-type", "content_type", JSON, type)
    for where, keyword, message in _breaches(callback.actor, delivery):
        callback.expect(False, f"/body{where}", keyword, "as the contract says", message)
    data = _body(delivery).get("data")
    got = data.get("threshold") if isinstance(data, dict) else None
    callback.expect(got == threshold, "/body/data/threshold", "threshold", threshold, got)
    _judge_numbers(callback, data if isinstance(data, dict) else {})
    _judge_signature(callback, delivery, secret)


def _judge_numbers(callback: _Callback, data: Json) -> None:
    """Expect the usage that a callback states to have reached the threshold that it states."""
    names = ("threshold", "credits_used", "credits_allocated")
    percent, used, allocated = (number_at(data, name) for name in names)
    expected = f"at least {percent} % of {allocated}"
    is_crossed = used * 100 >= percent * allocated
    where = "/body/data/credits_used"
    callback.expect(is_crossed, where, "crossed", expected, used, nature=CONTRADICTION)


def _judge_signature(callback: _Callback, delivery: Delivery, secret: str) -> None:
    """Expect the signature's form and, where the secret is known, the signature itself."""
    signature = delivery.header(SIGNATURE) or "none"
    where, form = f"/headers/{SIGNATURE.lower()}", "sha256= and 64 hexadecimal digits"
    fits = _FORM.fullmatch(signature) is not None
    callback.expect(fits, where, "signature", form, signature[:80])
    if fits and secret:
        digest = hmac.new(secret.encode(), delivery.body, "sha256").hexdigest()
        genuine = hmac.compare_digest(f"sha256={digest}", signature)
        expected = "the HMAC of the body with the account's secret"
        callback.expect(genuine, where, "hmac", expected, "another signature")


def _breaches(actor: Actor, delivery: Delivery) -> Iterator[tuple[str, str, str]]:
    """Yield where the payload breaks the schema of the contract's callback."""
    operation = actor.run.contract.operations[OPERATION]
    for name, paths in operation.place.node.get("callbacks", {}).items():
        for path in paths:
            content = ("callbacks", name, path, "post", "requestBody", "content", JSON, "schema")
            pointer = operation.place.pointer + "".join(f"/{escape(part)}" for part in content)
            try:
                value = parse(delivery.body)
            except NotJson as error:
                yield "", "json", f"the body {error}"
                return
            for breach in actor.run.judge.schemas.breaches(pointer, value):
                yield breach.where, breach.keyword, breach.message


def _body(delivery: Delivery) -> Json:
    try:
        value = parse(delivery.body)
    except NotJson:
        return {}
    return value if isinstance(value, dict) else {}
