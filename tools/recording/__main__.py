"""The command line: ``record`` and ``compare``."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tools.recording import comparison
from tools.recording.record import record


def main() -> int:
    """Run a command. Return 1 if two recordings differ in behaviour."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # servers end with the recorder
    parser = argparse.ArgumentParser(prog="python -m tools.recording", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    recorder = commands.add_parser("record", help="record what the programs of a checkout send")
    recorder.add_argument("--checkout", type=Path, required=True, metavar="DIR")
    recorder.add_argument("--out", type=Path, required=True, metavar="FILE")
    recorder.add_argument(
        "--only", default="", metavar="TEXT", help="stories with TEXT in their name"
    )
    recorder.add_argument(
        "--like", type=Path, metavar="FILE", help="send the requests of this recording"
    )
    recorder.add_argument("--skip", metavar="TEXT", help="not those with TEXT in their name")
    comparer = commands.add_parser("compare", help="list what differs between two recordings")
    comparer.add_argument("before", type=Path)
    comparer.add_argument("after", type=Path)
    comparer.add_argument(
        "--only", default="", metavar="TEXT", help="stories with TEXT in their name"
    )
    comparer.add_argument("--wording", action="store_true", help="list differences in wording too")
    comparer.add_argument("--limit", type=int, default=200, help="differences to print in a group")
    flags = parser.parse_args()
    if flags.command == "record":
        record(flags.checkout, flags.out, like=flags.like, only=flags.only, skip=flags.skip)
        return 0
    return comparison.report(
        flags.before, flags.after, only=flags.only, wording=flags.wording, limit=flags.limit
    )


if __name__ == "__main__":
    sys.exit(main())
