"""A saved page is compared with the document: each edit of the page is a sentence with a line."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver import cli, packaged
from mockserver.contract import page
from mockserver.contract.changes import Change
from mockserver.contract.page_comparison import compare_with_document
from mockserver.openapi.yaml_file import FileError
from tests.spec.agreement import whole_page

pytestmark = whole_page
PAGE = packaged.saved_page()
SPEC = packaged.spec()
TEXT = PAGE.read_text(encoding="utf-8")
AUDIT_LOG = "GET /api/v1/billing/audit-log"
AUTO_RECHARGE = "PUT /api/v1/billing/auto-recharge"

NEW_OPERATION = """\
    GET /api/v1/billing/abacus

    GET
    /api/v1/billing/abacus

    Count beads

    Parameters

    NameTypeRequiredDescription
    beadsinteger
    Required
    How many

    Request Example

    Bash
    curl -X GET https://api.alterlab.io/api/v1/billing/abacus?beads=<beads> \\
      -H "X-API-Key: YOUR_API_KEY"

    Response Example

    JSON
    {
      "count": 0
    }

"""


def replaced(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    """Return an edit that replaces a text of the page."""

    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, count)

    return edit


def without_audit_log(text: str) -> str:
    """Return the page without its first operation."""
    start = text.index(f"    {AUDIT_LOG}\n")
    return text[:start] + text[text.index("    GET /api/v1/billing/auto-recharge\n") :]


EDITS: dict[str, tuple[Callable[[str], str], list[str], str]] = {
    "a new operation": (
        replaced(f"    {AUDIT_LOG}\n", f"{NEW_OPERATION}    {AUDIT_LOG}\n"),
        ["GET /api/v1/billing/abacus is new: Count beads."],
        "paths:",
    ),
    "a removed operation": (
        without_audit_log,
        [f"{AUDIT_LOG} is not on the page any more."],
        "get:",
    ),
    "a new response property": (
        replaced('      "total": 0,\n', '      "total": 0,\n      "cursor": "example",\n'),
        [f'{AUDIT_LOG}: the response property `cursor` is new, with the example "example".'],
        "properties:",
    ),
    "a removed response property": (
        replaced('      "entries": [],\n      "total": 0,\n', '      "entries": [],\n'),
        [f"{AUDIT_LOG}: the response property `total` was removed."],
        "total:",
    ),
    "a renamed response property": (
        replaced('      "total": 0,\n', '      "count": 0,\n'),
        [f"{AUDIT_LOG}: the response property `total` is called `count` now."],
        "total:",
    ),
    "a changed example": (
        replaced('      "total": 0,\n', '      "total": "example",\n'),
        [f'{AUDIT_LOG}: the response property `total` has another example: from 0 to "example".'],
        "total:",
    ),
    "a changed type": (
        replaced("enabledbooleanOptional", "enabledstringOptional"),
        [f"{AUTO_RECHARGE}: the parameter `enabled` has another type: boolean became string."],
        "enabled:",
    ),
    "a parameter that is required now": (
        replaced(
            "consent_textstringOptionalconsent_text",
            "consent_textstring\n    Required\n    consent_text",
        ),
        [f"{AUTO_RECHARGE}: the parameter `consent_text` is required now."],
        "consent_text:",
    ),
    "a changed default": (
        replaced("($25-$2000)Default: 5000", "($25-$2000)Default: 2500"),
        [
            f"{AUTO_RECHARGE}: the parameter `recharge_amount_cents` has another default: "
            'from "5000" to "2500".'
        ],
        "recharge_amount_cents:",
    ),
    "a new parameter": (
        replaced(
            "    terms_versionstringOptionalterms_version\n",
            "    terms_versionstringOptionalterms_version\n    notestringOptionalNote\n",
        ),
        [f"{AUTO_RECHARGE}: the optional parameter `note` (string) is new."],
        "properties:",
    ),
    "a removed parameter": (
        replaced("    terms_versionstringOptionalterms_version\n", ""),
        [f"{AUTO_RECHARGE}: the parameter `terms_version` was removed."],
        "terms_version:",
    ),
    "a renamed parameter": (
        replaced(
            "    terms_versionstringOptionalterms_version\n",
            "    terms_editionstringOptionalterms_edition\n",
        ),
        [f"{AUTO_RECHARGE}: the parameter `terms_version` is called `terms_edition` now."],
        "terms_version:",
    ),
    "a changed summary": (
        replaced("    Get billing audit log\n", "    List the audit log\n"),
        [
            f'{AUDIT_LOG}: the summary was changed from "Get billing audit log" '
            'to "List the audit log".'
        ],
        "summary: Get billing audit log",
    ),
    "a changed description": (
        replaced("OptionalEnable auto-recharge", "OptionalSwitch it on"),
        [
            f"{AUTO_RECHARGE}: the parameter `enabled` is described anew: "
            'from "Enable auto-recharge" to "Switch it on".'
        ],
        "enabled:",
    ),
}


RANGE = "Amount to charge in cents ($25-$2000)"
IN_WORDS = {
    "narrowed": ("Amount to charge in cents, between $30 and $1,500", "breaking", "was narrowed"),
    "widened": ("Amount to charge in cents, at least $5", "additive", "was widened"),
    "moved": ("Amount to charge in cents ($50-$3000)", "breaking", "was changed"),
    "in another unit": (
        "Amount to charge (5 to 10 days)",
        "unclear",
        "may have changed; compare it by hand",
    ),
    "another number": (f"{RANGE}, or 3 times", "unclear", "may have changed; compare it by hand"),
    "the same range": ("How much to charge, $25 to $2,000", "editorial", "is described anew"),
}


@pytest.mark.parametrize("name", IN_WORDS)
def test_a_range_in_words_has_a_severity(name: str, tmp_path: Path) -> None:
    """The words of the page are all that says which amounts are accepted."""
    description, severity, part = IN_WORDS[name]
    edit = replaced(f"Optional{RANGE}", f"Optional{description}")
    (change,) = compare_with_document(saved(tmp_path, edit(TEXT)), SPEC)
    assert change.severity == severity
    assert part in change.text
    assert change.text.startswith(f"{AUTO_RECHARGE}: the parameter `recharge_amount_cents`")
    assert line(change).startswith("recharge_amount_cents:")


TYPES = {
    "a value less": ('"deposit_flow" | "success_page"', "breaking"),
    "a value more": ('"deposit_flow" | "success_page" | "settings" | "mail"', "additive"),
    "any text": ("string", "additive"),
    "another type": ("integer", "breaking"),
}


@pytest.mark.parametrize("name", TYPES)
def test_the_type_of_a_parameter_may_be_widened(name: str, tmp_path: Path) -> None:
    """A client that sends what was listed before works as before."""
    type, severity = TYPES[name]
    row = 'consent_source"deposit_flow" | "success_page" | "settings"Optional'
    edit = replaced(row, f"consent_source{type}Optional")
    (change,) = compare_with_document(saved(tmp_path, edit(TEXT)), SPEC)
    assert change.severity == severity


def as_html(text: str) -> str:
    """Return a page as HTML, with tables."""
    lines = [line.removeprefix("    ") for line in text.splitlines()]
    parts: list[str] = []
    for line in "\n".join(lines).replace("\nRequired\n", "Required").split("\n"):
        match = re.fullmatch(
            r'([\w-]+?)((?:string|integer|boolean|object)(?:\[\])?|"[^"]*"(?: \| "[^"]*")*)'
            r"(Required|Optional)(.*?)",
            line,
        )
        cells = ("Name", "Type", "Required", "Description")
        if match is None and line != "".join(cells):
            parts.append(f"<div>{html.escape(line).replace(' ', '&#32;')}</div>")
            continue
        row = match.groups() if match is not None else cells
        parts.append(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>")
    return f"<!doctype html><style>p {{ color: red }}</style>{''.join(parts)}"


def saved(folder: Path, text: str, name: str = "page.txt") -> Path:
    """Return the path of a saved page."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line(change: Change) -> str:
    """Return the line of the document that a change names."""
    assert change.line is not None
    return SPEC.read_text(encoding="utf-8").splitlines()[change.line - 1].strip()


@pytest.mark.parametrize("name", EDITS)
def test_each_edit_of_the_page_is_a_sentence(name: str, tmp_path: Path) -> None:
    """It names the operation and the part, and its line is the one to edit."""
    edit, sentences, edited = EDITS[name]
    found = compare_with_document(saved(tmp_path, edit(TEXT)), SPEC)
    assert [change.text for change in found] == sentences
    assert line(found[0]).startswith(edited)


@pytest.mark.parametrize("name", EDITS)
def test_a_page_in_html_says_the_same(name: str, tmp_path: Path) -> None:
    """Its tables have cells, so names and types are read without guessing."""
    edit, sentences, _ = EDITS[name]
    path = saved(tmp_path, as_html(edit(TEXT)), "page.html")
    assert [change.text for change in compare_with_document(path, SPEC)] == sentences


def test_our_own_published_page_in_markdown_agrees(tmp_path: Path) -> None:
    """The generator of pages and their reader follow the same rules."""
    words = "docs --provenance documented --examples placeholder --format markdown --out"
    assert cli.main([*words.split(), str(tmp_path)]) == 0
    made = tmp_path / "reference.md"
    assert len(page.read(made)) == len(page.read(PAGE))
    assert [change.text for change in compare_with_document(made, SPEC)] == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_page_may_be_saved_in_other_encodings(encoding: str, tmp_path: Path) -> None:
    """A mark at its beginning says which one it is."""
    path = tmp_path / "page.txt"
    path.write_text(TEXT, encoding=encoding)
    assert compare_with_document(path, SPEC) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff\xfe\x00", "is not UTF-16 text"),
        (TEXT.encode("utf-16-le"), "is not UTF-8 text"),
        (TEXT.encode() + b"\xe9", "is not UTF-8 text"),
    ],
)
def test_a_page_in_an_unknown_encoding_is_one_line(
    data: bytes, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is guessed."""
    path = tmp_path / "page.txt"
    path.write_bytes(data)
    assert cli.main(["contract", "watch-page", str(path)]) == 2
    assert capsys.readouterr().err == f"mockserver: {path}:1: {problem}\n"


BAD_PAGES = {
    "no operation": ("Hello.\n", "has no heading such as 'GET /path'"),
    "an operation twice": (TEXT.replace("POST /api", "GET /api"), "occurs twice"),
    "no response example": (
        TEXT.replace("Response Example", "Response"),
        "has no section 'Response Example'",
    ),
    "a row of another form": (
        TEXT.replace("limitintegerOptional", "limit, an integer, optional", 1),
        "is no row of a parameters table",
    ),
    "no JSON": (TEXT.replace('"entries": []', '"entries": '), "response example is not JSON"),
    "deep JSON": (
        TEXT.replace('"entries": []', f'"entries": {"[" * 9_000}'),
        "response example is not JSON",
    ),
    "a long line": (TEXT + "x" * 10_001, "has a line of more than 10000 characters"),
}


@pytest.mark.parametrize("name", BAD_PAGES)
def test_a_page_that_cannot_be_read_is_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the file, the line and what is expected."""
    text, problem = BAD_PAGES[name]
    path = saved(tmp_path, text)
    with pytest.raises(FileError, match=re.escape(problem)):
        page.read(path)
    assert cli.main(["contract", "diff", str(path), str(SPEC)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(rf"mockserver: {re.escape(str(path))}:\d+: .*\n", printed.err)


def watch(folder: Path, text: str) -> int:
    """Run ``watch-page`` with a new page and a copy of the saved one."""
    old = folder / "saved.txt"
    shutil.copy(PAGE, old)
    new = saved(folder, text, "new.txt")
    return cli.main(["contract", "watch-page", str(new), "--saved", str(old)])


def test_a_page_that_did_not_change_needs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so, and the exit code is 0."""
    assert watch(tmp_path, TEXT) == 0
    assert capsys.readouterr().out.endswith(" agrees.\n")


def test_a_changed_page_leads_to_the_next_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both comparisons are printed, and a new operation names the command that begins it."""
    edit, (sentence,), _ = EDITS["a new operation"]
    assert watch(tmp_path, edit(TEXT)) == 1
    printed = capsys.readouterr().out
    assert printed.count(sentence) == 2
    assert "mockserver contract new-operation GET /api/v1/billing/abacus" in printed
    assert "Run the tests." in printed
