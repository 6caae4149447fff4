"""The guide of fixtures: its plans and its persona are served, and its claims hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import app, banner, packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.catalogue import Plan
from mockserver.openapi.yaml_file import FileError
from mockserver.settings import Settings
from tests.conftest import API, NOON, RunningServer, ServerFactory, running_server
from tests.guides.markdown import code, guide

GUIDE = guide("fixtures")
PLANS, BERLIN = [block.text for block in GUIDE.blocks if block.language == "yaml"]
(MISTAKES,) = [
    block.text for block in GUIDE.blocks if block.language == "text" and "Known" in block.text
]
DAY = 86_400
CREDIT = 20_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged fixtures with the plans and the persona of the guide."""
    return changed(tmp_path_factory.mktemp("own") / "my-fixtures")


def changed(folder: Path) -> Path:
    """Copy the packaged fixtures and make the changes of the guide."""
    shutil.copytree(packaged.fixtures(), folder)
    catalogue = (folder / "catalogue.yaml").read_text(encoding="utf-8")
    rest = catalogue[catalogue.index("\ncredit_packs:") :]
    (folder / "catalogue.yaml").write_text(PLANS + rest, encoding="utf-8")
    (folder / "personas" / "berlin.yaml").write_text(BERLIN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def own_server(folder: Path) -> Iterator[RunningServer]:
    """A server with the fixtures of the guide."""
    with running_server(fixtures=folder, now=NOON) as running:
        yield running


@pytest.fixture
def client(folder: Path, make_server: ServerFactory) -> Iterator[httpx.Client]:
    """A client of a new account with a card, on a server of its own, whose clock is frozen."""
    with make_server(fixtures=folder, now=NOON).client("sk_test_own") as client:
        yield client


def change(client: httpx.Client, price_id: str) -> dict[str, Any]:
    response = client.post(f"{API}/change-plan", json={"price_id": price_id})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def granted(client: httpx.Client) -> int:
    """Return the credits of the newest grant of a plan."""
    page = client.get(f"{API}/credit-transactions", params={"limit": 100}).json()
    entry = next(entry for entry in page["transactions"] if entry["type"] == "subscription")
    amount: int = entry["amount_microcents"]
    return amount // CREDIT


def newest_invoice(client: httpx.Client) -> tuple[int, str]:
    invoice = client.get(f"{API}/invoices").json()["invoices"][0]
    return invoice["amount_cents"], invoice["status"]


def test_the_fields_of_a_plan_are_listed() -> None:
    """The table explains each field."""
    (rows,) = [rows for rows in GUIDE.tables if code(rows[1][0]) == ["slug"]]
    assert [name for row in rows[1:] for name in code(row[0])] == list(Plan.__struct_fields__)


def test_the_fields_of_a_person_are_those_of_a_persona() -> None:
    """The table explains the fields that say who the customer is."""
    (rows,) = [rows for rows in GUIDE.tables if code(rows[1][0]) == ["name"]]
    named = {name for row in rows[1:] for name in code(row[0])}
    assert named == {"name", "email", "company", "locale"} <= {*Persona.__struct_fields__}


def test_a_plan_with_a_slug_of_ones_own_is_served(client: httpx.Client) -> None:
    """The contract's enum opens, so the response validates, and the served contract shows it."""
    assert change(client, "price_team_yearly")["plan"] == "team-yearly"
    plan = client.get("/openapi.json").json()["components"]["schemas"]["Subscription"]
    assert plan["properties"]["plan"]["enum"] == [
        *("free", "starter", "growth", "scale", "team", "team-yearly")
    ]


def test_a_year_is_paid_at_once(client: httpx.Client) -> None:
    """A year costs its price and grants the credits of twelve months."""
    started = change(client, "price_team_yearly")
    assert started["current_period_end"] == "2027-03-18T12:00:00.000Z"
    assert (newest_invoice(client), granted(client)) == ((49_000, "paid"), 12 * 300_000)
    client.post("/_mock/clock/advance", json={"days": 366}).raise_for_status()
    assert client.get(f"{API}/subscription").json()["current_period_end"][:4] == "2028"


def test_a_longer_interval_begins_at_once(client: httpx.Client) -> None:
    """A year costs its price less the unused part of the month, and begins a new period."""
    change(client, "price_starter_monthly")
    client.post("/_mock/clock/advance", json={"seconds": 31 * DAY // 2}).raise_for_status()
    changed = change(client, "price_team_yearly")
    assert newest_invoice(client) == (49_000 - 1_450, "paid")
    assert granted(client) == 12 * 300_000 - 75_000
    assert changed["current_period_start"] == "2026-04-03T00:00:00.000Z"
    assert changed["current_period_end"] == "2027-04-03T00:00:00.000Z"
    assert changed["started_at"] == "2026-03-18T12:00:00.000Z"


def test_a_shorter_interval_waits_for_the_end_of_the_year(client: httpx.Client) -> None:
    """The plan of a month begins when the year ends."""
    change(client, "price_team_yearly")
    changed = change(client, "price_starter_monthly")
    assert (changed["plan"], changed["pending_plan"]) == ("team-yearly", "starter")
    client.post("/_mock/clock/advance", json={"days": 365}).raise_for_status()
    renewed = client.get(f"{API}/subscription").json()
    assert (renewed["plan"], renewed["current_period_start"][:10]) == ("starter", "2027-03-18")
    assert renewed["current_period_end"][:10] == "2027-04-18"
    assert (newest_invoice(client), granted(client)) == ((2_900, "paid"), 150_000)


def test_a_trial_costs_nothing(client: httpx.Client) -> None:
    """Its invoice is zero, its credits are those of a month, and the first period follows."""
    trial = change(client, "price_team_monthly")
    assert (trial["status"], trial["current_period_end"][:10]) == ("active", "2026-04-01")
    assert (newest_invoice(client), granted(client)) == ((0, "paid"), 300_000)
    client.post("/_mock/clock/advance", json={"days": 14}).raise_for_status()
    first = client.get(f"{API}/subscription").json()
    assert first["current_period_start"][:10] == "2026-04-01"
    assert first["current_period_end"][:10] == "2026-05-01"
    assert newest_invoice(client) == (4_900, "paid")
    violations = client.get("/_mock/invariants").json()["violations"]
    assert violations == []


def test_an_account_has_one_trial(client: httpx.Client) -> None:
    """The second plan of an account is charged at once."""
    change(client, "price_starter_monthly")
    client.post(f"{API}/change-plan", json={"price_id": "price_team_monthly"})
    amount, _ = newest_invoice(client)
    assert amount > 0


def test_a_trial_ends_past_due_without_a_working_card(client: httpx.Client) -> None:
    """A declined card leaves the subscription past due when the trial ends."""
    change(client, "price_team_monthly")
    client.post(f"{API}/payment-methods", json={"payment_method_id": "pm_card_chargeCustomerFail"})
    for card in client.get(f"{API}/payment-methods").json()["payment_methods"][1:]:
        client.delete(f"{API}/payment-methods/{card['id']}").raise_for_status()
    client.post("/_mock/clock/advance", json={"days": 14}).raise_for_status()
    assert client.get(f"{API}/subscription").json()["status"] == "past_due"


def test_the_page_of_a_trial_says_what_is_due(client: httpx.Client) -> None:
    """The checkout page shows nothing due today, and what follows the trial."""
    body = {"price_id": "price_team_monthly", "mode": "subscription"}
    urls = {"success_url": "https://shop.example", "cancel_url": "https://shop.example"}
    session = client.post(f"{API}/checkout", json={**body, **urls}).json()
    page = client.get(httpx.URL(session["url"]).path).text
    assert "for 14 days" in page
    assert "Start trial</span>" in page
    assert re.search(r"Trial ends</dt>\s*<dd[^>]*>[^<]*, \$49.00", page)
    client.post(
        f"/_mock/checkout-sessions/{session['session_id']}/complete", json={}
    ).raise_for_status()
    assert "for 14 days" in client.get(httpx.URL(session["url"]).path).text
    portal = client.post(f"{API}/portal", json={"return_url": "https://shop.example"}).json()
    page = client.get(httpx.URL(portal["url"]).path).text
    assert "Free trial until" in page
    assert re.search(r"Free until 1 April 2026, then \$490.00 a\s+year", page)


def test_a_session_keeps_the_trial_that_it_offered(client: httpx.Client) -> None:
    """A trial belongs to its session: page and charge agree, also if another one was used since."""
    body = {"price_id": "price_team_monthly", "mode": "subscription"}
    urls = {"success_url": "https://shop.example", "cancel_url": "https://shop.example"}
    first, second = (client.post(f"{API}/checkout", json={**body, **urls}).json() for _ in range(2))
    pay = "/_mock/checkout-sessions/{}/complete"
    client.post(pay.format(first["session_id"]), json={}).raise_for_status()
    page = client.get(httpx.URL(second["url"]).path).text
    assert re.search(r'data-testid="total">\$0.00', page)
    assert "for 14 days" in page
    client.post(pay.format(second["session_id"]), json={}).raise_for_status()
    assert newest_invoice(client) == (0, "paid")
    assert client.get(f"{API}/subscription").json()["current_period_end"][:10] == "2026-04-01"
    assert client.get("/_mock/invariants").json()["violations"] == []
    third = client.post(f"{API}/checkout", json={**body, **urls}).json()
    page = client.get(httpx.URL(third["url"]).path).text
    assert re.search(r'data-testid="total">\$49.00', page)
    client.post(pay.format(third["session_id"]), json={}).raise_for_status()
    assert newest_invoice(client) == (4_900, "paid")
    page = client.get(httpx.URL(third["url"]).path).text
    assert re.search(r'data-testid="total">\$49.00', page)


def test_the_persona_of_the_guide_is_served(own_server: RunningServer) -> None:
    """Name, address and company are those of the file."""
    with own_server.client("sk_test_berlin") as client:
        profile = client.get("/_mock/state").json()["profile"]
    assert (profile["name"], profile["email"], profile["company"]) == (
        *("Jürgen Groß", "juergen@example.com", "Groß & Söhne GmbH"),
    )


def test_a_packaged_persona_without_its_plan_is_left_out(
    folder: Path, own_server: RunningServer
) -> None:
    """The mock starts and says which persona lacks which plan; its key gets a warning."""
    server = app.build(Settings(spec=packaged.spec(), fixtures=folder))
    (notice,) = [block.text.strip() for block in GUIDE.blocks if "left out" in block.text]
    assert server.notices == [notice]
    assert notice in banner.text("http://127.0.0.1:8000", server).splitlines()
    with own_server.client("sk_test_past_due") as client:
        warning = client.get(f"{API}/balance").headers["X-Mock-Warning"]
    assert warning == (
        "The persona of 'sk_test_past_due' is left out: its plan 'growth' is not in the catalogue."
    )
    with own_server.client("sk_test_subscriber") as client:
        assert client.get(f"{API}/subscription").json()["plan"] == "starter"


def test_packaged_personas_do_without_promo_codes(tmp_path: Path) -> None:
    """A packaged persona makes its deposits without a code that the catalogue lacks."""
    folder = changed(tmp_path / "my-fixtures")
    path = folder / "catalogue.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("WELCOME10", "MINE"), encoding="utf-8")
    default = fixtures.load(folder).personas["default"]
    assert [deposit.promo_code for deposit in default.deposits] == [None, None]


def test_a_changed_persona_is_never_left_out(tmp_path: Path) -> None:
    """A persona that the user has changed is refused if its plan is missing."""
    folder = changed(tmp_path / "my-fixtures")
    path = folder / "personas" / "past_due.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "name: Mine\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"past_due\.yaml:8: plan\.slug: 'growth' is not"):
        fixtures.load(folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("personas/berlin.yaml", "de_DE", "de_GE"),
        ("personas/subscriber.yaml", "slug: starter", "slug: stater"),
        ("catalogue.yaml", "trial_days", "trail_days"),
    ],
    ids=["locale", "plan", "field"],
)
def test_a_mistake_is_reported_as_printed(tmp_path: Path, file: str, old: str, new: str) -> None:
    """The error has file and line, and lists the known names, the nearest first."""
    path = changed(tmp_path / "my-fixtures") / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(FileError) as caught:
        fixtures.load(tmp_path / "my-fixtures")
    (printed,) = [line for line in MISTAKES.splitlines() if file in line]
    said = str(caught.value).replace(f"{tmp_path}/", "")
    assert said.startswith(printed.removesuffix("...")), said


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("trial_days: 14", "trial_days: 731", "plans.2.trial_days: must be from 0 to 730"),
        ("trial_days: 14", "trial_days: -1", "plans.2.trial_days: must be from 0 to 730"),
        ("interval: year", "interval: week", "'week' is not known here. Known: year, month"),
        ("slug: team\n", "slug: a plan\n", "plans.2.slug: must be 1 to 64 letters"),
        ("slug: team-yearly", "slug: team", "plans.3.slug: 'team' is already used by plans.2"),
        ("price_cents: 49000", "price_cents: 100000000", "plans.3.price_cents: must be from 0"),
        ("slug: free, name: Free", "slug: free, name: Free, interval: year", "the free plan"),
    ],
)
def test_a_bad_plan_is_one_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """A server with a bad plan does not start: one line with file and line, and exit code 2."""
    folder = changed(tmp_path / "my-fixtures")
    path = folder / "catalogue.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "--fixtures", str(folder), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert re.search(r"catalogue\.yaml:\d+: ", done.stderr)
    assert problem in done.stderr
