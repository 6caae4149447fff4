"""Setup intents collect, authenticate or decline a card, and never add it to the account."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from mockserver.billing import payment_methods, setup_intents
from mockserver.billing.account import Account, SetupError
from mockserver.billing.card_details import CardDetails
from mockserver.billing.catalogue import TestCard
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    CardDeclined,
    CardDetailsRefused,
    NothingToAuthenticate,
    SetupIntentNotFound,
    SetupIntentSucceeded,
)
from mockserver.billing.ids import IdSource
from mockserver.billing.setup_intents import AUTHENTICATION_FAILED

from .conftest import NOON, WORKING, actions, catalogue, fresh, problems, refused, state

TYPED = [card for card in catalogue().test_cards if card.number is not None]
AUTHENTICATED = "pm_card_authenticationRequired"
GENERIC = "pm_card_chargeDeclined"


def by_id(card: TestCard) -> str:
    return card.id


def details(number: str, month: int = 12, year: int = 2030, cvc: str | None = "123") -> CardDetails:
    return CardDetails(number, month, year, cvc)


def typed(card: TestCard) -> CardDetails:
    assert card.number is not None
    return details(card.number)


def test_a_new_intent_waits_for_a_card(context: Context) -> None:
    """An intent is stored under its id, and its secret begins with the id, as with Stripe."""
    intent = setup_intents.create(context)
    assert context.account.setup_intents == {intent.id: intent}
    assert (intent.status, intent.payment_method, intent.last_error) == (
        "requires_payment_method",
        None,
        None,
    )
    assert re.fullmatch(r"seti_[A-Za-z0-9]{24}", intent.id)
    assert re.fullmatch(rf"{intent.id}_secret_[A-Za-z0-9]{{24}}", intent.client_secret)


@pytest.mark.parametrize("card", TYPED, ids=by_id)
def test_the_id_of_a_typed_card_encodes_the_test_card(context: Context, card: TestCard) -> None:
    """The id of a typed card encodes the test card and its expiry, but not the number."""
    assert card.number is not None
    id = typed(card).payment_method(context.catalogue, context.account.ids, context.now)
    assert re.fullmatch(r"pm_mock_[A-Za-z0-9_]{1,240}", id)
    assert card.number not in id
    known = context.catalogue.card(id)
    assert (known.brand, known.last4, known.exp_month, known.exp_year) == (
        card.brand,
        card.last4,
        12,
        2030,
    )
    assert (known.declines_attach, known.declines_charge) == (
        card.declines_attach,
        card.declines_charge,
    )
    assert known.authentication == card.authentication


@pytest.mark.parametrize("card", TYPED, ids=by_id)
def test_every_test_card_sets_up_as_it_is_described(context: Context, card: TestCard) -> None:
    """A card that requires it is authenticated first; then it is declined or set up."""
    intent = setup_intents.confirm(context, setup_intents.create(context), typed(card))
    if card.authentication != "never":
        assert intent.status == "requires_action"
        setup_intents.authenticate(context, intent, passed=True)
    if card.declines_attach is None:
        assert (intent.status, intent.last_error) == ("succeeded", None)
        assert intent.payment_method is not None
        payment_methods.add(context, intent.payment_method)
    else:
        assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
        assert intent.last_error is not None
        assert intent.last_error.code == card.declines_attach
        with pytest.raises(CardDeclined, match=card.declines_attach):
            payment_methods.add(context, intent.last_error.payment_method)
    assert problems(context) == []


def test_a_typed_card_keeps_its_expiry_when_it_is_added(context: Context) -> None:
    """A typed card that is added keeps its expiry date."""
    intent = setup_intents.confirm(
        context, setup_intents.create(context), details("5555555555554444", 2, 31)
    )
    assert intent.payment_method is not None
    card = payment_methods.add(context, intent.payment_method)
    assert (card.brand, card.last4, card.exp_month, card.exp_year) == (
        "mastercard",
        "4444",
        2,
        2031,
    )


def test_the_same_number_twice_is_two_payment_methods(context: Context) -> None:
    """Every typed card gets a new id, as with Stripe; the same seed gives the same ids."""
    ids, again = IdSource("here"), IdSource("here")
    made = [
        details("4242424242424242").payment_method(context.catalogue, ids, NOON) for _ in range(2)
    ]
    assert made[0] != made[1]
    assert made == [
        details("4242424242424242").payment_method(context.catalogue, again, NOON) for _ in range(2)
    ]


def test_a_confirmed_intent_adds_no_card(context: Context) -> None:
    """Confirming adds no card and moves no money; the client adds the payment method."""
    intent = setup_intents.confirm(context, setup_intents.create(context), WORKING)
    assert (intent.status, intent.payment_method) == ("succeeded", WORKING)
    assert context.account.wallet.cards == []
    assert actions(context) == ["setup_intent.created", "setup_intent.succeeded"]


def test_an_intent_succeeds_once(context: Context) -> None:
    """A succeeded intent accepts no other card."""
    intent = setup_intents.confirm(context, setup_intents.create(context), WORKING)
    for payer in (WORKING, details("4242424242424242")):
        with refused(context, SetupIntentSucceeded):
            setup_intents.confirm(context, intent, payer)
    with refused(context, NothingToAuthenticate):
        setup_intents.authenticate(context, intent, passed=False)


def test_after_a_decline_another_card_succeeds(context: Context) -> None:
    """A decline is recorded until the next attempt."""
    intent = setup_intents.confirm(context, setup_intents.create(context), GENERIC)
    assert intent.last_error == SetupError("generic_decline", GENERIC)
    again = setup_intents.confirm(context, intent, WORKING)
    assert (again.status, again.last_error) == ("succeeded", None)
    assert actions(context)[1:] == ["setup_intent.setup_failed", "setup_intent.succeeded"]


def test_a_payer_who_fails_authentication_may_try_again(context: Context) -> None:
    """After a failed authentication the intent says so and waits for a payment method."""
    intent = setup_intents.confirm(context, setup_intents.create(context), AUTHENTICATED)
    assert (intent.status, intent.payment_method) == ("requires_action", AUTHENTICATED)
    setup_intents.authenticate(context, intent, passed=False)
    assert intent.last_error == SetupError(AUTHENTICATION_FAILED, AUTHENTICATED)
    with refused(context, NothingToAuthenticate):
        setup_intents.authenticate(context, intent, passed=True)
    setup_intents.confirm(context, intent, AUTHENTICATED)
    setup_intents.authenticate(context, intent, passed=True)
    assert (intent.status, intent.payment_method) == ("succeeded", AUTHENTICATED)
    assert actions(context)[1:] == [
        "setup_intent.requires_action",
        "setup_intent.setup_failed",
        "setup_intent.requires_action",
        "setup_intent.succeeded",
    ]


def test_an_intent_that_waits_for_authentication_takes_another_card(context: Context) -> None:
    """An intent that waits for authentication can be confirmed again, as after a page reload."""
    intent = setup_intents.confirm(context, setup_intents.create(context), AUTHENTICATED)
    setup_intents.confirm(context, intent, WORKING)
    assert (intent.status, intent.payment_method) == ("succeeded", WORKING)


def test_a_card_that_has_expired_meanwhile_is_declined(context: Context) -> None:
    """A payment method that has expired since it was created is declined."""
    id = details("4242424242424242", 3, 2026).payment_method(
        context.catalogue, context.account.ids, NOON
    )
    in_april = context.at(datetime(2026, 4, 1, tzinfo=UTC), "payer")
    intent = setup_intents.confirm(in_april, setup_intents.create(in_april), id)
    assert intent.last_error == SetupError("expired_card", id)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (details("4242424242424241"), "incorrect_number"),
        (details(""), "incorrect_number"),
        (details("42"), "incorrect_number"),
        (details("4242 4242 4242 424x"), "incorrect_number"),
        (details("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), "incorrect_number"),
        (details("4539578763621486"), "test_mode_live_card"),
        (details("4242424242424242", 2), "ok"),
        (details("4242424242424242", 3, 26), "ok"),
        (details("4242424242424242", 2, 26), "invalid_expiry_month"),
        (details("4242424242424242", 0), "invalid_expiry_month"),
        (details("4242424242424242", 13), "invalid_expiry_month"),
        (details("4242424242424242", 12, 2025), "invalid_expiry_year"),
        (details("4242424242424242", 12, 2077), "invalid_expiry_year"),
        (details("4242424242424242", 12, -1), "invalid_expiry_year"),
        (details("4242424242424242", 12, 10**30), "invalid_expiry_year"),
        (details("4242424242424242", cvc="12"), "invalid_cvc"),
        (details("4242424242424242", cvc="1234"), "invalid_cvc"),
        (details("4242424242424242", cvc="12a"), "invalid_cvc"),
        (details("4242424242424242", cvc=None), "ok"),
        (details("371449635398431", cvc="1234"), "ok"),
        (details("371449635398431", cvc="123"), "ok"),
        (details("4242-4242 4242-4242"), "ok"),
    ],
)
def test_details_are_checked_before_anything_changes(
    context: Context, given: CardDetails, code: str
) -> None:
    """Wrong details are an error with Stripe's code and change nothing."""
    intent = setup_intents.create(context)
    if code == "ok":
        assert setup_intents.confirm(context, intent, given).status == "succeeded"
        return
    with refused(context, CardDetailsRefused) as caught:
        setup_intents.confirm(context, intent, given)
    assert caught.value.code == code
    assert given.number not in str(caught.value) or given.number in ("", "42")


def test_a_number_is_nowhere_in_the_account(context: Context) -> None:
    """Number and security code are neither stored nor part of any representation."""
    shown = []
    for card in TYPED:
        given = details(card.number or "", cvc="987")
        setup_intents.confirm(context, setup_intents.create(context), given)
        shown.append(repr(given))
    everything = msgspec.json.encode(state(context)).decode() + "".join(shown)
    assert [card.id for card in TYPED if (card.number or "") in everything] == []
    assert "987" not in "".join(shown)


def test_no_secret_is_in_the_audit_log(context: Context) -> None:
    """The audit log contains no client secret."""
    intent = setup_intents.confirm(context, setup_intents.create(context), AUTHENTICATED)
    setup_intents.authenticate(context, intent, passed=True)
    assert intent.client_secret not in repr(context.account.audit_log)


def test_an_intent_is_found_by_id_and_secret_together(context: Context) -> None:
    """A wrong secret, another intent's secret and an unknown id give the same error."""
    intent, other = setup_intents.create(context), setup_intents.create(context)
    assert setup_intents.get(context.account, intent.id, intent.client_secret) is intent
    wrong = [
        (context.account, intent.id, other.client_secret),
        (context.account, intent.id, ""),
        (context.account, intent.id, "\ud800"),
        (context.account, intent.id, f"{intent.client_secret}x"),
        (fresh("another").account, intent.id, intent.client_secret),
        (None, intent.id, intent.client_secret),
        (None, intent.id, ""),
    ]
    for account, id, secret in wrong:
        with pytest.raises(SetupIntentNotFound) as caught:
            setup_intents.get(account, id, secret)
        assert str(caught.value) == f"No such setupintent: '{intent.id}'"


@pytest.mark.parametrize(
    "id",
    [
        "pm_mock_visa_132030_abc",
        "pm_mock_visa_122030_",
        "pm_mock_visa_129999_abc",
        "pm_mock_nothing_122030_abc",
        "pm_mock_visa",
        "pm_mock__122030_abc",
    ],
)
def test_an_id_that_only_looks_typed_is_some_card_that_works(context: Context, id: str) -> None:
    """An id that resembles a typed card's gives a working card, like any pm_... id."""
    card = payment_methods.add(context, id)
    assert (card.stripe_id, card.decline_code(NOON)) == (id, None)
    assert problems(context) == []


def test_an_older_state_without_outcomes_can_be_read() -> None:
    """States exported before intents could be confirmed can be imported."""
    context = fresh()
    intent = setup_intents.create(context)
    plain = state(context)
    for name in ("status", "payment_method", "last_error"):
        del plain["setup_intents"][intent.id][name]
    assert msgspec.convert(plain, Account).setup_intents == {intent.id: intent}


def test_a_bank_may_decline_after_authentication(context: Context) -> None:
    """A custom card can require authentication and decline afterwards."""
    strict = TestCard(
        "pm_card_strict", "visa", "4242", "lost_card", "lost_card", authentication="always"
    )
    with_it = replace(context.catalogue, test_cards=[*context.catalogue.test_cards, strict])
    context = Context(context.account, with_it, context.now, context.actor)
    intent = setup_intents.confirm(context, setup_intents.create(context), strict.id)
    assert intent.status == "requires_action"
    setup_intents.authenticate(context, intent, passed=True)
    assert (intent.payment_method, intent.last_error) == (None, SetupError("lost_card", strict.id))
