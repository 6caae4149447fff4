"""``contract-tests proxy``: its flags and its help."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import replace
from typing import Any

from contract_tests import flags
from contract_tests.cli import COMMANDS, EXIT_CODES
from contract_tests.findings.severity import FAIL_ON

_CHOICES = ("failure", *FAIL_ON, "never")
"""``failure`` is the earlier name of ``major``."""

_FLAGS = (
    "max_time",
    *(name for name in flags.NETWORK if name != "timeout"),
    "spec",
    "strict",
    "baseline",
    "overlay",
    "reports",
    "report_dir",
    "quiet",
)

_DESCRIPTION = """\
Listens on this machine, passes every request on to a deployment unchanged, and validates the
responses: point a frontend or a test run at it. Findings are listed as they appear. Ctrl-C ends it
with the report. Keys are replaced by names before anything is stored."""

_EPILOG = f"""\
examples:
  contract-tests proxy --upstream https://staging.example.com --port 9000
      then run the frontend or its tests against http://127.0.0.1:9000
  contract-tests proxy --upstream http://127.0.0.1:8080 --max-time 10m --report junit,har
      for CI: ends after ten minutes, with a JUnit file and the traffic

{EXIT_CODES}"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "proxy",
        help=COMMANDS["proxy"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests proxy --upstream URL [--flag value ...]",
    )
    parser.add_argument(
        "--upstream", metavar="URL", required=True, help="the deployment, without /api/v1/billing"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address to listen on (127.0.0.1)",
    )
    parser.add_argument(
        "--port", default=0, type=_port, metavar="N", help="the port to listen on (a free one)"
    )
    parser.add_argument(
        "--fail-on",
        dest="policy",
        default="major",
        choices=_CHOICES,
        help="the least findings that fail the command (major)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which clients call the proxy, beside its addresses and names without a "
        "dot; may be repeated",
    )
    parser.add_argument("--max-exchanges", type=_count, metavar="N", help="end after N requests")
    flags.add(parser, *_FLAGS)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Run the proxy, report, and return the exit code. Raises KitError."""
    settings = flags.read(arguments, arguments.upstream)
    if arguments.policy in FAIL_ON:
        settings = replace(settings, fail_on=arguments.policy)
    # The judge is slow to import, and wrong flags must be reported at once.
    from contract_tests.recording import proxy
    from contract_tests.recording.refusals import own_names
    from contract_tests.reports.output import publish

    way = proxy.prepare(settings)
    proxy.reach(settings.url, way)
    with closing(proxy.listener(arguments.host, arguments.port)) as listener:
        names = own_names(arguments.host, *arguments.allow_host)
        result = proxy.pass_on(settings, listener, way, arguments.max_exchanges, names)

    failing = [] if arguments.policy == "never" else result.failures
    result.notes.append(
        f"--fail-on {arguments.policy}: {len(failing)} of {len(result.findings)} findings fail"
    )
    publish(result)
    if failing:
        return 1
    return 2 if result.outcome == "incomplete" and arguments.policy != "never" else 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError("it must be a whole number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 12 and int(text)):
        raise argparse.ArgumentTypeError("it must be a whole number, at least 1")
    return int(text)
