"""Errors: invalid secrets, an unreachable mock, wrong use, and unsupported methods."""

from __future__ import annotations

import re

import pytest

from .conftest import TOOLS, Shop, Visit

pytestmark = pytest.mark.slow

TYPES = TOOLS / "node_modules" / "@stripe" / "stripe-js" / "dist" / "stripe-js"
OFFERED = {
    "elements",
    "createPaymentMethod",
    "createToken",
    "confirmSetup",
    "confirmCardSetup",
    "retrieveSetupIntent",
    "handleNextAction",
    "redirectToCheckout",
    "registerAppInfo",
}
WITHOUT_PAYMENT_INTENTS = {
    "confirmPayment",
    "confirmCardPayment",
    "retrievePaymentIntent",
    "handleCardAction",
}
ELEMENTS = {
    *("payment", "card", "cardNumber", "cardExpiry", "cardCvc"),
    *("address", "linkAuthentication"),
}
ANOTHER = "seti_AAAAAAAAAAAAAAAAAAAAAAAA_secret_BBBBBBBBBBBBBBBBBBBBBBBB"


@pytest.fixture
def card(visit: Visit) -> Shop:
    """A page with a complete card element."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.fill()
    shop.do("shop.card = shop.elements.getElement('card')")
    return shop


def test_a_wrong_secret_is_an_error(card: Shop) -> None:
    """The intent does not exist, or has another secret."""
    id = card.secret.partition("_secret_")[0]
    for secret in (ANOTHER, f"{id}_secret_x"):
        script = (
            f"shop.stripe.confirmCardSetup('{secret}', {{payment_method: {{card: shop.card}}}})"
        )
        error = card.do(script)["error"]
        found = (error["type"], error["code"], error["message"])
        missing = f"No such setupintent: '{secret.partition('_secret_')[0]}'"
        assert found == ("invalid_request_error", "resource_missing", missing)
        assert (
            card.do(f"shop.stripe.retrieveSetupIntent('{secret}')")["error"]["code"]
            == "resource_missing"
        )


def test_the_payment_element_reports_a_wrong_secret_at_once(visit: Visit) -> None:
    """It emits ``loaderror`` and shows a text instead of the form."""
    shop = visit("plain-payment", kind="payment", secret=ANOTHER)
    shop.must_show("loaderror resource_missing")
    assert shop.field("load-error").text_content().startswith("No such setupintent")
    assert not shop.field("number").is_visible()


def test_an_unreachable_mock_is_a_connection_error(card: Shop) -> None:
    """Every call resolves with the error, and the next one may succeed."""
    card.page.route(re.compile(r".*/_mock/stripe/.*"), lambda route: route.abort())
    card.save()
    card.must_show("api_connection_error : The mock at http://127.0.0.1:")
    for script in (
        "shop.stripe.createPaymentMethod({type: 'card', card: shop.card})",
        "shop.stripe.createToken(shop.card)",
        "shop.stripe.retrieveSetupIntent(shop.secret)",
        "shop.stripe.handleNextAction({clientSecret: shop.secret})",
    ):
        assert card.do(script)["error"]["type"] == "api_connection_error"
    card.page.unroute_all()
    card.save()
    card.must_show("added visa 4242")


def test_an_invalid_response_is_a_connection_error(card: Shop) -> None:
    """It could come from a proxy."""
    response = {
        "status": 502,
        "body": "<h1>Bad gateway</h1>",
        "headers": {"access-control-allow-origin": "*"},
    }
    card.page.route(re.compile(r".*/_mock/stripe/.*"), lambda route: route.fulfill(**response))
    card.save()
    card.must_show("api_connection_error")


def test_a_connection_that_breaks_during_authentication_leaves_the_intent(card: Shop) -> None:
    """The page can continue with handleNextAction."""
    card.fill("4000002760003184")
    card.page.route(re.compile(r".*/authenticate$"), lambda route: route.abort())
    card.save()
    card.finish_challenge("pass")
    card.must_show("api_connection_error")
    card.page.unroute_all()
    card.do(
        "void shop.stripe.handleNextAction({clientSecret: shop.secret}).then((done) => { "
        "shop.done = done; })"
    )
    card.finish_challenge("pass")
    card.page.wait_for_function("() => window.shop.done")
    assert card.do("shop.done")["setupIntent"]["status"] == "succeeded"


def test_a_page_may_handle_actions_itself(card: Shop) -> None:
    """``handleActions: false`` returns the action; a second confirm continues with it."""
    card.fill("4000002760003184")
    confirm = (
        "shop.stripe.confirmCardSetup(shop.secret, {payment_method: {card: shop.card}}, "
        "{handleActions: false})"
    )
    waiting = card.do(confirm)["setupIntent"]
    assert (waiting["status"], waiting["next_action"]["type"]) == (
        "requires_action",
        "use_stripe_sdk",
    )
    card.do("void shop.stripe.confirmCardSetup(shop.secret).then((done) => { shop.done = done; })")
    card.finish_challenge("pass")
    card.page.wait_for_function("() => window.shop.done")
    assert card.do("shop.done")["setupIntent"]["status"] == "succeeded"
    again = card.do("shop.stripe.handleNextAction({clientSecret: shop.secret})")["error"]
    assert again["code"] == "setup_intent_unexpected_state"


def test_published_ids_and_tokens_are_cards_too(card: Shop) -> None:
    """Code that was written for Stripe's test mode works."""
    declined = card.do(
        "shop.stripe.confirmCardSetup(shop.secret, {payment_method: 'pm_card_chargeDeclined'})"
    )["error"]
    assert (declined["decline_code"], declined["setup_intent"]["object"]) == (
        "generic_decline",
        "setup_intent",
    )
    made = card.do(
        "shop.stripe.createPaymentMethod({type: 'card', card: {token: 'tok_mastercard'}})"
    )["paymentMethod"]
    assert made["card"]["brand"] == "mastercard"
    token = card.do("shop.stripe.createToken(shop.card, {name: 'Jenny'})")["token"]
    assert (token["object"], token["card"]["brand"], token["card"]["name"]) == (
        "token",
        "Visa",
        "Jenny",
    )
    done = card.do(
        f"shop.stripe.confirmCardSetup(shop.secret, "
        f"{{payment_method: {{card: {{token: '{token['id']}'}}}}, "
        "expand: ['payment_method']})"
    )["setupIntent"]
    assert (done["status"], done["payment_method"]["card"]["last4"]) == ("succeeded", "4242")


def test_an_unmounted_element_is_wrong_use(card: Shop) -> None:
    """The error has the text that Stripe's users search for."""
    card.do("shop.card.unmount()")
    script = "shop.stripe.confirmCardSetup(shop.secret, {payment_method: {card: shop.card}})"
    assert "IntegrationError" in card.do(script)
    assert "We could not retrieve data from the specified Element" in card.do(script)


WRONG = {
    "shop.stripe.elements({clientSecret: 'x'})": "Invalid value for elements(): clientSecret",
    "shop.stripe.elements({clientSecret: null})": "You specified: null",
    "shop.stripe.elements({mode: 'nothing'})": "mode should be one of",
    "shop.stripe.elements(5)": "options should be an object",
    "shop.stripe.elements().create('payment')": "you must pass a clientSecret or mode",
    "shop.stripe.elements().create('card').mount('#nowhere')": "applies to no DOM elements",
    "shop.stripe.elements().create('card').mount(null)": "Invalid DOM element",
    "shop.stripe.elements().create('card').on('change')": "an event name and a function",
    "shop.stripe.confirmCardSetup('nonsense')": (
        "Invalid value for stripe.confirmCardSetup() intent secret"
    ),
    "shop.stripe.confirmCardSetup(shop.secret, {payment_method: {card: {}}})": (
        "card should be a card or cardNumber"
    ),
    "shop.stripe.confirmCardSetup(shop.secret, {payment_method: 5})": (
        "payment_method should be an id or an object"
    ),
    "shop.stripe.confirmSetup()": "an object is required",
    "shop.stripe.confirmSetup({elements: shop.elements})": "return_url argument is required",
    "shop.stripe.confirmSetup({elements: {}, redirect: 'if_required'})": (
        "an object from stripe.elements()"
    ),
    "shop.stripe.confirmSetup({elements: shop.elements, redirect: 'no'})": "always, if_required",
    "shop.stripe.confirmSetup({clientSecret: shop.secret, redirect: 'if_required'})": (
        "elements, or a payment_method"
    ),
    "shop.stripe.confirmSetup({elements: shop.elements, confirmParams: {return_url: '/done'}})": (
        "full URL"
    ),
    "shop.stripe.confirmSetup({elements: shop.elements, "
    "confirmParams: {return_url: 'javascript:0'}})": ("full URL"),
    "shop.stripe.createPaymentMethod()": "an object is required",
    "shop.stripe.createPaymentMethod({type: 'card'})": (
        "card should be a card or cardNumber Element"
    ),
    "shop.stripe.createPaymentMethod({type: 'sepa_debit'})": (
        'with the type "sepa_debit" is not part of'
    ),
    "shop.stripe.createToken('pii', {})": 'createToken("pii") is not part of',
    "shop.stripe.redirectToCheckout({sessionId: '../x'})": "should be the id of a Checkout Session",
    "shop.stripe.redirectToCheckout({lineItems: []})": "without a sessionId is not part of",
    "shop.stripe.handleNextAction({hashedValue: 'x'})": "with a hashedValue is not part of",
    "shop.card.collapse()": "element.collapse() is not part of",
    "window.Stripe()": "Please call Stripe() with your publishable key",
    "window.Stripe('')": "Please call Stripe() with your publishable key",
    "window.Stripe('sk_test_x')": "You should not use your secret key",
    "window.Stripe('pk_live_x')": "accepts no live keys",
}


def test_wrong_use_is_an_integration_error(card: Shop) -> None:
    """The error names the call and its arguments, and never the secret."""
    errors = {script: card.do(script) for script in WRONG}
    for script, sentence in WRONG.items():
        assert str(errors[script]).startswith("IntegrationError: "), (script, errors[script])
        assert sentence in errors[script], (script, errors[script])
        assert card.secret not in errors[script]
    assert card.intent()["status"] == "requires_payment_method"


def names_in(file: str, pattern: str) -> set[str]:
    """Return the names in the types of @stripe/stripe-js."""
    return set(re.findall(pattern, (TYPES / file).read_text(encoding="utf-8"), re.MULTILINE))


def test_every_method_of_stripe_is_offered_or_named_as_unsupported(card: Shop) -> None:
    """An unsupported method throws an error with its name."""
    declared = (
        (TYPES / "stripe.d.ts")
        .read_text(encoding="utf-8")
        .partition("export interface Stripe {")[2]
    )
    methods = set(re.findall(r"^  (\w+)\(", declared.partition("\n}\n")[0], re.MULTILINE))
    assert {"confirmSetup", "confirmKlarnaPayment", "paymentRequest"} <= methods
    for name in sorted(methods - OFFERED - WITHOUT_PAYMENT_INTENTS):
        assert card.do(f"shop.stripe.{name}({{}})") == (
            f"IntegrationError: stripe.{name}() is not part of the mock's stand-in for "
            "Stripe.js, which only sets up cards "
            "and opens checkout pages."
        )
    for name in sorted(OFFERED | WITHOUT_PAYMENT_INTENTS):
        assert card.do(f"typeof shop.stripe.{name}") == "function"


def test_every_element_of_stripe_is_offered_or_shows_a_note(card: Shop) -> None:
    """An unsupported element is ready at once, and warns; it does not throw into a React tree."""
    types = names_in("elements-group.d.ts", r"elementType: '(\w+)'")
    assert types >= ELEMENTS | {"iban", "expressCheckout"}
    for name in sorted(types):
        script = f"""new Promise((resolve) => {{
            const group = shop.stripe.elements({{clientSecret: shop.secret}});
            const element = group.create('{name}');
            element.on('ready', ({{elementType}}) => resolve(elementType));
            element.mount('#problem');
            element.update({{}});
        }})"""
        assert card.do(script) == name
        is_inert = card.page.locator("#problem").get_by_text("the mock has no").count() == 1
        assert is_inert == (name not in ELEMENTS)
    warned = set(re.findall(r'The element "(\w+)"', "\n".join(card.seen.complaints)))
    assert warned == types - ELEMENTS
    assert card.do("shop.stripe.elements().create('nothing')").startswith(
        'IntegrationError: The element "nothing" is not part of the mock\'s stand-in'
    )


@pytest.mark.parametrize("name", sorted(WITHOUT_PAYMENT_INTENTS))
def test_payment_intents_are_unsupported(card: Shop, name: str) -> None:
    """The page gets an error: this API takes payments on checkout pages."""
    error = card.do(f"shop.stripe.{name}('pi_1_secret_2', {{}})")["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "resource_missing")
    assert "The mock has no payment intents" in error["message"]


def test_redirect_to_checkout_goes_to_the_mocks_page(card: Shop) -> None:
    """It opens the session that the API returned."""
    with card.mock.client(card.key) as client:
        made = client.post("/api/v1/billing/deposit", json={"amount_cents": 5000}).json()
    card.do(f"void shop.stripe.redirectToCheckout({{sessionId: '{made['session_id']}'}})")
    card.page.wait_for_url(made["url"])
    assert card.page.get_by_text("$50.00").first.is_visible()


def test_the_script_may_be_loaded_twice(card: Shop) -> None:
    """The first one stays, and the console has a warning, as with Stripe."""
    kept = card.do("""new Promise((resolve) => {
        const before = window.Stripe, script = document.createElement("script");
        const policy = window.trustedTypes.createPolicy("test", { createScriptURL: (url) => url });
        script.src = policy.createScriptURL(document.querySelector("script").src);
        script.onload = () => resolve(window.Stripe === before);
        document.head.append(script);
    })""")
    assert kept is True
    assert "loaded more than once" in card.seen.complaints[0]
