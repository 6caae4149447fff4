"""``mockserver serve`` and ``mockserver docs``. Exit codes: 0 after Ctrl-C or when the pages are made, 1 when they are
not fresh, 2 for anything that has to be put right first.
"""

from __future__ import annotations

import argparse
import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn

from mockserver import packaged, settings
from mockserver.openapi.yaml_file import FileError
from mockserver.settings import Settings, SettingsError

EXIT_OK, EXIT_STALE, EXIT_USAGE = 0, 1, 2
_BACKLOG = 2_048
_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep a connection: one that is closed while a request is on its way looks like a reset."""

_DESCRIPTION = """\
A local fake of the AlterLab Billing API that behaves like the real one: it keeps accounts, charges cards, and checks
every request and every answer against the OpenAPI contract. Any key that begins with sk_test_ works."""

_EPILOG = """\
examples:
  mockserver                                     serve on http://127.0.0.1:8080
  mockserver serve --port 0                      serve on a free port, and say which
  mockserver serve --now 2026-03-01T12:00:00Z    a clock that stands still, for tests that repeat
  MOCKSERVER_PORT=9000 mockserver                the same settings from the environment
  mockserver docs --help                         make the reference pages from the contract

exit codes: 0 ended (Ctrl-C), 2 a flag, the contract, the fixtures or the port cannot be used"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    # SIGTERM ends it as Ctrl-C does; uvicorn hands both on when it has shut down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        words = list(sys.argv[1:] if arguments is None else arguments)
        if words[:1] == ["docs"]:
            return _docs(words[1:])
        flags = _parser().parse_args(words[1:] if words[:1] == ["serve"] else words)
        try:
            chosen = settings.read(
                vars(flags), os.environ, spec=packaged.spec(), fixtures=packaged.fixtures()
            )
            _serve(chosen, _listen(chosen))
        except (SettingsError, FileError, OSError) as error:
            print(f"mockserver: {error}", file=sys.stderr)
            return EXIT_USAGE
    return EXIT_OK


_DOCS_DESCRIPTION = """\
Makes the reference pages from the OpenAPI contract: Markdown, one HTML file, and llms.txt, which says what is where."""

_DOCS_EPILOG = """\
exit codes: 0 the pages are made, or are fresh; 1 they are not fresh (--check); 2 a flag or the contract cannot be
used, and the pages stay as they were"""


def _docs(words: list[str]) -> int:
    """Run ``mockserver docs``; the exit code."""
    try:
        from mockserver.docs import formats, pages
        from mockserver.docs.options import Options
    except ModuleNotFoundError as error:
        print(
            f"mockserver: {error.name} is missing. Install what the pages need: '.[docs]'.",
            file=sys.stderr,
        )
        return EXIT_USAGE
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        "mockserver docs",
        description=_DOCS_DESCRIPTION,
        epilog=_DOCS_EPILOG,
        formatter_class=raw,
        allow_abbrev=False,
    )
    settings.add_flags(parser, settings.DOCS_SETTINGS)
    flags = parser.parse_args(words)
    try:
        chosen = settings.read_docs(
            vars(flags), os.environ, spec=packaged.spec(), formats=list(formats.FORMATS)
        )
        files = pages.make(chosen.spec, chosen.formats, Options(chosen.provenance, chosen.examples))
        if not chosen.check:
            for path in pages.write(chosen.out, files):
                print(f"wrote {path}")
            return EXIT_OK
        difference = pages.difference(chosen.out, files)
    except (SettingsError, FileError, OSError) as error:
        print(f"mockserver: {error}", file=sys.stderr)
        return EXIT_USAGE
    if not difference:
        return EXIT_OK
    print(difference, end="")
    print(
        f"mockserver: {chosen.out} is not what the contract says. Run 'make generate-docs'.",
        file=sys.stderr,
    )
    return EXIT_STALE


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"mockserver: {message}. See 'mockserver --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


class _PrintVersion(argparse.Action):
    """Prints the version and exits. It is looked up only when it is asked for, which takes 2 ms."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"mockserver {packaged.version()}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        "mockserver",
        usage="mockserver [serve] [--flag value ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=raw,
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
    return parser


def _listen(chosen: Settings) -> socket.socket:
    """The listening socket. Raises OSError with a line that says what to do."""
    try:
        family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((chosen.host, chosen.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        is_port = error.errno in (errno.EADDRINUSE, errno.EACCES)
        advice = (
            "Choose another with --port (0 picks one)"
            if is_port
            else "Choose another address with --host"
        )
        why = error.strerror or str(error)
        raise OSError(f"cannot listen on {chosen.host}:{chosen.port}: {why}. {advice}.") from None
    return listener


def _serve(chosen: Settings, listener: socket.socket) -> None:
    # Nothing that start-up makes is garbage: looking for it costs a tenth of a second, and as much now and then later.
    gc.disable()
    import uvicorn

    from mockserver import app, banner
    from mockserver.server.uvicorn_server import AnnouncedServer, BufferedProtocol

    logging.basicConfig(
        level=chosen.log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    url = _url(chosen.host, listener.getsockname()[1])
    server = app.build(chosen, public_url=url)
    config = uvicorn.Config(
        server.app,
        loop="uvloop",
        http=BufferedProtocol,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        access_log=chosen.log_level == "debug",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
    announcement = banner.text(url, server)
    beside = None
    if chosen.watch:
        from mockserver.watch import Watch

        say = partial(print, flush=True)
        beside = Watch(server, chosen.spec, chosen.fixtures, say=say).run
    AnnouncedServer(config, announcement, beside).run(sockets=[listener])


def _url(host: str, port: int) -> str:
    shown = {
        "0.0.0.0": "127.0.0.1",  # noqa: S104 (an address to show, none to listen on)
        "::": "[::1]",
    }.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
