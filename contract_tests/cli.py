"""``contract-tests``: reads the command line, and loads the module of the chosen command."""

from __future__ import annotations

import argparse
import importlib
import io
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from contract_tests.errors import KitError
from contract_tests.http.redaction import Keyring
from contract_tests.text import printable

EXIT_USAGE, EXIT_INTERRUPTED = 2, 130

COMMANDS = {
    "run": (
        "contract_tests.run_command",
        "test a deployment: property tests, stories, invariants, tenants",
    ),
    "replay": ("contract_tests.recording.replay_command", "judge the traffic in a HAR file"),
    "proxy": (
        "contract_tests.recording.proxy_command",
        "pass traffic on to a deployment, and judge it",
    ),
    "drift": ("contract_tests.drift.command", "compare two deployments: the mock and staging"),
    "load": (
        "contract_tests.load.command",
        "make load with many users, and judge every response",
    ),
    "explain": (
        "contract_tests.explain_command",
        "say what a cause of findings means, and how to settle it",
    ),
    "merge": (
        "contract_tests.merge_command",
        "unite the JSON reports of several runs: one verdict, one report",
    ),
    "cleanup": (
        "contract_tests.safety.cleanup",
        "remove and put back what a run that was killed has left behind",
    ),
}
"""Of each command its module and what it does."""

_DESCRIPTION = """\
Checks a deployment of the Billing API, the mock or another API against its OpenAPI contract.
Safe by default: without --allow-writes nothing but GET and HEAD of declared paths is sent. Keys
come from the environment, and are in no report."""

EXIT_CODES = """\
exit codes:
  0    passed; what is no failure by --fail-on is reported
  1    the deployment contradicts itself, or breaks what is documented (see 'explain')
  2    a flag, a variable or a file cannot be used, or nothing could be tested
  3    the deployment cannot be reached, is something else, or refuses the key
  130  interrupted; what was found so far is reported
A report file that cannot be written is named on standard error and does not change the code."""

_EPILOG = f"""\
examples:
  contract-tests run http://127.0.0.1:8080 --mock
      the mock, with everything on
  contract-tests run https://staging.example.com
      staging, read only; the key is in BILLING_API_KEY
  contract-tests run --help
      all flags

{EXIT_CODES}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except KitError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        say("interrupted")
        return EXIT_INTERRUPTED
    except ModuleNotFoundError as error:
        say(
            f"the package of '{error.name}' is not installed; "
            "install the kit with what it needs: pip install 'alterlab-billing-mock[contract]'"
        )
        return EXIT_USAGE
    except Exception as error:  # a place is of use in a report, a traceback is not
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        say(f"an error of the kit, please report it: {type(error).__name__} at {place}")
        return EXIT_USAGE


def say(text: str) -> None:
    """Print errors, a line each, without keys and without control characters."""
    for line in Keyring().text(text).split("\n"):
        print(f"contract-tests: {printable(line)}", file=sys.stderr)


def _run(words: list[str]) -> int:
    flags = _parser(words[0] if words else "").parse_args(words)
    command: Any = flags.command
    exit_code: int = command(flags)
    return exit_code


def _parser(chosen: str) -> argparse.ArgumentParser:
    """Return the parser: the names of all commands, and the flags of the chosen one."""
    parser = _Parser(
        "contract-tests",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"contract-tests {_version()}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_Parser
    )
    for name, (module, help) in COMMANDS.items():
        if name == chosen:
            importlib.import_module(module).add_parser(commands)
        else:
            commands.add_parser(name, help=help)
    return parser


def _version() -> str:
    try:
        return version("alterlab-billing-mock")
    except PackageNotFoundError:  # a checkout that is not installed
        return "(not installed)"


class _Parser(argparse.ArgumentParser):
    """Prints errors in one line."""

    def error(self, message: str) -> NoReturn:
        say(f"{message}. See '{self.prog} --help'.")
        sys.exit(EXIT_USAGE)
