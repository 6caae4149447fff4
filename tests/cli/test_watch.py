"""``--watch`` reloads contract and fixtures when they are saved; account state is kept."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mockserver import packaged
from mockserver.openapi.contract import Contract
from tests.cli.program import Program, serving
from tests.conftest import API
from tests.invented import invent_path

SPEC = packaged.spec().read_text(encoding="utf-8")
WITHIN_SECONDS = 10
"""The longest wait for a reload on a busy machine."""
INVENTED = f"{API}/invented-things"
ITEM = {
    "get": {
        "operationId": "list_invented_things",
        "responses": {
            "200": {
                "description": "All of them.",
                "content": {
                    "application/json": {
                        "schema": {"type": "array", "items": {"type": "string"}},
                        "example": ["one", "two"],
                    }
                },
            }
        },
    }
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Path]]:
    """A program that watches copies of contract and fixtures, and their folder."""
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(packaged.fixtures(), folder / "fixtures")
    (folder / "openapi.yaml").write_text(SPEC, encoding="utf-8")
    files = ("--spec", folder / "openapi.yaml", "--fixtures", folder / "fixtures")
    with serving("--port", "0", "--watch", *files) as program:
        yield program, folder


@pytest.fixture
def save(watched: tuple[Program, Path]) -> Iterator[Callable[[str, str], str]]:
    """Save a file, and return what the program prints; afterwards the original is restored."""
    program, folder = watched
    changed: dict[str, str] = {}

    def save(name: str, text: str) -> str:
        path = folder / name
        changed.setdefault(name, path.read_text(encoding="utf-8") if path.exists() else "")
        message = len(program.stdout)
        path.write_text(text, encoding="utf-8")
        deadline = time.monotonic() + WITHIN_SECONDS
        while time.monotonic() < deadline:
            if program.stdout[message:].endswith("\n"):
                return program.stdout[message:]
            time.sleep(0.02)
        raise AssertionError(f"nothing was said of {name}: {program.stderr}")

    yield save
    for name, text in changed.items():
        if text:
            save(name, text)
        else:
            (folder / name).unlink()


@pytest.fixture
def client(watched: tuple[Program, Path]) -> Iterator[httpx.Client]:
    with watched[0].client("sk_test_default") as client:
        yield client


def test_a_new_operation_is_served_when_the_file_is_saved(
    save: Callable[[str, str], str], client: httpx.Client
) -> None:
    """It is served from its example, marked, in the docs, and named in the log."""
    url = INVENTED
    invent_path(Contract.load(packaged.spec()).document, url, ITEM)
    assert client.get(url).status_code == 404
    message = save(
        "openapi.yaml",
        SPEC.replace("\ncomponents:\n", f"\n  {url}: {json.dumps(ITEM)}\n\ncomponents:\n", 1),
    )
    assert message.startswith(f"Reloaded openapi.yaml: GET {url} is new. ")
    response = client.get(url)
    assert (response.json(), response.headers["x-mock-source"]) == (["one", "two"], "schema")
    assert url in client.get("/openapi.json").json()["paths"]


def test_accounts_stay_as_they_are(save: Callable[[str, str], str], client: httpx.Client) -> None:
    """The exported state is unchanged, with its open deposit."""
    client.post(f"{API}/deposit", json={"amount_cents": 5000}).raise_for_status()
    before = client.get("/_mock/state").json()
    save("openapi.yaml", SPEC.replace("title: ", "title: Another ", 1))
    assert client.get("/_mock/state").json() == before


def test_a_persona_that_loses_its_plan_is_named(save: Callable[[str, str], str]) -> None:
    """A reload prints the notice on packaged personas that are left out."""
    catalogue = (packaged.fixtures() / "catalogue.yaml").read_text(encoding="utf-8")
    message = save("fixtures/catalogue.yaml", catalogue.replace("slug: growth", "slug: grown"))
    assert message.endswith("are left out: sk_test_past_due (plan 'growth').\n")


def test_a_changed_operation_is_named(
    save: Callable[[str, str], str], client: httpx.Client
) -> None:
    """A change in a referenced component counts too, and applies at once."""
    changed = SPEC.replace(
        "minimum: 1, maximum: 100, default: 20", "minimum: 1, maximum: 50, default: 20"
    )
    assert changed != SPEC
    message = save("openapi.yaml", changed)
    assert f"GET {API}/credit-transactions changed" in message
    assert client.get(f"{API}/credit-transactions?limit=51").status_code == 422


def test_a_broken_contract_is_reported_with_its_line_and_not_served(
    save: Callable[[str, str], str], client: httpx.Client
) -> None:
    """The last valid contract is served until the file is valid again."""
    broken = SPEC.replace('"#/components/schemas/Balance"', '"#/components/schemas/Ballance"', 1)
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if "Ballance" in text)
    message = save("openapi.yaml", broken)
    assert message.startswith("Not reloaded, the last good state is still served. ")
    assert f"openapi.yaml:{line}: " in message
    assert client.get(f"{API}/balance").status_code == 200
    assert save("openapi.yaml", SPEC).startswith("Reloaded openapi.yaml")


def test_fixtures_are_reloaded(
    save: Callable[[str, str], str], client: httpx.Client, watched: tuple[Program, Path]
) -> None:
    """A new promo code is valid at once."""
    catalogue = (watched[1] / "fixtures" / "catalogue.yaml").read_text(encoding="utf-8")
    added = catalogue.replace(
        "\ntest_cards:", "\n  - { code: FRESH, type: fixed, value: 100 }\n\ntest_cards:"
    )
    assert save("fixtures/catalogue.yaml", added).startswith("Reloaded catalogue.yaml")
    response = client.post(f"{API}/promo/validate", json={"code": "FRESH", "amount_cents": 5000})
    assert response.json()["valid"] is True


def test_a_broken_fixture_is_reported_with_its_line(
    save: Callable[[str, str], str], client: httpx.Client
) -> None:
    """The other personas are still served."""
    message = save("fixtures/personas/odd.yaml", "key: sk_test_odd\nmood: bad\n")
    assert message.startswith("Not reloaded, the last good state is still served. ")
    assert "odd.yaml:" in message
    assert client.get(f"{API}/balance").status_code == 200


def test_a_plan_in_use_cannot_be_removed(
    save: Callable[[str, str], str], watched: tuple[Program, Path]
) -> None:
    """The catalogue is refused with the name of the plan."""
    with watched[0].client("sk_test_subscriber") as subscriber:
        subscriber.get(f"{API}/balance").raise_for_status()
        catalogue = (watched[1] / "fixtures" / "catalogue.yaml").read_text(encoding="utf-8")
        head, _, tail = catalogue.partition("  - slug: starter\n")
        message = save("fixtures/catalogue.yaml", head + tail[tail.index("  - slug: ") :])
        assert message.startswith("Not reloaded")
        assert "starter" in message
        assert subscriber.get(f"{API}/subscription").status_code == 200


@pytest.mark.slow
def test_without_the_flag_nothing_is_watched(tmp_path: Path) -> None:
    """The first contract is served until the end."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    with (
        serving("--port", "0", "--spec", spec) as program,
        program.client("sk_test_default") as client,
    ):
        spec.write_text("broken: [", encoding="utf-8")
        time.sleep(0.6)
        assert client.get(f"{API}/balance").status_code == 200
        assert "eloaded" not in program.stdout
