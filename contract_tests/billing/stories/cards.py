"""Stories of payment methods."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from contract_tests.billing.stories.actor import Actor

GOOD, OTHER, THIRD = "pm_card_mastercard", "pm_card_amex", "pm_card_discover"
TEST_CARDS = (GOOD, OTHER, THIRD, "pm_card_jcb", "pm_card_diners", "pm_card_unionpay")
"""Cards that can be added to any account in test mode."""


def a_card_is_added_and_removed(actor: Actor) -> None:
    """Add a card, make it the default and remove it: every view shows each step."""
    card = _add(actor, free_card(actor))
    _expect_activity(actor, "payment_method_added")
    actor.read_all()
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    response = actor.call("list_payment_methods")
    actor.equal(response, "/default_method_id", "default", card["id"])
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    actor.read_all()
    actor.do("remove_payment_method", path={"payment_method_id": card["id"]})
    _expect_activity(actor, "payment_method_removed")
    actor.read_all()
    for name in (card["id"], card["stripe_payment_method_id"]):
        actor.refused(404, "set_default_payment_method", path={"payment_method_id": name})
        actor.refused(404, "remove_payment_method", path={"payment_method_id": name})
    body = {"enabled": False, "stripe_payment_method_id": card["stripe_payment_method_id"]}
    actor.refused(400, "update_auto_recharge", body)
    again = _add(actor, card["stripe_payment_method_id"])
    response = actor.call("list_payment_methods")
    actor.expect(
        response,
        again["id"] != card["id"],
        "/payment_methods/*/id",
        "new_id",
        "a new id",
        "the old id",
    )
    actor.do("remove_payment_method", path={"payment_method_id": again["id"]})


def the_same_card_twice_is_refused(actor: Actor) -> None:
    """Add a card twice: the second request is 409, and the card is listed once."""
    card = _add(actor, free_card(actor))
    actor.read_all()
    actor.refused(
        409, "add_payment_method", {"payment_method_id": card["stripe_payment_method_id"]}
    )
    actor.read_all()
    actor.do("remove_payment_method", path={"payment_method_id": card["id"]})


def the_oldest_card_replaces_a_removed_default(actor: Actor) -> None:
    """Remove the default card: the oldest remaining card becomes the default."""
    actor.read_all()
    added = [_add(actor, free_card(actor)) for _ in range(3)]
    for card in (added[1], added[2]):
        actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
        actor.call("list_payment_methods")
        oldest = [other for other in actor.cards if other["id"] != card["id"]][-1]
        actor.do("remove_payment_method", path={"payment_method_id": card["id"]})
        response = actor.call("list_payment_methods")
        actor.equal(response, "/default_method_id", "hand_over", oldest["id"])
    actor.read_all()
    actor.do("remove_payment_method", path={"payment_method_id": added[0]["id"]})


def a_card_has_two_ids(actor: Actor) -> None:
    """Name a card by its id and by its Stripe id."""
    card = _add(actor, free_card(actor))
    name = card["stripe_payment_method_id"]
    actor.do("set_default_payment_method", path={"payment_method_id": name})
    response = actor.call("list_payment_methods")
    actor.equal(response, "/default_method_id", "stripe_id", card["id"])
    actor.do("remove_payment_method", path={"payment_method_id": name})
    actor.read_all()


def a_declined_card_is_not_added(actor: Actor) -> None:
    """Add a card that its bank declines: it is 402, and the card is not listed."""
    actor.read_all()
    actor.refused(402, "add_payment_method", {"payment_method_id": "pm_card_chargeDeclined"})
    actor.refused(
        402, "add_payment_method", {"payment_method_id": "pm_card_chargeDeclinedInsufficientFunds"}
    )
    actor.read_all()


def unknown_cards_are_not_found(actor: Actor) -> None:
    """Change and remove an unknown card: it is 404."""
    actor.read_all()
    for name in ("00000000-0000-4000-8000-000000000000", "pm_kit_of_nobody", "kit", "0"):
        actor.refused(404, "set_default_payment_method", path={"payment_method_id": name})
        actor.refused(404, "remove_payment_method", path={"payment_method_id": name})
    actor.read_all()


def setup_and_portal_leave_the_account_alone(actor: Actor) -> None:
    """Create setup intents and portal sessions: all are new, no secret is logged."""
    actor.read_all()
    intents = [actor.do("create_setup_intent") for _ in range(2)]
    portals = [actor.do("create_portal_session") for _ in range(2)]
    response = actor.call("create_setup_intent")
    actor.expect(
        response,
        len({intent["id"] for intent in intents} | {response.object.get("id")}) == 3,
        "/id",
        "new_id",
        "a new intent",
        "an earlier intent",
    )
    secret, id = response.object.get("client_secret", ""), response.object.get("id", "")
    actor.expect(
        response,
        bool(secret) and secret.startswith(f"{id}_secret_"),
        "/client_secret",
        "belongs",
        "the secret of the intent",
        "another secret",
    )
    response = actor.call("create_portal_session")
    actor.expect(
        response,
        response.object.get("url") not in {portal["url"] for portal in portals}
        and portals[0] != portals[1],
        "/url",
        "new_session",
        "a new session",
        "an earlier session",
    )
    audit = actor.call("list_audit_log", query={"limit": 10})
    details = json.dumps([entry.get("details") for entry in audit.object.get("entries", [])])
    actor.expect(
        audit,
        not secret or secret not in details,
        "/entries/*/details",
        "no_secret",
        "no client secret in the log",
        "the client secret",
    )
    actor.read_all()


def the_first_card_becomes_the_default(actor: Actor) -> None:
    """Add two cards and remove them: the first is the default, and finally there is none."""
    newcomer = actor.someone_like("new", _without_cards)
    newcomer.read_all()
    first, second = _add(newcomer, GOOD), _add(newcomer, OTHER)
    response = newcomer.call("list_payment_methods")
    newcomer.equal(response, "/default_method_id", "first_card", first["id"])
    newcomer.read_all()
    for card in (first, second):
        newcomer.do("remove_payment_method", path={"payment_method_id": card["id"]})
        newcomer.read_all()
    response = newcomer.call("list_payment_methods")
    newcomer.equal(response, "/default_method_id", "no_card", None)
    newcomer.refused(400, "update_auto_recharge", {"enabled": True})
    newcomer.refused(400, "change_plan", {"price_id": newcomer.plans.first.price_id})
    newcomer.read_all()


def a_card_used_by_auto_recharge_is_kept(actor: Actor) -> None:
    """Remove a card that auto-recharge uses: it is 409 until auto-recharge is disabled."""
    card = _add(actor, free_card(actor))
    body = {
        "enabled": True,
        "threshold_microcents": 0,
        "stripe_payment_method_id": card["stripe_payment_method_id"],
    }
    actor.do("update_auto_recharge", body)
    actor.read_all()
    actor.refused(409, "remove_payment_method", path={"payment_method_id": card["id"]})
    actor.refused(
        409, "remove_payment_method", path={"payment_method_id": card["stripe_payment_method_id"]}
    )
    actor.read_all()
    actor.do("disable_auto_recharge")
    actor.do("remove_payment_method", path={"payment_method_id": card["id"]})
    actor.read_all()


def one_card_from_many_requests(actor: Actor) -> None:
    """Add the same card eight times at once: it is added once."""
    name = free_card(actor)
    with ThreadPoolExecutor(8) as pool:
        responses = list(
            pool.map(
                lambda _: actor.send("add_payment_method", {"payment_method_id": name}), range(8)
            )
        )
    added = [response for response in responses if 200 <= response.status < 300]
    statuses = sorted(response.status for response in responses)
    actor.expect(
        responses[-1],
        len(added) == 1 and statuses[1:] == [409] * 7,
        "/response/status",
        "at_once",
        "one 200, seven 409",
        statuses,
    )
    actor.read_all()
    for response in added:
        actor.call(
            "remove_payment_method", path={"payment_method_id": response.object.get("id", name)}
        )


def _without_cards(actor: Actor) -> None:
    """Remove all cards of an account."""
    actor.do("disable_auto_recharge")
    for card in actor.cards:
        actor.do("remove_payment_method", path={"payment_method_id": card["id"]})


def decline_charges(actor: Actor) -> None:
    """Make a card the default that declines every charge."""
    card = actor.do("add_payment_method", {"payment_method_id": "pm_card_chargeCustomerFail"})
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})


def _expect_activity(actor: Actor, type: str) -> None:
    """Expect the newest activity to have a type."""
    response, entry = actor.newest("list_recent_activity", "activities")
    actor.expect(
        response, entry.get("type") == type, "/activities/0/type", type, type, entry.get("type")
    )


def _add(actor: Actor, name: str) -> dict[str, str]:
    return actor.do("add_payment_method", {"payment_method_id": name})


def free_card(actor: Actor) -> str:
    """Return a test card that the account does not have. Raises Unsuitable if it has all."""
    taken = {card["stripe_payment_method_id"] for card in actor.cards}
    free = [name for name in TEST_CARDS if name not in taken]
    actor.require(free, "a test card that the account does not have")
    return free[0]
