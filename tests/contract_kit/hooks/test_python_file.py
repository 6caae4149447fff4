"""Hooks in a Python file: what is wrong with one is said in one line, and none can hang a run."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from contract_tests.billing.adapters import HOOKS
from contract_tests.errors import UsageError
from contract_tests.hooks.hook import Account, HookFailed, Hooks
from contract_tests.hooks.python_file import HookFile, _Worker

ACCOUNT = Account("api-key", "planted-key-5up3rs3cr3t", "http://127.0.0.1:1")


def hooks_of(folder: Path, source: str, *, limit: float = 20.0) -> Hooks:
    """Load a file with this source. Raises UsageError."""
    path = folder / "hooks.py"
    path.write_text(dedent(source), encoding="utf-8")
    return Hooks([HookFile(path, HOOKS, limit=limit)], HOOKS)


def test_the_first_message_may_come_before_it_is_awaited(tmp_path: Path) -> None:
    """On a busy machine the process is ready before the kit asks for its functions."""
    path = tmp_path / "hooks.py"
    path.write_text("def now(): ...\n", encoding="utf-8")
    worker = _Worker(path)
    try:
        deadline = time.monotonic() + 20
        while worker._replies and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "now" in worker.hello(0)["functions"]
    finally:
        worker.kill()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def pay(:", "hooks.py: SyntaxError: invalid syntax (line 1)"),
        ("import no_such_module", "hooks.py: ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", "hooks.py: SystemExit: 3 (line 1)"),
        ("x = 1", "hooks.py: it defines no hook; there are: read_code, pay, "),
        ("def raed_code(): ...", "raed_code is no hook; did you mean 'read_code'?"),
        (
            "def pay(sesion): ...",
            "pay takes 'sesion', and pay(account, session, card) has none; did you mean 'session'?",
        ),
        ("def pay(account): ...", "pay must take session: pay(account, session, card)"),
        ("def use(type): ...", "use must take requests: use(account, type, requests)"),
        (
            "def now(): ...\ndef advance(account): ...",
            "advance must take seconds or to: advance(account, seconds, to)",
        ),
        ("def advance(to): ...", "hooks.py: advance needs now beside it"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_at_the_start(
    tmp_path: Path, source: str, complaint: str
) -> None:
    """The line names the file and the function, and suggests the right name."""
    with pytest.raises(UsageError) as refused:
        hooks_of(tmp_path, source)
    assert complaint in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert all(
        line.startswith(("hooks.py: ", "--hooks ")) for line in str(refused.value).split("\n")
    )


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The flag and the path are named."""
    with pytest.raises(UsageError, match=r"--hooks .*gone\.py: there is no such file"):
        HookFile(tmp_path / "gone.py", HOOKS)


def test_a_hook_takes_the_parameters_that_it_declares(tmp_path: Path) -> None:
    """Parameters are passed by name; the account is an object; helpers are left alone."""
    source = """
        from contract_tests.hooks.hook import Account

        def pay(session, account: Account, *, currency="usd"):
            return helper(session, account.name, account.url, currency)

        def decline(**values):
            return sorted(values)

        def helper(*values):
            return values
    """
    hooks = hooks_of(tmp_path, source)
    assert hooks.names == {"pay", "decline"}
    assert not hooks.takes("pay", "card")
    paid = hooks.call("pay", account=ACCOUNT, session="cs_1", card="pm_1")
    assert paid == ["cs_1", "api-key", "http://127.0.0.1:1", "usd"]
    assert hooks.call("decline", account=ACCOUNT, session="cs_1") == ["account", "session"]
    hooks.close()


def test_a_parameter_without_a_value_is_none(tmp_path: Path) -> None:
    """A hook may declare all its parameters without defaults."""
    hooks = hooks_of(
        tmp_path,
        """
        def now(): ...
        def pay(account, session, card): return [account, session, card]
        def advance(seconds, to): return [seconds, to]
        """,
    )
    try:
        assert hooks.call("pay", session="cs_1") == [None, "cs_1", None]
        assert hooks.call("advance", seconds=5) == [5, None]
    finally:
        hooks.close()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("raise ValueError('no such\\nsession')", "ValueError: no such session (line 2)"),
        ("return object()", "TypeError: it returned a object, which JSON cannot hold"),
        ("raise SystemExit", "SystemExit (line 2)"),
        ("import os; os._exit(1)", "the process of the hooks has ended"),
        ("return {}['session']", "KeyError: 'session' (line 2)"),
    ],
)
def test_an_error_of_a_hook_is_one_line(tmp_path: Path, body: str, complaint: str) -> None:
    """File, function, exception and line are named, and no traceback is shown."""
    hooks = hooks_of(tmp_path, f"def pay(session):\n    {body}\n")
    with pytest.raises(HookFailed) as failed:
        hooks.call("pay", session="cs_1")
    text = str(failed.value)
    assert text.startswith(f"hooks.py: pay: {complaint}")
    assert "\n" not in text
    hooks.close()


def test_a_hook_that_hangs_is_ended(tmp_path: Path) -> None:
    """Its process is killed with all that it started, and the next call starts a new one."""
    source = """
        import subprocess, time, pathlib

        def pay(session):
            if session == "hangs":
                subprocess.run(["sleep", "60"])
            return session
    """
    hooks = hooks_of(tmp_path, source, limit=0.5)
    started = time.monotonic()
    with pytest.raises(HookFailed, match=r"hooks\.py: pay: ended after the time limit of 0\.5 s"):
        hooks.call("pay", session="hangs")
    assert time.monotonic() - started < 5
    assert hooks.call("pay", session="cs_2") == "cs_2"
    hooks.close()


def test_what_a_hook_prints_is_discarded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It disturbs neither the replies nor the reports, and shows no key."""
    source = """
        import sys

        def pay(account, session):
            print(account.key, {"id": 1, "value": "wrong"})
            print(account.key, file=sys.stderr)
            return repr(account)
    """
    hooks = hooks_of(tmp_path, source)
    shown = hooks.call("pay", account=ACCOUNT, session="cs_1")
    hooks.close()
    assert shown == "Account(name='api-key', url='http://127.0.0.1:1')"
    assert capfd.readouterr() == ("", "")


def test_hooks_run_at_the_same_time(tmp_path: Path) -> None:
    """Two calls meet in the hook, so a race can pay twice at once."""
    source = """
        import threading

        both = threading.Barrier(2)

        def pay(session):
            return both.wait(10) in (0, 1)
    """
    hooks = hooks_of(tmp_path, source)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: hooks.call("pay", session="cs"), range(2))) == [True, True]
    hooks.close()


def test_no_process_is_left(tmp_path: Path) -> None:
    """Closing ends the process and its thread."""
    before = threading.active_count()
    hooks = hooks_of(tmp_path, "def pay(session): ...")
    hooks.close()
    for _ in range(100):
        if threading.active_count() <= before:
            break
        time.sleep(0.05)
    assert threading.active_count() <= before
