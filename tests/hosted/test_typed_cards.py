"""Typed cards: test numbers work, real ones are declined and never kept."""

from __future__ import annotations

import re

import httpx
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.hosted import cards
from tests.conftest import API, NOON, ServerFactory
from tests.hosted.conftest import Opener, balance, session_id, text_of

CARDS = [card for card in fixtures.load(packaged.fixtures()).catalogue.test_cards if card.number]
LIVE = "4111111111111111"
"""A number that passes the Luhn check and is not in the catalogue."""


def typed(
    number: str = "4242 4242 4242 4242", expiry: str = "12/34", cvc: str = "123"
) -> dict[str, str]:
    """Return the fields of the form."""
    return {"typed": "yes", "number": number, "expiry": expiry, "cvc": cvc}


@pytest.fixture
def portal(client: httpx.Client) -> str:
    """The path of a portal page."""
    return httpx.URL(client.post(f"{API}/portal").json()["url"]).path


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_typed_number_behaves_as_its_card(
    client: httpx.Client, open_deposit: Opener, card: object
) -> None:
    """The response is that of the listed card."""
    assert isinstance(card, type(CARDS[0]))
    chosen = client.post(f"{open_deposit()}/pay", data={"card": card.id})
    path = open_deposit()
    cvc = "1234" if card.brand == "amex" else "123"
    response = client.post(f"{path}/pay", data=typed(card.number or "", cvc=cvc))
    assert (response.status_code, text_of(response, "problem")) == (
        chosen.status_code,
        text_of(chosen, "problem"),
    )
    if response.status_code == 303:
        assert response.headers["location"] == f"{path}/authentication?card={card.id}"


@pytest.mark.parametrize(
    "number", ["4242424242424242", " 4242-4242-4242-4242 ", "4242 4242 4242 4242"]
)
@pytest.mark.parametrize(
    "expiry", ["12/34", "12 / 34", "1/2034", "12-34", "1234", "12/2034", "122034"]
)
def test_numbers_and_dates_may_be_formatted(
    client: httpx.Client, open_deposit: Opener, number: str, expiry: str
) -> None:
    """Spaces, hyphens, no separator, and years of two or four digits are accepted."""
    page = client.post(f"{open_deposit()}/pay", data=typed(number, expiry))
    assert text_of(page, "state") == "This session has been paid."


def test_the_numbers_are_listed_where_they_are_typed(
    client: httpx.Client, open_deposit: Opener, portal: str
) -> None:
    """All are listed, including those of the account's own cards."""
    for path in (open_deposit(), portal):
        listed = re.findall(r"<code>(\d+)</code>", client.get(path).text)
        assert sorted(listed) == sorted(card.number or "" for card in CARDS)


@pytest.mark.parametrize(
    ("form", "field", "says"),
    [
        (typed(number=""), "number", "Type a card number."),
        (typed(number="4242 4242 4242 4241"), "number", "Check its digits"),
        (typed(number="4242"), "number", "Check its digits"),
        (typed(number="four"), "number", "Check its digits"),
        (typed(number="٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), "number", "Check its digits"),
        (typed(expiry=""), "expiry", "month and year"),
        (typed(expiry="13/34"), "expiry", "month and year"),
        (typed(expiry="00/34"), "expiry", "month and year"),
        (typed(expiry="134"), "expiry", "month and year"),
        (typed(expiry="12/20"), "expiry", "in the past"),
        (typed(expiry="12/0099"), "expiry", "in the past"),
        (typed(cvc=""), "cvc", "3 digits"),
        (typed(cvc="12"), "cvc", "3 digits"),
        (typed(cvc="1234"), "cvc", "3 digits"),
        (typed(number="371449635398431"), "cvc", "4 digits"),
        (typed(number=LIVE), "number", "Test card numbers"),
        ({"number": LIVE}, "number", "Test card numbers"),
        ({"typed": "yes"}, "number", "Type a card number."),
    ],
)
@pytest.mark.parametrize("of", ["checkout", "portal"])
def test_an_invalid_field_has_its_error(
    client: httpx.Client,
    open_deposit: Opener,
    portal: str,
    of: str,
    form: dict[str, str],
    field: str,
    says: str,
) -> None:
    """The form has the field marked, and what was typed except for a live number."""
    before = balance(client)
    page = client.post(f"{open_deposit()}/pay" if of == "checkout" else f"{portal}/add", data=form)
    assert page.status_code in (400, 402)
    assert says in (text_of(page, "problem") or "")
    (wrong,) = re.findall(
        r'<input id="(\w+)"[^>]*aria-invalid="true" aria-describedby="problem"', page.text
    )
    assert wrong == cards.NAMES[field]
    assert of == "checkout" or '<details class="typed" open>' in page.text
    for name, id in cards.NAMES.items():
        text = "" if form.get(name) == LIVE else form.get(name, "")
        assert re.search(rf'<input id="{id}"[^>]* value="{text}"', page.text)
    assert balance(client) == before


def test_stripes_names_work_as_ours_do(client: httpx.Client, open_deposit: Opener) -> None:
    """A form with the names of Stripe's page pays, whatever its contact fields have."""
    form = {"cardNumber": "4242424242424242", "cardExpiry": "1234", "cardCvc": "123"}
    contact = {"email": "jenny@example.com", "billingName": "Jenny", "billingCountry": "DE"}
    path = open_deposit()
    refused = client.post(f"{path}/pay", data=form | contact | {"cardCvc": "1"})
    assert 'value="jenny@example.com"' in refused.text
    assert re.search(r'<option value="DE"\s+selected>Germany', refused.text)
    page = client.post(f"{path}/pay", data=form | contact)
    assert text_of(page, "state") == "This session has been paid."


def test_a_test_card_is_filled_in(client: httpx.Client, open_deposit: Opener, portal: str) -> None:
    """The links of the page fill in a card that can be submitted; another id fills in nothing."""
    for path in (open_deposit(), portal):
        page = client.get(path)
        links = re.findall(r'href="([^"]*)" data-testid="fill"', page.text)
        assert f"{path}?fill=pm_card_visa#cardNumber" in links
        assert len(links) == 5
        filled = client.get(links[0]).text
        assert 'value="4242 4242 4242 4242"' in filled
        assert 'value="12 / 34"' in filled
        assert 'value="12 / 34"' not in client.get(f"{path}?fill=pm_nothing").text


def test_a_card_is_good_to_the_end_of_its_month(make_server: ServerFactory) -> None:
    """The mock's clock decides."""
    mock = make_server(now=NOON)
    with mock.client("sk_test_month") as client:
        for expiry, status in (("3/26", 200), ("2/26", 400), ("03/2026", 200)):
            url = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
            assert client.post(f"{url}/pay", data=typed(expiry=expiry)).status_code == status, (
                expiry
            )


def test_a_live_number_is_declined_and_nowhere_kept(
    make_server: ServerFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is in no page, account, journal or log."""
    mock = make_server(now=NOON)
    with mock.client("sk_test_live_number") as client:
        path = httpx.URL(
            client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
        ).path
        portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
        for target in (f"{path}/pay", f"{portal}/add"):
            for form in (typed("4111 1111 1111 1111"), {"card": LIVE}):
                page = client.post(target, data=form)
                assert page.status_code in (400, 402)
                assert "4111" not in page.text
        assert client.get(path).status_code == 200
        state = client.get("/_mock/state").text
        assert '"last_decline_code":"test_mode_live_card"' in state.replace(" ", "")
        everything = (
            state
            + client.get("/_mock/requests").text
            + client.get(path).text
            + client.get(portal).text
        )
        assert "4111" not in everything
    out = capfd.readouterr()
    assert "4111" not in out.out + out.err


def test_a_mistyped_digit_is_no_attempt_to_pay(client: httpx.Client, open_deposit: Opener) -> None:
    """The bank is not asked, so nothing is declined."""
    path = open_deposit()
    client.post(f"{path}/pay", data=typed(number="4242424242424241"))
    assert (
        client.get("/_mock/state").json()["checkout_sessions"][session_id(path)][
            "last_decline_code"
        ]
        is None
    )


def test_the_portal_adds_a_typed_card(client: httpx.Client, portal: str) -> None:
    """It has the id that Stripe publishes for the number."""
    response = client.post(f"{portal}/add", data=typed("5555 5555 5555 4444"))
    assert (response.status_code, response.headers["location"]) == (303, f"{portal}?done=add")
    assert "pm_card_mastercard" in client.get(f"{API}/payment-methods").text
