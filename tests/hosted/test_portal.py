"""The customer portal: plan, cards and invoices."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.conftest import API, NOON, ServerFactory
from tests.hosted.conftest import offered, text_of


@pytest.fixture
def portal(client: httpx.Client) -> str:
    """The path of the portal of an account with two cards and the Starter plan."""
    for card in ("pm_card_mastercard", "pm_card_amex"):
        client.post(f"{API}/payment-methods", json={"payment_method_id": card}).raise_for_status()
    client.post(f"{API}/change-plan", json={"price_id": "price_starter_monthly"}).raise_for_status()
    return httpx.URL(client.post(f"{API}/portal").json()["url"]).path


def cards(client: httpx.Client) -> dict[str, str]:
    """Return brand and id of the account's cards, oldest first."""
    listed = client.get(f"{API}/payment-methods").json()["payment_methods"]
    return {rule["card_brand"]: rule["id"] for rule in reversed(listed)}


def offers(page: httpx.Response) -> list[dict[str, str]]:
    """Return the offered plans: name with price, and effect."""
    found = re.findall(r'data-testid="offer">(.*?)</li>', page.text, re.DOTALL)
    return [
        {
            "name": " ".join(
                re.sub(r'<span class="badge.*?</span>|<[^>]+>', " ", head, flags=re.DOTALL).split()
            ),
            "effect": " ".join(
                re.findall(r'data-testid="effect">(.*?)</p>', offer, re.DOTALL)[0].split()
            ),
        }
        for offer in found
        for head in [offer[: offer.index('<p class="hint"')]]
    ]


def test_the_portal_shows_plan_cards_and_invoices(client: httpx.Client, portal: str) -> None:
    """It shows everything that the API returns."""
    page = client.get(portal)
    assert page.status_code == 200
    assert text_of(page, "plan") == "Starter, $29.00 a month"
    assert re.fullmatch(r"Renews on \d{1,2} [A-Z][a-z]+ \d{4}\.", text_of(page, "renewal") or "")
    assert text_of(page, "balance") == client.get(f"{API}/balance").json()["balance_display"]
    assert page.text.count('data-testid="card"') == len(cards(client)) == 3
    invoices = client.get(f"{API}/invoices", params={"limit": 100}).json()["invoices"]
    assert page.text.count('data-testid="invoice"') == len(invoices) > 0
    assert all(invoice["number"] in page.text for invoice in invoices)


def test_its_invoices_can_be_opened(client: httpx.Client, portal: str) -> None:
    """Each link of the list leads to a page."""
    links = re.findall(r'href="(/invoices/[^"]+)"', client.get(portal).text)
    assert links
    for link in links:
        assert client.get(link).status_code == 200


def test_another_card_becomes_the_default(client: httpx.Client, portal: str) -> None:
    """Page and API agree."""
    amex = cards(client)["amex"]
    response = client.post(f"{portal}/default", data={"card": amex})
    assert (response.status_code, response.headers["location"]) == (303, f"{portal}?done=default")
    assert (
        text_of(client.get(response.headers["location"]), "done") == "The default card was changed."
    )
    assert client.get(f"{API}/payment-methods").json()["default_method_id"] == amex


def test_a_card_is_removed(client: httpx.Client, portal: str) -> None:
    """It is gone from the page."""
    removed = cards(client)["mastercard"]
    assert client.post(f"{portal}/remove", data={"card": removed}).status_code == 303
    assert "mastercard" not in cards(client)
    assert removed not in client.get(portal).text


def test_a_card_of_auto_recharge_is_kept(client: httpx.Client, portal: str) -> None:
    """The page has the reason."""
    settings = {"enabled": True, "stripe_payment_method_id": "pm_card_amex"}
    client.put(f"{API}/auto-recharge", json=settings).raise_for_status()
    page = client.post(f"{portal}/remove", data={"card": cards(client)["amex"]})
    assert page.status_code == 409
    assert "Auto-recharge pays with" in (text_of(page, "problem") or "")
    assert "Auto-recharge pays with this card" in (text_of(page, "card-in-use") or "")
    assert page.text.count('data-testid="remove-card"') == 2
    assert "amex" in cards(client)


@pytest.mark.parametrize("step", ["default", "remove"])
@pytest.mark.parametrize("card", ["", "pm_unknown", "<script>alert(1)</script>"])
def test_an_unknown_card_is_named(client: httpx.Client, portal: str, step: str, card: str) -> None:
    """Nothing changes, and the id is shown as text."""
    before = cards(client)
    page = client.post(f"{portal}/{step}", data={"card": card})
    assert 400 <= page.status_code < 500
    assert "No such payment method" in (text_of(page, "problem") or "")
    assert "<script" not in page.text
    assert cards(client) == before


def test_the_plan_is_cancelled_and_kept_again(client: httpx.Client, portal: str) -> None:
    """It ends with the period, unless it is resumed."""
    assert client.post(f"{portal}/cancel").status_code == 303
    assert client.get(f"{API}/subscription").json()["cancel_at_period_end"] is True
    assert text_of(client.get(portal), "resume") == "Keep the Starter plan"
    assert client.post(f"{portal}/resume").status_code == 303
    assert client.get(f"{API}/subscription").json()["cancel_at_period_end"] is False
    assert text_of(client.get(portal), "cancel") == "Cancel at the end of the period"


def test_without_a_plan_there_is_nothing_to_cancel(client: httpx.Client) -> None:
    """The page says how to pay instead."""
    portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
    page = client.get(portal)
    assert text_of(page, "plan") == "No plan: pay as you go."
    assert text_of(page, "cancel") is None


def test_an_unknown_step_is_not_found(client: httpx.Client, portal: str) -> None:
    """It is a 404, as on the checkout page."""
    assert client.post(f"{portal}/upgrade").status_code == 404


def test_an_unknown_portal_is_a_404_page(client: httpx.Client) -> None:
    """Each of its steps is a 404 too."""
    for response in (client.get("/portal/bps_nothing"), client.post("/portal/bps_nothing/cancel")):
        assert (response.status_code, text_of(response, "message")) == (
            404,
            "This portal session does not exist.",
        )


@pytest.mark.usefixtures("portal")
def test_an_invoice_shows_what_was_paid(client: httpx.Client) -> None:
    """It has number, status, total, and the period if there is one."""
    newest = client.get(f"{API}/invoices", params={"limit": 1}).json()["invoices"][0]
    page = client.get(newest["hosted_invoice_url"])
    assert (text_of(page, "status"), text_of(page, "amount")) == ("paid", newest["amount_display"])
    assert f"Invoice {newest['number']}" in page.text
    assert text_of(page, "number") == f"Invoice {newest['number']}"
    assert newest["period_start"][:4] in (text_of(page, "period") or "")
    assert "@media print" in page.text


def test_an_unknown_invoice_is_a_404_page(client: httpx.Client) -> None:
    """The page explains the error."""
    response = client.get("/invoices/00000000-0000-4000-8000-000000000000")
    assert (response.status_code, text_of(response, "message")) == (
        404,
        "This invoice does not exist.",
    )


def test_each_offered_plan_shows_its_effect(client: httpx.Client, portal: str) -> None:
    """It shows an upgrade's price or a downgrade's date; the current plan is not offered."""
    client.post(f"{API}/change-plan", json={"price_id": "price_growth_monthly"}).raise_for_status()
    down, up = offers(client.get(portal))
    assert down["name"] == "Starter $29.00 a month"
    assert re.match(
        r"From \d{1,2} [A-Z][a-z]+ \d{4}; Growth until then\. Nothing is due now\.",
        down["effect"],
    )
    assert up["name"] == "Scale $299.00 a month"
    assert re.match(
        r"\$\d+\.\d\d for [\d,]+ credits now, for the rest of the period until \d{1,2} [A-Z]",
        up["effect"],
    )


def test_an_upgrade_costs_the_shown_price(make_server: ServerFactory) -> None:
    """With a frozen clock, the next invoice has the shown amount, paid once."""
    mock = make_server(now=NOON)
    with mock.client("sk_test_subscriber") as client:
        portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
        shown = {
            offer["name"].partition(" ")[0]: offer["effect"] for offer in offers(client.get(portal))
        }
        before = client.get(f"{API}/invoices").json()["total"]
        for _ in range(2):
            response = client.post(f"{portal}/plan", data={"price": "price_growth_monthly"})
            assert (response.status_code, response.headers["location"]) == (
                303,
                f"{portal}?done=plan",
            )
        newest = client.get(f"{API}/invoices", params={"limit": 1}).json()
        assert newest["total"] == before + 1
        assert shown["Growth"].startswith(f"{newest['invoices'][0]['amount_display']} for ")
        assert text_of(client.get(portal), "plan") == "Growth, $99.00 a month"


def test_a_downgrade_is_chosen_and_taken_back(client: httpx.Client, portal: str) -> None:
    """It starts with the next period, unless the plan is kept."""
    client.post(f"{API}/change-plan", json={"price_id": "price_growth_monthly"}).raise_for_status()
    client.post(f"{portal}/plan", data={"price": "price_starter_monthly"})
    page = client.get(portal)
    assert re.match(
        r"Starter from \d{1,2} [A-Z][a-z]+ \d{4}, \$29\.00 a month\.",
        text_of(page, "pending") or "",
    )
    assert text_of(page, "coming") == "scheduled"
    assert client.get(f"{API}/subscription").json()["plan"] == "growth"
    client.post(f"{portal}/resume")
    assert text_of(client.get(portal), "pending") is None


def test_a_plan_is_started_in_the_portal(client: httpx.Client) -> None:
    """The default card pays."""
    portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
    assert [offer["name"].partition(" ")[0] for offer in offers(client.get(portal))] == [
        "Starter",
        "Growth",
        "Scale",
    ]
    assert client.post(f"{portal}/plan", data={"price": "price_starter_monthly"}).status_code == 303
    assert client.get(f"{API}/subscription").json()["plan"] == "starter"


@pytest.mark.parametrize(
    "price", ["", "price_unknown", "price_credits_25", "<script>alert(1)</script>"]
)
def test_a_price_of_no_plan_changes_nothing(client: httpx.Client, portal: str, price: str) -> None:
    """The page lists the prices."""
    before = client.get("/_mock/state").json()
    page = client.post(f"{portal}/plan", data={"price": price})
    assert (page.status_code, "No such price" in (text_of(page, "problem") or "")) == (409, True)
    assert "<script" not in page.text
    assert client.get("/_mock/state").json() == before


def test_a_plan_needs_a_card(make_server: ServerFactory) -> None:
    """The page says so."""
    mock = make_server(now=NOON)
    with mock.client("sk_test_new") as client:
        portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
        page = client.post(f"{portal}/plan", data={"price": "price_starter_monthly"})
        assert (
            page.status_code,
            "no usable payment method" in (text_of(page, "problem") or ""),
        ) == (
            409,
            True,
        )
        assert text_of(page, "no-cards") == "No cards."
        assert text_of(page, "no-invoices") == "No invoices."


def test_a_past_due_plan_is_not_upgraded(make_server: ServerFactory) -> None:
    """The page says what to do, and an upgrade is refused."""
    mock = make_server(now=NOON)
    with mock.client("sk_test_past_due") as client:
        portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
        page = client.get(portal)
        assert "The charge is retried on 20 March 2026" in (text_of(page, "past-due") or "")
        assert "Upgrade" not in page.text
        refused = client.post(f"{portal}/plan", data={"price": "price_scale_monthly"})
        assert (refused.status_code, "unpaid" in (text_of(refused, "problem") or "")) == (409, True)


def test_a_test_card_is_added(client: httpx.Client, portal: str) -> None:
    """It is then on the account and not offered again."""
    assert "pm_card_jcb" in offered(client.get(portal))["Is added"]
    response = client.post(f"{portal}/add", data={"card": "pm_card_jcb"})
    assert (response.status_code, response.headers["location"]) == (303, f"{portal}?done=add")
    page = client.get(response.headers["location"])
    assert text_of(page, "done") == "The card was added."
    assert "pm_card_jcb" not in offered(page)["Is added"]
    again = client.post(f"{portal}/add", data={"card": "pm_card_jcb"})
    assert (again.status_code, "already on this account" in (text_of(again, "problem") or "")) == (
        409,
        True,
    )


def test_a_card_that_is_refused_is_not_added(client: httpx.Client, portal: str) -> None:
    """Each card that the list calls refused gives a 402 with the reason."""
    for card, label in offered(client.get(portal))["Refused"].items():
        page = client.post(f"{portal}/add", data={"card": card})
        assert page.status_code == 402
        assert f"({label.rpartition(': ')[2]})" in (text_of(page, "problem") or "")
        assert card not in client.get(f"{API}/payment-methods").text


@pytest.mark.parametrize("form", [{}, {"card": "nonsense"}, {"card": "<script>alert(1)</script>"}])
def test_an_invalid_card_id_is_not_added(
    client: httpx.Client, portal: str, form: dict[str, str]
) -> None:
    """The status is 400 with a sentence."""
    before = cards(client)
    page = client.post(f"{portal}/add", data=form)
    assert (page.status_code, "Choose" in (text_of(page, "problem") or "")) == (400, True)
    assert "<script" not in page.text
    assert cards(client) == before


@pytest.mark.parametrize("step", ["cancel", "resume"])
def test_an_outdated_form_about_an_ended_plan_is_refused(client: httpx.Client, step: str) -> None:
    """The page shows that the plan has ended."""
    portal = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
    page = client.post(f"{portal}/{step}")
    assert (page.status_code, text_of(page, "problem")) == (
        409,
        "There is no plan on this account.",
    )


@pytest.mark.parametrize(
    "query", ["?done=nonsense", "?done=<script>", "?page=0", "?page=x", "?page=-1", "?page=²"]
)
def test_an_unknown_query_is_ignored(client: httpx.Client, portal: str, query: str) -> None:
    """Nothing of the query is on the page."""
    page = client.get(f"{portal}{query}")
    assert page.status_code == 200
    assert text_of(page, "done") is None
    assert page.text == client.get(portal).text


def test_many_invoices_come_in_pages(make_server: ServerFactory) -> None:
    """Pages have twenty invoices, newest first, each once."""
    mock = make_server(now=NOON)
    with mock.client("sk_test_power_user") as client:
        path = httpx.URL(client.post(f"{API}/portal").json()["url"]).path
        total = client.get(f"{API}/invoices").json()["total"]
        seen: list[str] = []
        next: str | None = path
        while next is not None:
            page = client.get(next)
            found = re.findall(r'data-testid="invoice-link">([^<]+)<', page.text)
            assert 0 < len(found) <= 20
            seen += found
            older = re.search(r'<a href="([^"]+)" data-testid="older">', page.text)
            next = older[1] if older else None
        assert len(seen) == len(set(seen)) == total > 20
        assert seen == sorted(seen, reverse=True)
        beyond = client.get(f"{path}?page=99")
        assert text_of(beyond, "no-invoices") == "No invoices."
        assert text_of(beyond, "newer") == "Newer"


def test_the_portal_has_no_return_link(client: httpx.Client, portal: str) -> None:
    """The contract has no return URL for the portal."""
    links = re.findall(r'<a [^>]*href="([^"]+)"', client.get(portal).text)
    assert all(link.startswith(("/invoices/", f"{portal}?fill=")) for link in links)
