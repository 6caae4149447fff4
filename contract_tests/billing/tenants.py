"""Proves that two accounts are isolated: neither sees nor changes what belongs to the other."""

from __future__ import annotations

from typing import Any

from contract_tests.billing.adapters import FRESH, READ_CODE, USE, adapter_of
from contract_tests.billing.identifiers import ORGANIZATION
from contract_tests.billing.stories.cards import TEST_CARDS
from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.findings.severity import CONTRADICTION, MINOR
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange
from contract_tests.openapi import examples

_HANDED_OUT = {
    "create_deposit": "session_id",
    "create_checkout_session": "session_id",
    "create_portal_session": "url",
    "create_setup_intent": "id",
}
"""The properties that name what an operation makes for one account."""
_UNKNOWN_ORGANIZATION = "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa"


def drive(run: Run) -> None:
    """Run every operation as two accounts, and look for the effects of one in the other."""
    if not run.portion.of("tenants", ["tenants"]):
        return
    adapter = adapter_of(run)
    other = run.other() or (adapter.fresh("default") if FRESH in adapter.offers else None)
    if other is None:
        run.skip(
            "tenants",
            f"there is one key only; name another with --other-key-env, or a hook `{FRESH}`",
        )
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
        _use_foreign_resources(run, owner, other)
        _write_and_compare(run, owner, other)
    read_account(run, owner)
    read_account(run, other)
    _organizations(run, other)


def _make_different(run: Run, owner: Client, other: Client) -> None:
    """Make the accounts differ: a mix-up of two equal accounts would not be visible."""
    adapter = adapter_of(run)
    if USE in adapter.offers and run.settings.may_do_anything:
        adapter.use(owner, "js", 7)
        adapter.use(other, "light", 3)
    if run.settings.may_write and run.takes("update_auto_recharge", "update_usage_alerts"):
        other.call("update_auto_recharge", {"threshold_microcents": 123_000_000})
        other.call("update_usage_alerts", {"threshold_50_enabled": True})


def _use_foreign_resources(run: Run, owner: Client, other: Client) -> None:
    """Name the owner's cards, challenges and sessions as the other account: expect 404."""
    cards = owner.call("list_payment_methods").object.get("payment_methods", [])
    if cards and run.takes("remove_payment_method", "add_payment_method"):
        _use_foreign_card(run, owner, other, {card["stripe_payment_method_id"] for card in cards})
    if cards and run.takes("update_auto_recharge"):
        body = {"enabled": False, "stripe_payment_method_id": "pm_kit_of_nobody"}
        _try(run, other, "update_auto_recharge", body)
    if run.settings.may_do_anything and run.takes("initiate_verification", "confirm_verification"):
        _use_foreign_challenge(run, owner, other)
    if run.settings.mock:
        session = owner.call("create_deposit", {"amount_cents": 1234}).object.get("session_id", "")
        response = other.control("POST", f"checkout-sessions/{session}/complete", {})
        run.expect(
            response.status == 404,
            response,
            "tenant",
            "/response/status",
            "isolation",
            "404 for another account's checkout session",
            str(response.status),
            operation="create_deposit",
        )


def _use_foreign_card(run: Run, owner: Client, other: Client, taken: set[str]) -> None:
    """Remove a card that the run adds to the owner, and make it the default, as the other."""
    free = next((name for name in TEST_CARDS if name not in taken), None)
    added = _try(run, owner, "add_payment_method", {"payment_method_id": free}) if free else None
    id = added.object.get("id") if added is not None else None
    if not isinstance(id, str):
        return
    for operation in ("set_default_payment_method", "remove_payment_method"):
        _must_refuse(run, 404, _try(run, other, operation, path={"payment_method_id": id}))
    owner.call("list_payment_methods")
    if run.takes("update_auto_recharge"):
        other.call("list_payment_methods")
        body = {"enabled": False, "stripe_payment_method_id": free}
        _try(run, other, "update_auto_recharge", body)
    # Both have the card now; the removal of one must not touch the other.
    same = _try(run, other, "add_payment_method", {"payment_method_id": free})
    other.call("list_payment_methods")
    _try(run, owner, "remove_payment_method", path={"payment_method_id": id})
    other.call("list_payment_methods")
    own = same.object.get("id") if same is not None else None
    if isinstance(own, str):
        _try(run, other, "remove_payment_method", path={"payment_method_id": own})


def _use_foreign_challenge(run: Run, owner: Client, other: Client) -> None:
    initiated = owner.call("initiate_verification", {"action": "kit_tenants"})
    challenge = initiated.object.get("challenge_id")
    if not challenge:
        return
    adapter = adapter_of(run)
    code = adapter.read_code(owner, challenge) if READ_CODE in adapter.offers else ""
    body = {"challenge_id": challenge, "code": code or "000000"}
    _must_refuse(run, 404, other.call("confirm_verification", body))
    if code:
        response = owner.call("confirm_verification", body)
        run.expect(
            response.object.get("success") is True,
            response,
            "tenant",
            "/response/body/success",
            "untouched",
            "true: the other account's attempt changed nothing",
            str(response.object.get("success")),
        )


def _write_and_compare(run: Run, owner: Client, other: Client) -> None:
    """Send every write as the other account, and read the owner's views after each.

    The judge compares them with the readings before.
    """
    for operation in run.operations(reads=False):
        if operation.path_names or operation.id == "confirm_verification":
            continue
        body: Any = examples.example(run.contract, operation)
        sent = () if operation.body is None else (body,)
        try:
            made = owner.call(operation.id, *sent) if operation.id in _HANDED_OUT else None
            response = other.call(operation.id, *sent)
            if made is not None:
                _must_differ(run, made, response, _HANDED_OUT[operation.id])
        except Withheld as error:
            run.coverage.explain(operation.id, "tenants", str(error))
            continue
        run.follow(other)
        read_account(run, owner)


def _must_differ(run: Run, made: Exchange, response: Exchange, name: str) -> None:
    """Expect that two accounts do not get the same session, intent or challenge."""
    got = response.object.get(name)
    run.expect(
        got is None or got != made.object.get(name),
        response,
        "tenant",
        f"/response/body/{name}",
        "isolation",
        "another one than the other account got just before",
        str(got),
        nature=CONTRADICTION,
    )


def _organizations(run: Run, caller: Client) -> None:
    """Expect the same 403 for a foreign organization, whether it exists or not."""
    known = (
        run.settings.organization_id
        if run.settings.organization_id and not run.settings.mock
        else None
    )
    if run.settings.mock:
        known = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    other = run.other()
    is_other = other is not None and caller.key == other.key
    outsider = caller if run.settings.mock or is_other else None
    for operation in run.operations():
        if not any(parameter.node["name"] == ORGANIZATION for parameter in operation.parameters):
            continue
        unknown = caller.call(operation.id, headers={ORGANIZATION: _UNKNOWN_ORGANIZATION})
        _must_refuse(run, 403, unknown)
        if known and outsider is not None:
            real = outsider.call(operation.id, headers={ORGANIZATION: known})
            _must_refuse(run, 403, real)
            run.expect(
                real.status != 403 or real.response_body == unknown.response_body,
                real,
                "tenant",
                "/response/403/body",
                "existence",
                "the same body whether it exists or not",
                real.object.get("detail", "another body"),
            )


def _must_refuse(run: Run, status: int, response: Exchange | None) -> None:
    if response is None:
        return
    matched = run.contract.match(response.method, response.path)
    is_refused = response.status >= 400
    if is_refused and matched is not None and response.status not in matched[0].responses:
        return  # the judge reports a status that is not documented
    run.expect(
        response.status == status,
        response,
        "tenant",
        "/response/status",
        "isolation",
        f"{status} for what belongs to another account",
        str(response.status),
        provenance="assumed" if is_refused else "documented",
        nature=MINOR if is_refused else CONTRADICTION,
    )


def _try(run: Run, caller: Client, operation_id: str, *args: Any, **more: Any) -> Exchange | None:
    try:
        response = caller.call(operation_id, *args, **more)
        run.follow(caller)
    except Withheld as error:
        run.coverage.explain(operation_id, "tenants", str(error))
        return None
    return response
