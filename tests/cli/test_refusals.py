"""What has to be put right first is said in one line, with exit code 2 and without a traceback."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError
from tests.cli.program import refusal

SPEC = packaged.spec().read_text(encoding="utf-8")
INVOICES = next(
    number
    for number, line in enumerate(SPEC.splitlines(), 1)
    if "operationId: list_invoices" in line
)


def changed(text: str, old: str, new: str) -> str:
    """The text with the first of something replaced, which must be there."""
    assert old in text
    return text.replace(old, new, 1)


@pytest.fixture
def contract_file(tmp_path: Path) -> Path:
    """Where a test puts a contract of its own."""
    return tmp_path / "mine.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the fixtures, to be broken."""
    return shutil.copytree(packaged.fixtures(), tmp_path / "fixtures")


# ------------------------------------------------------------------------------------------------ Flags and the port


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--prot", "80"], "--prot"),
        (["serve", "--bogus"], "--bogus"),
        (["start"], "start"),
        (["serve", "now"], "now"),
        (["--port"], "--port"),
    ],
)
def test_words_that_mean_nothing_are_named(arguments: list[str], expected: str) -> None:
    """An unknown flag or command, or a flag without its value: which it is, and where to read on."""
    said = refusal(*arguments)
    assert expected in said
    assert "--help" in said


@pytest.mark.parametrize(
    ("flag", "text", "expected"),
    [
        ("--port", "99999", "a port from 0 to 65535 (0 picks a free one), not '99999'"),
        ("--seed", "many", "a whole number, not 'many'"),
        ("--now", "noon", "a time in ISO 8601, such as 2026-03-01T12:00:00Z, not 'noon'"),
        ("--log-level", "loud", "one of debug, info, warning, error, not 'loud'"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_what_it_should_be(
    flag: str, text: str, expected: str
) -> None:
    """The flag, what it takes, and what it was given."""
    assert refusal(flag, text) == f"mockserver: {flag} must be {expected}"


def test_a_variable_that_cannot_be_used_is_named() -> None:
    """Not the flag: nobody typed it."""
    assert "MOCKSERVER_PORT must be a port" in refusal(MOCKSERVER_PORT="http")


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    """Which address, why not, and how to have another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal("--port", str(port))
    assert said.startswith(
        f"mockserver: cannot listen on 127.0.0.1:{port}: Address already in use."
    )
    assert "--port" in said


def test_a_host_that_does_not_exist_is_named_with_what_to_do() -> None:
    """Another port would not help."""
    said = refusal("--host", "no-such-host.invalid", "--port", "0")
    assert "no-such-host.invalid" in said
    assert "--host" in said


# -------------------------------------------------------------------------------------------------------- The contract


def test_a_contract_that_is_missing_is_named(tmp_path: Path) -> None:
    """By the path that was typed."""
    assert refusal("--port", "0", "--spec", "nowhere.yaml", cwd=tmp_path) == (
        "mockserver: nowhere.yaml: No such file or directory"
    )


def test_a_contract_that_is_no_yaml_is_named_with_its_line(contract_file: Path) -> None:
    """Where the parser gave up."""
    contract_file.write_text("openapi: 3.0.3\ninfo: [\n")
    assert refusal("--port", "0", "--spec", contract_file).startswith(
        f"mockserver: {contract_file}:3: "
    )


def test_a_contract_with_a_reference_that_leads_nowhere_is_named_with_its_line(
    contract_file: Path,
) -> None:
    """The line of the reference, and what it asked for."""
    broken = changed(SPEC, '"#/components/schemas/Balance"', '"#/components/schemas/Ballance"')
    contract_file.write_text(broken)
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if "Ballance" in text)
    said = refusal("--port", "0", "--spec", contract_file)
    assert said.startswith(f"mockserver: {contract_file}:{line}: ")
    assert "'#/components/schemas/Ballance' has no target" in said


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        (b"\xff\xfe\x00", None, "is not UTF-8 text"),
        (b"", 1, "must be an OpenAPI 3.0 document"),
        (b"- a list", 1, "must be an OpenAPI 3.0 document"),
        (b'swagger: "2.0"\n', 1, "must be an OpenAPI 3.0 document"),
        (b"openapi: 3.1.0\n", 1, "'3.1.0'"),
        (b"openapi: 3.0.3\n", 1, '"info" is a required property'),
        (b"openapi: 3.0.3\ninfo:\n  title: 7\n  version: '1'\npaths: {}\n", 3, "info"),
        (b"a: \x01\n", None, "is not YAML"),
        (b"a: &a [*a]\n", None, "contains itself"),
        (b"[" * 20_000 + b"]" * 20_000, None, "nested"),
    ],
)
def test_a_file_that_is_no_contract_is_told_what_it_lacks(
    contract_file: Path, content: bytes, line: int | None, expected: str
) -> None:
    """File, line where there is one, and the first thing that is wrong."""
    contract_file.write_bytes(content)
    with pytest.raises(FileError) as caught:
        Contract.load(contract_file)
    where = f"{contract_file}:{line}: " if line else f"{contract_file}"
    assert str(caught.value).startswith(where)
    assert expected in str(caught.value)


def test_two_operations_of_one_name_are_named_with_their_line(contract_file: Path) -> None:
    """The second of them is the one to change."""
    contract_file.write_text(
        changed(SPEC, "operationId: list_invoices", "operationId: get_balance")
    )
    with pytest.raises(FileError) as caught:
        Contract.load(contract_file)
    assert re.fullmatch(
        rf"{re.escape(str(contract_file))}:(\d+): GET /api/v1/billing/invoices .*'get_balance'.*",
        str(caught.value),
    )
    assert abs((caught.value.line or 0) - INVOICES) <= 1


def test_an_operation_without_a_name_is_named_with_its_line(contract_file: Path) -> None:
    """The operationId ties an operation to its handler."""
    contract_file.write_text(
        changed(SPEC, "operationId: list_invoices", "x-operationId: list_invoices")
    )
    with pytest.raises(
        FileError, match="GET /api/v1/billing/invoices has no operationId"
    ) as caught:
        Contract.load(contract_file)
    assert abs((caught.value.line or 0) - INVOICES) <= 1


# -------------------------------------------------------------------------------------------------------- The fixtures


def test_a_fixture_with_a_wrong_field_is_named_with_its_line(folder: Path) -> None:
    """As the user of the command line sees it."""
    path = folder / "catalogue.yaml"
    text = changed(path.read_text(), "price_cents: 2900", "price_cents: cheap")
    path.write_text(text)
    line = next(
        number for number, splitline in enumerate(text.splitlines(), 1) if "cheap" in splitline
    )
    said = refusal("--port", "0", "--fixtures", folder)
    assert (
        said == f'mockserver: {path}:{line}: plans.1.price_cents: "cheap" is not of type "integer"'
    )


def test_a_folder_without_fixtures_is_named(tmp_path: Path) -> None:
    """What is looked for first is the catalogue."""
    assert refusal("--port", "0", "--fixtures", "nowhere", cwd=tmp_path) == (
        "mockserver: nowhere/catalogue.yaml: No such file or directory"
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("personas/new", "title:", "tittle:"),
        ("personas/new", "key: sk_test_new", "key: sk_live_new"),
        ("personas/new", "key: sk_test_new", "key: sk_test_default"),
        ("personas/default", "WELCOME10", "WELCOME11"),
        ("personas/default", "id: pm_card_visa", "id: 4242424242424242"),
        ("personas/default", "id: pm_card_visa", "id: card_visa"),
        ("personas/default", "id: pm_card_visa", "id: pm_card_chargeDeclined"),
        ("personas/default", "id: pm_card_visa", "id: pm_card_visa\n  - id: pm_card_visa"),
        ("personas/default", "age_days: 60", "age_days: -1"),
        ("personas/default", "age_days: 60", "age_days: 100000000"),
        ("personas/default", "amount_cents: 5000", "amount_cents: -5000"),
        ("personas/default", "amount_cents: 5000", "amount_cents: 999"),
        ("personas/default", "light: 60, js: 20, pdf: 8, ocr: 4, crawl: 8", "light: 0"),
        ("personas/default", "mix: { light: 60, js: 20, pdf: 8, ocr: 4, crawl: 8 }", "mix: {}"),
        ("personas/default", "entries: 120", "entries: -1"),
        ("personas/default", "refund_cents: 25", "refund_cents: -25"),
        ("personas/card_expiring", "expires_in_days: 0", "expires_in_days: 99999999"),
        ("personas/low_balance", "amount_cents: 5000 }\nusage", "amount_cents: 1 }\nusage"),
        ("personas/low_balance", "threshold_microcents: 5", "threshold_microcents: -5"),
        ("personas/org_owner", "member_of: 0a1b2c3d", "member_of: ffffffff"),
        ("personas/organization", "organization_id: 0a1b2c3d-", "organization_id: "),
        ("personas/power_user", "every_days: 30", "every_days: 0"),
        ("personas/rate_limited", "requests_per_minute: 5", "requests_per_minute: 0"),
        ("personas/subscriber", "slug: starter", "slug: free"),
        ("personas/subscriber", "slug: starter", "slug: platinum"),
        ("catalogue", "slug: growth", "slug: starter"),
        ("catalogue", "price_growth_monthly", "price_starter_monthly"),
        ("catalogue", "monthly_credits: 150000", "monthly_credits: -1"),
        ("catalogue", "amount_cents: 2500", "amount_cents: 0"),
        ("catalogue", "code: BONUS5", "code: WELCOME10"),
        ("catalogue", "value: 10", "value: -10"),
        ("catalogue", "expires_at: 2025-06-01T00:00:00Z", "expires_at: summer"),
        ("catalogue", 'last4: "4242"', 'last4: "4242", exp_month: 13'),
        ("catalogue", 'last4: "4242"', 'last4: "42"'),
        ("catalogue", "id: pm_card_visa,", "id: card_visa,"),
        ("catalogue", "id: pm_card_visa_debit", "id: pm_card_visa"),
    ],
)
def test_a_fixture_that_cannot_be_lived_is_refused_when_it_is_loaded(
    folder: Path, name: str, old: str, new: str
) -> None:
    """File, line and what is wrong, and not a 500 when somebody first uses the account."""
    path = folder / f"{name}.yaml"
    path.write_text(changed(path.read_text(), old, new))
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    assert re.match(rf"{re.escape(str(path))}:\d+: .+", str(caught.value))


@pytest.mark.parametrize("content", [b"", b"title: [", b"- 1", b"a: b\n  c: d\n", b"\xff"])
def test_a_file_that_is_no_persona_is_named(folder: Path, content: bytes) -> None:
    """Empty, broken, of another shape, not text."""
    path = folder / "personas" / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    assert str(caught.value).startswith(str(path))


def test_fixtures_without_the_default_persona_are_refused(folder: Path) -> None:
    """Every unknown key starts as it."""
    (folder / "personas" / "default.yaml").unlink()
    with pytest.raises(FileError, match="no persona with the key 'sk_test_default'"):
        fixtures.load(folder)
