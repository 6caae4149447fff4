"""``contract-tests cleanup JOURNAL``: puts back what a killed run has left behind."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from contract_tests import flags
from contract_tests.cli import COMMANDS
from contract_tests.safety.journal_file import JournalFile, Record
from contract_tests.settings import packaged_spec
from contract_tests.text import printable

_DESCRIPTION = """\
Puts the accounts of a deployment back as they were before a run with --allow-writes that was
killed: removes the cards that the run has added, and restores settings and the default card. It can
be run again at any time. A run that ends in any way but a crash has done it already."""

_ANY_URL = "http://nowhere.invalid"
_EPILOG = """\
example:
  contract-tests cleanup contract-tests.journal

exit codes:
  0    all is as it was before the run
  1    something could not be put back; it is told, and kept in the journal
  2    the journal, a flag or a variable cannot be used
  3    the deployment cannot be reached, or refuses the key
  130  interrupted; run it again"""


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "cleanup",
        help=COMMANDS["cleanup"][1],
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="contract-tests cleanup JOURNAL [--flag value ...]",
    )
    parser.add_argument("journal", metavar="JOURNAL", type=Path, help="what the run has written")
    flags.add(parser, "api_key_env", "other_key_env", "spec", "rate_limit", *flags.NETWORK)
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace) -> int:
    """Put back, report, and return the exit code. Raise KitError."""
    file = JournalFile(arguments.journal)
    try:
        return _clean_up(file, arguments)
    finally:
        file.close()


def _clean_up(file: JournalFile, arguments: argparse.Namespace) -> int:
    record = file.record
    settings = flags.read(arguments, record.url or _ANY_URL)
    is_clean, verdict = True, "CLEAN: there is nothing to put back"
    if record.unfinished:
        # HTTP clients load slowly, and an unusable journal is reported at once.
        from contract_tests.runner import knowledge_of
        from contract_tests.safety.restoration import put_back

        if not arguments.spec:
            settings = replace(settings, spec=_spec(record))
        restoration = put_back(file, settings, _variables(record, arguments), knowledge_of)
        began = record.began.astimezone(UTC)
        _say(f"{record.url}: back to how it was before the run of {began:%Y-%m-%d %H:%M} UTC")
        for text in [*restoration.done, *restoration.notes.values()]:
            _say(text)
        for left in restoration.left:
            _say(f"not put back: {left.account}: {left.text}")
        is_clean, verdict = not restoration.left, "CLEAN: all is as it was before the run"
        if restoration.left:
            count = len(restoration.left)
            verdict = f"NOT CLEAN: {count} not put back; {file.path} keeps what is to be done"
    for text in record.irreversible():
        _say(f"cannot be undone: {text}")
    _say(verdict)
    return 0 if is_clean else 1


def _variables(record: Record, arguments: argparse.Namespace) -> dict[str, str]:
    """Return the variable of each account's key: the journal's, unless another is named."""
    given = {"api-key": arguments.api_key_env, "other-key": arguments.other_key_env}
    return {
        account: given.get(account) or record.keys.get(account, account)
        for account in record.unfinished
    }


def _spec(record: Record) -> Path:
    return Path(record.spec) if record.spec else packaged_spec()


def _say(text: str) -> None:
    sys.stdout.write(f"{printable(text)}\n")
