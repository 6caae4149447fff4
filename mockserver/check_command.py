"""``mockserver check``: what is wrong with a document, and what the mock would serve."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mockserver import impossible_responses, setting_values, settings
from mockserver.engine import examples
from mockserver.openapi import parsed_cache
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError
from mockserver.resources import corrections
from mockserver.settings import SettingsError

EXIT_OK, EXIT_USAGE = 0, 2

_DESCRIPTION = """\
Reads an OpenAPI document (2.0, 3.0, 3.1 or 3.2; YAML or JSON; one file or several) as the mock
does, prints what is wrong with it, with file and line, and the operations that would be served.
Warnings are what the mock can live with."""

_EPILOG = """\
examples:
  mockserver check openapi.yaml
  mockserver check --allow-remote-refs openapi.yaml

exit codes: 0 the document can be served; 2 it cannot, and one line says where and why"""


def run(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and return the exit code."""
    flags = parser().parse_args(words)
    gc.disable()  # reading a document makes no garbage
    parsed_cache.use(parsed_cache.default_folder(environment))
    try:
        seconds = settings.read_value_seconds(vars(flags), environment)
        contract = Contract.load(_path(flags.file), allow_remote=flags.allow_remote_refs)
        for pointer, problem in corrections.problems(contract):
            contract.problems.warn(pointer, problem)
    except (FileError, SettingsError) as error:
        print(f"mockserver: {error}", file=sys.stderr)
        return EXIT_USAGE
    knows_all = examples.add_warnings(contract, seconds)
    untried = impossible_responses.warn(contract, seconds)
    for line in report(contract):
        print(line)
    if not knows_all:
        print("Further examples were not checked; see --value-seconds.")
    if untried:
        print(f"No value was tried for {_counted(untried, 'response')}; see --value-seconds.")
    return EXIT_OK


def _path(text: str) -> Path:
    """Return the path of the document. Raise SettingsError or FileError."""
    try:
        path = setting_values.document(text)
    except ValueError as error:
        raise SettingsError(f"FILE must be {error}, not '{text}'") from None
    if path.is_fifo() or path.is_char_device() or path.is_block_device() or path.is_socket():
        raise FileError(path, "is not a file")  # a pipe may never end
    return path


def report(contract: Contract) -> Iterator[str]:
    """Yield the lines about a document: its warnings, its operations, and how many there are."""
    problems = contract.problems
    for path, line, warning in problems.lines():
        yield f"warning: {FileError(path, str(warning), line)}"
    hidden = problems.count - len(problems.warnings)
    if hidden:
        yield f"and {hidden} more warnings"
    if problems.count:
        yield ""
    rows = [("METHOD", "PATH", "OPERATION", "RESPONSES")]
    rows += [
        (
            operation.method.upper(),
            contract.base_path + operation.path,
            operation.operation_id,
            " ".join(map(str, operation.node["responses"])),
        )
        for operation in contract.operations.values()
    ]
    if len(rows) > 1:
        yield from _table(rows)
        yield ""
    yield f"{_counted(len(rows) - 1, 'operation')}, {_counted(problems.count, 'warning')}."


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's words."""
    made = _Parser(
        "mockserver check",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("file", metavar="FILE", help="the document")
    made.add_argument(
        "--allow-remote-refs",
        action="store_true",
        help="follow references of the document to http and https URLs",
    )
    settings.add_flags(made, settings.CHECK_SETTINGS)
    return made


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"mockserver: {message}. See 'mockserver check --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table with aligned columns."""
    clean = [tuple(_printable(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
