"""Tables of the guides name everything that the mock offers, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.docs import formats
from mockserver.faults import sets
from mockserver.testing import BillingMock
from tests.conftest import RunningServer
from tests.guides.markdown import code, guide
from tests.hosted.test_testids import TESTIDS

FIXTURES = fixtures.load(packaged.fixtures())


@pytest.fixture(scope="module")
def control(server: RunningServer) -> dict[str, Any]:
    """The document of the control API."""
    with server.client(None) as client:
        document: dict[str, Any] = client.get("/_mock/openapi.json").json()
    return document


def first_column(name: str, *header: str) -> list[str]:
    """The code in the first column of a guide's table."""
    return [word for row in guide(name).rows(*header) for word in code(row[0])]


def test_every_persona_is_in_the_quickstart() -> None:
    """The table of keys is complete."""
    keys = {persona.key for persona in FIXTURES.personas.values() if persona.key}
    assert set(first_column("quickstart", "key", "account")) == keys


def test_every_fault_set_is_described() -> None:
    """The table names the files of the folder."""
    listed = first_column("situations", "set", "what happens")
    assert sorted(listed) == sorted(sets.load(packaged.fixtures() / "faults"))


def test_every_control_operation_is_listed(control: dict[str, Any]) -> None:
    """The table has each method and path of the control API's document."""
    documented = {
        f"{method.upper()} /_mock{path}"
        for path, item in control["paths"].items()
        for method in item
        if method in ("get", "put", "post", "delete")
    }
    listed = first_column("control-api", "operation", "what it does")
    assert len(listed) == len(set(listed))
    assert set(listed) == documented


def test_every_field_of_a_fault_rule_is_described(control: dict[str, Any]) -> None:
    """The table explains each field, and each way in which a connection breaks."""
    rule = control["components"]["schemas"]["FaultRule"]["properties"]
    listed = first_column("situations", "field", "meaning")
    names = {word.split(":")[0] for word in listed}
    ways = {word.split(": ")[1] for word in listed if word.startswith("connection: ")}
    assert names == set(rule)
    assert ways == set(rule["connection"]["enum"])


def test_every_type_of_event_is_listed(control: dict[str, Any]) -> None:
    """Each type once."""
    listed = [word for row in guide("webhooks").rows("area", "types") for word in code(row[1])]
    assert sorted(listed) == control["components"]["schemas"]["EventType"]["enum"]


def test_every_mode_of_an_endpoint_is_listed(control: dict[str, Any]) -> None:
    """What can go wrong with deliveries."""
    modes = control["components"]["schemas"]["WebhookModes"]["properties"]
    assert first_column("webhooks", "mode", "effect") == list(modes)


def members() -> Iterator[str]:
    """The public members of the fixture, attributes included."""
    yield from (name for name in vars(BillingMock) if not name.startswith("_"))
    yield from re.findall(r"self\.([a-z]\w*) = ", inspect.getsource(BillingMock.__init__))


def test_every_member_of_the_fixture_is_described() -> None:
    """The table names each member of ``billing_mock``."""
    listed = {word.split("(")[0] for word in first_column("pytest", "member", "use")}
    assert listed == set(members())


def test_every_test_id_of_the_pages_is_listed() -> None:
    """The table names each ``data-testid``."""
    rows = guide("pages-and-stripe").rows("page", "`data-testid`")
    listed = {word for row in rows for word in code(row[1])}
    assert listed == set().union(*TESTIDS.values()) | {"test-mode"}


def test_every_test_card_that_is_listed_is_one() -> None:
    """The numbers of the guide are in the catalogue."""
    known = {card.number for card in FIXTURES.catalogue.test_cards}
    listed = first_column("pages-and-stripe", "number", "what happens")
    assert {number.replace(" ", "") for number in listed} <= known


def test_formats_of_the_reference_are_named() -> None:
    """``mockserver docs --format`` takes what the guide lists."""
    rows = {code(row[0])[0]: row[-1] for row in guide("settings", "mockserver serve").tables[2][1:]}
    assert code(rows["--format"]) == list(formats.FORMATS)
