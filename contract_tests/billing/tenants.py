"""Two accounts, and every operation of the one with what belongs to the other: nothing is seen, nothing is changed."""

from __future__ import annotations

from typing import Any

from contract_tests.billing.identifiers import ORGANIZATION
from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.openapi import examples

_STRANGE_ORGANIZATION = "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa"


def drive(run: Run) -> None:
    """The matrix: every operation, read and write. Writes of the one account are looked for in the other."""
    other = run.other()
    if other is None:
        run.skip("tenants", "there is one key only; name another with --other-key-env")
        _organizations(run, run.account())
        return
    owner = run.account()
    _make_different(run, owner, other)
    read_account(run, owner)
    read_account(run, other)
    for operation in run.operations(reads=True):
        for caller in (owner, other, owner):
            caller.call(operation.id)
    if run.settings.may_write:
        _with_the_others_things(run, owner, other)
        _writes_stay_home(run, owner, other)
    read_account(run, owner)
    read_account(run, other)
    _organizations(run, other)


def _make_different(run: Run, owner: Client, other: Client) -> None:
    """Accounts that could be taken for one another would hide that they are."""
    if run.settings.mock:
        owner.control("POST", "usage", {"type": "js", "requests": 7})
        other.control("POST", "usage", {"type": "light", "requests": 3})
    if run.settings.may_write and run.takes("update_auto_recharge", "update_usage_alerts"):
        other.call("update_auto_recharge", {"threshold_microcents": 123_000_000})
        other.call("update_usage_alerts", {"threshold_50_enabled": True})


def _with_the_others_things(run: Run, owner: Client, other: Client) -> None:
    """The other account names the owner's cards, challenges and sessions: there is no such thing."""
    listed = owner.call("list_payment_methods").object.get("payment_methods", [])
    cards = [card["id"] for card in listed]
    if cards and run.takes("remove_payment_method"):
        for operation in ("set_default_payment_method", "remove_payment_method"):
            answer = _try(run, other, operation, path={"payment_method_id": cards[0]})
            _must_refuse(run, 404, answer)
    if cards and run.takes("update_auto_recharge"):
        body = {"enabled": False, "stripe_payment_method_id": "pm_kit_of_nobody"}
        _try(run, other, "update_auto_recharge", body)
    if run.settings.may_do_anything and run.takes("initiate_verification", "confirm_verification"):
        _with_the_others_challenge(run, owner, other)
    if run.settings.mock:
        session = owner.call("create_deposit", {"amount_cents": 1234}).object.get("session_id", "")
        answer = other.control("POST", f"checkout-sessions/{session}/complete", {})
        run.expect(
            answer.status == 404,
            answer,
            "tenant",
            "/response/status",
            "isolation",
            "404 for another account's checkout session",
            str(answer.status),
            operation="create_deposit",
        )


def _with_the_others_challenge(run: Run, owner: Client, other: Client) -> None:
    opened = owner.call("initiate_verification", {"action": "kit_tenants"})
    challenge, code = opened.object.get("challenge_id"), _code(run, owner)
    if not challenge:
        return
    body = {"challenge_id": challenge, "code": code or "000000"}
    _must_refuse(run, 404, other.call("confirm_verification", body))
    if code:
        answer = owner.call("confirm_verification", body)
        run.expect(
            answer.object.get("success") is True,
            answer,
            "tenant",
            "/response/body/success",
            "untouched",
            "true: what the other account tried changed nothing",
            str(answer.object.get("success")),
        )


def _writes_stay_home(run: Run, owner: Client, other: Client) -> None:
    """Each write of one account, then all views of the other: the judge knows what they showed before."""
    for operation in run.operations(reads=False):
        if operation.path_names or operation.id == "confirm_verification":
            continue
        body: Any = examples.example(run.contract, operation)
        try:
            if operation.body is None:
                other.call(operation.id)
            else:
                other.call(operation.id, body)
        except Withheld as error:
            run.coverage.explain(operation.id, "tenants", str(error))
            continue
        read_account(run, owner)


def _organizations(run: Run, caller: Client) -> None:
    """An organization that the caller does not belong to is refused, in the same words whether it exists or not."""
    known = (
        run.settings.organization_id
        if run.settings.organization_id and not run.settings.mock
        else None
    )
    if run.settings.mock:
        known = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    outsider = caller if run.settings.mock or run.other() is caller else None
    for operation in run.operations():
        if not any(each.node["name"] == ORGANIZATION for each in operation.parameters):
            continue
        strange = caller.call(operation.id, headers={ORGANIZATION: _STRANGE_ORGANIZATION})
        _must_refuse(run, 403, strange)
        if known and outsider is not None:
            real = outsider.call(operation.id, headers={ORGANIZATION: known})
            _must_refuse(run, 403, real)
            run.expect(
                real.status != 403 or real.response_body == strange.response_body,
                real,
                "tenant",
                "/response/403/body",
                "existence",
                "the same words whether it exists or not",
                real.object.get("detail", "other words"),
            )


def _must_refuse(run: Run, status: int, answer: Exchange | None) -> None:
    if answer is None:
        return
    run.expect(
        answer.status == status,
        answer,
        "tenant",
        "/response/status",
        "isolation",
        f"{status} for what belongs to another account",
        str(answer.status),
        provenance="documented" if answer.status < 400 else "assumed",
    )


def _try(run: Run, caller: Client, operation_id: str, *args: Any, **more: Any) -> Exchange | None:
    try:
        return caller.call(operation_id, *args, **more)
    except Withheld as error:
        run.coverage.explain(operation_id, "tenants", str(error))
        return None


def _code(run: Run, caller: Client) -> str | None:
    """The code that was sent last, where it can be read."""
    if not run.settings.mock:
        return None
    messages = caller.control("GET", "outbox").object.get("messages") or []
    return next((each["code"] for each in messages if each.get("code")), None)
