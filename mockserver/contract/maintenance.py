"""The commands of a maintainer: ``diff``, ``lint``, ``watch-page`` and ``new-operation``."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from mockserver import packaged, setting_values
from mockserver.contract import reports
from mockserver.contract.changes import Change, Severity, at_least
from mockserver.openapi.yaml_file import FileError

EXIT_OK, EXIT_FOUND = 0, 1
_NEVER = "never"
_MAX_WARNINGS = 20
_DOCUMENT_SUFFIXES = (".yaml", ".yml", ".json")
_EXIT_CODES = "2 a flag or a file cannot be used, and one line says which and why"

_DIFF_DESCRIPTION = """\
Prints what changed between two OpenAPI documents (2.0, 3.0, 3.1 or 3.2; YAML or JSON), in sentences
with the line to edit. A change is breaking if a correct client of OLD may fail, additive if none
can, editorial if only words or examples changed, and unclear if a reader has to decide: a place
that a mistake in a document keeps from being compared, or a number in the words of a page.
Warnings, on standard error, name all mistakes. Requests must not be narrowed, responses must not be
widened. If OLD is a saved reference page (text, Markdown or HTML), the command prints what the page
says that the document NEW does not."""

_DIFF_EPILOG = f"""\
examples:
  mockserver contract diff old.yaml new.yaml
  mockserver contract diff old.yaml new.yaml --format markdown --show additive
  mockserver contract diff page.html openapi.yaml
  git show main:openapi.yaml > old.yaml && mockserver contract diff old.yaml openapi.yaml

exit codes: 0 no change as severe as --fail-on; 1 there is one; {_EXIT_CODES}"""

_WATCH_DESCRIPTION = """\
Compares a newly saved copy of the vendor's page with the copy that provenance is proved against,
and with the document, and prints what changed and what to do next."""

_WATCH_EPILOG = f"""\
examples:
  mockserver contract watch-page new-page.html
  mockserver contract watch-page new-page.txt --saved old-page.txt --spec openapi.yaml

exit codes: 0 nothing changed, and the document agrees; 1 something is to be done; {_EXIT_CODES}"""


_LINT_DESCRIPTION = """\
Prints which of our habits an OpenAPI document breaks, one line for each place. The guide 'When the
vendor changes' lists the rules; --rules prints them."""

_LINT_EPILOG = f"""\
examples:
  mockserver contract lint
  mockserver contract lint openapi.yaml --only property-description,no-mock
  mockserver contract lint openapi.yaml --skip operation-summary

exit codes: 0 no rule is broken; 1 one is; {_EXIT_CODES}"""


_NEW_DESCRIPTION = """\
Adds an operation to a YAML document: its own words, and what the operations of the document have in
common (headers, errors, tag). The text is inserted; nothing else in the file changes. The mock
serves the operation from its schema at once."""

_NEW_EPILOG = f"""\
examples:
  mockserver contract new-operation GET /api/v1/billing/receipts
  mockserver contract new-operation POST /things/{{thing_id}}/copies --spec openapi.yaml --dry-run

exit codes: 0 the operation is added; {_EXIT_CODES}, and the document is unchanged"""


def add_to(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the commands to the group."""
    _add_diff(commands)
    _add_lint(commands)
    _add_watch_page(commands)
    _add_new_operation(commands)


def _add(
    commands: argparse._SubParsersAction[Any],
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    help: str,
    description: str,
    epilog: str,
) -> argparse.ArgumentParser:
    """Add a command, and return its parser."""
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(run=run)
    return made


def _file(text: str) -> Path:
    """Return the path of a file."""
    try:
        path = setting_values.document(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {error}, not '{text}'") from None
    if path.is_fifo() or path.is_char_device() or path.is_block_device() or path.is_socket():
        raise argparse.ArgumentTypeError(f"'{text}' is not a file")  # a pipe may never end
    return path


def _spec_flag(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--spec",
        type=_file,
        default=packaged.spec(),
        metavar="FILE",
        help="the document (default: the contract)",
    )


# --------------------------------------------------------------------------------------------- diff


def _add_diff(commands: argparse._SubParsersAction[Any]) -> None:
    made = _add(
        commands,
        "diff",
        _diff,
        help="what changed between two documents, or on a page",
        description=_DIFF_DESCRIPTION,
        epilog=_DIFF_EPILOG,
    )
    for name, help in (("old", "the old document, or a saved page"), ("new", "the new document")):
        made.add_argument(name, type=_file, metavar=name.upper(), help=help)
    made.add_argument(
        "--format",
        choices=[*reports.FORMATS],
        default="text",
        help="text; json; markdown, for a changelog; github, for annotations (default: text)",
    )
    made.add_argument(
        "--fail-on",
        choices=[*Severity, _NEVER],
        default=Severity.UNCLEAR.value,
        help="the least severity that makes the exit code 1 (default: unclear)",
    )
    made.add_argument(
        "--show",
        choices=[*Severity],
        default=Severity.EDITORIAL.value,
        help="the least severity that is printed (default: editorial, so all)",
    )
    made.add_argument(
        "--max-warnings",
        type=_count,
        default=_MAX_WARNINGS,
        metavar="N",
        help="how many warnings of each document are printed (default: %(default)s)",
    )
    _add_policy(made)


def _add_policy(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--deprecation-days",
        type=_count,
        default=0,
        metavar="DAYS",
        help="the days from a deprecation to its x-sunset that clients must get (default: 0)",
    )
    made.add_argument(
        "--allow-remote-refs",
        action="store_true",
        help="follow references of the documents to http and https URLs",
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"must be a number, not '{text}'")
    return int(text)


def _diff(flags: argparse.Namespace) -> int:
    changes = _changes(flags)
    shown = [change for change in changes if at_least(change, Severity(flags.show))]
    if hidden := len(changes) - len(shown):
        are_not = "change is not" if hidden == 1 else "changes are not"
        print(f"mockserver: {hidden} {are_not} shown; --show is {flags.show}", file=sys.stderr)
    printed = reports.FORMATS[flags.format](shown)
    if hidden and printed == reports.NOTHING:
        printed = f"No differences with --show {flags.show}.\n"
    print(printed, end="")
    if flags.fail_on == _NEVER:
        return EXIT_OK
    is_found = any(at_least(change, Severity(flags.fail_on)) for change in changes)
    return EXIT_FOUND if is_found else EXIT_OK


def _changes(flags: argparse.Namespace) -> Sequence[Change]:
    if _is_page(flags.new):
        raise FileError(flags.new, "is a page; the page comes first, then the document", 1)
    if _is_page(flags.old):
        from mockserver.contract import page_comparison

        return page_comparison.compare_with_document(flags.old, flags.new)
    from mockserver.clock import Clock
    from mockserver.contract import comparison
    from mockserver.contract.lifecycle import Policy

    today: date = Clock().now().date()
    policy = Policy(today, flags.deprecation_days)
    before, after = comparison.readings(flags.old, flags.new, allow_remote=flags.allow_remote_refs)
    for problems in (before.problems, after.problems):
        for line in reports.warnings(problems, flags.max_warnings):
            print(line, file=sys.stderr)
    return comparison.changes_between(before, after, policy)


def _is_page(path: Path) -> bool:
    return path.suffix.lower() not in _DOCUMENT_SUFFIXES


# --------------------------------------------------------------------------------------------- lint


def _add_lint(commands: argparse._SubParsersAction[Any]) -> None:
    made = _add(
        commands,
        "lint",
        _lint,
        help="which of our habits a document breaks",
        description=_LINT_DESCRIPTION,
        epilog=_LINT_EPILOG,
    )
    made.add_argument(
        "file",
        type=_file,
        nargs="?",
        default=packaged.spec(),
        metavar="FILE",
        help="the document (default: the contract)",
    )
    chosen = made.add_mutually_exclusive_group()
    chosen.add_argument("--only", metavar="RULES", help="check these rules, separated by commas")
    chosen.add_argument("--skip", metavar="RULES", help="check all rules but these")
    made.add_argument("--rules", action="store_true", help="print the rules and exit")


def _lint(flags: argparse.Namespace) -> int:
    from mockserver.contract.lint import lint
    from mockserver.contract.lint_rules import RULES
    from mockserver.openapi.contract import Contract

    rules = {rule.name: rule for rule in RULES}
    if flags.rules:
        width = max(map(len, rules))
        for name, rule in rules.items():
            print(f"{name:<{width}}  {rule.sentence}")
        return EXIT_OK
    named = [name.strip() for name in (flags.only or flags.skip or "").split(",") if name.strip()]
    for name in named:
        if name not in rules:
            raise FileError(Path("--skip" if flags.skip else "--only"), f"'{name}' is no rule")
    chosen = [
        rule
        for name, rule in rules.items()
        if not named or (name in named) == (flags.only is not None)
    ]
    findings = lint(Contract.load(flags.file), chosen)
    for finding in findings:
        print(reports.relative(str(finding)))
    if not findings:
        print(f"No findings. {len(chosen)} rules.")
        return EXIT_OK
    print(f"\n{len(findings)} finding{'' if len(findings) == 1 else 's'}.")
    return EXIT_FOUND


# --------------------------------------------------------------------------------------- watch-page


def _add_watch_page(commands: argparse._SubParsersAction[Any]) -> None:
    made = _add(
        commands,
        "watch-page",
        _watch_page,
        help="what a newly saved page of the vendor says",
        description=_WATCH_DESCRIPTION,
        epilog=_WATCH_EPILOG,
    )
    made.add_argument("file", type=_file, metavar="FILE", help="the newly saved page")
    made.add_argument(
        "--saved",
        type=_file,
        default=packaged.saved_page(),
        metavar="FILE",
        help="the copy that was saved before (default: that of the repository)",
    )
    _spec_flag(made)


def _watch_page(flags: argparse.Namespace) -> int:
    from mockserver.contract import page_watch

    if flags.saved == packaged.saved_page() and not flags.saved.exists():
        raise FileError(flags.saved, "is in a checkout only; name the old copy with --saved")
    watched = page_watch.watch(flags.file, flags.saved, flags.spec)
    print(watched.report(), end="")
    return EXIT_FOUND if watched.is_to_do else EXIT_OK


# ------------------------------------------------------------------------------------ new-operation


def _add_new_operation(commands: argparse._SubParsersAction[Any]) -> None:
    made = _add(
        commands,
        "new-operation",
        _new_operation,
        help="add an operation to a document",
        description=_NEW_DESCRIPTION,
        epilog=_NEW_EPILOG,
    )
    made.add_argument("method", metavar="METHOD", type=_method, help="such as GET")
    made.add_argument("path", metavar="PATH", type=_path, help="such as /things/{thing_id}")
    _spec_flag(made)
    made.add_argument("--operation-id", metavar="NAME", help="its name (default: made of the path)")
    made.add_argument("--summary", metavar="TEXT", help="its title (default: made of the name)")
    made.add_argument("--tag", metavar="TAG", help="its tag (default: that of its neighbour)")
    made.add_argument("--dry-run", action="store_true", help="print the text and write nothing")


def _method(text: str) -> str:
    from mockserver.contract.scaffold import METHODS

    if text.lower() not in METHODS:
        names = ", ".join(method.upper() for method in METHODS)
        raise argparse.ArgumentTypeError(f"must be one of {names}, not '{text}'")
    return text.lower()


def _path(text: str) -> str:
    from mockserver.contract.scaffold import path_of

    try:
        return path_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be {error}, not '{text}'") from None


def _new_operation(flags: argparse.Namespace) -> int:
    from mockserver.contract import scaffold

    request = scaffold.Request(
        flags.method, flags.path, flags.operation_id, flags.summary, flags.tag
    )
    made = scaffold.scaffold(flags.spec, request)
    if flags.dry_run:
        print(made.added, end="")
        return EXIT_OK
    made.write()
    spec = reports.relative(str(flags.spec))
    print(f"{spec}:{made.line}: {flags.method.upper()} {flags.path} is {made.operation_id}.")
    print("Next steps:")
    for number, step in enumerate(scaffold.steps(made, request, shlex.quote(spec)), start=1):
        print(f"{number}. {step}")
    return EXIT_OK
