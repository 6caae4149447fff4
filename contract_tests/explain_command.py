"""``contract-tests explain CODE``: what a cause of findings means, and how to settle it."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from contract_tests.cli import COMMANDS
from contract_tests.errors import UsageError
from contract_tests.findings.codes import CODES, Code
from contract_tests.text import printable, shortened

_WIDTH = 92
_PLACEHOLDER = re.compile(r"\{\w+\}")

_LEVELS = """\
Severity: a *critical* finding is about money, another account's data, a lost or doubled write, or a
crash; a *major* one about a documented shape, status or field; a *minor* one about manners.

What fails a run (--fail-on, major by default): critical findings if the deployment's own responses
contradict each other or the contract's part is documented; major findings about documented parts.
Minor findings fail a run with --fail-on minor if documented, differences with --fail-on difference,
and undeclared fields with --fail-on drift or --strict."""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "explain",
        help=COMMANDS["explain"][1],
        description="Explains the code of a cause, or lists all codes and what fails a run.",
        allow_abbrev=False,
    )
    parser.add_argument("code", metavar="CODE", nargs="?", help="such as coerces-types")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Print the explanation. Raise UsageError."""
    lines = _list() if arguments.code is None else _explained(arguments.code)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _list() -> Iterator[str]:
    yield _LEVELS
    yield ""
    width = max(map(len, CODES))
    for name, code in sorted(CODES.items()):
        yield f"{name:{width}}  {shortened(code.meaning.split('. ')[0].rstrip('.'), 90)}"


def _explained(name: str) -> Iterator[str]:
    code = CODES.get(name.strip().lower().replace("_", "-"))
    if code is None:
        near = get_close_matches(name, CODES, 1)
        hint = f"did you mean {near[0]}?" if near else "'contract-tests explain' lists all"
        raise UsageError(f"'{printable(name[:60])}' is no code of a cause; {hint}")
    return _paragraphs(name, code)


def _paragraphs(name: str, code: Code) -> Iterator[str]:
    yield f"{name}: {_PLACEHOLDER.sub('...', code.headline)}"
    for title, text in (("Meaning", code.meaning), ("Settling it", code.remedy)):
        yield ""
        yield from textwrap.wrap(f"{title}: {text}", _WIDTH)
