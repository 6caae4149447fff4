"""``contract-tests run URL``: its flags, its help."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from contract_tests import flags, settings_file
from contract_tests.cli import COMMANDS, EXIT_CODES
from contract_tests.errors import UsageError

_GROUPS = {
    "the deployment": ("config", "env", "mock", "api_key_env", "other_key_env", "organization_id"),
    "what is allowed (reads only, unless told otherwise)": (
        "allow_writes",
        "allow_irreversible",
        "journal",
    ),
    "what the stories may use": ("hooks", "catalogue", "listen", "public_url"),
    "what is tested": (
        "spec",
        "only",
        "skip",
        "phases",
        "shard",
        "last_failed",
        "seed",
        "max_examples",
    ),
    "how fast and how long": ("rate_limit", "budget", "max_time", "workers", "fail_fast"),
    "the network": flags.NETWORK,
    "the verdict": (
        "fail_on",
        "settle",
        "strict",
        "baseline",
        "write_baseline",
        "baseline_owner",
        "baseline_reason",
        "overlay",
        "learn",
        "learn_critical",
        "owner",
        "reason",
    ),
    "the reports": ("reports", "report_dir", "quiet"),
}

_DESCRIPTION = """\
Tests a deployment: every operation with valid and invalid requests, sequences of them, the books,
two accounts against each other. Sends nothing but GET and HEAD unless writes are allowed, and puts
back what it changes."""

_EPILOG = f"""\
examples:
  contract-tests run http://127.0.0.1:8080 --mock
      the mock, with everything on
  contract-tests run https://staging.example.com --rate-limit 5/s --max-time 10m
      staging: reads only, gently; the key is in BILLING_API_KEY
  contract-tests run https://staging.example.com --allow-writes \\
      --api-key-env STAGING_KEY --other-key-env STAGING_KEY_2
      with writes that are put back, and a second account that must see nothing of the first
  contract-tests run --env staging
      what contract-tests.toml says of the environment 'staging'
  contract-tests run URL --only payment-methods --seed 7 --report junit,html --report-dir out
      one group of operations, other generated requests, reports for CI and for people

{EXIT_CODES}"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run",
        help=COMMANDS["run"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests run URL [--flag value ...]",
    )
    parser.add_argument(
        "url",
        metavar="URL",
        nargs="?",
        help="where the deployment is, without /api/v1/billing (that of --env)",
    )
    for title, names in _GROUPS.items():
        flags.add(parser.add_argument_group(title), *names)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Run, report, and return the exit code. Raise KitError."""
    file = settings_file.load(arguments.config and Path(arguments.config), arguments.env)
    url = arguments.url or file.url
    if arguments.url is None and not url:
        raise UsageError(
            "no URL: give one, or name an environment of contract-tests.toml with --env. "
            "See 'contract-tests run --help'."
        )
    settings = flags.read(arguments, url, file.given)
    settings = replace(settings, source=file.name, operations=file.operations)
    # The judges load slowly, and wrong flags are reported at once.
    from contract_tests.runner import execute

    return execute(settings)
