"""``contract-tests load URL``: its flags, its help."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable
from typing import Any

from contract_tests import flags
from contract_tests.cli import COMMANDS, EXIT_CODES
from contract_tests.errors import UsageError
from contract_tests.load.plan import Plan, Seat
from contract_tests.settings import seconds

PORT = 5557
"""The port of a master, as Locust has it."""
MAX_USERS, MAX_WORKERS = 100_000, 64
_START = 5.0
"""Seconds in which all users are started, unless --spawn-rate says another rate."""

_GROUPS: dict[str, tuple[str, ...]] = {
    "the deployment": ("mock", "api_key_env", "ca_bundle", "timeout"),
    "what may be sent (reads only, unless told otherwise)": (
        "allow_writes",
        "allow_irreversible",
        "journal",
    ),
    "what is tested": ("spec", "only", "skip", "seed"),
    "the verdict": ("strict", "baseline"),
    "the reports": ("reports", "report_dir", "quiet"),
}

_DESCRIPTION = """\
Makes load with many users at the same time (Locust), and judges every response as 'run' does. Each
user has an account of its own where that can be: on the mock a fresh one, else one of the keys. At
the end every account is read once more while nobody uses it: its books must be in order."""

_EPILOG = f"""\
examples:
  contract-tests load http://127.0.0.1:8080 --mock --users 200 --time 60s --workers 2
      the mock, with two processes that make load
  contract-tests load https://staging.example.com --users 50 --time 5m --rate-limit 40/s
      staging: reads only; the key is in BILLING_API_KEY
  contract-tests load https://staging.example.com --allow-writes --key-env KEY_A,KEY_B,KEY_C
      with writes that are put back; the users are divided among three accounts
  contract-tests load URL --master --workers 4    and on the other machines
  contract-tests load URL --worker --master-host 10.0.0.5
      several machines; the machines need different keys if they write

{EXIT_CODES}"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "load",
        help=COMMANDS["load"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests load URL [--flag value ...]",
    )
    parser.add_argument(
        "url", metavar="URL", help="where the deployment is, without /api/v1/billing"
    )
    _add_load(parser.add_argument_group("the load"))
    _add_machines(parser.add_argument_group("processes and machines"))
    for title, names in _GROUPS.items():
        group = parser.add_argument_group(title)
        flags.add(group, *names)
        if "api_key_env" in names:
            group.add_argument(
                "--key-env",
                action="append",
                metavar="NAME,...",
                help="environment variables with the keys of several accounts",
            )
    parser.set_defaults(command=command)


def _add_load(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--users", type=_whole(1, MAX_USERS), default=10, metavar="N", help="users at once (10)"
    )
    group.add_argument(
        "--time", type=_time, default=60.0, metavar="TIME", help="how long, such as 90s or 5m (60s)"
    )
    group.add_argument(
        "--spawn-rate",
        type=_number(0.01, MAX_USERS),
        metavar="N",
        help="users that are started in a second (all in about 5 seconds)",
    )
    group.add_argument(
        "--wait",
        type=_time,
        default=1.0,
        metavar="TIME",
        help="mean pause of a user between two steps (1s)",
    )
    flags.add(group, "rate_limit")
    group.add_argument(
        "--judge-share",
        type=_number(0, 1),
        default=1.0,
        metavar="SHARE",
        help="judge this share of the accounts only, such as 0.2 (1)",
    )


def _add_machines(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--workers",
        dest="processes",
        type=_whole(1, MAX_WORKERS),
        default=1,
        metavar="N",
        help="processes that make load (1); with --master, the workers to wait for",
    )
    roles = group.add_mutually_exclusive_group()
    roles.add_argument(
        "--master",
        action="store_true",
        help="make no load here: wait for workers on other machines, and report for all",
    )
    roles.add_argument(
        "--worker", action="store_true", help="make load for the master on another machine"
    )
    group.add_argument(
        "--master-host",
        metavar="HOST",
        help="where the master is; with --master, the address to listen on (127.0.0.1)",
    )
    group.add_argument(
        "--master-port",
        type=_whole(1, 65_535),
        default=PORT,
        metavar="N",
        help=f"the port of the master ({PORT})",
    )


def command(arguments: argparse.Namespace) -> int:
    """Make load, report, and return the exit code. Raise KitError."""
    settings = flags.read(arguments, arguments.url)
    plan, seat = _plan(arguments), _seat(arguments)
    if importlib.util.find_spec("locust") is None:
        raise UsageError(
            "Locust is not installed; install it with: "
            "pip install 'alterlab-billing-mock[contract,load]'"
        )
    # The judges load slowly, and wrong flags are reported at once.
    from contract_tests.load.runner import execute

    return execute(settings, plan, seat)


def _plan(arguments: argparse.Namespace) -> Plan:
    return Plan(
        users=arguments.users,
        seconds=arguments.time,
        spawn_rate=arguments.spawn_rate or max(1.0, arguments.users / _START),
        wait=arguments.wait,
        judge_share=arguments.judge_share,
        keys=_keys(arguments.key_env or ()),
        workers=1 if arguments.worker else arguments.processes,
    )


def _keys(given: list[str] | tuple[()]) -> tuple[str, ...]:
    flag = flags.FLAGS["api_key_env"]
    names = tuple(
        dict.fromkeys(name.strip() for text in given for name in text.split(",") if name.strip())
    )
    try:
        return tuple(flag.parse(name) for name in names) if flag.parse is not None else names
    except ValueError:
        # What may be a key is not said again.
        raise UsageError(
            "--key-env must be names of environment variables that hold keys (never the keys)"
        ) from None


def _seat(arguments: argparse.Namespace) -> Seat:
    host, port = arguments.master_host or "127.0.0.1", arguments.master_port
    if arguments.worker:
        if arguments.master_host is None:
            raise UsageError("--worker needs --master-host: where the master is")
        return Seat("worker", host=host, port=port)
    if arguments.master:
        return Seat("master", host=host, port=port, is_for_others=True)
    if arguments.master_host is not None:
        raise UsageError("--master-host needs --worker or --master")
    return Seat("master" if arguments.processes > 1 else "local")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"it must be a whole number from {low} to {high}")
        return number

    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"it must be a number from {low:g} to {high:g}")
        return number

    return parse


def _time(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it must be {error}") from None
