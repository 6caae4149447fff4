"""Usage alerts: their settings, and the messages when a threshold is crossed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import Account, Accounts

DEFAULTS = {
    "enabled": True,
    "threshold_50_enabled": False,
    "threshold_75_enabled": True,
    "threshold_90_enabled": True,
    "threshold_100_enabled": True,
    "email_enabled": True,
    "webhook_url": None,
}
EVERYTHING = {
    "enabled": True,
    "threshold_50_enabled": True,
    "threshold_75_enabled": True,
    "threshold_90_enabled": True,
    "threshold_100_enabled": True,
    "email_enabled": True,
    "webhook_url": "https://hooks.example.com/alterlab",
}
HOOK = "https://hooks.example.com/alterlab"


def subjects(account: Account) -> list[str]:
    """Return the subjects of all messages, oldest first."""
    return [message["subject"] for message in reversed(account.messages())]


def test_an_unconfigured_account_has_the_default_alerts(newcomer: Account) -> None:
    """The defaults are 75, 90 and 100 percent, by e-mail."""
    assert newcomer.get("usage-alerts") == {**DEFAULTS, "updated_at": None}


def test_settings_are_replaced_as_a_whole(account: Account) -> None:
    """Fields that are left out get their defaults, and the audit log has the change."""
    settings = account.put("usage-alerts", EVERYTHING)
    assert settings == {**EVERYTHING, "updated_at": "2026-03-18T12:00:00.000Z"}
    assert account.get("usage-alerts") == settings
    assert account.audited(1) == ["usage_alerts.updated"]
    assert account.put("usage-alerts", {}) == {**DEFAULTS, "updated_at": "2026-03-18T12:00:00.000Z"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enabled", "true"),
        ("enabled", 1),
        ("enabled", None),
        ("email_enabled", 0),
        ("webhook_url", "hooks.example.com"),
        ("webhook_url", "ftp://hooks.example.com"),
        ("webhook_url", "https://hooks.example.com/" + "x" * 2_048),
    ],
)
def test_a_setting_that_breaks_the_rules_is_422(account: Account, field: str, value: Any) -> None:
    """The settings stay as they were."""
    problems = account.refused(422, "PUT", "usage-alerts", {**EVERYTHING, field: value})
    assert {tuple(problem["loc"]) for problem in problems} == {("body", field)}


def test_a_crossed_threshold_goes_out_by_mail_and_webhook(newcomer: Account) -> None:
    """Both have the usage; the audit log and the recent activity record it."""
    newcomer.put("usage-alerts", EVERYTHING)
    newcomer.use("light", 2_499)
    assert newcomer.messages() == []
    newcomer.use("light", 1)
    hook, mail = newcomer.messages()
    assert (mail["channel"], mail["recipient"]) == ("email", newcomer.state()["profile"]["email"])
    assert "50 %" in mail["subject"]
    assert "2,500 of 5,000" in mail["text"]
    assert (hook["channel"], hook["recipient"]) == ("webhook", HOOK)
    assert set(hook["payload"]) == {"event", "data"}
    assert hook["payload"]["data"] == {
        "threshold": 50,
        "credits_used": 2_500,
        "credits_allocated": 5_000,
        "period": "2026-03",
    }
    entry = newcomer.get("audit-log", limit=1)["entries"][0]
    assert (entry["action"], entry["actor"]) == ("usage_alert.fired", "system")
    activity = newcomer.get("recent-activity", limit=1)["activities"][0]
    assert (activity["type"], activity["amount_microcents"]) == ("usage_alert", None)


def test_each_threshold_fires_once(newcomer: Account) -> None:
    """Alerts fire at exactly 50, 75, 90 and 100 percent, once a month."""
    newcomer.put("usage-alerts", {**EVERYTHING, "webhook_url": None})
    fired = []
    for requests in (2_499, 1, 1, 1_248, 1, 1, 748, 1, 1, 498, 1):
        newcomer.use("light", requests)
        fired.append(len(newcomer.messages()))
    assert fired == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4]
    assert [subject.split(" %")[0].split()[-1] for subject in subjects(newcomer)] == [
        "50",
        "75",
        "90",
        "100",
    ]


def test_one_charge_may_cross_several(newcomer: Account) -> None:
    """Each alert is sent, the lowest first."""
    newcomer.use("light", 5_000)
    assert [subject.split(" %")[0].split()[-1] for subject in subjects(newcomer)] == [
        "75",
        "90",
        "100",
    ]


def test_a_crossing_fires_once_even_if_a_deposit_lowers_the_share(newcomer: Account) -> None:
    """A threshold fires once per period, however often it is crossed."""
    newcomer.use("light", 3_750)
    newcomer.deposit(1_000)
    newcomer.use("light", 55_000 * 75 // 100 - 3_750 + 100)
    assert [subject.split(" %")[0].split()[-1] for subject in subjects(newcomer)] == ["75"]


def test_the_next_month_warns_again(newcomer: Account) -> None:
    """A period is a calendar month."""
    newcomer.use("light", 4_000)
    newcomer.deposit(1_000)
    newcomer.wait(days=14)
    allocated = newcomer.get("cost-projection")["credits_allocated"]
    newcomer.use("light", -(-allocated * 75 // 100))
    assert [subject.split(" %")[0].split()[-1] for subject in subjects(newcomer)] == ["75", "75"]


@pytest.mark.parametrize(
    ("settings", "channels"),
    [
        ({"enabled": False}, []),
        ({"threshold_75_enabled": False}, []),
        ({}, ["email"]),
        ({"email_enabled": False}, []),
        ({"email_enabled": False, "webhook_url": HOOK}, ["webhook"]),
        ({"webhook_url": HOOK}, ["email", "webhook"]),
    ],
)
def test_settings_choose_the_channels(
    newcomer: Account, settings: dict[str, Any], channels: list[str]
) -> None:
    """Alerts go out by e-mail, by webhook, by both or not at all."""
    newcomer.put("usage-alerts", settings)
    newcomer.use("light", 3_750)
    assert [message["channel"] for message in reversed(newcomer.messages())] == channels


def test_a_threshold_crossed_before_it_was_enabled_does_not_fire(newcomer: Account) -> None:
    """It fires in the next month."""
    newcomer.put("usage-alerts", {"enabled": False})
    newcomer.use("light", 4_000)
    newcomer.put("usage-alerts", EVERYTHING)
    newcomer.use("light", 499)
    assert newcomer.messages() == []
    newcomer.use("light", 1)
    assert [
        subject.split(" %")[0].split()[-1] for subject in subjects(newcomer) if "%" in subject
    ] == ["90"]


def test_a_plan_is_measured_by_its_credits(account: Account) -> None:
    """75 percent is measured of the plan's 150,000 credits."""
    account.post("change-plan", {"price_id": "price_starter_monthly"})
    used = account.get("cost-projection")["credits_used"]
    account.use("light", 112_499 - used)
    assert account.messages() == []
    account.use("light", 1)
    assert [subject.split(" %")[0].split()[-1] for subject in subjects(account)] == ["75"]


def test_the_exhausted_account_has_every_alert(accounts: Accounts) -> None:
    """All four alerts have fired."""
    exhausted = accounts("exhausted")
    fired = [alert["threshold"] for alert in exhausted.state()["usage_alerts"]["fired"]]
    assert sorted(fired) == [50, 75, 90, 100]
    activities = exhausted.get("recent-activity", limit=100)["activities"]
    assert len([activity for activity in activities if activity["type"] == "usage_alert"]) == 4
