"""Fixtures are edited by hand: an invalid one is reported with its file and line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.api.behaviour import world_of
from mockserver.billing.catalogue import Catalogue
from mockserver.clock import Clock
from mockserver.faults.sets import FaultSet
from mockserver.openapi.yaml_file import FileError

CATALOGUE, SUBSCRIBER, DEFAULT = (
    "catalogue.yaml",
    "personas/subscriber.yaml",
    "personas/default.yaml",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the fixtures that a test may break."""
    return Path(shutil.copytree(packaged.fixtures(), tmp_path / "fixtures"))


def edit(folder: Path, file: str, old: str, new: str) -> int:
    """Replace the first occurrence of a text in a file; return its line."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    before, found, after = text.partition(old)
    assert found, f"'{old}' is not in {file}"
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


def add(folder: Path, file: str, text: str) -> int:
    """Append a text to a file; return its line."""
    path = folder / file
    before = path.read_text(encoding="utf-8")
    path.write_text(before + text, encoding="utf-8")
    return before.count("\n") + 1


def refusal(folder: Path) -> FileError:
    """Load a folder that is invalid; return the error."""
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_packaged_fixtures_are_valid(folder: Path) -> None:
    """Each file in the folder is a persona, named by its slug."""
    loaded = fixtures.load(folder)
    assert set(loaded.personas) == {path.stem for path in (folder / "personas").glob("*.yaml")}
    assert loaded.personas["default"].key == "sk_test_default"
    assert loaded.catalogue.plans[0].slug == "free"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("days_ago: 75", "days_ago: 76", "plan.days_ago"), ("days: 74", "days: 76", "usage.days")],
)
def test_a_past_older_than_the_account_is_refused(
    folder: Path, old: str, new: str, field: str
) -> None:
    """A plan or usage that begins before the account is an error at its line."""
    line = edit(folder, SUBSCRIBER, old, new)
    expected = (
        f"{folder / SUBSCRIBER}:{line}: {field}: 76 days ago is before the account was opened"
    )
    assert str(refusal(folder)) == f"{expected}, 75 days ago (age_days)"


def test_an_error_is_one_line_with_file_and_line(folder: Path) -> None:
    """The error is ``file:line: problem``, which editors can open."""
    line = edit(folder, SUBSCRIBER, "age_days: 75", "age_days: soon")
    assert str(refusal(folder)).startswith(f"{folder / SUBSCRIBER}:{line}: age_days: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        pytest.param(
            SUBSCRIBER, "age_days: 75", "age_days: soon", "age_days", id="text instead of a number"
        ),
        pytest.param(
            SUBSCRIBER,
            "age_days: 75",
            "age_days: true",
            "age_days",
            id="boolean instead of a number",
        ),
        pytest.param(SUBSCRIBER, "age_days: 75", "age_days: 75.5", "age_days", id="a fraction"),
        pytest.param(
            SUBSCRIBER, "age_days: 75", "age_days:", "age_days", id="null instead of a number"
        ),
        pytest.param(SUBSCRIBER, "title: ", "title: 7 #", "title", id="a number instead of text"),
        pytest.param(
            SUBSCRIBER,
            "  - id: pm_card_amex",
            "  - pm_card_amex",
            "cards",
            id="text instead of an object",
        ),
        pytest.param(SUBSCRIBER, "slug: starter", "slug: gold", "plan", id="an unknown plan"),
        pytest.param(
            SUBSCRIBER, "days_ago: 75", "days: 75", "plan", id="a misspelled field in an object"
        ),
        pytest.param(
            SUBSCRIBER, "sk_test_subscriber", "sk_live_subscriber", "sk_test_", id="a live key"
        ),
        pytest.param(
            SUBSCRIBER, "sk_test_subscriber", "sk_test_new", "new.yaml", id="a key that is taken"
        ),
        pytest.param(DEFAULT, "WELCOME10", "WELCOME99", "WELCOME99", id="an unknown promo code"),
        pytest.param(
            CATALOGUE,
            "price_cents: 2900",
            "price_cents: $29",
            "price_cents",
            id="dollars instead of cents",
        ),
        pytest.param(
            CATALOGUE, "price_cents: 2900", "price: 2900", "price", id="a misspelled price"
        ),
        pytest.param(
            CATALOGUE, "type: percentage", "type: gift", "type", id="an unknown kind of promo code"
        ),
        pytest.param(
            CATALOGUE, "2025-06-01T00:00:00Z", "soon", "expires_at", id="text instead of a time"
        ),
        pytest.param(
            CATALOGUE,
            "2025-06-01T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "expires_at",
            id="no such month",
        ),
        pytest.param(CATALOGUE, 'last4: "4242"', "last4: 4242", "last4", id="unquoted digits"),
        pytest.param(
            CATALOGUE,
            "authentication: once",
            "authentication: twice",
            "authentication",
            id="an unknown authentication",
        ),
        pytest.param(
            CATALOGUE,
            'last4: "4242"',
            'last4: "4242", last_4: "1"',
            "last_4",
            id="an unknown card field",
        ),
    ],
)
def test_an_invalid_value_is_reported_with_its_line(
    folder: Path, file: str, old: str, new: str, says: str
) -> None:
    """Files are validated when loaded; the error has the file and the line."""
    line = edit(folder, file, old, new)
    error = refusal(folder)
    assert error.path == folder / file
    assert says in error.problem
    assert error.line in range(line - 2, line + 1), str(error)


def test_an_unknown_field_is_reported_with_its_line(folder: Path) -> None:
    """The error has the line of the misspelled field, not the first line of the file."""
    line = add(folder, SUBSCRIBER, "colour: red\n")
    error = refusal(folder)
    assert (error.path, error.line) == (folder / SUBSCRIBER, line)
    assert "colour" in error.problem


def test_a_missing_field_is_reported_by_name(folder: Path) -> None:
    """The error names the required field, with the first line of the file."""
    edit(folder, SUBSCRIBER, "title:", "# title:")
    error = refusal(folder)
    assert (error.path, error.line) == (folder / SUBSCRIBER, 1)
    assert "title" in error.problem


@pytest.mark.parametrize(
    "text",
    ["cards: [\n", "\tage_days: 1\n", "title: 'open\n", "- a\n", "a: *nowhere\n", "?: !!nope x\n"],
)
def test_invalid_yaml_is_reported_with_its_line(folder: Path, text: str) -> None:
    """The line is that of the syntax error, or the end of the file for an open bracket."""
    line = add(folder, SUBSCRIBER, text)
    error = refusal(folder)
    assert error.path == folder / SUBSCRIBER
    assert error.line in (line, line + 1)


def test_a_duplicate_key_is_reported(folder: Path) -> None:
    """YAML forbids duplicate keys: one of two titles would be lost silently."""
    line = add(folder, SUBSCRIBER, "title: another\n")
    error = refusal(folder)
    assert (error.path, error.line) == (folder / SUBSCRIBER, line)
    assert "title" in error.problem


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", "just text\n", "&a [*a]\n"])
def test_a_file_without_an_object_is_reported(folder: Path, text: str) -> None:
    """A file that is empty, a list, a text or recursive is refused."""
    (folder / SUBSCRIBER).write_text(text, encoding="utf-8")
    assert refusal(folder).path == folder / SUBSCRIBER


@pytest.mark.parametrize("file", [CATALOGUE, SUBSCRIBER])
def test_a_file_that_is_not_utf_8_is_reported(folder: Path, file: str) -> None:
    """The error names the encoding."""
    path = folder / file
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    error = refusal(folder)
    assert error.path == path
    assert "UTF-8" in error.problem


def test_a_missing_catalogue_is_reported(folder: Path) -> None:
    """The catalogue is required."""
    (folder / CATALOGUE).unlink()
    error = refusal(folder)
    assert error.path == folder / CATALOGUE
    assert "No such file" in error.problem


def test_a_missing_default_persona_is_reported(folder: Path) -> None:
    """Unknown keys start as the default persona, so it is required."""
    (folder / DEFAULT).unlink()
    error = refusal(folder)
    assert error.path == folder / "personas"
    assert "sk_test_default" in error.problem


@pytest.mark.parametrize("remove", ["", "personas"])
def test_a_missing_folder_is_reported(folder: Path, remove: str) -> None:
    """The error of a wrong ``--fixtures`` names the folder."""
    shutil.rmtree(folder / remove)
    assert str(folder) in str(refusal(folder))


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        pytest.param(CATALOGUE, "slug: free", "slug: starter", "free", id="no free plan"),
        pytest.param(
            CATALOGUE, "price_cents: 9900", "price_cents: 100", "sorted", id="plans out of order"
        ),
        pytest.param(
            CATALOGUE,
            "    price_id: price_growth_monthly\n",
            "",
            "price_id",
            id="a plan without a price id",
        ),
        pytest.param(
            CATALOGUE,
            ", declines_charge: lost_card",
            "",
            "declines_charge",
            id="declined when added but not when charged",
        ),
        pytest.param(
            CATALOGUE,
            "4242424242424242",
            "4242424242414242",
            "check digit",
            id="a number that is none",
        ),
        pytest.param(
            CATALOGUE,
            "4242424242424242",
            "4242 4242 4242 4242",
            "digits",
            id="a number with spaces",
        ),
        pytest.param(
            CATALOGUE,
            "4242424242424242",
            "5555555555554444",
            "last4",
            id="a number with other last digits",
        ),
        pytest.param(
            CATALOGUE,
            'id: pm_card_visa_chargeDeclined, brand: visa, last4: "0002"',
            'id: pm_card_x, brand: visa, last4: "0002", number: "4000000000000002"',
            "test_cards",
            id="two cards with one number",
        ),
        pytest.param(
            SUBSCRIBER, "key: sk_test_subscriber\n", "", "key", id="neither key nor organization"
        ),
        pytest.param(
            SUBSCRIBER,
            "title:",
            "organization_id: 00000000-0000-4000-8000-000000000001\ntitle:",
            "key",
            id="both key and organization",
        ),
        pytest.param(
            SUBSCRIBER,
            "cards:\n  - id: pm_card_visa\n  - id: pm_card_amex\n",
            "",
            "card",
            id="a plan, no card",
        ),
        pytest.param(
            "personas/low_balance.yaml",
            "cards:\n  - id: pm_card_visa\n",
            "",
            "card",
            id="auto-recharge without a card",
        ),
    ],
)
def test_inconsistent_values_are_reported(
    folder: Path, file: str, old: str, new: str, says: str
) -> None:
    """Rules that a schema cannot express are checked at start-up too."""
    edit(folder, file, old, new)
    error = refusal(folder)
    assert error.path == folder / file
    assert says in error.problem
    assert error.line is not None


def test_a_time_without_a_zone_is_utc_or_refused(folder: Path) -> None:
    """Comparing a naive time would fail at the first request."""
    edit(folder, CATALOGUE, "2025-06-01T00:00:00Z", "2025-06-01T00:00:00")
    try:
        loaded = fixtures.load(folder)
    except FileError as error:
        assert "expires_at" in error.problem  # noqa: PT017
        return
    code = loaded.catalogue.promo_code("SPRING2025")
    assert code is not None
    assert code.expires_at == datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param(
            SUBSCRIBER, "pm_card_visa", "pm_card_chargeDeclined", id="a card that cannot be added"
        ),
        pytest.param(
            SUBSCRIBER,
            "pm_card_visa",
            "pm_card_chargeCustomerFail",
            id="a plan that cannot be paid",
        ),
        pytest.param(SUBSCRIBER, "pm_card_amex", "pm_card_visa", id="the same card twice"),
    ],
)
def test_a_history_that_violates_the_rules_is_reported_at_start_up(
    folder: Path, file: str, old: str, new: str
) -> None:
    """A persona that cannot be built is an invalid fixture, not an error of every request."""
    edit(folder, file, old, new)
    assert refusal(folder).path == folder / file


def test_an_expired_promo_code_does_not_break_its_personas(folder: Path) -> None:
    """A deposit in a persona's past is then made without the code."""
    edit(
        folder,
        CATALOGUE,
        "    value: 10\n",
        "    value: 10\n    expires_at: 2020-01-01T00:00:00Z\n",
    )
    world = world_of(fixtures.load(folder), Clock(datetime(2026, 3, 18, 12, tzinfo=UTC)), 1)
    account = world.state.tenant("sk_test_default").account
    assert account.ledger.deposited_cents == 10_000
    assert account.redeemed_promo_codes == []


@pytest.mark.parametrize("root", [Catalogue, FaultSet, Persona])
def test_all_parts_of_a_file_forbid_unknown_fields(root: type) -> None:
    """A misspelt field of a fixture is an error at any depth."""
    parts = [*structs_in(msgspec.inspect.type_info(root))]
    seen: set[type] = set()
    while parts:
        part = parts.pop()
        if part.cls not in seen:
            seen.add(part.cls)
            assert part.forbid_unknown_fields, part.cls
            parts += [found for field in part.fields for found in structs_in(field.type)]
    assert root in seen


def structs_in(kind: msgspec.inspect.Type) -> Iterator[msgspec.inspect.StructType]:
    """Yield the structs in a type: itself, or those of its items, values and alternatives."""
    if isinstance(kind, msgspec.inspect.StructType):
        yield kind
    parts = [getattr(kind, name, ()) for name in ("item_type", "value_type", "types", "item_types")]
    for part in parts:
        for inner in part if isinstance(part, tuple) else (part,):
            yield from structs_in(inner)
