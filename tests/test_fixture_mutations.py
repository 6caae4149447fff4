"""Each mistake in a file of fixtures is one line: the file, the line of the mistake, the reason."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.persona_builder import PersonaBuilder
from mockserver.faults import sets
from mockserver.openapi.yaml_file import FileError, load
from tests.fixture_mutations import Mutation, Pointer, mutations, text_and_lines

CATALOGUE = fixtures.load_catalogue(packaged.fixtures())
NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
MAX_SECONDS = 1.0


def files() -> Iterator[Path]:
    """Yield the files of the fixtures; of the personas, those that add a field."""
    seen: set[str] = set()
    for path in sorted(packaged.fixtures().rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        fields = {*re.findall(r"(\w+):(?: |$)", text, re.MULTILINE)}
        if path.parent.name != "personas" or fields - seen:
            yield path.relative_to(packaged.fixtures())
        seen |= fields


def loader(folder: Path, file: Path) -> Callable[[], object]:
    """Return a function that loads the part of a folder that a file belongs to."""
    if file.parent.name == "faults":
        return lambda: sets.load(folder / "faults")
    if file.parent.name == "personas":
        return lambda: fixtures.load_personas(folder / "personas", CATALOGUE)
    return lambda: fixtures.load_catalogue(folder)


def is_explained(
    error: FileError, mutation: Mutation, path: Path, lines: Mapping[Pointer, int]
) -> bool:
    """Return whether an error is one line that leads to the mistake.

    A field that is missing, null or too small may be named by what depends on it.
    """
    culprit = mutation.culprit
    is_there = error.line == lines.get(culprit, lines.get(culprit[:-1]))
    name = re.fullmatch(r".*?(\w+) (?:missing|as null|as 0)", mutation.label)
    is_named = name is not None and name[1] in error.problem.partition(": ")[2]
    return error.path == path and (is_there or is_named) and "\n" not in str(error)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The packaged fixtures, with the personas that others need."""
    copied = Path(shutil.copytree(packaged.fixtures(), tmp_path / "fixtures"))
    for path in (copied / "personas").iterdir():
        if path.stem not in ("default", "organization"):
            path.unlink()
    return copied


@pytest.mark.parametrize("file", [*files()], ids=str)
def test_each_mistake_is_reported_at_its_line(folder: Path, file: Path) -> None:
    """Each part of a file with each mistake is loaded, or refused at the line of the mistake."""
    path, load_folder = folder / file, loader(folder, file)
    wrong, refused = [], 0
    for mutation in mutations(load(packaged.fixtures() / file)):
        text, lines = text_and_lines(mutation.document)
        path.write_text(text, encoding="utf-8")
        started = time.process_time()
        try:
            load_folder()
        except FileError as error:
            refused += 1
            if not is_explained(error, mutation, path, lines):
                wrong.append(f"{mutation.label}: {error}")
        assert time.process_time() - started < MAX_SECONDS
    assert wrong == []
    assert refused > 0


@pytest.mark.parametrize("field", ["refund_cents", "leave_balance_microcents", "usage", "plan"])
def test_a_persona_with_the_largest_numbers_can_be_built(folder: Path, field: str) -> None:
    """A number that is accepted does not break the account."""
    most = {
        "refund_cents": "refund_cents: 99999999",
        "leave_balance_microcents": "leave_balance_microcents: 99999999000000",
        "usage": "usage: { days: 10000, entries: 9, requests_per_entry: 1000000,"
        " growth_percent: 1000000, mix: { crawl: 1000000 } }",
        "plan": "plan: { slug: scale, days_ago: 10000 }",
    }
    text = "key: sk_test_most\ntitle: t\nabout: a\nage_days: 10000\ncards: [{ id: pm_card_visa }]\n"
    (folder / "personas" / "most.yaml").write_text(text + most[field] + "\n", encoding="utf-8")
    found, _ = fixtures.load_personas(folder / "personas", CATALOGUE)
    built = PersonaBuilder(CATALOGUE, 1).build(found["most"], "sk_test_most", NOON)
    assert built.ledger.balance >= 0


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (
            "personas/default.yaml",
            "mix: { light: 60,",
            "mix: { lite: 60,",
            "usage.mix.lite: is not a known field here. Known: light, ",
        ),
        (
            "catalogue.yaml",
            "price_id: price_growth_monthly",
            "price_id: price_starter_monthly",
            "plans.2.price_id: 'price_starter_monthly' is already used by plans.1",
        ),
        (
            "catalogue.yaml",
            "price_id: price_credits_25",
            "price_id: price_starter_monthly",
            "credit_packs.0.price_id: 'price_starter_monthly' is already used by plans.1",
        ),
        (
            "catalogue.yaml",
            "slug: growth",
            "slug: starter",
            "plans.2.slug: 'starter' is already used by plans.1",
        ),
        (
            "catalogue.yaml",
            "price_cents: 9900",
            "price_cents: 990",
            "plans.2.price_cents: 990 is out of order: plans are sorted by price_cents, lowest",
        ),
        (
            "catalogue.yaml",
            "price_cents: 2900",
            "price_cents: 990000",
            "plans.1.price_cents: 990,000 is out of order",
        ),
        (
            "catalogue.yaml",
            "price_cents: 2900",
            "price_cents: -1",
            "plans.1.price_cents: must be from 0 to 99,999,999",
        ),
        (
            "catalogue.yaml",
            "price_cents: 2900",
            f"price_cents: {10**30}",
            "plans.1.price_cents: must be a whole number, not 1e+30",
        ),
        (
            "personas/default.yaml",
            "days_ago: 58,",
            "days_ago: 61,",
            "deposits.0.days_ago: 61 days ago is before the account was opened, 60 days ago (age",
        ),
        (
            "personas/default.yaml",
            "key: sk_test_default",
            "key: sk_test_defualt",
            "key: must be 'sk_test_default': new accounts are copies of it",
        ),
    ],
)
def test_a_mistake_is_a_line_of_the_command(
    folder: Path, file: str, old: str, new: str, says: str
) -> None:
    """The server does not start: one line with file and line of the entry, and exit code 2."""
    path = folder / file
    before, found, after = path.read_text(encoding="utf-8").partition(old)
    assert found
    path.write_text(before + new + after, encoding="utf-8")
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    line = before.count("\n") + 1
    assert str(caught.value).startswith(f"{path}:{line}: {says}")


def test_the_command_exits_with_2(folder: Path) -> None:
    """A server with a mistake in its fixtures prints the line and exits with 2."""
    path = folder / "personas" / "default.yaml"
    text = path.read_text(encoding="utf-8").replace("light: 60", "lite: 60")
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "--fixtures", str(folder), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "default.yaml:16: usage.mix.lite: is not a known field here. Known: light" in line
