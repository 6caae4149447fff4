"""Overlay documents: what they change, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract_tests.errors import UsageError
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.document import Overlay, overlaid
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.program import kit

HEAD = "overlay: 1.1.0\ninfo:\n  title: t\n  version: '1'\nactions:\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "overlay.yaml"


def changed(file: Path, actions: str) -> Contract:
    file.write_text(HEAD + actions)
    return overlaid(CONTRACT, [Overlay.load(file)])


def error_of(file: Path, text: str) -> str:
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        overlaid(CONTRACT, [Overlay.load(file)])
    line = str(caught.value)
    assert "\n" not in line
    return line.removeprefix(str(file))


def schema(contract: Contract, name: str) -> Any:
    return contract.document["components"]["schemas"][name]


def test_an_update_merges_objects_and_adds_to_lists(file: Path) -> None:
    """Objects are merged, lists are concatenated, and single values are replaced."""
    contract = changed(
        file,
        "- target: $.components.schemas.AutoRecharge\n"
        "  update: {title: new, required: [more], properties: {more: {type: string}}}\n"
        "- target: $.components.schemas.AutoRecharge.required\n"
        "  update: another\n"
        "- target: $.info.version\n"
        "  update: '9'\n",
    )
    before, after = schema(CONTRACT, "AutoRecharge"), schema(contract, "AutoRecharge")
    assert after["required"] == [*before["required"], "more", "another"]
    assert after["properties"] == before["properties"] | {"more": {"type": "string"}}
    assert (after["title"], contract.document["info"]["version"]) == ("new", "9")


def test_a_removal_removes_every_selected_node(file: Path) -> None:
    """Entries of one list are removed together, whatever their positions."""
    contract = changed(file, "- target: $.paths.*.*.tags[*]\n  remove: true\n")
    assert all(not operation.tags for operation in contract.operations.values())


def test_the_contract_itself_is_not_changed(file: Path) -> None:
    """What YAML aliases share is changed at the target only."""
    before = repr(CONTRACT.document)
    changed(file, "- target: $.info\n  remove: false\n  update: {title: other}\n")
    assert repr(CONTRACT.document) == before
    shared = ["a"]
    contract = Contract(CONTRACT.path, {**CONTRACT.document, "x-one": shared, "x-two": shared})
    file.write_text(HEAD + "- target: $.x-one[0]\n  remove: true\n")
    after = overlaid(contract, [Overlay.load(file)]).document
    assert (after["x-one"], after["x-two"]) == ([], ["a"])


ACTION = "- target: $.info\n  update: {title: x}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("overlay: [\n", ":2: is not valid YAML"),
        ("", ":1: it must be an object with fields"),
        ("- a\n", ":1: it must be an object with fields"),
        (HEAD.replace("1.1.0", "2.0.0") + ACTION, ":1: is no overlay"),
        (HEAD.replace("1.1.0", "1.1") + ACTION, ":1: is no overlay"),
        ("x: 1\noverlay: 1.0.0\ninfo: {}\n", ":1: 'x' is no field here"),
        ("overlay: 1.0.0\n", ":1: misses info, actions"),
        (HEAD.replace("title", "name") + ACTION, ":3: 'name' is no field here"),
        (HEAD.replace("  title: t\n", "") + ACTION, ":2: misses title"),
        (HEAD.replace("actions:", "actions: []"), ":5: 'actions' must be a list with at least one"),
        (HEAD + "- 7\n", ":6: it must be an object with fields"),
        (HEAD + "- update: {}\n", ":6: misses target"),
        (HEAD + ACTION + "  upgrade: 1\n", ":8: 'upgrade' is no field here; the fields are target"),
        (HEAD + "- target: $.info\n", ":6: an action has either 'update' or 'remove: true'"),
        (HEAD + ACTION + "  remove: true\n", ":6: an action has either"),
        (HEAD + ACTION + "  remove: 1\n", ":8: 'remove' must be true or false"),
        (HEAD + ACTION.replace("$", "$."), ":6: 'target' is no path: '..info' is not supported"),
        (HEAD + ACTION.replace("$.info", "7"), ":6: 'target' is no path: a JSONPath begins"),
        (HEAD + ACTION + "  x-accepted: {owner: me}\n", ":8: misses reason"),
        (HEAD + ACTION + "  x-accepted: {who: me}\n", ":8: 'who' is no field here"),
        (HEAD + "- target: $\n  update: {x-contract-tests-accepted: 1}\n", ":7: 'x-contract-tests"),
        (
            HEAD + "- target: $\n  update:\n    x-contract-tests-accepted:\n    - size: 1\n",
            ":9: 'size' is no field here; the fields are cause, sizes, places",
        ),
        (HEAD + ACTION.replace("$.info", "$.nothing"), ":6: the target $.nothing matches nothing"),
        (HEAD + "- target: $\n  remove: true\n", ":6: 'update' cannot remove the document"),
        (HEAD + "- target: $.info\n  update: [1]\n", ":6: 'update' must be an object"),
        (
            HEAD + ACTION + "- target: $.info\n  update: {title: {a: 1}}\n",
            ":8: 'update' /title must be a single value, as it is in the contract",
        ),
        (
            HEAD + ACTION + "- target: $.components.schemas.AutoRecharge\n  update: {type: 5}\n",
            ":8: the change breaks the contract: #/components/schemas/AutoRecharge is not valid in",
        ),
        (HEAD + ACTION + "- target: $.paths\n  remove: true\n", ":8: the change breaks the"),
        (
            HEAD + "- target: $.components.responses.Unauthorized\n  remove: true\n",
            ":6: the change breaks the contract: ",
        ),
    ],
)
def test_a_wrong_overlay_is_one_line_with_its_place(file: Path, text: str, line: str) -> None:
    """The error names the file and the line, and says what is wrong."""
    assert error_of(file, text).startswith(line)


def test_an_unreadable_overlay_is_reported(file: Path) -> None:
    """A missing file and a file that is not UTF-8 are reported."""
    with pytest.raises(UsageError, match=r"overlay\.yaml: cannot be read"):
        Overlay.load(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"overlay\.yaml:1: is not UTF-8 text"):
        Overlay.load(file)


def test_a_command_ends_with_2_before_the_first_request(file: Path) -> None:
    """A wrong overlay, also one that --learn would extend, is a usage error."""
    file.write_text("overlay: 3\n")
    for words in (("--overlay", file), ("--learn", file, "--owner", "me", "--reason", "why")):
        outcome = kit("run", "http://127.0.0.1:9", *words)
        assert outcome.code == 2
        assert outcome.error_line.startswith(f"{file}:1: is no overlay")
