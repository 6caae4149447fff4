"""Flags, environment variables and defaults, without a server."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from mockserver import cli, packaged, settings
from mockserver.limits import Limits
from mockserver.openapi import parsed_cache
from mockserver.settings import Settings, SettingsError

SPEC, FIXTURES = Path("spec.yaml"), Path("fixtures")
DEFAULTS = Settings(spec=SPEC, fixtures=FIXTURES)
NETWORKS = (ip_network("10.0.0.7"), ip_network("fd00::/8"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Of each setting: a text, its value, and another text.
TEXTS: dict[str, tuple[str, Any, str]] = {
    "host": ("0.0.0.0", "0.0.0.0", "127.0.0.2"),
    "port": ("9000", 9000, "9001"),
    "now": ("2026-03-01T12:00:00Z", NOON, "2027-01-01T00:00:00Z"),
    "seed": ("42", 42, "43"),
    "spec": ("mine.yaml", Path("mine.yaml"), "other.yaml"),
    "fixtures": ("mine", Path("mine"), "other"),
    "watch": ("true", True, "false"),
    "locale": ("de-DE", "de_DE", "ja_JP"),
    "enforce_rate_limits": ("true", True, "false"),
    "control_token": ("let-me-in", "let-me-in", "keep-out"),
    "control_prefix": ("/own", "/own", "/other/control"),
    "faults": ("flaky, slow-3g", ("flaky", "slow-3g"), "outage"),
    "public_url": ("https://mock.test:8443/", "https://mock.test:8443", "http://[::1]"),
    "trust_proxy": ("10.0.0.7, fd00::/8", NETWORKS, "172.16.0.0/12"),
    "allow_webhook_host": ("hooks.test, 10.0.0.5", ("hooks.test", "10.0.0.5"), "other.test"),
    "keep_requests": ("20", 20, "30"),
    "quiet": ("true", True, "false"),
    "stop_with_stdin": ("true", True, "false"),
    "max_accounts": ("20", 20, "30"),
    "items": ("7", 7, "8"),
    "handlers": ("handlers.py", Path("handlers.py"), "other.py"),
    "check_references": ("true", True, "false"),
    "stateless": ("true", True, "false"),
    "state": ("world.state", Path("world.state"), "other.state"),
    "log_level": ("debug", "debug", "error"),
    "allow_remote_refs": ("true", True, "false"),
    "cache": ("kept", Path("kept"), "other"),
}


def read(
    flags: dict[str, str | None] | None = None, environment: dict[str, str] | None = None
) -> Settings:
    return settings.read(flags or {}, environment or {}, spec=SPEC, fixtures=FIXTURES)


def chosen(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Settings:
    """Return the settings of a command line."""
    taken: list[Settings] = []
    monkeypatch.setattr(cli, "_listen", lambda _: None)

    def serve(settings: Settings, _listener: object) -> int:
        taken.append(settings)
        return 0

    monkeypatch.setattr(cli, "_serve", serve)
    monkeypatch.setattr(parsed_cache, "use", lambda _: None)  # it is for the whole process
    for name in TEXTS:
        monkeypatch.delenv(f"MOCKSERVER_{name.upper()}", raising=False)
    assert cli.main(arguments) == 0
    (only,) = taken
    return only


def test_every_setting_is_covered() -> None:
    """A new setting must be added to these tests."""
    assert list(TEXTS) == [setting.name for setting in settings.SETTINGS]
    assert {*TEXTS, "limits"} == set(Settings.__struct_fields__)


@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_a_limit_comes_from_its_flag_or_its_variable(name: str) -> None:
    """Sizes and counts are whole numbers, times may have decimals."""
    text = "1.5" if name.endswith("timeout") else "7"
    for found in (read({name: text}), read(environment={f"MOCKSERVER_{name.upper()}": text})):
        assert getattr(found.limits, name) == float(text)
    for wrong in ("0", "-1", "x", "", "1e3", "9" * 12):
        with pytest.raises(SettingsError, match=f"--{name.replace('_', '-')} must be a "):
            read({name: wrong})


def test_the_defaults_of_all_settings() -> None:
    """The defaults: loopback, port 8080, a running clock, seed 1, limits not enforced."""
    assert read() == DEFAULTS
    assert (DEFAULTS.host, DEFAULTS.port, DEFAULTS.now, DEFAULTS.seed) == (
        "127.0.0.1",
        8080,
        None,
        1,
    )
    assert (DEFAULTS.enforce_rate_limits, DEFAULTS.control_token) == (False, None)


@pytest.mark.parametrize("name", TEXTS)
def test_a_setting_comes_from_its_variable(name: str) -> None:
    """The variable is MOCKSERVER_ and the name."""
    text, value, _ = TEXTS[name]
    assert getattr(read(environment={f"MOCKSERVER_{name.upper()}": text}), name) == value


@pytest.mark.parametrize("name", TEXTS)
def test_a_flag_wins_over_its_variable(name: str) -> None:
    """A flag overrides its variable."""
    text, value, other = TEXTS[name]
    assert getattr(read({name: text}, {f"MOCKSERVER_{name.upper()}": other}), name) == value


def test_hosts_can_be_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated flag is a list, and names are compared without case."""
    words = (
        "--allow-webhook-host",
        "Hooks.test",
        "--allow-webhook-host",
        "::ffff:7f00:1,other.test",
    )
    assert chosen(monkeypatch, *words).allow_webhook_host == (
        "hooks.test",
        "::ffff:7f00:1",
        "other.test",
    )


@pytest.mark.parametrize(
    "text", ["", ",", "http://hooks.test", "hooks.test:80", "a b", "hooks.test/x", "[::1]", "-x"]
)
def test_an_invalid_host_is_refused(text: str) -> None:
    """A host is a name or an address, without scheme, port and path."""
    with pytest.raises(
        SettingsError, match="--allow-webhook-host must be a host name or an IP address"
    ):
        read({"allow_webhook_host": text})


@pytest.mark.parametrize("text", ["0", "-1", "1000001", "1.5", "many", "", "٣"])
def test_an_impossible_number_of_accounts_is_refused(text: str) -> None:
    """At least one account is kept, and at most a million."""
    with pytest.raises(
        SettingsError, match="--max-accounts must be a whole number from 1 to 1,000,000, not"
    ):
        read({"max_accounts": text})


@pytest.mark.parametrize("text", ["", ".", "a\0b"])
def test_a_state_file_is_a_file(text: str) -> None:
    """A folder is refused at once, not when the state is saved."""
    with pytest.raises(SettingsError, match="--state must be the name of a file, not"):
        read({"state": text})


def test_a_flag_hides_a_variable_that_is_wrong() -> None:
    """An overridden variable is not validated."""
    assert read({"port": "1"}, {"MOCKSERVER_PORT": "nonsense"}).port == 1


@pytest.mark.parametrize("name", TEXTS)
def test_a_setting_comes_from_its_flag(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The flag is the name with dashes, with and without ``serve``."""
    text, value, _ = TEXTS[name]
    flag = "--" + name.replace("_", "-")
    words = (flag,) if value is True else (flag, text)
    assert getattr(chosen(monkeypatch, *words), name) == value
    assert chosen(monkeypatch, "serve", *words) == chosen(monkeypatch, *words)


def test_the_program_alone_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """``mockserver`` means ``mockserver serve`` with the packaged contract and fixtures."""
    expected = Settings(
        spec=packaged.spec(),
        fixtures=packaged.fixtures(),
        cache=parsed_cache.default_folder(os.environ),
    )
    assert chosen(monkeypatch) == chosen(monkeypatch, "serve") == expected


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("1", 1), ("65535", 65_535)])
def test_a_port_is_between_0_and_65535(text: str, value: int) -> None:
    """Both bounds are valid."""
    assert read({"port": text}).port == value


@pytest.mark.parametrize(
    "text", ["-1", "65536", "80.0", "8o8o", "", " 80", "٨٠", "1e3", "9" * 5000]
)
def test_an_invalid_port_is_refused(text: str) -> None:
    """The error has the flag and the bounds."""
    with pytest.raises(SettingsError, match=r"--port must be a port from 0 to 65535"):
        read({"port": text})


@pytest.mark.parametrize("text", ["", "one", "1.5", "0x10", "9" * 5000])
def test_a_seed_is_a_whole_number(text: str) -> None:
    """The error has the variable if the value came from it."""
    with pytest.raises(SettingsError, match=r"MOCKSERVER_SEED must be a whole number"):
        read(environment={"MOCKSERVER_SEED": text})


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "2026-03-01T12:00:00"]
)
def test_a_time_may_have_an_offset_or_is_utc(text: str) -> None:
    """Three notations of a moment are equal."""
    assert read({"now": text}).now == NOON


@pytest.mark.parametrize(
    "text", ["", "noon", "2026-13-01T00:00:00Z", "1767225600", "2026-03-01T12:00:00 CET"]
)
def test_a_time_is_iso_8601(text: str) -> None:
    """The error has an example."""
    with pytest.raises(SettingsError, match=r"--now must be a time in ISO 8601, such as 20\d\d-"):
        read({"now": text})


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+23:00",
        "0001-01-01T00:00:00Z",
        "2200-01-01T00:00:01Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_a_time_out_of_range_is_refused(text: str) -> None:
    """The clock ends in 2200, and personas need years before ``--now``."""
    with pytest.raises(SettingsError, match=r"--now must be "):
        read({"now": text})


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("yes", True), ("0", False), ("", False)]
)
def test_a_boolean_accepts_the_usual_words(text: str, value: bool) -> None:
    """An empty variable is off."""
    assert read(environment={"MOCKSERVER_ENFORCE_RATE_LIMITS": text}).enforce_rate_limits is value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("enforce_rate_limits", "maybe", "true or false"),
        ("log_level", "loud", "one of debug, info, warning, error"),
        ("host", "", "empty"),
        ("control_token", "", "empty"),
    ],
)
def test_an_invalid_setting_is_named_with_the_valid_values(
    name: str, text: str, expected: str
) -> None:
    """The error has the variable if the value came from it."""
    with pytest.raises(SettingsError) as caught:
        read(environment={f"MOCKSERVER_{name.upper()}": text})
    assert f"MOCKSERVER_{name.upper()} must " in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["serve", "--help"]])
def test_the_help_is_complete(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """It has every flag with variable and sentence, examples, and the exit codes."""
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    output = capsys.readouterr()
    assert ended.value.code == 0
    assert output.err == ""
    for setting in settings.SETTINGS:
        assert re.search(rf"{setting.flag}\b", output.out)
        assert setting.variable in output.out
    assert "examples:" in output.out
    assert "exit codes:" in output.out
    assert "sk_test_" in output.out
    assert max(map(len, output.out.splitlines())) <= 120


@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--version"]])
def test_the_version_is_printed(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Nothing is served, and the exit code is 0."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    assert capsys.readouterr() == (f"mockserver {packaged.version()}\n", "")


@pytest.mark.parametrize(
    "default", ["127.0.0.1", "8080", "(1)", "spec/openapi.yaml", "warning (default)"]
)
def test_the_help_names_the_defaults(capsys: pytest.CaptureFixture[str], default: str) -> None:
    """Every default is in the help."""
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    assert default in " ".join(capsys.readouterr().out.split())
