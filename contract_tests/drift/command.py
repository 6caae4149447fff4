"""``contract-tests drift MOCK STAGING``: its flags and its help."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from contract_tests import flags
from contract_tests.cli import COMMANDS
from contract_tests.errors import UsageError
from contract_tests.settings import API_KEY_ENV, Settings

_DESCRIPTION = """\
Sends the same requests to two servers and reports where their responses differ: statuses, fields,
types, enum values, headers and formats. Ids, times, amounts and lengths of lists are not compared.
For every difference it names the line of the contract to change. Sends nothing but GET and HEAD,
unless writes are allowed."""

_EPILOG = f"""\
examples:
  contract-tests drift http://127.0.0.1:8080 https://staging.example.com --rate-limit 5/s
      the mock and staging; the key for staging is in {API_KEY_ENV}
  contract-tests drift https://staging.example.com https://api.example.com --mock-key-env OTHER_KEY
      two deployments
  contract-tests drift http://127.0.0.1:8080 http://127.0.0.1:8081 --mock
      two mocks, with all requests allowed

exit codes:
  0    no difference
  1    there are differences, or a change could not be put back
  2    a flag, a variable or a file cannot be used, or nothing could be compared
  3    a server cannot be reached, is something else, or refuses the key
  130  interrupted; what was found so far is reported"""

_GROUPS = {
    "the servers": flags.NETWORK,
    "what may be sent to staging (by default reads only)": (
        "allow_writes",
        "allow_irreversible",
        "journal",
    ),
    "what is compared": ("spec", "only", "skip", "seed"),
    "how fast and how long": ("rate_limit", "max_time"),
    "what is learnt from the responses of staging": ("learn", "owner", "reason"),
    "the report": ("report_dir", "quiet"),
}


_DIRECT: dict[str, Any] = {"headers": (), "auth": None, "proxy": None, "client_cert": None}
"""The settings of a mock's network."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "drift",
        help=COMMANDS["drift"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests drift MOCK STAGING [--flag value ...]",
    )
    parser.add_argument(
        "mock_url", metavar="MOCK", help="URL of the mock, which is restored afterwards"
    )
    parser.add_argument(
        "staging_url", metavar="STAGING", help="URL of the real API, without /api/v1/billing"
    )
    for title, names in _GROUPS.items():
        group = parser.add_argument_group(title)
        if title == "the servers":
            flags.add(group, "api_key_env")
            group.add_argument(
                "--mock-key-env",
                metavar="NAME",
                help="environment variable with a key for MOCK, which is then treated as a "
                "deployment, too (by default a fresh account of the mock is used)",
            )
            group.add_argument(
                "--mock",
                action="store_true",
                help="both are mocks: all requests are allowed, and /_mock is used",
            )
        if title == "the report":
            group.add_argument(
                "--report", dest="reports", action="append", metavar="NAME", help="json: drift.json"
            )
        flags.add(group, *names)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Compare, report, and return the exit code. Raises KitError."""
    staging = flags.read(arguments, arguments.staging_url)
    mock = _mock_settings(arguments, staging)
    if set(staging.reports) - {"json"}:
        raise UsageError("--report: drift writes 'json' only")
    # The comparison is slow to import, and wrong flags must be reported at once.
    from contract_tests.drift.execution import execute

    return execute(mock, staging, arguments.mock_key_env, arguments.api_key_env)


def _mock_settings(arguments: argparse.Namespace, staging: Settings) -> Settings:
    """Return the settings of the first server, which is a mock unless a key is named for it."""
    named = argparse.Namespace(api_key_env=arguments.mock_key_env)
    try:
        own = flags.read(named, arguments.mock_url)
    except UsageError as error:
        raise UsageError(str(error).replace("--api-key-env", "--mock-key-env")) from None
    is_mock = staging.mock or arguments.mock_key_env is None
    # The mock needs no rate limit.
    per_second = None if is_mock else staging.per_second
    journal = staging.journal.with_name(f"mock-{staging.journal.name}")
    return replace(
        staging,
        url=own.url,
        api_key_env=own.api_key_env,
        mock=is_mock,
        per_second=per_second,
        journal=journal,
        **_DIRECT if is_mock else {},
    )
