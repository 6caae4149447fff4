"""Hooks that are command lines: JSON in, JSON or text out, no shell, a time limit."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract_tests.billing.adapters import HOOKS
from contract_tests.errors import UsageError
from contract_tests.hooks.command_lines import HookCommands
from contract_tests.hooks.hook import Account, HookFailed, Hooks
from contract_tests.hooks.loading import load

ACCOUNT = Account("api-key", "planted-key-5up3rs3cr3t", "http://127.0.0.1:1")
PYTHON = sys.executable
ECHO = f"{PYTHON} -c 'import json, sys; print(json.dumps([sys.argv[1:], json.load(sys.stdin)]))'"


def hooks_of(*, limit: float = 20.0, **commands: str) -> Hooks:
    return Hooks([HookCommands(commands, HOOKS, limit=limit)], HOOKS)


def test_a_command_gets_its_values_as_json_and_in_its_words() -> None:
    """The account is on standard input only: a key in a command line is visible to others."""
    hooks = hooks_of(pay=f"{ECHO} {{session}} '{{card}}' {{account}}")
    words, values = hooks.call("pay", account=ACCOUNT, session="cs 1", card="pm_1")
    assert words == ["cs 1", "pm_1", "{account}"]
    assert values["session"] == "cs 1"
    assert values["account"] == {
        "name": ACCOUNT.name,
        "key": ACCOUNT.key,
        "url": ACCOUNT.url,
    }


def test_no_shell_reads_a_command() -> None:
    """A value with a semicolon or a dollar sign stays a word."""
    hooks = hooks_of(pay=f"{ECHO} {{session}}; $HOME")
    assert hooks.call("pay", session="; exit 3")[0] == ["; exit 3;", "$HOME"]


@pytest.mark.parametrize(
    ("printed", "value"), [("123456", 123456), ("ab12", "ab12"), ("", None), ("false", False)]
)
def test_a_command_prints_json_or_text(printed: str, value: object) -> None:
    """Nothing printed is no value."""
    hooks = hooks_of(read_code=f"{PYTHON} -c 'print(\"{printed}\")'")
    assert hooks.call("read_code", challenge="c") == value


def test_a_time_is_written_in_iso_8601() -> None:
    """Commands that advance the clock get the time as text."""
    hooks = hooks_of(advance=f"{ECHO} {{to}}", now="date")
    assert hooks.call("advance", to=datetime(2026, 1, 31, 12, tzinfo=UTC))[0] == [
        "2026-01-31T12:00:00+00:00"
    ]


def test_a_command_that_fails_is_one_line() -> None:
    """The exit status and the last line of standard error are named."""
    code = 'import sys; print(\\"a\\\\nno such session\\", file=sys.stderr); sys.exit(3)'
    hooks = hooks_of(pay=f'{PYTHON} -c "{code}"')
    with pytest.raises(HookFailed) as failed:
        hooks.call("pay", session="cs_1")
    assert str(failed.value) == "[hooks]: pay: exit status 3: no such session"


def test_a_command_that_does_not_exist_is_one_line() -> None:
    """The program is named."""
    hooks = hooks_of(pay="no-such-program-of-the-kit {session}")
    with pytest.raises(HookFailed, match="pay: no-such-program-of-the-kit: No such file"):
        hooks.call("pay", session="cs_1")


def test_a_command_that_hangs_is_ended() -> None:
    """The time limit ends it with what it has started."""
    hooks = hooks_of(pay="sh -c 'sleep 60 & wait'", limit=0.3)
    started = time.monotonic()
    with pytest.raises(HookFailed, match="ended after the time limit"):
        hooks.call("pay", session="cs_1")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("commands", "complaint"),
    [
        ({"raed_code": "true"}, "[hooks]: raed_code is no hook; did you mean 'read_code'?"),
        ({"pay": "'"}, "[hooks]: pay: No closing quotation"),
        ({"pay": " "}, "[hooks]: pay: the command is empty"),
        ({"advance": "true"}, "[hooks]: advance needs now beside it"),
    ],
)
def test_wrong_commands_are_refused_at_the_start(commands: dict[str, str], complaint: str) -> None:
    """The section and the name are in the line."""
    with pytest.raises(UsageError) as refused:
        load(None, commands, HOOKS)
    assert str(refused.value) == complaint


def test_a_hook_is_defined_once(tmp_path: Path) -> None:
    """A file and a command of one name are refused."""
    file = tmp_path / "hooks.py"
    file.write_text("def pay(session): ...", encoding="utf-8")
    with pytest.raises(UsageError, match=r"\[hooks\]: pay is in hooks\.py, too"):
        load(file, {"pay": "true"}, HOOKS)


def test_hooks_for_an_api_without_any_are_refused(tmp_path: Path) -> None:
    """Nothing would call them."""
    with pytest.raises(UsageError, match="no hooks are known for this API"):
        load(tmp_path / "hooks.py", {}, {})


def test_json_of_a_command_is_what_it_printed() -> None:
    """Lists and objects come through."""
    messages = [{"channel": "email", "code": "123456"}]
    hooks = hooks_of(messages=f"{PYTHON} -c 'print({json.dumps(json.dumps(messages))})'")
    assert hooks.call("messages", account=ACCOUNT) == messages
