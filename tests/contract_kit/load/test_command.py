"""The flags of ``contract-tests load``."""

from __future__ import annotations

import importlib.util
from contextlib import closing
from pathlib import Path

import pytest

from contract_tests.http.redaction import Keyring
from contract_tests.safety.journal_file import JournalFile
from tests.contract_kit.program import kit
from tests.guides.markdown import code, guide

FLAGS = (
    *("--users", "--time", "--spawn-rate", "--wait", "--rate-limit", "--judge-share"),
    *("--workers", "--master", "--worker", "--master-host", "--master-port"),
    *("--mock", "--api-key-env", "--ca-bundle", "--timeout", "--key-env"),
    *("--allow-writes", "--allow-irreversible", "--journal", "--spec", "--only", "--skip"),
    *("--seed", "--strict", "--baseline", "--report", "--report-dir", "--quiet"),
)


def test_help_names_every_flag_and_shows_examples() -> None:
    """The help text has all flags and the exit codes."""
    outcome = kit("load", "--help")
    assert outcome.code == 0
    assert [flag for flag in FLAGS if flag not in outcome.out] == []
    assert outcome.out.count("contract-tests load ") >= 4


def test_the_guide_lists_the_flags_of_load() -> None:
    """The guide names every flag that only load tests have."""
    listed = {code(row[0])[0] for row in guide("load").rows("flag", "meaning")}
    assert listed == {*FLAGS[:11], "--key-env"} - {"--rate-limit"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--users", "0"), "a whole number from 1 to 100000"),
        (("--users", "many"), "a whole number from 1 to 100000"),
        (("--time", "soon"), "a time such as 90s, 10m or 1h"),
        (("--wait", "-1s"), "argument"),
        (("--spawn-rate", "0"), "a number from 0.01"),
        (("--judge-share", "2"), "a number from 0 to 1"),
        (("--judge-share", "nan"), "a number from 0 to 1"),
        (("--workers", "65"), "a whole number from 1 to 64"),
        (("--master-port", "0"), "a whole number from 1 to 65535"),
        (("--master", "--worker"), "not allowed with"),
        (("--worker",), "--worker needs --master-host"),
        (("--master-host", "127.0.0.1"), "--master-host needs --worker or --master"),
        (("--key-env", "sk_live_secret"), "names of environment variables"),
        (("--api-key-env", "MY KEY"), "the name of an environment variable"),
        (("--rate-limit", "fast"), "a rate such as 5/s"),
    ],
)
def test_a_wrong_flag_is_named(words: tuple[str, ...], expected: str) -> None:
    """The error is one line that names what is expected, and no key."""
    outcome = kit("load", "http://127.0.0.1:9", *words)
    assert outcome.code == 2
    assert expected in outcome.error_line
    assert "sk_live" not in outcome.error_line


def test_writes_by_more_processes_than_accounts_are_refused() -> None:
    """No two processes may change one account: neither would know what the other did."""
    words = ("--allow-writes", "--workers", "3", "--key-env", "KEY_A,KEY_B")
    outcome = kit("load", "http://127.0.0.1:9", *words, KEY_A="one-key-of-a", KEY_B="two-key-of-b")
    assert outcome.code == 2
    assert "needs 3 accounts, not 2" in outcome.error_line


def test_a_variable_without_a_key_is_named() -> None:
    """Every variable of --key-env is looked at before the first request."""
    outcome = kit("load", "http://127.0.0.1:9", "--key-env", "KEY_A,KEY_B", KEY_A="one-key-of-a")
    assert outcome.code == 2
    assert "KEY_B" in outcome.error_line


@pytest.mark.parametrize("name", ["load.journal", "load.journal.1"])
def test_an_open_journal_of_any_process_is_refused(name: str, tmp_path: Path) -> None:
    """What an earlier load test has changed is put back first."""
    with closing(JournalFile(tmp_path / name, create=True)) as file:
        file.begin({"url": "http://127.0.0.1:9", "spec": None, "keys": {}}, Keyring())
        file.append({"entry": "before", "account": "api-key", "part": "x", "state": {}}, Keyring())
    words = ("--allow-writes", "--workers", "2", "--key-env", "KEY_A,KEY_B")
    journal = ("--journal", tmp_path / "load.journal")
    keys = {"KEY_A": "one-key-of-a", "KEY_B": "two-key-of-b"}
    outcome = kit("load", "http://127.0.0.1:9", *words, *journal, **keys)
    assert outcome.code == 2
    assert f"contract-tests cleanup {tmp_path / name}" in outcome.error_line


def test_without_locust_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kit that was installed without the extra says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    outcome = kit("load", "http://127.0.0.1:9")
    assert outcome.code == 2
    assert "pip install 'alterlab-billing-mock[contract,load]'" in outcome.error_line
