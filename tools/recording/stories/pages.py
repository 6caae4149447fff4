"""Pages for people, the reference, Swagger UI, and the stand-in for Stripe.js."""

from __future__ import annotations

from typing import Any

from tools.recording.caller import Caller, Json
from tools.recording.stories import Story
from tools.recording.stories.billing import PAGES, look_around

_ASKING = "pm_card_authenticationRequired"
_ORIGIN = {"Origin": "http://127.0.0.1:8080"}
_TYPED = {"number": "4242 4242 4242 4242", "expiry": "12 / 30", "cvc": "123"}
_CALLS = "/_mock/stripe/v1"


def _opened(me: Caller, path: str, **body: object) -> str:
    """Return the path of the page that a session leads to."""
    url = str(me.post(path, body or None).json["url"])
    return "/" + url.partition("//")[2].partition("/")[2]


def _deposit(me: Caller, **more: object) -> str:
    return _opened(me, "deposit", amount_cents=5_000, **PAGES, **more)


def _checkout(caller: Caller) -> None:
    me, page = caller.as_("sk_test_payer"), caller.as_(None)
    cards = (
        "pm_card_amex",
        "pm_card_chargeDeclined",
        "pm_card_chargeCustomerFail",
        "pm_x",
        "",
        _ASKING,
    )
    for card in (*cards, "pm_card_authenticationRequiredOnSetup"):
        address = _deposit(me)
        page.labelled(f"pay with {card}").form(f"{address}/pay", {"card": card})
        page.labelled(f"paid with {card}").get(address)
        page.labelled(f"pay again with {card}").form(f"{address}/pay", {"card": card})
    for number in (
        "4242424242424242",
        "4000000000000002",
        "4000000000003220",
        "4539578763621486",
        "1",
        "",
    ):
        address = _deposit(me)
        page.labelled(f"type {number}").form(f"{address}/pay", {**_TYPED, "number": number})
    for changed in (
        {"expiry": "01/20"},
        {"expiry": "x"},
        {"cvc": "1"},
        {"cvc": ""},
        {"expiry": ""},
    ):
        address = _deposit(me)
        page.labelled(f"type {changed}").form(f"{address}/pay", {**_TYPED, **changed})
    look_around(me)


def _authentication(caller: Caller) -> None:
    me, page = caller.as_("sk_test_payer"), caller.as_(None)
    for outcome in ("pass", "fail", "maybe"):
        address = _deposit(me)
        page.form(f"{address}/pay", {"card": _ASKING})
        page.get(f"{address}/authentication", card=_ASKING)
        page.labelled(outcome).form(f"{address}/pay", {"card": _ASKING, "authentication": outcome})
        page.get(address)
    for card in ("pm_card_visa", "x", "pm_<script>"):
        page.get(f"{address}/authentication", card=card)
    page.get(f"{address}/authentication")


def _states(caller: Caller) -> None:
    """Open the checkout page in each of its states, and its steps in the wrong order."""
    me, page = caller.as_("sk_test_payer"), caller.as_(None)
    pages = _pages_of_states(me, page)
    for name, address in pages.items():
        _every_step(page.labelled(name), address)
    late = _deposit(me)
    for address in _NOWHERE:
        page.get(address)
        page.form(address)
    me.post("/_mock/clock/advance", {"days": 2})
    page.labelled("old").get(late)
    page.labelled("old").form(f"{late}/pay", {"card": "pm_card_visa"})


_NOWHERE = ("/checkout/cs_test_nothing", "/checkout/", "/checkout", "/portal/bps_x", "/invoices/x")


def _pages_of_states(me: Caller, page: Caller) -> dict[str, str]:
    plain = _opened(me, "deposit", amount_cents=5_000)
    pages = {
        "recharging": _deposit(me, auto_recharge_enabled=True),
        "promo": _deposit(me, promo_code="BONUS5"),
        "used code": _deposit(me, promo_code="BONUS5"),
        "plain": plain,
        "plan": _opened(me, "checkout", price_id="price_growth_monthly", **PAGES),
        "pack": _opened(me, "checkout", price_id="price_credits_25", mode="payment", **PAGES),
        "declined": _deposit(me),
        "expired": _deposit(me),
        "cancelled": _deposit(me),
    }
    page.form(f"{pages['declined']}/pay", {"card": "pm_card_chargeDeclined"})
    me.post(f"/_mock/checkout-sessions/{pages['expired'].rpartition('/')[2]}/expire")
    page.form(f"{pages['cancelled']}/cancel")
    return pages


def _every_step(state: Caller, address: str) -> None:
    state.get(address)
    state.head(address)
    state.get(f"{address}/pay")
    state.get(f"{address}/nothing")
    state.form(f"{address}/nothing")
    state.form(f"{address}/cancel")
    state.form(f"{address}/pay", {"card": "pm_card_visa"})
    state.get(address)


_LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
_BROWSERS: tuple[dict[str, str], ...] = (
    _ORIGIN,
    {"Origin": "http://evil.test"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site"},
    {**_LINK, "Sec-Fetch-Dest": "document"},
    {**_LINK, "Sec-Fetch-Dest": "iframe"},
    {"Host": "billing.test"},
)
_FORMS = (
    ("application/json", b"{}"),
    ("text/plain", b"card=pm_card_visa"),
    ("application/x-www-form-urlencoded", b"card=" + b"x" * 20_000),
    ("application/x-www-form-urlencoded; charset=utf-8", b"card=%ff&card=pm_card_visa"),
)


def _browsers(caller: Caller) -> None:
    """Send what browsers add to requests of this and of other origins."""
    me, page = caller.as_("sk_test_payer"), caller.as_(None)
    for number, headers in enumerate(_BROWSERS):
        address = _deposit(me)
        as_browser = page.labelled(f"browser {number}")
        as_browser.get(address, headers)
        as_browser.form(f"{address}/cancel", headers=headers)
        as_browser.form(f"{address}/pay", {"card": "pm_card_visa"}, headers)
    address = _deposit(me)
    for kind, content in _FORMS:
        sent = {"Content-Type": kind}
        page.send("POST", f"{address}/pay", content=content, headers=sent, label=f"form of {kind}")
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        page.send(method, address)
        page.send(method, f"{address}/pay")


_CUSTOMERS = (
    *("subscriber", "past_due", "new", "default", "power_user", "card_declined", "card_expiring"),
    "exhausted",
)
_QUERIES = ({"page": "2"}, {"page": "x"}, {"page": "999"}, {"done": "add"}, {"done": "x"})
_ADDED = ("pm_card_mastercard", "pm_card_chargeDeclined", _ASKING, "pm_card_visa", "x", "")


def _portal(caller: Caller) -> None:
    for persona in _CUSTOMERS:
        me = caller.as_(f"sk_test_{persona}")
        _visit(caller.as_(None).labelled(persona), _opened(me, "portal"))
        look_around(me)


def _visit(visitor: Caller, address: str) -> None:
    """Do everything that the portal offers."""
    visitor.get(address)
    for query in _QUERIES:
        visitor.send("GET", address, query=query)
    for card in _ADDED:
        visitor.form(f"{address}/add", {"card": card})
    visitor.form(f"{address}/add", _TYPED)
    visitor.get(f"{address}/authentication", step="add", card=_ASKING)
    for outcome in ("fail", "pass"):
        visitor.form(f"{address}/add", {"card": _ASKING, "authentication": outcome})
    for step, fields in _STEPS:
        visitor.form(f"{address}/{step}", fields)
        visitor.get(address)
    visitor.get(f"{address}/authentication", step="plan", price="price_scale_monthly")
    visitor.get(f"{address}/authentication", step="nothing")
    visitor.get(f"{address}/plan")
    visitor.get(f"{address}/nothing")


_STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("default", {"card": "pm_card_mastercard"}),
    ("default", {"card": "pm_card_nothing"}),
    ("plan", {"price": "price_growth_monthly"}),
    ("plan", {"price": "price_scale_monthly"}),
    ("plan", {"price": "price_starter_monthly"}),
    ("plan", {"price": "price_nothing"}),
    ("plan", {"price": "price_scale_monthly", "authentication": "fail"}),
    ("cancel", {}),
    ("cancel", {}),
    ("resume", {}),
    ("remove", {"card": "pm_card_mastercard"}),
    ("remove", {"card": "pm_card_mastercard"}),
    ("nothing", {}),
)


def _special_portals(caller: Caller) -> None:
    """Open the portal of accounts whose state was changed: cards expired, in use, or asking."""
    page = caller.as_(None)
    state: Json = caller.as_("sk_test_subscriber").get("/_mock/state").json
    expired = caller.as_("sk_test_expired")
    for card in state["wallet"]["cards"]:
        card["exp_year"] = 2025
    expired.put("/_mock/state", state)
    page.labelled("expired").get(_opened(expired, "portal"))
    recharging = caller.as_("sk_test_default")
    recharging.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_visa"})
    address = _opened(recharging, "portal")
    page.labelled("in use").get(address)
    page.labelled("in use").form(f"{address}/remove", {"card": "pm_card_visa"})
    asking = caller.as_("sk_test_asking")
    asking.post("payment-methods", {"payment_method_id": _ASKING})
    asking.post(f"payment-methods/{_ASKING}/default")
    address = _opened(asking, "portal")
    page.labelled("asking").form(f"{address}/plan", {"price": "price_growth_monthly"})
    page.labelled("asking").get(
        f"{address}/authentication", step="plan", price="price_growth_monthly"
    )
    for outcome in ("fail", "pass"):
        fields = {"price": "price_growth_monthly", "authentication": outcome}
        page.labelled("asking").form(f"{address}/plan", fields)
    page.labelled("asking").get(address)


def _invoices(caller: Caller) -> None:
    page = caller.as_(None)
    for persona in ("subscriber", "past_due", "power_user", "default", "org_owner", "low_balance"):
        me = caller.as_(f"sk_test_{persona}")
        me.post("change-plan", {"price_id": "price_scale_monthly"})
        me.post("/_mock/clock/advance", {"days": 32})
        for number, invoice in enumerate(me.get("invoices", limit=20).json["invoices"]):
            path = "/" + invoice["hosted_invoice_url"].partition("//")[2].partition("/")[2]
            page.labelled(f"{persona} {number} {invoice['status']}").get(path)
    page.head(path)
    page.form(path)


def _documents(caller: Caller) -> None:
    for path in (
        *(
            "/",
            "/docs",
            "/docs/",
            "/docs/reference",
            "/docs/start.js",
            "/openapi.json",
            "/openapi.yaml",
        ),
        "/docs/static/swagger-ui.css",
        *("/docs/reference/", "/docs/reference.md", "/llms.txt"),
        *("/docs/llms.txt", "/favicon.ico", "/robots.txt", "/_mock/openapi.json"),
    ):
        caller.get(path)
        caller.head(path)
        caller.post(path)
    tagged = dict(caller.get("/docs/reference").headers)
    caller.get("/docs/reference", {"If-None-Match": tagged.get("etag", '"x"')})
    caller.get("/docs/reference", {"Accept-Encoding": "gzip"})
    caller.get("/openapi.json", {"Origin": "http://localhost:3000"})
    caller.get("/docs/reference", {"Host": "billing.test"})


def _typed(number: str, **changes: Any) -> Json:
    card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123", **changes}
    return {"type": "card", "card": card}


def _stripe(caller: Caller) -> None:
    owner, page = caller.as_("sk_test_stripe"), caller.as_(None)
    page.get("/_mock/stripe.js")
    page.get("/_mock/stripe.js", {"Host": "localhost:9", "Origin": "https://shop.example.com"})
    origin = {"Origin": "https://shop.example.com"}
    for number in (
        *("4242424242424242", "5555555555554444", "4000000000000002", "4000000000009995"),
        *("4000000000000069", "4000000000000127", "4000000000000119", "4000000000000341"),
        *("4000002760003184", "4000002500003155", "4000000000003220", "4000008400001629"),
        *("4242424242424241", "4539578763621486", "", "x"),
    ):
        intent = owner.post("setup-intent").json
        secret = {"client_secret": intent["client_secret"]}
        address, me = f"{_CALLS}/setup_intents/{intent['id']}", page.labelled(number)
        me.post(address, secret, headers=origin)
        me.post(f"{_CALLS}/payment_methods", _typed(number), headers=origin)
        confirmed = me.post(f"{address}/confirm", {**secret, "payment_method_data": _typed(number)})
        for outcome in ("fail", "pass"):
            me.post(f"{address}/authenticate", {**secret, "outcome": outcome})
        me.post(f"{address}/confirm", {**secret, "payment_method_data": _typed(number)})
        method = confirmed.json.get("payment_method") or "pm_nothing"
        owner.labelled(number).post("payment-methods", {"payment_method_id": method})
        me.post(address, {**secret, "expand": ["payment_method"]})
    look_around(owner)


def _stripe_refuses(caller: Caller) -> None:
    owner, page = caller.as_("sk_test_stripe"), caller.as_(None)
    intent = owner.post("setup-intent").json
    secret = {"client_secret": intent["client_secret"]}
    address = f"{_CALLS}/setup_intents/{intent['id']}"
    for changes in (
        *({"exp_year": 2020}, {"exp_month": 13}, {"exp_month": 2, "exp_year": 2026}, {"cvc": "1"}),
        *({"cvc": None}, {"exp_year": 30}, {"number": 4242}, {"exp_month": "12"}),
    ):
        changed = page.labelled(str(changes))
        typed = _typed("4242424242424242") | {}
        typed["card"] |= changes
        changed.post(f"{_CALLS}/payment_methods", typed)
        changed.post(f"{address}/confirm", {**secret, "payment_method_data": typed})
    for token in ("tok_visa", "tok_x", "x"):
        page.post(f"{_CALLS}/payment_methods", {"type": "card", "token": token})
    details = {"name": "Jenny", "address": {"postal_code": "12345"}, "email": "j@example.com"}
    page.post(
        f"{_CALLS}/payment_methods", {**_typed("4242424242424242"), "billing_details": details}
    )
    _stripe_strangers(page, intent)


def _stripe_strangers(page: Caller, intent: Json) -> None:
    """Send wrong secrets, bodies that are none, unknown paths, and preflights."""
    secret = {"client_secret": intent["client_secret"]}
    address = f"{_CALLS}/setup_intents/{intent['id']}"
    for id, given in (
        (intent["id"], "x"),
        ("seti_nothing", secret["client_secret"]),
        (intent["id"], ""),
    ):
        for step in ("", "/confirm", "/authenticate"):
            page.post(f"{_CALLS}/setup_intents/{id}{step}", {"client_secret": given})
    for content in (b"", b"{", b"\xff", b"null", b"{}", b'{"client_secret": 5}', b" " * 20_001):
        page.send("POST", f"{address}/confirm", content=content, label=f"body {content[:10]!r}")
    for method, path in (
        *(("GET", f"{_CALLS}/payment_methods"), ("GET", address), ("POST", "/_mock/stripe.js")),
        *(("GET", f"{_CALLS}/customers"), ("POST", f"{address}/cancel"), ("GET", "/_mock/stripe/")),
        *(("HEAD", "/_mock/stripe.js"), ("POST", "/_mock/stripe"), ("GET", "/_mock/stripe.jsx")),
    ):
        page.send(method, path)
    for headers in ("content-type", "x-api-key"):
        asked = {
            "Origin": "https://shop.example.com",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": headers,
        }
        page.send(
            "OPTIONS", f"{_CALLS}/payment_methods", headers=asked, label=f"preflight {headers}"
        )


STORIES = [
    Story("pages/checkout", _checkout),
    Story("pages/3-D Secure", _authentication),
    Story("pages/states of a checkout", _states),
    Story("pages/browsers", _browsers),
    Story("pages/portal", _portal),
    Story("pages/special portals", _special_portals),
    Story("pages/invoices", _invoices),
    Story("pages/documents", _documents),
    Story("stripe/cards", _stripe),
    Story("stripe/refusals", _stripe_refuses),
]
