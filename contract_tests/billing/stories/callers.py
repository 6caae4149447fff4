"""Stories of callers: organizations, rate limits and the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from contract_tests.billing.stories.actor import Actor, value_at
from contract_tests.drivers.read_account import read_scope
from contract_tests.drivers.stories import Unsuitable
from contract_tests.openapi import examples

ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
_SCOPED = (
    "get_cost_projection",
    "list_credit_transactions",
    "list_invoices",
    "get_usage_breakdown",
    "get_usage_chart",
    "get_usage_realtime",
)


def members_share_an_organization(actor: Actor) -> None:
    """Read as two members: the header shows the organization, no header their own account."""
    organization = _organization(actor)
    owner, member = (actor.someone(name) for name in ("org_owner", "org_member"))
    for caller in (owner, member):
        caller.read_all()
        read_scope(actor.run, caller.caller, organization)
        caller.read_all()
    for name in _SCOPED:
        first, second = (
            caller.call(name, headers={"X-Organization-Id": organization})
            for caller in (owner, member)
        )
        shown, expected = (
            {key: value for key, value in response.object.items() if key != "as_of"}
            for response in (second, first)
        )
        member.expect(
            second, shown == expected, "", "shared", "what the owner sees", "something else"
        )
        upper = owner.call(name, headers={"X-Organization-Id": organization.upper()})
        owner.status(upper, 200, "capitals")
        own = owner.call(name)
        if name in ("list_credit_transactions", "list_invoices"):
            owner.expect(
                own,
                own.object != first.object,
                "",
                "own_account",
                "the caller's own",
                "the organization's",
            )


def _organization(actor: Actor) -> str:
    """Return the organization of the situation ``org_owner``. Raises Unsuitable."""
    settings = actor.run.settings
    organization = ORGANIZATION if settings.mock else settings.organization_id
    actor.require(organization, "an organization (--organization-id)")
    return organization or ""


def the_header_is_for_six_operations(actor: Actor) -> None:
    """Send the header to operations without a scope: they ignore it."""
    organization = _organization(actor)
    try:
        owner = actor.someone("org_owner")
    except Unsuitable:  # the account of the user's key is a member
        owner = replace(actor, caller=actor.run.account())
    for name in (
        "get_balance",
        "list_payment_methods",
        "get_subscription",
        "list_audit_log",
        "get_auto_recharge",
    ):
        plain = owner.call(name)
        marked = owner.call(name, headers={"X-Organization-Id": organization})
        owner.expect(
            marked,
            marked.object == plain.object,
            "",
            "ignored",
            "the caller's own account",
            "another response",
        )


def the_allowance_is_counted(actor: Actor) -> None:
    """Use up the rate limit: a read costs one token, a write two, and then 429 until it resets."""
    actor.run.channel.retries_429 = False
    try:
        limited = actor.someone("rate_limited")
        limited.wait_until((limited.now + timedelta(minutes=1)).replace(second=1, microsecond=0))
        place = "/response/200/headers/x-ratelimit-remaining"
        for name, left in (("get_balance", 4), ("check_auto_recharge", 2), ("get_balance", 1)):
            response = limited.send(name)
            got = response.response_header("X-RateLimit-Remaining")
            limited.expect(response, got == str(left), place, "tokens", left, got)
        limited.status(limited.send("check_auto_recharge"), 429, "write_costs_two")
        limited.status(limited.send("get_balance"), 200, "last_token")
        for name in ("get_balance", "list_payment_methods", "get_usage_chart"):
            response = limited.send(name)
            limited.status(response, 429, "used_up")
        seconds = response.response_header("Retry-After") or ""
        fits = seconds.isdigit() and 1 <= int(seconds) <= 60
        place = "/response/429/headers/retry-after"
        limited.expect(response, fits, place, "retry_after", "1 to 60 seconds", seconds)
        if fits:
            limited.wait(seconds=int(seconds))
            limited.status(limited.send("get_balance"), 200, "waited")
    finally:
        actor.run.channel.retries_429 = True


def every_response_counts_down(actor: Actor) -> None:
    """Call all operations: a read costs one token, a write two, another account's request none."""
    other = actor.someone("default")
    actor.wait(seconds=60)
    left: int | None = None
    limit = ""
    for operation in actor.run.operations():
        if operation.path_names:
            continue
        body = (
            examples.example(actor.run.contract, operation) if operation.body is not None else None
        )
        other.send("get_balance")
        response = actor.send(operation.id, body)
        remaining = response.response_header("X-RateLimit-Remaining") or ""
        before, limit = limit, response.response_header("X-RateLimit-Limit") or ""
        # A plan raises the balance, and thereby the limit.
        expected = (
            None if left is None or limit != before else left - (1 if operation.is_read else 2)
        )
        # Where the clock runs, a minute may begin in between.
        is_reset = bool(actor.blur) and remaining.isdigit() and int(remaining) > (expected or 0)
        fits = expected is None or remaining == str(expected) or is_reset
        where = f"/response/{response.status}/headers/x-ratelimit-remaining"
        actor.expect(response, fits, where, "tokens", f"{expected} after {left}", remaining)
        left = int(remaining) if remaining.isdigit() else None


def every_operation_has_a_limit(actor: Actor) -> None:
    """Use up the rate limit by every operation: it ends in 429."""
    actor.run.channel.retries_429 = False
    try:
        limited = actor.someone("rate_limited")
        for operation in actor.run.operations():
            path = dict.fromkeys(operation.path_names, "00000000-0000-4000-8000-000000000000")
            body = (
                examples.example(actor.run.contract, operation)
                if operation.body is not None
                else None
            )
            for _ in range(6):
                response = limited.send(operation.id, body, path=path)
                if response.status == 429:
                    break
            limited.status(response, 429, "limited")
    finally:
        actor.run.channel.retries_429 = True


def times_follow_the_clock(actor: Actor) -> None:
    """Change things at a known time: every timestamp shows it, in UTC."""
    actor.do("update_auto_recharge", {})
    actor.do("update_usage_alerts", {})
    actor.wait(seconds=37)
    earliest = actor.now
    card = actor.call("add_payment_method", {"payment_method_id": "pm_card_discover"})
    recharge, alerts = actor.call("update_auto_recharge", {}), actor.call("update_usage_alerts", {})
    actor.deposit(1_500)
    actor.use("light", 1)
    shown = [
        (card, "/created_at"),
        (recharge, "/updated_at"),
        (alerts, "/updated_at"),
        (actor.call("get_usage_realtime"), "/as_of"),
        (actor.call("list_credit_transactions"), "/transactions/0/created_at"),
        (actor.call("list_audit_log"), "/entries/0/created_at"),
        (actor.call("list_recent_activity"), "/activities/0/created_at"),
        (actor.call("list_invoices"), "/invoices/0/created_at"),
        (actor.call("list_invoices"), "/invoices/0/paid_at"),
    ]
    latest = actor.now
    for response, where in shown:
        text = str(value_at(response.object, where))
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            continue  # the schema check reports it
        # A clock that runs may be shown in whole seconds.
        early = earliest if latest == earliest else earliest - timedelta(seconds=1)
        actor.expect(response, early <= moment <= latest, where, "now", earliest, text)
