"""Stories of payment methods."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from contract_tests.billing.stories.actor import Actor
from contract_tests.drivers.stories import StoryEnds

GOOD, OTHER, THIRD = "pm_card_mastercard", "pm_card_amex", "pm_card_discover"


def a_card_comes_and_goes(actor: Actor) -> None:
    """A card that is added is listed once, can be made the default, and is gone everywhere when it is removed."""
    card = _add(actor, _free(actor))
    _told(actor, "payment_method_added")
    actor.look()
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    answer = actor.call("list_payment_methods")
    actor.equal(answer, "/default_method_id", "default", card["id"])
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    actor.look()
    actor.do("remove_payment_method", path={"payment_method_id": card["id"]})
    _told(actor, "payment_method_removed")
    actor.look()
    for name in (card["id"], card["stripe_payment_method_id"]):
        actor.refused(404, "set_default_payment_method", path={"payment_method_id": name})
        actor.refused(404, "remove_payment_method", path={"payment_method_id": name})
    body = {"enabled": False, "stripe_payment_method_id": card["stripe_payment_method_id"]}
    actor.refused(400, "update_auto_recharge", body)
    again = _add(actor, card["stripe_payment_method_id"])
    answer = actor.call("list_payment_methods")
    actor.expect(
        answer,
        again["id"] != card["id"],
        "/payment_methods/*/id",
        "new_id",
        "an id of its own",
        "the old one",
    )
    actor.do("remove_payment_method", path={"payment_method_id": again["id"]})


def the_same_card_twice_is_refused(actor: Actor) -> None:
    """The same card twice is 409, and is there once."""
    card = _add(actor, _free(actor))
    actor.look()
    actor.refused(
        409, "add_payment_method", {"payment_method_id": card["stripe_payment_method_id"]}
    )
    actor.look()
    actor.do("remove_payment_method", path={"payment_method_id": card["id"]})


def a_removed_default_hands_over_to_the_oldest(actor: Actor) -> None:
    """Removing the default makes the oldest card that is left the default."""
    actor.look()
    added = [_add(actor, _free(actor)) for _ in range(3)]
    for card in (added[1], added[2]):
        actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
        actor.call("list_payment_methods")
        oldest = [other for other in actor.cards if other["id"] != card["id"]][-1]
        actor.do("remove_payment_method", path={"payment_method_id": card["id"]})
        answer = actor.call("list_payment_methods")
        actor.equal(answer, "/default_method_id", "hand_over", oldest["id"])
    actor.look()
    actor.do("remove_payment_method", path={"payment_method_id": added[0]["id"]})


def a_card_is_known_by_both_names(actor: Actor) -> None:
    """A card is named by its id or by its Stripe id."""
    card = _add(actor, _free(actor))
    name = card["stripe_payment_method_id"]
    actor.do("set_default_payment_method", path={"payment_method_id": name})
    answer = actor.call("list_payment_methods")
    actor.equal(answer, "/default_method_id", "stripe_id", card["id"])
    actor.do("remove_payment_method", path={"payment_method_id": name})
    actor.look()


def a_declined_card_is_not_added(actor: Actor) -> None:
    """A card that its bank declines is 402 and is not there."""
    actor.look()
    actor.refused(402, "add_payment_method", {"payment_method_id": "pm_card_chargeDeclined"})
    actor.refused(
        402, "add_payment_method", {"payment_method_id": "pm_card_chargeDeclinedInsufficientFunds"}
    )
    actor.look()


def unknown_cards_are_not_found(actor: Actor) -> None:
    """A card that was never there is 404, whatever is asked of it."""
    actor.look()
    for name in ("00000000-0000-4000-8000-000000000000", "pm_kit_of_nobody", "kit", "0"):
        actor.refused(404, "set_default_payment_method", path={"payment_method_id": name})
        actor.refused(404, "remove_payment_method", path={"payment_method_id": name})
    actor.look()


def setup_and_portal_leave_the_account_alone(actor: Actor) -> None:
    """Each setup intent and each portal session is a new one, and nothing is attached by them."""
    actor.look()
    intents = [actor.do("create_setup_intent") for _ in range(2)]
    portals = [actor.do("create_portal_session") for _ in range(2)]
    answer = actor.call("create_setup_intent")
    actor.expect(
        answer,
        len({intent["id"] for intent in intents} | {answer.object.get("id")}) == 3,
        "/id",
        "new_id",
        "a new intent",
        "an old one",
    )
    secret, id = answer.object.get("client_secret", ""), answer.object.get("id", "")
    actor.expect(
        answer,
        bool(secret) and secret.startswith(f"{id}_secret_"),
        "/client_secret",
        "belongs",
        "the intent's own secret",
        "another's",
    )
    answer = actor.call("create_portal_session")
    actor.expect(
        answer,
        answer.object.get("url") not in {portal["url"] for portal in portals}
        and portals[0] != portals[1],
        "/url",
        "new_session",
        "a fresh session",
        "an old one",
    )
    actor.look()


def the_first_card_becomes_the_default(actor: Actor) -> None:
    """Without a card there is no default; the first becomes it, the second does not; without cards it is null again."""
    newcomer = Actor(actor.run, actor.run.mock_account("new"))
    newcomer.look()
    first, second = _add(newcomer, GOOD), _add(newcomer, OTHER)
    answer = newcomer.call("list_payment_methods")
    newcomer.equal(answer, "/default_method_id", "first_card", first["id"])
    newcomer.look()
    for card in (first, second):
        newcomer.do("remove_payment_method", path={"payment_method_id": card["id"]})
        newcomer.look()
    answer = newcomer.call("list_payment_methods")
    newcomer.equal(answer, "/default_method_id", "no_card", None)
    newcomer.refused(400, "update_auto_recharge", {"enabled": True})
    newcomer.refused(400, "change_plan", {"price_id": "price_starter_monthly"})
    newcomer.look()


def a_card_that_recharges_stays(actor: Actor) -> None:
    """A card that an enabled auto-recharge names cannot be removed; once it is disabled it can."""
    card = _add(actor, _free(actor))
    body = {
        "enabled": True,
        "threshold_microcents": 0,
        "stripe_payment_method_id": card["stripe_payment_method_id"],
    }
    actor.do("update_auto_recharge", body)
    actor.look()
    actor.refused(409, "remove_payment_method", path={"payment_method_id": card["id"]})
    actor.refused(
        409, "remove_payment_method", path={"payment_method_id": card["stripe_payment_method_id"]}
    )
    actor.look()
    actor.do("disable_auto_recharge")
    actor.do("remove_payment_method", path={"payment_method_id": card["id"]})
    actor.look()


def one_card_from_many_requests(actor: Actor) -> None:
    """The same card sent eight times at once is added once."""
    name = _free(actor)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: actor.call("add_payment_method", {"payment_method_id": name}), range(8)
            )
        )
    added = [response for response in answers if response.status == 200]
    statuses = sorted(response.status for response in answers)
    actor.expect(
        answers[-1],
        statuses == [200] + [409] * 7,
        "/response/status",
        "at_once",
        "one 200, seven 409",
        statuses,
    )
    actor.look()
    for response in added:
        actor.call(
            "remove_payment_method", path={"payment_method_id": response.object.get("id", name)}
        )


def _told(actor: Actor, type: str) -> None:
    """The newest activity is of this type."""
    answer, entry = actor.newest("list_recent_activity", "activities")
    actor.expect(
        answer, entry.get("type") == type, "/activities/0/type", type, type, entry.get("type")
    )


def _add(actor: Actor, name: str) -> dict[str, str]:
    return actor.do("add_payment_method", {"payment_method_id": name})


def _free(actor: Actor) -> str:
    """A test card that the account has not. Raises StoryEnds if it has them all."""
    taken = {card["stripe_payment_method_id"] for card in actor.cards}
    candidates = (GOOD, OTHER, THIRD, "pm_card_jcb", "pm_card_diners", "pm_card_unionpay")
    for name in candidates:
        if name not in taken:
            return name
    raise StoryEnds
