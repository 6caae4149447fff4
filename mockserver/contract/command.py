"""``mockserver contract``: commands for an OpenAPI document as a product."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mockserver.contract import export_command, maintenance
from mockserver.openapi import parsed_cache
from mockserver.openapi.yaml_file import FileError

_EXIT_USAGE = 2

_DESCRIPTION = """\
Commands for an OpenAPI document as a product: editions, changes, rules, new operations."""

_EPILOG = """\
see also:
  mockserver contract export --help           write an edition for other tools
  mockserver contract diff --help             what changed between two documents, or on a page
  mockserver contract lint --help             which of our habits a document breaks
  mockserver contract watch-page --help       what a newly saved page of the vendor says
  mockserver contract new-operation --help    add an operation to a document

exit codes: 0 nothing to report; 1 something to report; 2 a flag or a file cannot be used"""


def run(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command of the group and return the exit code."""
    flags = parser().parse_args(words)
    command: Callable[[argparse.Namespace], int] = flags.run
    gc.disable()  # reading a document makes no garbage
    parsed_cache.use(parsed_cache.default_folder(environment))
    try:
        return command(flags)
    except RecursionError:
        return _refuse(FileError(Path("the document"), "is nested too deeply"))
    except BrokenPipeError:
        raise  # the reader of standard output, such as head, has ended
    except (FileError, OSError) as error:
        return _refuse(error)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the group."""
    group = _Parser(
        "mockserver contract",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = group.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    export_command.add_to(commands)
    maintenance.add_to(commands)
    return group


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. See '{self.prog} --help'.", file=sys.stderr)
        sys.exit(_EXIT_USAGE)


def _refuse(error: Exception) -> int:
    """Print why something cannot be used, and return the exit code."""
    shown = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        shown = f"{error.filename}: {error.strerror}"
    print(f"mockserver: {shown}", file=sys.stderr)
    return _EXIT_USAGE
