"""``contract-tests replay``: its flags and its help."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from contract_tests import flags
from contract_tests.cli import COMMANDS, EXIT_CODES
from contract_tests.errors import UsageError
from contract_tests.openapi.contract import Contract

_FLAGS = ("spec", "strict", "mock", "baseline", "overlay", "reports", "report_dir", "quiet")

_PLACEHOLDER_URL = "http://to-be-found.invalid"

_DESCRIPTION = """\
Validates recorded traffic: of 'run' or 'proxy' with --report har, or of a browser (developer tools,
Network, "Save all as HAR with content"). Replaying the file of a run repeats its findings. Sends
nothing."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "replay",
        help=COMMANDS["replay"][1],
        description=_DESCRIPTION,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests replay FILE.har [--flag value ...]",
    )
    parser.add_argument("file", metavar="FILE.har", type=Path, help="the recorded traffic")
    parser.add_argument(
        "--base-url", metavar="URL", help="the deployment to judge (the one in the file)"
    )
    flags.add(parser, *_FLAGS)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Replay, report, and return the exit code. Raises KitError."""
    settings = flags.read(arguments, arguments.base_url or _PLACEHOLDER_URL)
    if arguments.base_url is None:
        settings = replace(settings, url="")
    if "har" in settings.reports:
        raise UsageError(f"--report har: the traffic is already in {arguments.file}")
    # The judge is slow to import, and wrong flags must be reported at once.
    from contract_tests.recording.replay import replay
    from contract_tests.reports import files
    from contract_tests.reports.output import publish

    if settings.reports:
        files.make_folder(settings.report_dir)
    contract = Contract.load(settings.spec)
    return publish(replay(arguments.file, contract, settings))
