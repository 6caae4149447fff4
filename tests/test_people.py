"""The people behind accounts: names of a locale, names of personas, and names that are hard."""

from __future__ import annotations

import html
from pathlib import Path

import httpx
import pytest

from mockserver import locales, packaged
from mockserver.billing.accounts import fixtures, people
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
from mockserver.setting_values import locale
from tests.conftest import API, NOON, ServerFactory

UNICODE = "sk_test_unicode"
PERSONA = fixtures.load(packaged.fixtures()).personas["unicode"]
SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Jürgen Groß", "jurgen.gross@example.com"),
        ("Łukasz Ørsted-Æbelø", "lukasz.orstedaebelo@example.com"),
        ("渡辺 直樹", "customer@example.com"),
        ("Ada Weber", "ada.weber@example.com"),
        ("Dr. O'Neil  Smith", "dr.oneil.smith@example.com"),
        ("é" * 200, f"{'e' * 64}@example.com"),
    ],
)
def test_an_address_is_made_of_a_name(name: str, email: str) -> None:
    """It has ASCII letters only, so every mail program accepts it."""
    assert people.email(name) == email


@pytest.mark.parametrize("text", ["de_DE", "de-DE", "ja_JP", "ar_SA"])
def test_a_locale_is_one_of_fakers(text: str) -> None:
    """A hyphen is read as an underscore."""
    assert locale(text) == text.replace("-", "_")


@pytest.mark.parametrize("text", ["de_GE", "deDE", "DE_DE", "klingon", "", "../de_DE"])
def test_an_unknown_locale_names_the_nearest(text: str) -> None:
    """The error lists a few locales, the nearest first."""
    assert locales.locale_of(text) is None
    with pytest.raises(ValueError, match="a locale of Faker, such as de_DE") as caught:
        locale(text)
    if text.lower().startswith("de"):
        assert "Known: de_DE," in str(caught.value)


def test_invented_people_have_names_of_the_locale() -> None:
    """With a locale, the same key and seed have the same name, which Faker made."""
    names = []
    for chosen in ("de_DE", "de_DE", "ja_JP", None):
        world = world_of(fixtures.load(packaged.fixtures(), chosen), Clock(NOON), 1)
        names.append(world.state.tenant("sk_test_default").account.profile.name)
    assert names[0] == names[1]
    assert len({*names}) == 3
    assert not names[2].isascii()


def test_a_reload_keeps_the_locale() -> None:
    """Fixtures that are read again have the locale of the server."""
    world = world_of(fixtures.load(packaged.fixtures(), "ja_JP"), Clock(NOON), 1)
    world.state.reload(packaged.fixtures())()
    assert not world.state.tenant("sk_test_new_one").account.profile.name.isascii()


def test_generated_values_have_names_of_the_locale(
    make_server: ServerFactory, tmp_path: Path
) -> None:
    """The names in generated responses of another document are of the locale, too."""
    spec = tmp_path / "people.yaml"
    spec.write_text(
        "openapi: 3.0.3\ninfo: {title: People, version: '1'}\npaths:\n  /people/{id}:\n    get:\n"
        "      operationId: get_person\n"
        "      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]\n"
        "      responses:\n        '200':\n          description: A person.\n"
        "          content:\n            application/json:\n              schema:\n"
        "                type: object\n                required: [full_name]\n"
        "                properties: {full_name: {type: string}}\n",
        encoding="utf-8",
    )
    with make_server(spec=spec, locale="ja_JP", stateless=True).client(None) as client:
        assert not client.get("/people/1").json()["full_name"].isascii()


@pytest.fixture
def hard(make_server: ServerFactory) -> httpx.Client:
    """A client of the account with hard names."""
    return make_server(now=NOON).client(UNICODE)


def test_the_persona_with_hard_names_is_hard() -> None:
    """Accents, both directions, emoji and 60 letters."""
    assert PERSONA.name is not None
    assert len(PERSONA.name) >= 60
    assert {*"ëŁש👩ع"} <= {*PERSONA.name}


@pytest.mark.parametrize("page", ["portal", "checkout", "invoice"])
def test_pages_show_hard_names(hard: httpx.Client, page: str) -> None:
    """Pages show name and company as they are, escaped, each isolated from its surroundings."""
    with hard as client:
        if page == "portal":
            url = client.post(f"{API}/portal", json={"return_url": SHOP}).json()["url"]
        elif page == "checkout":
            url = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
        else:
            url = client.get(f"{API}/invoices").json()["invoices"][0]["hosted_invoice_url"]
        text = client.get(httpx.URL(url).path).text
    assert f"<bdi>{html.escape(str(PERSONA.name))}</bdi>" in text
    assert "<株式会社>" not in text
    assert (str(PERSONA.company) in html.unescape(text)) is (page != "checkout")


def test_hard_names_survive_a_round_trip(hard: httpx.Client) -> None:
    """A state that is exported and imported, and a snapshot, have the same names."""
    with hard as client:
        state = client.get("/_mock/state").json()
        client.put("/_mock/state", json=state).raise_for_status()
        name = client.post("/_mock/snapshots", json={"name": "hard"}).json()["name"]
        client.post(f"/_mock/snapshots/{name}/restore").raise_for_status()
        profile = client.get("/_mock/state").json()["profile"]
    assert (profile["name"], profile["email"]) == (PERSONA.name, PERSONA.email)
    assert profile["company"] == PERSONA.company


def test_mails_reach_a_hard_address(hard: httpx.Client) -> None:
    """A code goes to the address as it is, and the response masks it."""
    with hard as client:
        body = {"action": "remove_card", "method": "email"}
        challenge = client.post(f"{API}/verify/initiate", json=body).json()
        (message,) = client.get("/_mock/outbox").json()["messages"]
    assert message["recipient"] == PERSONA.email
    assert challenge["masked_destination"] == "z***@bücher.example"
