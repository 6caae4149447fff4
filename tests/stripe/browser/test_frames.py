"""The frames: what crosses their border, who is heard, and who may frame them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import RunningServer

from .conftest import Shop, Visit

pytestmark = pytest.mark.slow

CHANNEL = "new URLSearchParams(document.querySelector('iframe').src.split('#')[1]).get('channel')"


@pytest.fixture
def card(visit: Visit) -> Shop:
    """A page with an empty card element that is ready."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.field("number").wait_for()
    shop.do("shop.card = shop.elements.getElement('card')")
    return shop


@pytest.mark.parametrize(("name", "kind"), [("plain-card", "card"), ("plain-split", "split")])
def test_the_page_is_sent_no_typed_value(visit: Visit, name: str, kind: str) -> None:
    """Its messages have the state and the brand, and never a number or a security code."""
    shop = visit(name, kind=kind)
    shop.do("shop.heard = []")
    shop.page.evaluate(
        "addEventListener('message', ({data}) => shop.heard.push(JSON.stringify(data)))"
    )
    shop.fill(cvc="987", postal="" if kind == "split" else "94110")
    shop.save()
    shop.must_show("added visa 4242")
    heard = shop.do("shop.heard")
    assert {json.loads(message)["kind"] for message in heard} >= {"state", "reply"}
    assert not any(
        text in message for message in heard for text in ("424242", "4242 42", "987", "12 / 34")
    )
    assert "424242" not in shop.page.content()


def test_every_frame_has_a_channel_of_its_own(visit: Visit) -> None:
    """The id has 128 random bits and is the only secret in the frame's address."""
    shop = visit("plain-split", kind="split")
    shop.field("cvc").wait_for()
    sources = shop.page.evaluate("[...document.querySelectorAll('iframe')].map((it) => it.src)")
    channels = {source.partition("channel=")[2].partition("&")[0] for source in sources}
    assert len(channels) == 3
    assert all(len(channel) == 32 and int(channel, 16) for channel in channels)
    assert not any(shop.secret in source for source in sources)


def test_the_page_hears_its_own_frame_only(card: Shop) -> None:
    """A message with the right channel from another window changes nothing."""
    card.do(f"""window.postMessage({{
        channel: {CHANNEL}, kind: "state", isChange: true,
        payload: {{elementType: "card", complete: true, empty: false}},
    }}, "*")""")
    assert card.do("shop.events") == []
    assert "StripeElement--complete" not in card.page.locator("#element").get_attribute("class")


@pytest.mark.parametrize("wrong", ["origin", "channel", "source"])
def test_a_frame_hears_its_own_page_only(card: Shop, wrong: str) -> None:
    """A message of another origin, window or channel changes nothing."""
    card.fill()
    (frame,) = [frame for frame in card.page.frames if frame.name.startswith("__private")]

    def clear(**changes: Any) -> None:
        facts = {
            "origin": card.page.evaluate("location.origin"),
            "channel": card.page.evaluate(CHANNEL),
            "source": "parent",
        } | changes
        frame.evaluate(
            """({origin, channel, source}) => dispatchEvent(new MessageEvent("message", {
                origin, source: source === "parent" ? parent : window,
                data: {channel, kind: "clear"},
            }))""",
            facts,
        )

    clear(**{wrong: "https://another.example"})
    assert card.field("number").input_value() == "4242 4242 4242 4242"
    clear()
    assert card.field("number").input_value() == ""


def test_a_page_of_another_host_cannot_frame_it(browser: Any, mock: RunningServer) -> None:
    """The mock's policy refuses it, even where the user lets the page reach this machine."""
    context = browser.new_context(permissions=["local-network-access"])
    page = context.new_page()
    html = f"<iframe src='{mock.url}/_mock/stripe/v3/elements-inner-card.html'></iframe>"
    page.route(
        "https://shop.example/**", lambda route: route.fulfill(body=html, content_type="text/html")
    )
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto("https://shop.example/")
    context.close()


def test_a_frame_that_cannot_be_loaded_is_an_error(visit: Visit, mock: RunningServer) -> None:
    """The element emits loaderror, and the console names the origin to allow in frame-src."""
    shop = visit("plain-card", kind="card-without-postal")
    shop.page.route("**/elements-inner-card.html*", lambda route: route.abort())
    shop.page.clock.install()
    shop.page.reload()
    shop.page.locator("iframe").wait_for()
    shop.page.clock.fast_forward(16_000)
    complaints = "\n".join(shop.seen.complaints)
    assert f"could not load a frame from {mock.url}" in complaints
    assert "Unhandled card Element loaderror" in complaints
