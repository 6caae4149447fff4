"""Usage and its views: breakdown, chart, realtime, projection and ledger count the same events."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.api.account import CREDIT, DOLLAR, Account, Accounts

TYPES = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}
PERSONAS = ["default", "subscriber", "past_due", "low_balance", "org_owner", "new"]


def test_without_usage_every_view_is_zero(newcomer: Account) -> None:
    """The trend is stable."""
    breakdown = newcomer.get("usage-breakdown")
    for type in TYPES:
        assert breakdown[type] == {
            "requests": 0,
            "credits": 0,
            "cost_microcents": 0,
            "cost_display": "$0.00",
        }
    assert (breakdown["total_credits"], breakdown["total_requests"]) == (0, 0)
    realtime = newcomer.get("usage-realtime")
    assert {value for name, value in realtime.items() if name != "as_of"} == {0}
    assert newcomer.get("cost-projection") == {
        "usage_trend": "stable",
        "credits_used": 0,
        "credits_allocated": DOLLAR // CREDIT,
    }


@pytest.mark.parametrize("persona", PERSONAS)
def test_all_views_agree_to_the_credit(accounts: Accounts, persona: str) -> None:
    """Breakdown, chart, realtime, projection and the ledger count the same events."""
    someone = accounts(persona)
    for type in TYPES:
        someone.client.post("/_mock/usage", json={"type": type, "requests": 11})
    breakdown, realtime = someone.get("usage-breakdown"), someone.get("usage-realtime")
    month = someone.get("usage-chart", days=18)["data"]
    week, today = month[-3:], month[-1]
    assert (month[0]["date"], week[0]["date"]) == ("2026-03-01", "2026-03-16")

    assert breakdown["total_credits"] == sum(breakdown[type]["credits"] for type in TYPES)
    assert breakdown["total_requests"] == sum(breakdown[type]["requests"] for type in TYPES)
    for type, price in TYPES.items():
        assert breakdown[type]["credits"] == sum(day[type] for day in month)
        assert breakdown[type]["credits"] == price * breakdown[type]["requests"]
        assert breakdown[type]["cost_microcents"] == breakdown[type]["credits"] * CREDIT
    for name, days in (("today", [today]), ("week", week), ("month", month)):
        assert realtime[f"credits_used_{name}"] == sum(day["credits"] for day in days)
        assert realtime[f"requests_{name}"] == sum(day["requests"] for day in days)
    assert someone.get("cost-projection")["credits_used"] == breakdown["total_credits"]
    debits = [
        entry["amount_microcents"]
        for entry in someone.state()["ledger"]["entries"]
        if entry["type"] == "usage" and entry["created_at"] >= "2026-03-01"
    ]
    assert -sum(debits) == breakdown["total_credits"] * CREDIT


@pytest.mark.parametrize(("type", "credits"), TYPES.items())
def test_one_charge_moves_every_view_by_its_credits(
    account: Account, type: str, credits: int
) -> None:
    """The next response of each view includes it."""

    def views() -> tuple[int, ...]:
        breakdown, realtime = account.get("usage-breakdown"), account.get("usage-realtime")
        return (
            breakdown[type]["credits"],
            breakdown["total_credits"],
            account.get("usage-chart", days=1)["data"][0][type],
            account.get("usage-chart", days=1)["data"][0]["credits"],
            realtime["credits_used_today"],
            realtime["credits_used_week"],
            realtime["credits_used_month"],
            account.get("cost-projection")["credits_used"],
        )

    before = views()
    account.use(type, 9)
    assert views() == tuple(credits_before + 9 * credits for credits_before in before)


def test_the_breakdown_is_of_this_month(account: Account) -> None:
    """Its period is the UTC month, and starts at zero."""
    breakdown = account.get("usage-breakdown")
    assert breakdown["total_credits"] > 0
    assert (breakdown["period_start"], breakdown["period_end"]) == (
        "2026-03-01T00:00:00.000Z",
        "2026-04-01T00:00:00.000Z",
    )
    account.wait(seconds=13 * 86_400 + 12 * 3_600 - 1)
    assert account.get("usage-breakdown")["period_start"] == "2026-03-01T00:00:00.000Z"
    account.wait(seconds=1)
    april = account.get("usage-breakdown")
    assert (april["period_start"], april["total_credits"]) == ("2026-04-01T00:00:00.000Z", 0)


def test_days_weeks_and_months_start_at_zero(newcomer: Account) -> None:
    """They start at midnight, on Monday and on the first, in UTC."""

    def counted() -> tuple[int, int, int]:
        realtime = newcomer.get("usage-realtime")
        return (
            realtime["credits_used_today"],
            realtime["credits_used_week"],
            realtime["credits_used_month"],
        )

    newcomer.use("light", 7)
    newcomer.wait(seconds=12 * 3_600 - 1)
    assert counted() == (7, 7, 7)
    newcomer.wait(seconds=1)
    assert counted() == (0, 7, 7)
    newcomer.wait(days=4)
    assert counted() == (0, 0, 7)
    newcomer.wait(days=9)
    assert counted() == (0, 0, 0)
    newcomer.wait(days=1)
    assert newcomer.get("usage-realtime")["as_of"] == "2026-04-02T00:00:00.000Z"


@pytest.mark.parametrize("days", [1, 7, 30, 365])
def test_the_chart_has_every_day_once(account: Account, days: int) -> None:
    """Days are in order, without gaps, and end with today."""
    chart = account.get("usage-chart", days=days)
    assert chart["period"] == f"{days}d"
    last = date(2026, 3, 18)
    assert [day["date"] for day in chart["data"]] == [
        (last - timedelta(days=days - 1 - back)).isoformat() for back in range(days)
    ]
    for day in chart["data"]:
        assert day["credits"] == sum(day[type] for type in TYPES)


def test_the_chart_has_thirty_days_by_default(account: Account) -> None:
    """The documented default is 30."""
    assert account.get("usage-chart") == account.get("usage-chart", days=30)


@pytest.mark.parametrize("days", ["0", "366", "-1", "week", "", "1.5"])
def test_a_chart_of_no_days_is_422(account: Account, days: str) -> None:
    """The number of days is from 1 to 365."""
    [problem] = account.refused(422, "GET", "usage-chart", params={"days": days})
    assert problem["loc"] == ["query", "days"]


def test_longer_charts_hold_the_shorter_ones(account: Account) -> None:
    """A day is the same in every chart."""
    year = account.get("usage-chart", days=365)["data"]
    assert account.get("usage-chart", days=7)["data"] == year[-7:]
    assert sum(day["credits"] for day in year) == sum(
        event["credits"] for event in account.state()["usage"]["events"]
    )


def test_without_a_plan_the_month_has_what_was_bought(newcomer: Account) -> None:
    """It has the opening balance and the deposits, recharges and bonuses of the month."""
    newcomer.deposit(5_000, promo_code="BONUS5")
    newcomer.use("light", 1_000)
    projection = newcomer.get("cost-projection")
    assert (projection["credits_used"], projection["credits_allocated"]) == (
        1_000,
        56 * DOLLAR // CREDIT,
    )
    newcomer.wait(days=14)
    projection = newcomer.get("cost-projection")
    assert (projection["credits_used"], projection["credits_allocated"]) == (
        0,
        56 * DOLLAR // CREDIT - 1_000,
    )


def test_with_a_plan_the_month_has_its_credits(account: Account) -> None:
    """Deposits do not count."""
    account.post("change-plan", {"price_id": "price_growth_monthly"})
    account.deposit(5_000)
    assert account.get("cost-projection")["credits_allocated"] == 550_000


@pytest.mark.parametrize(
    ("before", "recent", "trend"),
    [
        (0, 1, "increasing"),
        (100, 111, "increasing"),
        (100, 110, "stable"),
        (100, 100, "stable"),
        (100, 90, "stable"),
        (100, 89, "decreasing"),
        (100, 0, "decreasing"),
    ],
)
def test_the_trend_compares_a_week_with_the_week_before(
    newcomer: Account, before: int, recent: int, trend: str
) -> None:
    """A change within ten percent is stable."""
    if before:
        newcomer.use("light", before)
    newcomer.wait(days=7)
    if recent:
        newcomer.use("light", recent)
    assert newcomer.get("cost-projection")["usage_trend"] == trend


def test_an_exhausted_account_has_used_all_it_had(accounts: Accounts) -> None:
    """Nothing is left, and the next charge is refused."""
    exhausted = accounts("exhausted")
    projection = exhausted.get("cost-projection")
    assert projection["credits_used"] >= projection["credits_allocated"] > 0
    assert (
        exhausted.client.post("/_mock/usage", json={"type": "light", "requests": 1}).status_code
        == 402
    )


def test_a_refused_charge_is_in_no_view(newcomer: Account) -> None:
    """No usage, ledger entry or request is counted."""
    before = [
        newcomer.get(path)
        for path in ("usage-breakdown", "usage-realtime", "usage-chart", "cost-projection")
    ]
    assert (
        newcomer.client.post("/_mock/usage", json={"type": "ocr", "requests": 5_000}).status_code
        == 402
    )
    after = [
        newcomer.get(path)
        for path in ("usage-breakdown", "usage-realtime", "usage-chart", "cost-projection")
    ]
    assert after == before
