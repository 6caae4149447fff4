"""The accounts of a new deployment, and their past."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from random import Random

from tests.staging import cards, challenges, deposits, ledger, money, recharge, records, usage
from tests.staging.errors import Refusal
from tests.staging.plans import of_slug, start
from tests.staging.records import Span
from tests.staging.site import DAY, SECOND, Books, Site

ORGANIZATION = str(uuid.uuid5(uuid.NAMESPACE_URL, "staging-organization"))
_MOST = {"light": 6_000, "js": 2_000, "pdf": 240, "ocr": 160, "crawl": 3_600}
_BONUS_CENTS = 100


@dataclass(frozen=True, slots=True)
class Profile:
    """What an account has done before the deployment began to serve."""

    name: str
    days: int
    deposit_cents: int
    charges_a_day: int
    promo: str | None = None


FIRST = Profile("alder", 75, 15_000, 2, "WELCOME10")
SECOND_ONE = Profile("birch", 40, 10_000, 2, "BONUS5")
_SHARED = Profile("cedar", 30, 20_000, 1)


def key_of(name: str) -> str:
    """Return the key of a seeded account."""
    return f"sk_live_{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def fill(site: Site) -> None:
    """Open the accounts of a deployment whose database is new."""
    with site.writing("") as books:
        if books.number("SELECT count(*) FROM accounts"):
            return
        first = _live(books, FIRST)
        second = _live(books, SECOND_ONE)
        _live(books, _SHARED, ORGANIZATION)
        books.of(first).insert("members", organization=ORGANIZATION)
        books.of(first).insert("keys", key=key_of("revoked"), revoked_at=books.now)
        if site.on("new_plan"):
            start(books.of(first), of_slug("team"))
        _tail(books.of(first))
        _tail(books.of(second))


def _open(books: Books, name: str, organization: str | None = None) -> Books:
    account = books.site.identifier("usr")
    opened = books.of(account)
    opened.run(
        "INSERT INTO accounts VALUES (:account, :name, :email, :phone, :organization, :now)",
        name=name,
        email=f"{name}@example.com",
        phone=f"+1 555 01{len(name)}{ord(name[0]) % 10}",
        organization=organization,
    )
    recharge.open_settings(opened)
    bonus = _BONUS_CENTS * money.MICROCENTS
    ledger.append(opened, "bonus", bonus, ("signup", None), "Sign-up bonus")
    return opened


def _pay(books: Books, cents: int, promo: str | None = None) -> None:
    wish = dict.fromkeys(
        ("success_url", "cancel_url", "auto_recharge_threshold_microcents"), None
    ) | {
        "amount_cents": cents,
        "promo_code": promo,
        "auto_recharge_enabled": False,
        "auto_recharge_amount_cents": None,
    }
    opened = deposits.open_deposit(books, wish)
    row = deposits.find(books, opened["session_id"])
    assert row is not None
    deposits.complete(books, row, None)


def _live(books: Books, profile: Profile, organization: str | None = None) -> str:
    """Open an account and play its past; return its id."""
    random = Random(profile.name)
    begin = books.now - profile.days * DAY
    opened = _open(books.at(begin), profile.name, organization)
    if organization is None:
        opened.insert("keys", key=key_of(profile.name))
    cards.add(opened.at(begin + 60 * SECOND), "pm_card_visa")
    _pay(opened.at(begin + 120 * SECOND), profile.deposit_cents, profile.promo)
    cards.add(opened.at(begin + 2 * DAY), "pm_card_mastercard")
    threshold = profile.deposit_cents * money.MICROCENTS
    _enable(opened.at(begin + 3 * DAY), "pm_card_visa", threshold)
    times = sorted(
        random.randrange(begin + 4 * DAY, books.now - 60 * SECOND)
        for _ in range(profile.charges_a_day * (profile.days - 4))
    )
    for index, at in enumerate(times):
        kind = random.choice(list(_MOST))
        requests = random.randrange(1, _MOST[kind])
        if index == len(times) // 3:
            _failure(opened.at(at - 1), threshold)
        if index == len(times) // 2:
            amount = 37 * money.CREDIT
            ledger.append(
                opened.at(at), "refund", amount, ("refund", "rf_1"), "Refund of failed jobs"
            )
        usage.charge(opened.at(at), kind, requests)
    for index, kind in enumerate(_MOST):
        usage.charge(opened.at(books.now - (9 - index) * SECOND), kind, 20 + index)
    return opened.account


def _enable(books: Books, stripe_id: str, threshold: int) -> None:
    wish = {
        "enabled": True,
        "threshold_microcents": threshold,
        "recharge_amount_cents": 2_500,
        "stripe_payment_method_id": stripe_id,
        "consent_text": "I agree.",
        "consent_source": "settings",
        "terms_version": "2026-01",
    }
    recharge.replace(books, wish, set(wish))


def _failure(books: Books, threshold: int) -> None:
    """Let a recharge fail, with a card that is removed afterwards."""
    card = cards.add(books, "pm_card_chargeCustomerFail")
    _enable(books, card["stripe_id"], ledger.balance(books) + 1)
    recharge.run_if_due(books)
    _enable(books, "pm_card_visa", threshold)
    cards.detach(books, card)


def _tail(books: Books) -> None:
    """Leave a challenge and a setup intent behind."""
    challenges.initiate(books, "change_email", "email")
    cards.setup_intent(books)
    recharge.disable(books)
    assert records.audit_page(books, Span(1))["total"] > 0


def newcomer(books: Books) -> str:
    """Open an account with a card and $21; return its key."""
    name = secrets.token_hex(4)
    opened = _open(books, f"guest{name}")
    key = key_of(name)
    opened.insert("keys", key=key)
    cards.add(opened, "pm_card_visa")
    _pay(opened, 2_000)
    return key


def keep_in_use(site: Site) -> None:
    """Charge the first account once more."""
    account = site.database.connection().execute(
        "SELECT account FROM keys WHERE key = ?", (key_of(FIRST.name),)
    )
    with site.writing(str(account.fetchone()["account"])) as books:
        try:
            usage.charge(books, "js", 3)
        except Refusal:
            return
