"""Commands beside the workbench: ``trigger``, ``listen``, ``logs``, ``state`` and ``open``.

They talk to a running mock by its control API. Each error is one line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NoReturn

from mockserver.remote import (
    Deliveries,
    Endpoint,
    Endpoints,
    Entries,
    Entry,
    Health,
    Remote,
    RemoteError,
    SentEvent,
)
from mockserver.setting_values import server_url
from mockserver.settings import ENVIRONMENT_PREFIX

EXIT_OK, EXIT_REFUSED, EXIT_USAGE = 0, 1, 2
COMMANDS = ("trigger", "listen", "logs", "state", "open")
_URL = f"{ENVIRONMENT_PREFIX}URL"
_DEFAULT_URL = "http://127.0.0.1:8080"
_POLL_SECONDS = 0.3
_EPILOG = f"""\
The address of the mock comes from --url or the variable {_URL} ({_DEFAULT_URL}). The token of the
control API comes from {ENVIRONMENT_PREFIX}CONTROL_TOKEN, and its path from
{ENVIRONMENT_PREFIX}CONTROL_PREFIX.

exit codes: 0 done, or stopped (Ctrl-C); 1 the mock refused or did not respond, or another server
responded; 2 a flag, a file or standard output cannot be used. One line says why"""

_DESCRIPTIONS = {
    "trigger": """\
Sends a webhook event that did not happen to the registered endpoints, as if it had happened to the
account of the key. Its data is that of the account's last such event, else made up; --set replaces
properties. Exits with 1 if no endpoint wants the event.""",
    "listen": """\
Registers a webhook endpoint, prints its secret, and prints each delivery with the status of its
response. If a reset deletes the endpoint, it is registered again. It is deleted when the command is
stopped.""",
    "logs": "Prints the requests that the mock recorded. With --follow, also those that come.",
    "state": """\
Saves the state of one account as a JSON file that only its owner can read, or loads it.""",
    "open": "Opens the workbench in a browser, and prints its address.",
}


def run(command: str, words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command and return the exit code."""
    flags = parser(command).parse_args(words)
    if sys.stdout is None and command in ("logs", "listen"):
        return _fail("standard output is closed", EXIT_USAGE)
    url = flags.url or environment.get(_URL) or _DEFAULT_URL
    try:
        remote = Remote.of(_server(url), environment)
        return _RUN[command](flags, remote)
    except ValueError as error:
        return _fail(str(error), EXIT_USAGE)
    except RecursionError:
        return _fail("a value is nested too deeply", EXIT_USAGE)
    except RemoteError as error:
        return _fail(str(error), EXIT_REFUSED)
    except OSError as error:
        if error.filename is None:  # standard output cannot be written, which cli.main reports
            raise
        return _fail(f"{error.filename}: {error.strerror}", EXIT_USAGE)


def parser(command: str) -> argparse.ArgumentParser:
    """Return the parser of a command."""
    made = _Parser(
        f"mockserver {command}",
        description=_DESCRIPTIONS[command],
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if command == "trigger":
        made.add_argument("event", metavar="EVENT", help="type of the event: deposit.completed")
        made.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a property of its data; the value is JSON, else text; can be repeated",
        )
    elif command == "listen":
        made.add_argument(
            "--forward-to", required=True, metavar="URL", help="where to post the events"
        )
        made.add_argument("--events", default="", metavar="TYPE,...", help="these types only")
    elif command == "logs":
        made.add_argument("--follow", action="store_true", help="go on with requests that come")
    elif command == "state":
        made.add_argument("action", choices=("save", "load"), help="what to do")
        made.add_argument("file", type=Path, metavar="FILE", help="the JSON file")
    if command in ("trigger", "listen", "state"):
        is_optional = command == "listen"
        more = "; without it, of all accounts" if is_optional else ""
        made.add_argument(
            "--key", required=not is_optional, metavar="KEY", help=f"key of the account{more}"
        )
    made.add_argument("--url", metavar="URL", help="address of the mock")
    return made


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"mockserver: {message}. See '{self.prog} --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _server(url: str) -> str:
    try:
        return server_url(url)
    except ValueError as error:
        raise ValueError(f"--url must be {error}, not '{url}'") from None


def _fail(sentence: str, code: int) -> int:
    print(f"mockserver: {sentence}", file=sys.stderr)
    return code


def _trigger(flags: argparse.Namespace, remote: Remote) -> int:
    body = {"event": flags.event, "data": _data(flags.set)}
    sent = remote.call("POST", "/webhook-events", body, key=flags.key, kind=SentEvent)
    if not sent.deliveries:
        return _fail(f"no endpoint wants {flags.event}. Register one first", EXIT_REFUSED)
    for delivery in sent.deliveries:
        print(f"{delivery.id} {flags.event} {sent.event_id} to {delivery.url}")
    return EXIT_OK


def _data(assignments: Sequence[str]) -> dict[str, Any]:
    """Return the properties that ``--set`` gives. Raise ValueError."""
    data: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise ValueError(f"--set must be name=value, not '{assignment}'")
        try:
            data[name] = json.loads(text)
        except ValueError:
            data[name] = text
        except RecursionError:
            raise ValueError(f"--set {name} is nested too deeply") from None
    return data


def _listen(flags: argparse.Namespace, remote: Remote) -> int:
    events = [name.strip() for name in flags.events.split(",") if name.strip()]
    body: dict[str, Any] = {"url": flags.forward_to}
    if events:
        body["events"] = events
    listener = _Listener(remote, body, flags.key)
    try:
        print(listener.announcement, flush=True)
        while True:
            for line in listener.poll():
                print(line, flush=True)
            time.sleep(_POLL_SECONDS)
    finally:
        listener.close()


class _Listener:
    """A webhook endpoint that exists as long as the command runs."""

    def __init__(self, remote: Remote, body: Mapping[str, Any], key: str | None) -> None:
        self._remote, self._body, self._key = remote, dict(body), key
        self._endpoint = self._register()
        self._seen: dict[str, int] = {}

    @property
    def announcement(self) -> str:
        """The line that names the endpoint and its secret."""
        endpoint = self._endpoint
        return f"{endpoint.id} posts to {endpoint.url}. Its secret is {endpoint.secret}"

    def poll(self) -> Iterator[str]:
        """Yield a line for each new attempt. Register the endpoint again if it was deleted."""
        path = f"/webhook-deliveries?limit=1000&endpoint={self._endpoint.id}"
        for delivery in reversed(self._remote.call("GET", path, kind=Deliveries).deliveries):
            known = self._seen.get(delivery.id, 0)
            self._seen[delivery.id] = len(delivery.attempts)
            for attempt in delivery.attempts[known:]:
                result = attempt.error or attempt.response_status
                yield f"{delivery.id} {delivery.event} {result} {attempt.duration_ms} ms"
        registered = self._remote.call("GET", "/webhook-endpoints", kind=Endpoints)
        if self._endpoint not in registered.endpoints:
            self._body["secret"] = self._endpoint.secret
            self._endpoint = self._register()
            self._seen.clear()  # a reset restarts the numbering
            yield f"The endpoint was deleted, and is registered again. {self.announcement}"

    def close(self) -> None:
        """Delete the endpoint, if it exists."""
        try:
            path = f"/webhook-endpoints/{self._endpoint.id}"
            self._remote.call("DELETE", path, kind=Endpoint)
        except RemoteError as error:
            if not error.is_not_found:
                raise

    def _register(self) -> Endpoint:
        path = "/webhook-endpoints"
        return self._remote.call("POST", path, self._body, key=self._key, kind=Endpoint)


def _logs(flags: argparse.Namespace, remote: Remote) -> int:
    if not flags.follow:
        recorded = remote.call("GET", "/requests?limit=1000", kind=Entries)
        for entry in reversed(recorded.requests):
            print(_line(entry))
        return EXIT_OK
    for entry in remote.follow("/requests/stream"):
        print(_line(entry), flush=True)
    return EXIT_OK


def _line(entry: Entry) -> str:
    """Return a recorded request in one line, without control characters."""
    query = f"?{entry.query}" if entry.query else ""
    words = [entry.method, entry.path + query, str(entry.status or "none")]
    if entry.duration_ms is not None:
        words.append(f"{entry.duration_ms:.1f} ms")
    words += [entry.reason or "", *entry.warnings]
    if entry.fault:
        words.append(f"[fault {entry.fault}]")
    text = " ".join(filter(None, words))
    return "".join(character if character.isprintable() else " " for character in text)


def _state(flags: argparse.Namespace, remote: Remote) -> int:
    if flags.action == "save":
        state = remote.call("GET", "/state", key=flags.key, kind=dict[str, Any])
        _save(flags.file, json.dumps(state, indent=2) + "\n")
        print(f"saved {flags.file}")
        return EXIT_OK
    try:
        with _named(flags.file):
            state = json.loads(flags.file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{flags.file} is no JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{flags.file} is nested too deeply") from None
    remote.call("PUT", "/state", state, key=flags.key, kind=dict[str, Any])
    print(f"loaded {flags.file}")
    return EXIT_OK


def _save(path: Path, text: str) -> None:
    """Write a file that only its owner can read, and replace the old one in one step."""
    with _named(path):
        if path.exists() and not path.is_file():  # a device or a pipe
            path.write_text(text, encoding="utf-8")
            return
        target = path.resolve()
        with NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as temporary:
            try:
                temporary.write(text.encode())
                temporary.flush()
                os.fsync(temporary.fileno())
                os.replace(temporary.name, target)
            except BaseException:
                Path(temporary.name).unlink(missing_ok=True)
                raise


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name a file in every OSError."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _open(_: argparse.Namespace, remote: Remote) -> int:
    import webbrowser

    remote.call("GET", "/health", kind=Health)
    print(remote.page)
    webbrowser.open(remote.page)
    return EXIT_OK


_RUN: Mapping[str, Callable[[argparse.Namespace, Remote], int]] = {
    "trigger": _trigger,
    "listen": _listen,
    "logs": _logs,
    "state": _state,
    "open": _open,
}
