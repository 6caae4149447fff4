"""Fixtures that are edited by hand: wrong ones are told with file and line."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
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
    """Replace the first of a text in a file: the line on which it stands."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    before, found, after = text.partition(old)
    assert found, f"'{old}' is not in {file}"
    path.write_text(before + new + after, encoding="utf-8")
    return before.count("\n") + 1


def add(folder: Path, file: str, text: str) -> int:
    """Add to the end of a file: the line on which it stands."""
    path = folder / file
    before = path.read_text(encoding="utf-8")
    path.write_text(before + text, encoding="utf-8")
    return before.count("\n") + 1


def refusal(folder: Path) -> FileError:
    """Why the folder is refused."""
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_fixtures_as_they_are_are_good(folder: Path) -> None:
    """Each file is a persona, named by its slug."""
    loaded = fixtures.load(folder)
    assert set(loaded.personas) == {path.stem for path in (folder / "personas").glob("*.yaml")}
    assert loaded.personas["default"].key == "sk_test_default"
    assert loaded.catalogue.plans[0].slug == "free"


def test_an_error_is_one_line_with_file_and_line(folder: Path) -> None:
    """``file:line: problem``, so that an editor can jump there."""
    line = edit(folder, SUBSCRIBER, "age_days: 75", "age_days: soon")
    assert str(refusal(folder)).startswith(f"{folder / SUBSCRIBER}:{line}: age_days: ")


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        pytest.param(
            SUBSCRIBER, "age_days: 75", "age_days: soon", "age_days", id="text for a number"
        ),
        pytest.param(
            SUBSCRIBER, "age_days: 75", "age_days: true", "age_days", id="truth for a number"
        ),
        pytest.param(SUBSCRIBER, "age_days: 75", "age_days: 75.5", "age_days", id="a fraction"),
        pytest.param(
            SUBSCRIBER, "age_days: 75", "age_days:", "age_days", id="nothing for a number"
        ),
        pytest.param(SUBSCRIBER, "title: ", "title: 7 #", "title", id="a number for text"),
        pytest.param(
            SUBSCRIBER, "  - id: pm_card_amex", "  - pm_card_amex", "cards", id="text for an object"
        ),
        pytest.param(SUBSCRIBER, "slug: starter", "slug: gold", "plan", id="an unknown plan"),
        pytest.param(
            SUBSCRIBER, "days_ago: 75", "days: 75", "plan", id="a misspelt field in an object"
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
            id="dollars for cents",
        ),
        pytest.param(CATALOGUE, "price_cents: 2900", "price: 2900", "price", id="a misspelt price"),
        pytest.param(
            CATALOGUE, "type: percentage", "type: gift", "type", id="an unknown kind of promo code"
        ),
        pytest.param(CATALOGUE, "2025-06-01T00:00:00Z", "soon", "expires_at", id="text for a time"),
        pytest.param(
            CATALOGUE,
            "2025-06-01T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "expires_at",
            id="no such month",
        ),
        pytest.param(
            CATALOGUE, 'last4: "4242"', "last4: 4242", "last4", id="digits that are no text"
        ),
        pytest.param(
            CATALOGUE,
            "authentication: once",
            "authentication: twice",
            "authentication",
            id="no such step",
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
def test_a_wrong_value_is_told_with_its_line(
    folder: Path, file: str, old: str, new: str, says: str
) -> None:
    """Checked against a schema when loaded, with an error that names file and line."""
    line = edit(folder, file, old, new)
    error = refusal(folder)
    assert error.path == folder / file
    assert says in error.problem
    assert error.line in range(line - 2, line + 1), str(error)


def test_an_unknown_field_is_told_with_its_own_line(folder: Path) -> None:
    """A misspelt field is where the eye should go, not the head of the file."""
    line = add(folder, SUBSCRIBER, "colour: red\n")
    error = refusal(folder)
    assert (error.path, error.line) == (folder / SUBSCRIBER, line)
    assert "colour" in error.problem


def test_a_field_that_is_missing_is_told_by_name(folder: Path) -> None:
    """The error names what has to be there."""
    edit(folder, SUBSCRIBER, "title:", "# title:")
    error = refusal(folder)
    assert (error.path, error.line) == (folder / SUBSCRIBER, 1)
    assert "title" in error.problem


@pytest.mark.parametrize(
    "text",
    ["cards: [\n", "\tage_days: 1\n", "title: 'open\n", "- a\n", "a: *nowhere\n", "?: !!nope x\n"],
)
def test_what_is_not_yaml_is_told_with_its_line(folder: Path, text: str) -> None:
    """The line is that of the fault, or the end of the file where a bracket was left open."""
    line = add(folder, SUBSCRIBER, text)
    error = refusal(folder)
    assert error.path == folder / SUBSCRIBER
    assert error.line in (line, line + 1)


def test_a_key_that_is_written_twice_is_told(folder: Path) -> None:
    """YAML forbids it: of two titles one would be lost without a word."""
    line = add(folder, SUBSCRIBER, "title: another\n")
    error = refusal(folder)
    assert (error.path, error.line) == (folder / SUBSCRIBER, line)
    assert "title" in error.problem


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a list\n", "just text\n", "&a [*a]\n"])
def test_a_file_that_is_no_object_is_told(folder: Path, text: str) -> None:
    """Empty, a list, a text, or one that contains itself: never a crash."""
    (folder / SUBSCRIBER).write_text(text, encoding="utf-8")
    assert refusal(folder).path == folder / SUBSCRIBER


@pytest.mark.parametrize("file", [CATALOGUE, SUBSCRIBER])
def test_a_file_that_is_not_utf_8_is_told(folder: Path, file: str) -> None:
    """Saved by an editor with another encoding."""
    path = folder / file
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    error = refusal(folder)
    assert error.path == path
    assert "UTF-8" in error.problem


def test_a_missing_catalogue_is_told(folder: Path) -> None:
    """Without a catalogue nothing can be sold."""
    (folder / CATALOGUE).unlink()
    error = refusal(folder)
    assert error.path == folder / CATALOGUE
    assert "No such file" in error.problem


def test_a_missing_default_persona_is_told(folder: Path) -> None:
    """Every unknown key starts as the default persona, so there must be one."""
    (folder / DEFAULT).unlink()
    error = refusal(folder)
    assert error.path == folder / "personas"
    assert "sk_test_default" in error.problem


@pytest.mark.parametrize("remove", ["", "personas"])
def test_a_missing_folder_is_told(folder: Path, remove: str) -> None:
    """A wrong ``--fixtures`` says so."""
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
            id="refused when added, good when charged",
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
            id="a number that ends otherwise",
        ),
        pytest.param(
            CATALOGUE,
            'id: pm_card_visa_chargeDeclined, brand: visa, last4: "0002"',
            'id: pm_card_x, brand: visa, last4: "0002", number: "4000000000000002"',
            "test_cards",
            id="a number of two cards",
        ),
        pytest.param(
            SUBSCRIBER, "key: sk_test_subscriber\n", "", "key", id="neither key nor organization"
        ),
        pytest.param(
            SUBSCRIBER,
            "title:",
            "organization_id: x\ntitle:",
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
def test_what_does_not_fit_together_is_told(
    folder: Path, file: str, old: str, new: str, says: str
) -> None:
    """What a schema cannot know is checked too, before anybody sends a request."""
    edit(folder, file, old, new)
    error = refusal(folder)
    assert error.path == folder / file
    assert says in error.problem
    assert error.line is not None


def test_a_time_without_a_zone_is_utc_or_refused(folder: Path) -> None:
    """A naive time must not reach the rules, where comparing it would crash the first request."""
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
def test_a_life_that_the_rules_refuse_is_told_at_the_start(
    folder: Path, file: str, old: str, new: str
) -> None:
    """A persona that cannot be lived is a broken fixture, not an error that answers every request of its key."""
    edit(folder, file, old, new)
    assert refusal(folder).path == folder / file


def test_a_promo_code_that_expires_does_not_take_its_personas_along(folder: Path) -> None:
    """Who edits the catalogue can let a code expire: the deposit of the past is then made without it."""
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
