"""The command line: flags, help texts and error messages."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys

import pytest

from contract_tests import flags, run_command
from contract_tests.cli import COMMANDS
from contract_tests.flags import FLAGS
from contract_tests.settings import Settings
from tests.contract_kit.program import PROJECT, environment, kit

HEAVY = {"schemathesis", "openapi_core", "requests", "hypothesis", "jinja2", "rich"}


def test_help_names_every_command_and_every_exit_code() -> None:
    """The help text lists every command and explains every exit code."""
    outcome = kit("--help")
    assert outcome.code == 0
    for name, (_, purpose) in COMMANDS.items():
        assert re.search(rf"^    {name} +{re.escape(purpose)}$", outcome.out, re.MULTILINE), name
    for code in ("0", "1", "2", "3", "130"):
        assert re.search(rf"^  {code} +\w", outcome.out, re.MULTILINE), code


def test_run_help_names_every_flag_and_shows_examples() -> None:
    """Every setting has a flag, and every flag is in the help text."""
    outcome = kit("run", "--help")
    assert outcome.code == 0
    shown = {name for names in run_command._GROUPS.values() for name in names}
    assert shown == set(FLAGS)
    for name in FLAGS:
        assert re.search(rf"^  {flags.flag_name(name)}( |$)", outcome.out, re.MULTILINE), name
    assert outcome.out.count("contract-tests run ") >= 4
    no_flags = {"url", "environment", "per_second", "source", "operations", "hook_commands"}
    assert set(FLAGS) - {"rate_limit"} | no_flags == {
        setting.name for setting in dataclasses.fields(Settings)
    }


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["run", "http://127.0.0.1", "--seed", "x"], []]
)
def test_help_and_flag_errors_load_no_heavy_package(words: list[str]) -> None:
    """Help and usage errors appear without the import of a heavy package."""
    code = (
        "import sys\nfrom contract_tests.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', *({HEAVY!r} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert ended.stdout.splitlines()[-1] == "loaded:"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "COMMAND"),
        (["rnu"], "'rnu'"),
        (["http://127.0.0.1"], "'http://127.0.0.1'"),
        (["run"], "URL"),
        (["run", "http://127.0.0.1", "--bogus"], "--bogus"),
        (["run", "http://127.0.0.1", "--see", "1"], "--see"),
        (["run", "http://127.0.0.1", "--seed"], "--seed"),
        (["run", "http://127.0.0.1", "http://127.0.0.2"], "http://127.0.0.2"),
    ],
)
def test_an_unknown_argument_is_named(words: list[str], expected: str) -> None:
    """The error is one line that names the argument and points to --help."""
    outcome = kit(*words)
    assert outcome.code == 2
    assert expected in outcome.error_line
    assert "--help" in outcome.error_line


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("--seed", "-1", "a whole number from 0, not '-1'"),
        ("--rate-limit", "fast", "a rate such as 5/s or 300/m, not 'fast'"),
        ("--rate-limit", "0", "a rate such as 5/s or 300/m, not '0'"),
        ("--max-time", "soon", "a time such as 90s, 10m or 1h, not 'soon'"),
        ("--timeout", "0", "a time such as 90s, 10m or 1h, not '0'"),
        ("--workers", "65", "a whole number from 1 to 64, not '65'"),
        ("--max-examples", "0", "a whole number from 1 to 100000, not '0'"),
        ("--organization-id", "acme", "a UUID, not 'acme'"),
        ("--report", "junit,pdf", "of junit, html, json, sarif, har, not 'junit,pdf'"),
        ("--only", " ,", "a name, or several with commas between them, not ' ,'"),
        ("--ca-bundle", "nowhere.pem", "a file with certificates (PEM), not 'nowhere.pem'"),
        ("--ca-bundle", str(PROJECT / "pyproject.toml"), "a file with certificates (PEM)"),
        ("--baseline-owner", "", "a line of text, not ''"),
        ("--api-key-env", "MY KEY", "the name of an environment variable that holds the key"),
    ],
)
def test_an_invalid_flag_value_is_named_with_the_expected_form(
    flag: str, value: str, expected: str
) -> None:
    """The error names the flag, the values that it accepts, and the given value."""
    outcome = kit("run", "http://127.0.0.1", f"{flag}={value}")
    assert outcome.code == 2
    assert outcome.error_line.startswith(f"{flag} must be {expected}")


def test_every_invalid_flag_is_reported_on_its_own_line() -> None:
    """One run reports all invalid flags."""
    outcome = kit("run", "staging", "--seed", "x", "--rate-limit", "x", "--workers", "0")
    assert outcome.code == 2
    lines = outcome.err.splitlines()
    assert len(lines) == 4
    assert all(line.startswith("contract-tests: ") for line in lines)
    for sign in ("'staging' is no URL", "--seed", "--rate-limit", "--workers"):
        assert sum(sign in line for line in lines) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--api-key-env", "sk_live_0123456789"],
        ["--other-key-env", "sk_live_0123456789"],
        ["--api-key", "sk_live_0123456789"],
    ],
)
def test_a_key_on_the_command_line_is_rejected_and_not_repeated(words: list[str]) -> None:
    """A key given as a variable name, or with an unknown flag, is not in the error message."""
    outcome = kit("run", "http://127.0.0.1", *words)
    assert outcome.code == 2
    assert "0123456789" not in outcome.error_line


@pytest.mark.parametrize(
    "url",
    [
        "",
        "staging",
        "localhost:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:port",
        "http://127.0.0.1:0",
        "http://[::1",
        "http://a..b",
        "http://a b",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\x1b[31m",
    ],
)
def test_an_invalid_url_is_rejected(url: str) -> None:
    """The error message contains no terminal control characters."""
    outcome = kit("run", url)
    assert outcome.code == 2
    assert "is no URL of a deployment" in outcome.error_line
    assert "\x1b" not in outcome.err


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hush-hush@127.0.0.1",
        "http://127.0.0.1?key=hush-hush",
        "http://127.0.0.1/#hush-hush",
    ],
)
def test_a_url_with_secrets_is_rejected_and_not_repeated(url: str) -> None:
    """A URL appears in every report, so a URL with a secret is rejected."""
    outcome = kit("run", url)
    assert outcome.code == 2
    assert "hush" not in outcome.error_line


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--only", "get_balnce"], "'get_balnce' is no operationId, tag or group of the contract"),
        (["--skip", "nothing"], "'nothing' is no operationId, tag or group of the contract"),
        (
            ["--only", "get_balance", "--skip", "get_balance"],
            "--only and --skip leave no operation",
        ),
        (["--phases", "reads,writes"], "--phases: 'writes' is none of reads, "),
        (
            ["--write-baseline", "new.yaml"],
            "--write-baseline needs --baseline-owner and --baseline-reason",
        ),
        (["--report", "json", "--report-dir", str(PROJECT / "LICENSE")], "cannot be written to"),
    ],
)
def test_unknown_names_and_unusable_combinations_are_rejected(
    words: list[str], expected: str
) -> None:
    """Unknown operations, phases and flag combinations fail before any request."""
    outcome = kit("run", "http://127.0.0.1:9", *words)
    assert outcome.code == 2
    assert expected in outcome.error_line


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra of the kit, the error says what to install."""
    monkeypatch.delitem(sys.modules, "contract_tests.runner", raising=False)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    outcome = kit("run", "http://127.0.0.1:9")
    assert outcome.code == 2
    assert "'rich.console' is not installed" in outcome.error_line
    assert "alterlab-billing-mock[contract]" in outcome.error_line
