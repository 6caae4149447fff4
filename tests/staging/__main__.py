"""``python -m tests.staging``: serve a staging deployment of the Billing API."""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from tests.staging import app, seed
from tests.staging.deviations import FAULTS, NOISE, SWITCHES, Deviations
from tests.staging.site import ADMIN_TOKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.staging",
        description="Serve an independent implementation of the Billing API.",
    )
    parser.add_argument("--port", type=int, default=8090, help="0 for a free one (8090)")
    parser.add_argument("--database", type=Path, help="an SQLite file, which a restart keeps")
    for kind in ("switch", "fault", "noise"):
        parser.add_argument(
            f"--{kind}", action="append", default=[], metavar="NAME", help=f"turn on a {kind}"
        )
    parser.add_argument("--list", action="store_true", help="list the names and end")
    return parser


def _listing() -> str:
    lines = []
    for title, names in (("Switches", SWITCHES), ("Faults", FAULTS), ("Noise", NOISE)):
        lines += [f"{title}:", *(f"  {name:28} {text}" for name, text in names.items()), ""]
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the command line."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.list:
        _say(_listing())
        return 0
    try:
        deviations = Deviations.of(arguments.switch, arguments.fault, arguments.noise)
    except ValueError as error:
        parser.error(str(error))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", arguments.port))
    listener.listen()  # before the URL is printed: a connection then waits, and is not refused
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        database = arguments.database or Path(folder) / "staging.sqlite"
        application, _ = app.create(database, deviations, url)
        _say(f"url {url}")
        _say(f"key {seed.key_of(seed.FIRST.name)}")
        _say(f"other-key {seed.key_of(seed.SECOND_ONE.name)}")
        _say(f"organization {seed.ORGANIZATION}")
        _say(f"admin-token {ADMIN_TOKEN}")
        config = uvicorn.Config(application, log_level="critical", timeout_keep_alive=75)
        uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
