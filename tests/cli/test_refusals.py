"""A mistake is reported in one line, with exit code 2 and without a traceback."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError
from tests.cli.program import refusal, refusal_of_a_process

SPEC = packaged.spec().read_text(encoding="utf-8")
INVOICES = next(
    number
    for number, line in enumerate(SPEC.splitlines(), 1)
    if "operationId: list_invoices" in line
)


def changed(text: str, old: str, new: str) -> str:
    """Return the text with the first occurrence replaced; it must exist."""
    assert old in text
    return text.replace(old, new, 1)


@pytest.fixture
def contract_file(tmp_path: Path) -> Path:
    """The path for a test's own contract."""
    return tmp_path / "mine.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the fixtures."""
    return shutil.copytree(packaged.fixtures(), tmp_path / "fixtures")


# ------------------------------------------------------------------------------- Flags and the port

_PUBLIC = "an http or https URL without a path, such as https://mock.example.com"
_PROXIES = "IP addresses or networks, such as 10.0.0.7,172.16.0.0/12"


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
def test_unknown_arguments_are_named(arguments: list[str], expected: str) -> None:
    """The line names the flag or command, and refers to --help."""
    message = refusal(*arguments)
    assert expected in message
    assert "--help" in message


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["openapi.yaml"], "did you mean '--spec openapi.yaml'?"),
        (["serve", "api.json"], "did you mean '--spec api.json'?"),
        (["sevre"], "did you mean 'serve'?"),
        (["chekc", "--port", "1"], "did you mean 'check'?"),
        (["check", "https://x.test/a.json"], "download the document first"),
        (["--spec", "https://x.test/a.json"], "download the document first"),
        (["resources", "--spec", ""], "--spec must be the name of a file, not ''"),
        (["check", "/dev/null"], "/dev/null: is not a file"),
        (["docs", "--out", f"{packaged.spec()}/x"], ".md: Not a directory"),
    ],
)
def test_wrong_arguments_of_the_first_minute_get_a_hint(arguments: list[str], hint: str) -> None:
    """The line says what to write instead, or what the file is."""
    message = refusal(*arguments)
    assert hint in message
    assert "Errno" not in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("<html><body>hi</body></html>", "is a single value"),
        ("[1]", "is a list"),
        ("a: 1", "has no field 'openapi' or 'swagger'"),
        ("openapi: 4.0.0", "has '4.0.0'"),
    ],
)
def test_a_file_that_is_no_openapi_document_is_described(
    contract_file: Path, text: str, expected: str
) -> None:
    """Whatever was downloaded instead."""
    contract_file.write_text(text)
    assert refusal("check", str(contract_file)).endswith(f"or 3.2, but {expected}")


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """It might never end."""
    os.mkfifo(tmp_path / "pipe.yaml")
    assert refusal("check", str(tmp_path / "pipe.yaml")).endswith("pipe.yaml: is not a file")


@pytest.mark.parametrize("arguments", [["resources"], ["check", str(packaged.spec())]])
def test_a_command_whose_reader_has_ended_is_silent(arguments: list[str]) -> None:
    """As with ``| head``."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "mockserver", *arguments]
    finished = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_a_process_refuses_like_a_call() -> None:
    """The other tests of this file run the command line in their own process."""
    assert refusal_of_a_process("--port", "many") == refusal("--port", "many")


@pytest.mark.parametrize(
    ("flag", "text", "expected"),
    [
        ("--port", "99999", "a port from 0 to 65535 (0 picks a free one), not '99999'"),
        ("--seed", "many", "a whole number, not 'many'"),
        ("--now", "noon", "a time in ISO 8601, such as 2026-03-01T12:00:00Z, not 'noon'"),
        ("--public-url", "mock.test", f"{_PUBLIC}, not 'mock.test'"),
        ("--public-url", "http://mock.test/mock", f"{_PUBLIC}, not 'http://mock.test/mock'"),
        ("--public-url", "http://a@mock.test", f"{_PUBLIC}, not 'http://a@mock.test'"),
        (
            "--public-url",
            "http://a:70000",
            "a URL whose port is from 1 to 65535, not 'http://a:70000'",
        ),
        ("--trust-proxy", "10.0.0.1/8", f"{_PROXIES}, not '10.0.0.1/8'"),
        ("--trust-proxy", "proxy", f"{_PROXIES}, not 'proxy'"),
        ("--log-level", "loud", "one of debug, info, warning, error, not 'loud'"),
    ],
)
def test_an_invalid_value_is_named_with_the_valid_ones(flag: str, text: str, expected: str) -> None:
    """The line has the flag, what it takes, and the value."""
    assert refusal(flag, text) == f"mockserver: {flag} must be {expected}"


def test_an_invalid_variable_is_named() -> None:
    """The line names the variable, not the flag."""
    assert "MOCKSERVER_PORT must be a port" in refusal(MOCKSERVER_PORT="http")


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    """The line has the address, the reason, and how to choose another port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refusal_of_a_process("--port", str(port))
    assert message.startswith(
        f"mockserver: cannot listen on 127.0.0.1:{port}: Address already in use."
    )
    assert "--port" in message


def test_a_host_that_does_not_exist_is_named_with_what_to_do() -> None:
    """The line suggests another host, not another port."""
    message = refusal("--host", "no-such-host.invalid", "--port", "0")
    assert "no-such-host.invalid" in message
    assert "--host" in message


# ------------------------------------------------------------------------------------- The contract


def test_a_contract_that_is_missing_is_named(tmp_path: Path) -> None:
    """The line has the path as it was typed."""
    assert refusal("--port", "0", "--spec", "nowhere.yaml", cwd=tmp_path) == (
        "mockserver: nowhere.yaml: No such file or directory"
    )


def test_invalid_yaml_has_its_line(contract_file: Path) -> None:
    """The line is that of the parser's error."""
    contract_file.write_text("openapi: 3.0.3\ninfo: [\n")
    assert refusal_of_a_process("--port", "0", "--spec", contract_file).startswith(
        f"mockserver: {contract_file}:3: "
    )


def test_a_dangling_reference_has_its_line(
    contract_file: Path,
) -> None:
    """The error names the target."""
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
        (b"", 1, "must be an OpenAPI document"),
        (b"- a list", 1, "must be an OpenAPI document"),
        (b'swagger: "1.2"\n', 1, "must be an OpenAPI document"),
        (b'openapi: "2.0"\n', 1, "must be an OpenAPI document"),
        (b"openapi: 4.0.0\n", 1, "'4.0.0'"),
        (b"a: \x01\n", None, "is not YAML"),
        (b"a: &a [*a]\n", None, "contains itself"),
        (b"[" * 20_000 + b"]" * 20_000, None, "nested"),
    ],
)
def test_a_file_that_is_not_a_contract_has_a_reason(
    contract_file: Path, content: bytes, line: int | None, expected: str
) -> None:
    """The error has the file, a line if there is one, and the first problem."""
    contract_file.write_bytes(content)
    with pytest.raises(FileError) as caught:
        Contract.load(contract_file)
    where = f"{contract_file}:{line}: " if line else f"{contract_file}"
    assert str(caught.value).startswith(where)
    assert expected in str(caught.value)


def test_a_repeated_operation_id_has_its_line(contract_file: Path) -> None:
    """The line is that of the second operation."""
    contract_file.write_text(
        changed(SPEC, "operationId: list_invoices", "operationId: get_balance")
    )
    with pytest.raises(FileError) as caught:
        Contract.load(contract_file).require_correct()
    assert re.fullmatch(
        rf"{re.escape(str(contract_file))}:(\d+): #/paths/\S+: "
        r"GET /api/v1/billing/invoices .*'get_balance'.*",
        str(caught.value),
    )
    assert abs((caught.value.line or 0) - INVOICES) <= 1


def test_a_missing_operation_id_has_its_line(contract_file: Path) -> None:
    """An operation needs an operationId for its handler."""
    contract_file.write_text(
        changed(SPEC, "operationId: list_invoices", "x-operationId: list_invoices")
    )
    with pytest.raises(
        FileError, match="GET /api/v1/billing/invoices has no operationId"
    ) as caught:
        Contract.load(contract_file).require_correct()
    assert abs((caught.value.line or 0) - INVOICES) <= 1


# ------------------------------------------------------------------------------------- The fixtures


def test_a_fixture_with_a_wrong_field_is_named_with_its_line(folder: Path) -> None:
    """The error has the file, the line and the field."""
    path = folder / "catalogue.yaml"
    text = changed(path.read_text(), "price_cents: 2900", "price_cents: cheap")
    path.write_text(text)
    line = next(
        number for number, splitline in enumerate(text.splitlines(), 1) if "cheap" in splitline
    )
    message = refusal("--port", "0", "--fixtures", folder)
    assert (
        message
        == f"mockserver: {path}:{line}: plans.1.price_cents: must be a whole number, not 'cheap'"
    )


def test_a_folder_without_fixtures_is_named(tmp_path: Path) -> None:
    """The catalogue is the first file that is missing."""
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
def test_an_impossible_past_is_refused_at_start_up(
    folder: Path, name: str, old: str, new: str
) -> None:
    """The error has file and line, instead of a 500 at the first request."""
    path = folder / f"{name}.yaml"
    path.write_text(changed(path.read_text(), old, new))
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    assert re.match(rf"{re.escape(str(path))}:\d+: .+", str(caught.value))


@pytest.mark.parametrize("content", [b"", b"title: [", b"- 1", b"a: b\n  c: d\n", b"\xff"])
def test_an_invalid_persona_is_named(folder: Path, content: bytes) -> None:
    """The file is empty, broken, of another shape or not text."""
    path = folder / "personas" / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        fixtures.load(folder)
    assert str(caught.value).startswith(str(path))


def test_fixtures_without_the_default_persona_are_refused(folder: Path) -> None:
    """Unknown keys are copies of it."""
    (folder / "personas" / "default.yaml").unlink()
    with pytest.raises(FileError, match="no persona with the key 'sk_test_default'"):
        fixtures.load(folder)
