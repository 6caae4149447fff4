"""``mockserver contract export``: writes an edition of a document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mockserver import packaged, setting_values
from mockserver.contract import export, reports
from mockserver.docs import pages
from mockserver.openapi.problems import Problems
from mockserver.openapi.yaml_file import FileError

_EXIT_OK, _EXIT_STALE = 0, 1
_MAX_WARNINGS = 20

_DESCRIPTION = """\
Writes an edition of an OpenAPI document, by default of the contract. The edition 'clients' is for
generators of clients: it has no links, no x- fields and nothing that is marked x-internal, and the
enums of responses are open, so that a client accepts values that are not known yet. With
--openapi 3.1, a 3.0 document becomes one of 3.1, which lists its callbacks as webhooks too. What is
beside a $ref and has no effect in 3.0 is left out, with a warning on standard error."""

_EPILOG = """\
examples:
  mockserver contract export --openapi 3.1 -o openapi-3.1.yaml
  mockserver contract export --edition clients -o openapi-clients.json
  mockserver contract export --edition clients --check -o openapi-clients.json

exit codes: 0 written or up to date; 1 FILE is out of date (--check); 2 a flag or the document
cannot be used"""


def add_to(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to the parsers of the group."""
    parser = commands.add_parser(
        "export",
        help="write an edition of the document",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--spec", type=_document, metavar="FILE", help="the document (default: the contract)"
    )
    parser.add_argument(
        "--openapi",
        choices=export.VERSIONS,
        help="the version of OpenAPI (default: the document's)",
    )
    parser.add_argument(
        "--edition",
        choices=export.EDITIONS,
        default=export.EDITIONS[0],
        help="for whom it is: 'contract', the whole document, or 'clients' (default: contract)",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=_document,
        metavar="FILE",
        help="write to a file, as JSON if its name ends in .json (default: print YAML)",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the file of -o is out of date"
    )
    parser.set_defaults(run=_export)


def _document(text: str) -> Path:
    try:
        return setting_values.document(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {error}, not '{text}'") from None


def _export(flags: argparse.Namespace) -> int:
    out: Path | None = flags.out
    spec: Path = flags.spec or packaged.spec()
    if flags.check and out is None:
        raise FileError(Path("--check"), "needs -o FILE, the file to compare with")
    named = ["--spec", spec.name] if flags.spec else []
    command = export.command_of(flags.edition, flags.openapi, out, named)
    is_json = out is not None and out.suffix.lower() == ".json"
    problems = Problems([spec])
    text = export.text_of(
        spec, flags.edition, flags.openapi, problems, as_json=is_json, command=command
    )
    for line in reports.warnings(problems, _MAX_WARNINGS, ""):
        print(line, file=sys.stderr)
    if out is None:
        print(text, end="")
        return _EXIT_OK
    files = {out.name: text}
    if flags.check:
        difference = pages.difference(out.parent, files)
        print(difference, end="")
        if difference:
            print(f"mockserver: {out} is out of date. Run '{command}'.", file=sys.stderr)
        return _EXIT_STALE if difference else _EXIT_OK
    for path in pages.write(out.parent, files):
        print(f"wrote {path}")
    return _EXIT_OK
