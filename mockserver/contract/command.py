"""``mockserver contract``: commands for an OpenAPI document as a product."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mockserver import packaged, setting_values
from mockserver.openapi.yaml_file import FileError

EXIT_OK, EXIT_STALE, EXIT_USAGE = 0, 1, 2

_DESCRIPTION = """\
Commands for an OpenAPI document as a product: editions for tools that read it."""

_EPILOG = "see also: mockserver contract export --help"

_EXPORT_DESCRIPTION = """\
Writes an edition of an OpenAPI document, by default of the contract. The edition 'clients' is for
generators of clients: it has no links, no x- fields and nothing that is marked x-internal, and the
enums of responses are open, so that a client accepts values that are not known yet. With
--openapi 3.1, a 3.0 document becomes one of 3.1, which lists its callbacks as webhooks too."""

_EXPORT_EPILOG = """\
examples:
  mockserver contract export --openapi 3.1 -o openapi-3.1.yaml
  mockserver contract export --edition clients -o openapi-clients.json
  mockserver contract export --edition clients --check -o openapi-clients.json

exit codes: 0 written or up to date; 1 FILE is out of date (--check); 2 a flag or the document
cannot be used"""


def run(words: Sequence[str], _: Mapping[str, str]) -> int:
    """Run a command of the group and return the exit code."""
    flags = parser().parse_args(words)
    command: Callable[[argparse.Namespace], int] = flags.run
    try:
        return command(flags)
    except RecursionError:
        return _refuse(FileError(Path(str(flags.spec)), "is nested too deeply"))
    except (FileError, OSError) as error:
        return _refuse(error)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the group."""
    group = _parser_of("mockserver contract", _DESCRIPTION, _EPILOG)
    commands = group.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_export(commands)
    return group


def _parser_of(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    return _Parser(
        name,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


class _Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. See '{self.prog} --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def _refuse(error: Exception) -> int:
    """Print why something cannot be used, and return the exit code."""
    shown = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        shown = f"{error.filename}: {error.strerror}"
    print(f"mockserver: {shown}", file=sys.stderr)
    return EXIT_USAGE


# ------------------------------------------------------------------------------------------- export


def _add_export(commands: argparse._SubParsersAction[_Parser]) -> None:
    from mockserver.contract.export import EDITIONS, VERSIONS

    export = commands.add_parser(
        "export",
        help="write an edition of the document",
        description=_EXPORT_DESCRIPTION,
        epilog=_EXPORT_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    export.add_argument(
        "--spec", type=_document, metavar="FILE", help="the document (default: the contract)"
    )
    export.add_argument(
        "--openapi", choices=VERSIONS, help="the version of OpenAPI (default: the document's)"
    )
    export.add_argument(
        "--edition",
        choices=EDITIONS,
        default=EDITIONS[0],
        help="for whom it is: 'contract', the whole document, or 'clients' (default: contract)",
    )
    export.add_argument(
        "-o",
        "--out",
        type=_document,
        metavar="FILE",
        help="write to a file, as JSON if its name ends in .json (default: print YAML)",
    )
    export.add_argument(
        "--check", action="store_true", help="write nothing; fail if the file of -o is out of date"
    )
    export.set_defaults(run=_export)


def _document(text: str) -> Path:
    try:
        return setting_values.document(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {error}, not '{text}'") from None


def _export(flags: argparse.Namespace) -> int:
    from mockserver.contract import export
    from mockserver.docs import pages

    out: Path | None = flags.out
    spec: Path = flags.spec or packaged.spec()
    if flags.check and out is None:
        return _refuse(FileError(Path("--check"), "needs -o FILE, the file to compare with"))
    named = ["--spec", spec.name] if flags.spec else []
    command = export.command_of(flags.edition, flags.openapi, out, named)
    is_json = out is not None and out.suffix.lower() == ".json"
    text = export.text_of(spec, flags.edition, flags.openapi, as_json=is_json, command=command)
    if out is None:
        print(text, end="")
        return EXIT_OK
    files = {out.name: text}
    if flags.check:
        difference = pages.difference(out.parent, files)
        print(difference, end="")
        if difference:
            print(f"mockserver: {out} is out of date. Run '{command}'.", file=sys.stderr)
        return EXIT_STALE if difference else EXIT_OK
    for path in pages.write(out.parent, files):
        print(f"wrote {path}")
    return EXIT_OK
