"""``python -m tests.mutants --fault NAME``.

Exit codes: 0 after Ctrl-C or SIGTERM, 2 for a mistake in the arguments.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

EXIT_OK, EXIT_USAGE = 0, 2
NO_FAULT = "none"


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"mutants: {message}. See --help.\n")
        sys.exit(EXIT_USAGE)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a time in ISO 8601, not '{text}'") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "python -m tests.mutants", description="The mock with one named fault.", allow_abbrev=False
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--fault",
        metavar="NAME",
        help=f"the fault to serve with; '{NO_FAULT}' is the correct server",
    )
    what.add_argument(
        "--list", action="store_true", help="list all faults: group, name, description"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port to listen on; 0 (the default) picks a free one"
    )
    parser.add_argument(
        "--now", type=_moment, metavar="TIME", help="let the clock stand still at this time"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="what ids and histories come from (1)"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    # SIGTERM ends it like Ctrl-C, also during start-up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        chosen = _parser().parse_args(arguments)
        # Start-up makes no garbage, and collecting it would take a tenth of a second.
        gc.disable()
        from tests.mutants.faults import FAULTS

        if chosen.list:
            sys.stdout.writelines(
                f"{fault.group}\t{fault.name}\t{fault.description}\n" for fault in FAULTS.values()
            )
            return EXIT_OK
        if chosen.fault != NO_FAULT and chosen.fault not in FAULTS:
            sys.stderr.write(f"mutants: there is no fault '{chosen.fault}'. --list names them.\n")
            return EXIT_USAGE
        from tests.mutants import server

        try:
            listener = server.listen(chosen.port)
        except (OSError, OverflowError) as error:
            sys.stderr.write(f"mutants: cannot listen on port {chosen.port}: {error}.\n")
            return EXIT_USAGE
        server.serve(FAULTS.get(chosen.fault), listener, now=chosen.now, seed=chosen.seed)
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
