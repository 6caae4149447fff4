"""``mockserver control``: one request of the control API, sent to several processes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, urlsplit

from mockserver.setting_values import server_url
from mockserver.settings import DEFAULT_CONTROL_PREFIX, ENVIRONMENT_PREFIX

EXIT_OK, EXIT_REFUSED, EXIT_USAGE = 0, 1, 2
TOKEN = f"{ENVIRONMENT_PREFIX}CONTROL_TOKEN"
PREFIX = f"{ENVIRONMENT_PREFIX}CONTROL_PREFIX"
_TIMEOUT_SECONDS = 30
_MAX_RESPONSE_BYTES = 10_000_000

_DESCRIPTION = """\
Sends one request of the control API to every process of a deployment. Clock, faults and snapshots
belong to a process; this command keeps them alike. It calls only the URLs that you name, follows no
redirects and uses no proxy. Before a change, all of them must respond."""

_EPILOG = f"""\
examples:
  mockserver control --all http://127.0.0.1:8081,http://127.0.0.1:8082 health
  mockserver control --all URL,URL reset --now 2026-03-18T12:00:00Z
  mockserver control --all URL,URL clock --days 31
  mockserver control --all URL,URL faults --apply flaky
  mockserver control --all URL,URL snapshot before-renewal --restore

The token of the control API comes from the variable {TOKEN}, and its path
from {PREFIX} ({DEFAULT_CONTROL_PREFIX}).

exit codes: 0 every process did it; 1 a process refused or did not respond, and one line says which
and why; 2 a flag cannot be used"""


class _Call(NamedTuple):
    """One request of the control API."""

    method: str
    path: str
    """Below the prefix of the control API."""
    body: Mapping[str, Any] | None = None


class _Failed(Exception):
    """A request without a successful response. The message names the process and the reason."""


def run(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return the exit code."""
    flags = parser().parse_args(words)
    call, token = _call(flags), environment.get(TOKEN, "")
    prefix = environment.get(PREFIX, DEFAULT_CONTROL_PREFIX)
    if call.method != "GET":
        try:
            for url in flags.all:
                _send(url, _Call("GET", "/clock"), prefix, token)
        except _Failed as error:
            print(f"mockserver: {error}. Nothing was changed.", file=sys.stderr)
            return EXIT_REFUSED
    code = EXIT_OK
    for url in flags.all:
        try:
            print(f"{url} {_send(url, call, prefix, token)}")
        except _Failed as error:
            print(f"mockserver: {error}", file=sys.stderr)
            code = EXIT_REFUSED
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = _Parser(
        "mockserver control",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "--all", type=_urls, required=True, metavar="URL,...", help="addresses of all processes"
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("health", help="show version, uptime and number of accounts")
    reset = commands.add_parser("reset", help="reset everything")
    reset.add_argument("--now", metavar="TIME", help="freeze the clock at this time")
    clock = commands.add_parser("clock", help="show the clock, or move it with one of its flags")
    step = clock.add_mutually_exclusive_group()
    step.add_argument("--set", metavar="TIME", help="freeze the clock at this later time")
    step.add_argument("--to", metavar="TIME", help="advance the clock to this time")
    step.add_argument("--days", type=int, metavar="N", help="advance the clock by days")
    step.add_argument("--seconds", type=int, metavar="N", help="advance the clock by seconds")
    faults = commands.add_parser("faults", help="list the faults, or change them with a flag")
    change = faults.add_mutually_exclusive_group()
    change.add_argument("--apply", metavar="NAME", help="apply this set of faults")
    change.add_argument("--remove", action="store_true", help="remove all faults")
    snapshot = commands.add_parser("snapshot", help="save accounts and clock under a name")
    snapshot.add_argument("name", metavar="NAME", help="name of the snapshot")
    snapshot.add_argument("--restore", action="store_true", help="restore it instead")
    return made


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"mockserver: {message}. See 'mockserver control --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _urls(text: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(server_url(url.strip()) for url in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {error}, not '{text}'") from None


def _call(flags: argparse.Namespace) -> _Call:
    """Return the request of a command line."""
    if flags.command == "health":
        return _Call("GET", "/health")
    if flags.command == "reset":
        return _Call("POST", "/reset", {"now": flags.now} if flags.now else {})
    of_others = {"clock": _clock_call, "faults": _faults_call, "snapshot": _snapshot_call}
    return of_others[flags.command](flags)


def _faults_call(flags: argparse.Namespace) -> _Call:
    if flags.apply is not None:
        return _Call("POST", f"/fault-sets/{quote(flags.apply, safe='')}/apply")
    return _Call("DELETE" if flags.remove else "GET", "/faults")


def _snapshot_call(flags: argparse.Namespace) -> _Call:
    if flags.restore:
        return _Call("POST", f"/snapshots/{quote(flags.name, safe='')}/restore")
    return _Call("POST", "/snapshots", {"name": flags.name})


def _clock_call(flags: argparse.Namespace) -> _Call:
    if flags.set is not None:
        return _Call("PUT", "/clock", {"now": flags.set})
    steps = {"to": flags.to, "days": flags.days, "seconds": flags.seconds}
    step = {name: value for name, value in steps.items() if value is not None}
    return _Call("POST", "/clock/advance", step) if step else _Call("GET", "/clock")


def _send(url: str, call: _Call, prefix: str, token: str) -> str:
    """Send a request and return the response's JSON in one line. Raise _Failed."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
    headers = {"X-Control-Token": token} if token else {}
    body = None if call.body is None else json.dumps(call.body)
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(call.method, prefix + call.path, body, headers)
        response = connection.getresponse()
        text = response.read(_MAX_RESPONSE_BYTES).decode()
        content = json.loads(text) if text else {}
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _Failed(f"{url} does not respond as the mock does: {_line(reason)}") from None
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        detail = content.get("detail", "") if isinstance(content, dict) else ""
        raise _Failed(f"{url} refused with {response.status}: {_line(detail)}")
    return json.dumps(content, separators=(",", ":"))


def _line(value: Any) -> str:
    """Return a reason in one line without control characters."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(char if char.isprintable() else " " for char in text)[:500].rstrip(". ")
