"""The command line: ``mockserver serve``, ``check``, ``docs``, ``contract``, ``control`` ...

Exit codes: 0 after Ctrl-C or when the pages are written, 1 if they are out of date, 2 for settings
and files that cannot be used. Those of ``control`` are in ``control_command``, those of commands
for a running mock in ``remote_commands``.
"""

from __future__ import annotations

import argparse
import difflib
import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from threading import Thread
from typing import NoReturn

from mockserver import packaged, settings
from mockserver.openapi import parsed_cache
from mockserver.openapi.yaml_file import FileError
from mockserver.settings import Settings, SettingsError

EXIT_OK, EXIT_STALE, EXIT_USAGE = 0, 1, 2
_LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
_BACKLOG = 2_048
_STDIN = 0
_REMOTE = ("trigger", "listen", "logs", "state", "open")
_COMMANDS = ("serve", "check", "docs", "contract", "control", "resources", *_REMOTE)

_DESCRIPTION = """\
A stateful mock of the AlterLab Billing API: it keeps accounts, charges test cards, and validates
every request and response against the OpenAPI contract. Any key that begins with sk_test_ works.
With --spec, it serves any other OpenAPI document, of version 2.0 to 3.2, with state that is
inferred from it."""

_EPILOG = """\
examples:
  mockserver                                     serve on http://127.0.0.1:8080
  mockserver serve --port 0                      serve on a free port, which is printed
  mockserver serve --now 2026-03-01T12:00:00Z    freeze the clock, for repeatable tests
  MOCKSERVER_PORT=9000 mockserver                settings from the environment
  mockserver check --help                        what is wrong with a document of yours
  mockserver docs --help                         generate the reference pages from the contract
  mockserver contract --help                     editions, changes and rules of a document
  mockserver control --help                      control several processes at once
  mockserver resources --spec FILE               print what is inferred from another document
  mockserver open                                open the workbench of a running mock
  mockserver logs --follow                       print its requests as they come
  mockserver listen --forward-to URL             post its webhooks to an application
  mockserver trigger EVENT --key KEY             send a webhook event that did not happen
  mockserver state save FILE --key KEY           save an account as a file; load reads it

exit codes: 0 stopped (Ctrl-C); 2 a flag, the contract, the fixtures, the state file or the port
cannot be used"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    # SIGTERM stops the program like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        try:
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
            if sys.stdout is not None:  # closed, as by >&-
                sys.stdout.flush()
            return code
        except OSError as error:
            if error.filename is not None:
                raise
            return _end_output(error)
    return EXIT_OK


def _end_output(error: OSError) -> int:
    """Return the exit code of a program whose standard output cannot be written."""
    if sys.stdout is not None:
        # At its end Python would flush, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):  # the reader, such as head, has ended
        return EXIT_OK
    print(f"mockserver: standard output: {error.strerror or error}", file=sys.stderr)
    return EXIT_USAGE


def _run(words: list[str]) -> int:
    """Run one of the commands and return the exit code."""
    if words and words[0] in _COMMANDS and words[0] != "serve":
        return _run_command(words[0], words[1:])
    parser = _parser()
    flags, unknown = parser.parse_known_args(words[1:] if words[:1] == ["serve"] else words)
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{_hint(unknown[0], words[0])}")
    try:
        chosen = settings.read(
            vars(flags), os.environ, spec=packaged.spec(), fixtures=packaged.fixtures()
        )
        parsed_cache.use(chosen.cache)
        _serve(chosen, _listen(chosen))
    except (SettingsError, FileError, OSError) as error:
        return _refuse(error)
    return EXIT_OK


def _run_command(command: str, words: list[str]) -> int:
    """Run a command other than ``serve`` and return the exit code."""
    if command == "docs":
        return _docs(words)
    if command == "resources":
        return _resources(words)
    if command == "control":
        from mockserver import control_command

        return control_command.run(words, os.environ)
    if command == "contract":
        from mockserver.contract import command as contract_command

        return contract_command.run(words, os.environ)
    if command == "check":
        from mockserver import check_command

        return check_command.run(words, os.environ)
    from mockserver import remote_commands

    return remote_commands.run(command, words, os.environ)


def _hint(unknown: str, first: str) -> str:
    """Return what was probably meant by an unknown argument, if that is clear."""
    if unknown.lower().endswith((".yaml", ".yml", ".json")):
        return f" (did you mean '--spec {unknown}'?)"
    close = difflib.get_close_matches(unknown, _COMMANDS, 1) if unknown == first else []
    return f" (did you mean '{close[0]}'?)" if close else ""


def _refuse(error: Exception) -> int:
    """Print why something cannot be used, and return the exit code."""
    shown = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        shown = f"{error.filename}: {error.strerror}"
    print(f"mockserver: {shown}", file=sys.stderr)
    return EXIT_USAGE


_DOCS_DESCRIPTION = """\
Generates the reference pages from the OpenAPI contract: Markdown as a whole and by operation, one
HTML file, llms.txt and llms-full.txt. --guides adds pages of Markdown guides to all of them."""

_DOCS_EPILOG = """\
exit codes: 0 the pages are written or up to date; 1 they are out of date (--check); 2 a flag or the
contract cannot be used, and the pages are unchanged"""


def _docs(words: list[str]) -> int:
    """Run ``mockserver docs`` and return the exit code."""
    from mockserver.docs import formats, guides, pages
    from mockserver.docs.options import PACKAGED, Options, command_of

    flags = _docs_parser().parse_args(words)
    try:
        chosen = settings.read_docs(
            vars(flags), os.environ, spec=packaged.spec(), formats=list(formats.FORMATS)
        )
        is_packaged = chosen.spec == packaged.spec()
        command = PACKAGED if is_packaged else command_of(chosen.spec, chosen.guides)
        options = Options(
            chosen.provenance,
            chosen.examples,
            command=command,
            guides=guides.load(chosen.guides) if chosen.guides is not None else (),
        )
        warn = partial(print, "mockserver:", file=sys.stderr)
        files = pages.make(chosen.spec, chosen.formats, options, warn)
        difference = pages.difference(chosen.out, files) if chosen.check else ""
        changed = [] if chosen.check else pages.write(chosen.out, files)
    except (SettingsError, FileError, OSError) as error:
        return _refuse(error)
    for path in changed:
        print(f"wrote {path}")
    if not difference:
        return EXIT_OK
    print(difference, end="")
    print(
        f"mockserver: {chosen.out} differs from the contract. Run '{options.command}'.",
        file=sys.stderr,
    )
    return EXIT_STALE


def _docs_parser() -> argparse.ArgumentParser:
    parser = _command_parser("mockserver docs", _DOCS_DESCRIPTION, _DOCS_EPILOG)
    settings.add_flags(parser, settings.DOCS_SETTINGS)
    return parser


def _command_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return _Parser(
        name,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


_RESOURCES_DESCRIPTION = """\
Prints what is inferred from an OpenAPI document: its resources, what identifies their items, and
the role of each operation. The mock serves these with state, and all others from examples and
schemas. x-mock-resource on a path or an operation of the document corrects it: false leaves it out,
{name: ..., id: ..., parent: ...} replaces what was inferred."""

_RESOURCES_EPILOG = "exit codes: 0 printed; 2 a flag or the document cannot be used"


def _resources(words: list[str]) -> int:
    """Run ``mockserver resources`` and return the exit code."""
    parser = _command_parser("mockserver resources", _RESOURCES_DESCRIPTION, _RESOURCES_EPILOG)
    settings.add_flags(parser, settings.RESOURCES_SETTINGS)
    flags = parser.parse_args(words)
    from mockserver import resources_command

    try:
        spec = settings.read_spec(vars(flags), os.environ, spec=packaged.spec())
        lines = resources_command.table(spec)
    except (SettingsError, FileError, OSError) as error:
        return _refuse(error)
    print("\n".join(lines))
    return EXIT_OK


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"mockserver: {message}. See 'mockserver --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


class _PrintVersion(argparse.Action):
    """Prints the version and exits. It is looked up only when it is asked for, which takes 2 ms."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"mockserver {packaged.version()}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "mockserver",
        usage="mockserver [serve] [--flag value ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action=_PrintVersion,
        nargs=0,
        dest=argparse.SUPPRESS,
        help="print the version and exit",
    )
    settings.add_flags(parser)
    limits = parser.add_argument_group("limits", "sizes in bytes, times in seconds")
    settings.add_flags(limits, settings.LIMITS)
    return parser


def _listen(chosen: Settings) -> socket.socket:
    """Return the listening socket. Raises OSError with advice."""
    try:
        family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((chosen.host, chosen.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        is_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        advice = (
            "Choose another port with --port (0 picks a free one)"
            if is_port
            else "Choose another address with --host"
        )
        reason = error.strerror or str(error)
        raise OSError(
            f"cannot listen on {chosen.host}:{chosen.port}: {reason}. {advice}."
        ) from None
    return listener


def _serve(chosen: Settings, listener: socket.socket) -> None:
    # Start-up makes no garbage. Collecting it would take a tenth of a second, now and later.
    gc.disable()
    from mockserver import app, banner
    from mockserver.engine import request_log
    from mockserver.server.http_server import HttpServer

    logging.basicConfig(level=chosen.log_level.upper(), format=_LOG_FORMAT)
    url = _url(chosen.host, listener.getsockname()[1])
    server = app.build(chosen, public_url=url)
    redactor = server.world.redactor
    for handler in logging.getLogger().handlers:
        handler.setFormatter(request_log.RedactingFormatter(_LOG_FORMAT, redactor))
    is_debug = chosen.log_level == "debug"
    requests = request_log.for_terminal(redactor, is_immediate=is_debug)
    observe = None
    if not chosen.quiet:
        shown = redactor if is_debug else None
        observe = request_log.observer(requests.log, server.lists, shown)
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
    announcement = banner.text(url, server)
    background = None
    if chosen.watch:
        from mockserver.watch import Watcher

        report = partial(print, flush=True)
        watcher = Watcher(server, chosen.spec, chosen.fixtures, report, chosen.handlers)
        background = watcher.run
    on_ready = partial(print, announcement, flush=True)
    state: AbstractContextManager[None] = nullcontext()
    if chosen.state is not None:
        from mockserver.engine import state_file

        state = state_file.opened(chosen.state, server.world)
    http_server = HttpServer(
        server, chosen.limits, on_ready=on_ready, background=background, observe=observe
    )
    if chosen.stop_with_stdin:
        Thread(target=_stop_with_stdin, args=(http_server.stop,), daemon=True).start()
    try:
        with http_server.stopped_by_signals(), state:
            http_server.run(listener)
    finally:
        requests.close()


def _stop_with_stdin(stop: Callable[[], None]) -> None:
    """Wait until standard input is closed, and stop."""
    with suppress(OSError):
        while os.read(_STDIN, 1_024):
            pass
    stop()


def _url(host: str, port: int) -> str:
    shown = {
        "0.0.0.0": "127.0.0.1",  # noqa: S104 (shown, not listened on)
        "::": "[::1]",
    }.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
