"""Cards: added, removed, one of them the default."""

from datetime import UTC, datetime, timedelta

import pytest

from mockserver.billing import auto_recharge, payment_methods
from mockserver.billing.account import Card
from mockserver.billing.catalogue import TestCard
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    CardAlreadyAdded,
    CardDeclined,
    CardInUse,
    CardNotFound,
    NoUsableCard,
)

from .conftest import DECLINE, DECLINED_LATER, NOON, WORKING, catalogue, fresh, refused

REFUSED = [card for card in catalogue().test_cards if card.declines_attach is not None]
ACCEPTED = [card for card in catalogue().test_cards if card.declines_attach is None]


def by_id(card: TestCard) -> str:
    return card.id


def add_three(context: Context) -> list[Card]:
    return [
        payment_methods.add(context, f"pm_card_{brand}") for brand in ("visa", "mastercard", "amex")
    ]


@pytest.mark.parametrize("known", ACCEPTED, ids=by_id)
def test_a_published_test_card_has_its_brand_and_digits(context: Context, known: TestCard) -> None:
    """Stripe's published test ids give their brand and behaviour."""
    card = payment_methods.add(context, known.id)
    assert (card.stripe_id, card.brand, card.last4) == (known.id, known.brand, known.last4)


@pytest.mark.parametrize("known", REFUSED, ids=by_id)
def test_a_card_that_is_refused_when_added_leaves_nothing_behind(
    context: Context, known: TestCard
) -> None:
    """A card that declines being saved is not added, and the error has Stripe's decline code."""
    with refused(context, CardDeclined) as caught:
        payment_methods.add(context, known.id)
    assert caught.value.code == known.declines_attach
    assert str(known.declines_attach) in str(caught.value)


def test_the_cards_that_stripe_publishes_are_known() -> None:
    """The catalogue has Stripe's test cards with their behaviour."""
    assert catalogue().card("pm_card_visa").brand == "visa"
    assert catalogue().card("pm_card_mastercard").brand == "mastercard"
    assert catalogue().card("pm_card_amex").brand == "amex"
    assert catalogue().card("pm_card_chargeDeclined").declines_attach is not None
    assert (
        catalogue().card("pm_card_chargeDeclinedInsufficientFunds").declines_attach
        == "insufficient_funds"
    )
    assert catalogue().card("pm_card_chargeCustomerFail").declines_attach is None
    assert catalogue().card("pm_card_chargeCustomerFail").declines_charge is not None


def test_any_other_id_is_a_working_card_made_from_the_id(context: Context) -> None:
    """An unknown id gives a working card, the same for the same id."""
    mine = payment_methods.add(context, "pm_1Qabc")
    yours = payment_methods.add(fresh("other"), "pm_1Qabc")
    assert (mine.brand, mine.last4, mine.exp_month, mine.exp_year) == (
        yours.brand,
        yours.last4,
        yours.exp_month,
        yours.exp_year,
    )
    assert mine.id != yours.id
    assert mine.decline_code(NOON) is None
    assert mine.last4.isdigit()
    assert len(mine.last4) == 4


def test_other_ids_are_different_cards() -> None:
    """Brand and digits are derived from the id and vary."""
    looks = {
        (card.brand, card.last4)
        for card in (catalogue().card(f"pm_{number}") for number in range(50))
    }
    assert len(looks) > 40


def test_the_same_card_twice_is_a_conflict(context: Context) -> None:
    """Adding a card twice is a 409, and the card is saved once."""
    payment_methods.add(context, WORKING)
    with refused(context, CardAlreadyAdded) as caught:
        payment_methods.add(context, WORKING)
    assert WORKING in str(caught.value)


def test_the_first_card_becomes_the_default(context: Context) -> None:
    """The first card is the default; those that follow are not."""
    first, *_ = add_three(context)
    assert context.account.wallet.default == first


def test_exactly_one_card_is_the_default(context: Context) -> None:
    """Whatever is chosen, added or removed, one card is the default while there are any."""
    wallet = context.account.wallet
    for card in add_three(context):
        payment_methods.set_default(context, card.id)
        assert [other for other in wallet.cards if other.id == wallet.default_id] == [card]


def test_the_default_can_be_named_by_either_id(context: Context) -> None:
    """A path names a card by its id or by its Stripe id."""
    visa, mastercard, _ = add_three(context)
    assert payment_methods.set_default(context, mastercard.stripe_id) == mastercard
    assert context.account.wallet.default == mastercard
    assert payment_methods.set_default(context, visa.id) == visa
    assert context.account.wallet.default == visa


def test_removing_the_default_hands_it_to_the_oldest_left(context: Context) -> None:
    """Removing the default card makes the oldest remaining card the default."""
    visa, mastercard, amex = add_three(context)
    payment_methods.set_default(context, amex.id)
    payment_methods.remove(context, amex.id)
    assert context.account.wallet.default == visa
    payment_methods.remove(context, visa.stripe_id)
    assert context.account.wallet.default == mastercard


def test_removing_another_card_keeps_the_default(context: Context) -> None:
    """Removing another card keeps the default."""
    visa, mastercard, amex = add_three(context)
    payment_methods.remove(context, mastercard.id)
    assert context.account.wallet.default == visa
    assert context.account.wallet.cards == [visa, amex]


def test_without_cards_there_is_no_default(with_card: Context) -> None:
    """Without cards there is no default; the next card becomes it."""
    payment_methods.remove(with_card, WORKING)
    assert with_card.account.wallet.default is None
    assert with_card.account.wallet.default_id is None
    again = payment_methods.add(with_card, "pm_card_amex")
    assert with_card.account.wallet.default == again


def test_a_removed_card_is_gone(with_card: Context) -> None:
    """A removed card is a 404 by either name and can be added again as a new card."""
    card = payment_methods.remove(with_card, WORKING)
    for name in (card.id, card.stripe_id):
        with refused(with_card, CardNotFound):
            payment_methods.remove(with_card, name)
        with refused(with_card, CardNotFound):
            payment_methods.set_default(with_card, name)
    assert payment_methods.add(with_card, WORKING).id != card.id


def test_another_accounts_card_is_not_found(with_card: Context) -> None:
    """A card of another account is not found."""
    other = fresh("other")
    name = with_card.account.wallet.cards[0].id
    with refused(other, CardNotFound):
        payment_methods.remove(other, name)
    with refused(other, CardNotFound):
        payment_methods.set_default(other, name)
    assert len(with_card.account.wallet.cards) == 1


def recharge_with(context: Context, stripe_id: str | None) -> None:
    auto_recharge.configure(
        context,
        enabled=True,
        threshold_microcents=0,
        amount_cents=5_000,
        stripe_payment_method_id=stripe_id,
    )


@pytest.mark.parametrize("named_by", ["id", "stripe_id"])
def test_the_card_that_auto_recharge_names_stays(context: Context, named_by: str) -> None:
    """A card that an enabled auto-recharge names cannot be removed: 409 that says what to do."""
    _, mastercard, _ = add_three(context)
    recharge_with(context, mastercard.stripe_id)
    with refused(context, CardInUse) as caught:
        payment_methods.remove(context, getattr(mastercard, named_by))
    assert "disable" in str(caught.value)
    assert "another card" in str(caught.value)


def test_the_card_of_a_disabled_auto_recharge_can_be_removed(context: Context) -> None:
    """Disabling auto-recharge, as the error suggests, lets the card be removed."""
    _, mastercard, _ = add_three(context)
    recharge_with(context, mastercard.stripe_id)
    auto_recharge.disable(context)
    payment_methods.remove(context, mastercard.id)
    assert mastercard not in context.account.wallet.cards


def test_a_card_that_auto_recharge_no_longer_names_can_be_removed(context: Context) -> None:
    """Choosing another card, as the error suggests, lets the card be removed."""
    visa, mastercard, _ = add_three(context)
    recharge_with(context, mastercard.stripe_id)
    recharge_with(context, visa.stripe_id)
    payment_methods.remove(context, mastercard.id)
    assert mastercard not in context.account.wallet.cards


@pytest.mark.parametrize(
    ("year", "month", "end"),
    [
        (2028, 2, datetime(2028, 3, 1, tzinfo=UTC)),
        (2026, 12, datetime(2027, 1, 1, tzinfo=UTC)),
        (2026, 4, datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_a_card_is_valid_to_the_end_of_its_month(year: int, month: int, end: datetime) -> None:
    """A card is declined from the first moment of the month after its expiry."""
    card = Card("id", "pm_1", "visa", "4242", month, year, NOON)
    assert card.expires_at == end
    assert card.decline_code(end - timedelta(milliseconds=1)) is None
    assert card.decline_code(end) == "expired_card"


def test_a_new_card_is_valid_for_years(with_card: Context) -> None:
    """A new card does not expire in the course of a test."""
    assert with_card.account.wallet.cards[0].expires_at > NOON + timedelta(days=2 * 365)


def test_a_working_card_pays(with_card: Context) -> None:
    """A charge returns the card that paid."""
    card = with_card.account.wallet.cards[0]
    assert payment_methods.charge(card, NOON) == card


def test_a_card_that_fails_later_can_be_added_and_not_charged(context: Context) -> None:
    """pm_card_chargeCustomerFail can be saved, and its charges are declined."""
    card = payment_methods.add(context, DECLINED_LATER)
    with pytest.raises(CardDeclined) as caught:
        payment_methods.charge(card, NOON)
    assert caught.value.code == DECLINE


def test_an_expired_card_is_declined_as_expired() -> None:
    """An expired card is declined as expired, whatever else is wrong with it."""
    card = Card("id", "pm_1", "visa", "4242", 2, 2026, NOON, "card_declined")
    with pytest.raises(CardDeclined) as caught:
        payment_methods.charge(card, NOON)
    assert caught.value.code == "expired_card"


def test_a_charge_needs_a_card() -> None:
    """Charging without a card is an error that says to add one."""
    with pytest.raises(NoUsableCard, match="Add a card"):
        payment_methods.charge(None, NOON)


def test_adding_and_removing_is_recent_activity(with_card: Context) -> None:
    """Adding and removing a card is recent activity, with brand and last four digits."""
    payment_methods.remove(with_card, WORKING)
    shown = [(activity.type, activity.description) for activity in with_card.account.activities]
    assert shown == [
        ("payment_method_added", "Added visa ending in 4242"),
        ("payment_method_removed", "Removed visa ending in 4242"),
    ]


@pytest.mark.parametrize(
    "card", [card.id for card in catalogue().test_cards if card.authentication != "never"]
)
def test_a_page_adds_a_card_that_asks_once_its_holder_has_passed(
    context: Context, card: str
) -> None:
    """A page adds such a card once its holder is authenticated; an id from a client already is."""
    with refused(context, CardDeclined) as caught:
        payment_methods.add(context, card, authenticated=False)
    assert caught.value.code == "authentication_required"
    assert payment_methods.add(context, card, authenticated=True).stripe_id == card
    assert payment_methods.add(context, WORKING, authenticated=False).stripe_id == WORKING
