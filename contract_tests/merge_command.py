"""``contract-tests merge``: one verdict and one report from the JSON reports of several runs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from contract_tests import flags
from contract_tests.cli import COMMANDS, EXIT_CODES, say
from contract_tests.errors import UsageError
from contract_tests.settings import Settings

_PLACEHOLDER_URL = "http://to-be-found.invalid"
_NEEDED = ("tool", "subject", "contract", "settings", "verdict", "causes", "findings", "coverage")

_DESCRIPTION = """\
Unites the JSON reports of several runs, such as the shards of one: findings by their keys,
coverage, requests, notes. Reports of different URLs, contracts or versions are refused. A missing
shard makes the verdict incomplete. With --report har, the traffic.har files beside the reports
become one, with its entries in the order of time."""

_EPILOG = f"""\
examples:
  contract-tests run URL --shard 1/2 --report json --report-dir one
  contract-tests run URL --shard 2/2 --report json --report-dir two
  contract-tests merge one/report.json two/report.json --report junit,html --report-dir all

{EXIT_CODES}"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "merge",
        help=COMMANDS["merge"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests merge REPORT.json ... [--flag value ...]",
    )
    parser.add_argument(
        "files", metavar="REPORT.json", type=Path, nargs="+", help="the report.json of a run"
    )
    flags.add(parser, "reports", "report_dir", "quiet")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Merge, report, and return the exit code. Raise KitError."""
    settings = flags.read(arguments, _PLACEHOLDER_URL)
    # What is slow to import, as wrong flags are reported at once.
    from contract_tests.reports import files, terminal
    from contract_tests.reports.merge import merge
    from contract_tests.reports.output import show, write_reports

    documents = [(str(path), load(path)) for path in arguments.files]
    if settings.reports:
        files.make_folder(settings.report_dir)
    merged = merge(documents)
    show(terminal.show, merged, quiet=settings.quiet)
    unwritten = _merge_hars(arguments.files, settings) if "har" in settings.reports else {}
    for line in write_reports(merged, settings, unwritten):
        say(line)
    exit_code: int = merged["verdict"]["exit_code"]
    return exit_code


def _merge_hars(reports: list[Path], settings: Settings) -> dict[str, str]:
    """Merge the HAR files beside the reports. Return why they are not merged, by file name."""
    from contract_tests.recording.har_merge import merge_hars
    from contract_tests.reports.files import HAR

    try:
        merge_hars([path.with_name(HAR) for path in reports], settings.report_dir / HAR)
    except UsageError as error:
        return {HAR: f"--report har: the traffic is not merged: {error}"}
    return {}


def load(path: Path) -> dict[str, Any]:
    """Return the document of a JSON report. Raise UsageError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: is not a JSON report of contract-tests") from None
    if not isinstance(document, dict) or "schema_version" not in document:
        raise UsageError(f"{path}: is not a JSON report of contract-tests")
    if document["schema_version"] != 1:
        raise UsageError(f"{path}: has schema_version {document['schema_version']!r:.20}, not 1")
    is_whole = all(name in document for name in _NEEDED) and "digest" in document["contract"]
    if not is_whole:
        raise UsageError(f"{path}: is the report of another version or command; run it again")
    return document
