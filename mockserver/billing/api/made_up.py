"""Made-up responses of the Billing API: those of accounts that exist for ``Prefer: dynamic`` only.

The handlers that serve requests respond from accounts that the seed invents. So what comes back is
what the API could say: displays agree with amounts, balances with entries, counts with lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl
from zlib import crc32

import msgspec
import orjson

from mockserver.billing import verification
from mockserver.billing.account import Account
from mockserver.billing.accounts import personas
from mockserver.billing.accounts.persona_builder import PersonaBuilder
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.api import auth
from mockserver.billing.api.call import Call
from mockserver.billing.api.operations import HANDLERS
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError
from mockserver.engine.body import Json
from mockserver.engine.request import Request
from mockserver.openapi.contract import Operation

POOL = 16
"""The number of made-up accounts."""
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR, _MILLISECOND = timedelta(days=365), timedelta(milliseconds=1)
_CARDS = ("visa", "mastercard", "amex", "discover", "jcb")
_DOLLARS = 100
_VIEWS = frozenset({"limit", "offset", "page", "per_page", "days", "reference_type"})
"""Parameters that select parts of an account, also where an operation ignores them."""
_PATH_CARD = "payment_method_id"

Parse = Callable[[bytes], Json | None]
"""Returns the value of a request body, completed by defaults; None if it is not valid."""


class MadeUp:
    """The made-up accounts of a server, each invented when it is first needed."""

    def __init__(self, catalogue: Catalogue, seed: int, locale: str | None) -> None:
        self.catalogue = catalogue
        self._seed = seed
        self._builder = PersonaBuilder(catalogue, seed, locale)
        self._contexts: dict[int, Context] = {}

    def response(self, call: Call, operation: Operation, parse: Parse) -> Any:
        """Return what a handler returns for a made-up account; None if all are refused.

        The key selects the account, and so do parameters that the operation does not have. So the
        pages of a list are those of one account. A refused body is replaced by a made-up one.
        """
        operation_id, now = operation.operation_id, call.request.now
        first = crc32(_selection(call.request, operation)) % POOL
        if operation.method == "get":
            call.context = self._context(first, now)
            return _outcome(operation_id, call)
        if call.body is not None:
            call.context = _copied(self._context(first, now))
            if (found := _outcome(operation_id, call)) is not None:
                return found
        random = Random(f"{self._seed}:{call.request.path}:{call.request.query!r}")  # noqa: S311
        for index in range(first, first + POOL):  # not every account can do everything
            call.context = _copied(self._context(index % POOL, now))
            _prepare(operation_id, call, random, parse)
            if (found := _outcome(operation_id, call)) is not None:
                return found
        return None

    def _context(self, index: int, now: datetime) -> Context:
        """Return the context of a made-up account, at its own time, which is not after ``now``."""
        found = self._contexts.get(index)
        random = Random(f"{self._seed}:{index}")  # noqa: S311
        moment = _EPOCH + timedelta(milliseconds=random.randrange(_YEAR // _MILLISECOND))
        if moment > now:
            moment -= _YEAR * ((moment - now) // _YEAR + 1)
        if found is None or found.now != moment:
            persona = _persona(random, self.catalogue)
            account = self._builder.build(persona, f"made up:{index}", moment)
            found = self._contexts[index] = Context(account, self.catalogue, moment, "api_key")
        return found


def _selection(request: Request, operation: Operation) -> bytes:
    """Return the parts of a request that select a made-up account."""
    own = _VIEWS | {parameter["name"] for parameter in operation.parameters}
    query = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    others = sorted((name, value) for name, value in query if name not in own)
    return repr((request.headers.get(auth.HEADER), others)).encode()


def _outcome(operation_id: str, call: Call) -> Any:
    """Return what a handler returns; None if it refuses the request.

    A contract that somebody has changed may lack what the handler needs.
    """
    try:
        return HANDLERS[operation_id](call)
    except (BillingError, LookupError, TypeError):
        return None


def _prepare(operation_id: str, call: Call, random: Random, parse: Parse) -> None:
    """Give a call a made-up body, and the path of a card of its account."""
    make = _BODIES.get(operation_id)
    call.body = parse(orjson.dumps(make(call.context, random))) if make is not None else None
    cards = call.context.account.wallet.cards
    if _PATH_CARD in call.params and cards:
        call.params = {**call.params, _PATH_CARD: random.choice(cards).id}


def _copied(context: Context) -> Context:
    """Return the context of a copy of its account, which may be changed."""
    state = msgspec.json.encode(context.account, enc_hook=list)
    account = msgspec.json.decode(state, type=Account)
    return Context(account, context.catalogue, context.now, context.actor)


def _persona(random: Random, catalogue: Catalogue) -> Persona:
    """Return a persona that the rules can build."""
    found = msgspec.convert(dict(_facts(random, catalogue)), Persona)
    for pointer, problem in personas.check(found, catalogue):
        raise ValueError(f"{pointer}: {problem}")
    return found


def _facts(random: Random, catalogue: Catalogue) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a persona."""
    age = random.randrange(20, 400)
    yield from {"title": "made up", "about": "made up", "key": "sk_test_made_up"}.items()
    yield "age_days", age
    yield "signup_bonus", random.random() < 0.8
    brands = [brand for brand in _CARDS if not catalogue.card(f"pm_card_{brand}").declines_charge]
    cards = [f"pm_card_{brand}" for brand in random.sample(brands, random.randrange(4))]
    yield "cards", [{"id": card, "expires_in_days": random.randrange(900)} for card in cards]
    yield (
        "deposits",
        [
            {
                "days_ago": random.randrange(age),
                "amount_cents": random.randrange(10, 300) * _DOLLARS,
                "every_days": random.randrange(20, 90),
            }
            for _ in range(random.randrange(1, 3))
        ],
    )
    if cards and random.random() < 0.6:
        amount = random.randrange(25, 200) * _DOLLARS
        threshold = random.randrange(1, 50) * 100_000_000
        recharge = {"enabled": True, "threshold_microcents": threshold, "amount_cents": amount}
        yield "auto_recharge", recharge
    paid = [plan.slug for plan in catalogue.plans if plan.price_id is not None]
    if cards and paid and random.random() < 0.5:
        yield "plan", {"slug": random.choice(paid), "days_ago": random.randrange(age)}
        # Deposits of the past are paid with a Visa card, which would be broken, too.
        yield "renewals_fail", "pm_card_visa" not in cards and random.random() < 0.4
    mix = {type: random.randrange(1, 20) for type in ("light", "js", "pdf", "ocr", "crawl")}
    yield (
        "usage",
        {
            "days": age,
            "entries": random.randrange(30, 80),
            "requests_per_entry": random.randrange(100, 900),
            "growth_percent": random.randrange(100),
            "mix": mix,
        },
    )
    yield "refund_cents", random.choice([0, 0, 25])


def _deposit(context: Context, random: Random) -> Json:  # noqa: ARG001
    return {"amount_cents": random.randrange(10, 2_000) * _DOLLARS}


def _checkout(context: Context, random: Random) -> Json:
    packs = [pack.price_id for pack in context.catalogue.credit_packs]
    price = random.choice([*_prices(context), *packs])
    shop = "https://shop.example.com"
    return {
        "price_id": price,
        "mode": "payment" if price in packs else "subscription",
        "success_url": f"{shop}/paid",
        "cancel_url": f"{shop}/cancelled",
    }


def _auto_recharge(context: Context, random: Random) -> Json:
    amount = random.randrange(25, 2_000) * _DOLLARS
    return {"enabled": bool(context.account.wallet.cards), "recharge_amount_cents": amount}


def _card(context: Context, random: Random) -> Json:  # noqa: ARG001
    return {"payment_method_id": f"pm_{random.getrandbits(64):016x}"}


def _promo_code(context: Context, random: Random) -> Json:
    codes = [promo.code for promo in context.catalogue.promo_codes]
    return {"code": random.choice([*codes, "UNKNOWN"])}


def _plan(context: Context, random: Random) -> Json:
    return {"price_id": random.choice(_prices(context))}


def _alerts(context: Context, random: Random) -> Json:  # noqa: ARG001
    switches = ("enabled", "threshold_50_enabled", "threshold_75_enabled", "email_enabled")
    return {name: random.random() < 0.5 for name in switches}


def _verification(context: Context, random: Random) -> Json:  # noqa: ARG001
    return {"action": "remove_card", "method": random.choice(["email", "sms"])}


def _code(context: Context, random: Random) -> Json:
    challenge = verification.initiate(context, "remove_card", "email")
    code = challenge.code if random.random() < 0.5 else "000000"
    return {"challenge_id": challenge.id, "code": code}


def _prices(context: Context) -> list[str]:
    return [plan.price_id for plan in context.catalogue.plans if plan.price_id is not None]


_BODIES: Mapping[str, Callable[[Context, Random], Json]] = {
    "create_deposit": _deposit,
    "create_checkout_session": _checkout,
    "update_auto_recharge": _auto_recharge,
    "add_payment_method": _card,
    "validate_promo_code": _promo_code,
    "change_plan": _plan,
    "update_usage_alerts": _alerts,
    "initiate_verification": _verification,
    "confirm_verification": _code,
}
"""Functions that make up the body of a request that the operation accepts."""
