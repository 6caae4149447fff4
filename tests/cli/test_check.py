"""``mockserver check``: what is wrong with a document, and what would be served."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from mockserver import cli, packaged
from tests.cli.program import serving

GOOD = """\
openapi: 3.1.0
info: {title: Things, version: "1"}
servers: [{url: /v1}]
paths:
  /things:
    get:
      operationId: list_things
      responses:
        "200": {description: Things.}
        default: {description: An error.}
"""
WRONG = GOOD.replace("      operationId: list_things\n", "").replace("info:", "infos: 1\ninfo:")


def run(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.main(["check", str(path)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a document, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "openapi.yaml"


def test_a_good_document_is_a_table(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each operation has its method, path, name and responses."""
    document.write_text(GOOD)
    assert run(document, capsys) == (
        0,
        "METHOD  PATH        OPERATION    RESPONSES\n"
        "GET     /v1/things  list_things  200 default\n"
        "\n"
        "1 operation, 0 warnings.\n",
        "",
    )


def test_each_warning_has_its_line(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings come in the order of the file, and the exit code is 0."""
    document.write_text(WRONG)
    code, printed, errors = run(document, capsys)
    warnings = [line for line in printed.splitlines() if line.startswith("warning: ")]
    assert (code, errors) == (0, "")
    assert [line.split(": ")[1] for line in warnings] == [f"{document}:1", f"{document}:7"]
    assert "'infos' was unexpected" in warnings[0]
    assert "GET /things has no operationId" in warnings[1]
    assert printed.endswith("get_things  200 default\n\n1 operation, 2 warnings.\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openapi: 4.0.0\n", ":1: must be an OpenAPI document"),
        ("openapi: [\n", ":2: is not YAML"),
        ("[" * 50_000, ":1: is nested more than 100 levels deep"),
        (GOOD.replace("{description: Things.}", '{$ref: "../../../etc/passwd"}'), ":9: "),
        (GOOD.replace("{description: Things.}", '{$ref: "http://127.0.0.1:9/a.yaml"}'), ":9: "),
    ],
)
def test_a_document_that_cannot_be_served_is_one_line(
    document: Path, capsys: pytest.CaptureFixture[str], text: str, expected: str
) -> None:
    """The exit code is 2, within two seconds."""
    document.write_text(text)
    begun = time.process_time()
    code, printed, errors = run(document, capsys)
    assert time.process_time() - begun < 2
    assert (code, printed) == (2, "")
    assert errors.count("\n") == 1
    assert errors.startswith(f"mockserver: {document}{expected}")


BODIES = """\
components:
  schemas:
    Bounds: {type: integer, minimum: 5, maximum: 1}
    Endless:
      required: [next]
      properties: {next: {$ref: "#/components/schemas/Endless"}}
    Itself: {allOf: [{$ref: "#/components/schemas/Itself"}]}
    Opposite: {not: {$ref: "#/components/schemas/Opposite"}}
    Large: {type: array, minItems: 1000000000, items: {type: string}}
"""


def with_body(name: str) -> str:
    body = f'{{application/json: {{schema: {{$ref: "#/components/schemas/{name}"}}}}}}'
    return GOOD.replace("{description: Things.}", f"{{description: A., content: {body}}}") + BODIES


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Bounds", "no value meets `minimum` and `maximum` together"),
        ("Endless", "without end"),
        ("Itself", "refers only to itself"),
        ("Opposite", "no value was found"),
        ("Large", "minItems exceeds 5,000"),
    ],
)
def test_a_response_that_no_value_satisfies_is_a_warning(
    document: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    """It names the line of the response, and why there is no value."""
    document.write_text(with_body(name))
    code, printed, _ = run(document, capsys)
    assert code == 0
    (warning,) = [line for line in printed.splitlines() if line.startswith("warning: ")]
    assert warning.startswith(f"warning: {document}:9: #/paths/~1things/get/responses/200: ")
    assert reason in warning


def test_a_valid_example_is_a_value(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is sent where none can be generated."""
    document.write_text(with_body("Itself").replace("json: {schema", "json: {example: 1, schema"))
    assert "0 warnings" in run(document, capsys)[1]


def test_an_example_that_breaks_its_schema_is_a_warning(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the line of the example. Another one of the same response is none."""
    examples = "examples: {bad: {value: 5}, good: {value: hi}}"
    body = f"{{application/json: {{schema: {{type: string}}, {examples}}}}}"
    document.write_text(
        GOOD.replace("{description: Things.}", f"{{description: A, content: {body}}}")
    )
    code, printed, _ = run(document, capsys)
    assert code == 0
    (warning,) = [line for line in printed.splitlines() if line.startswith("warning: ")]
    assert warning.startswith(f"warning: {document}:9: #/paths/~1things/get/responses/200/")
    assert "examples/bad/value: the example breaks its schema" in warning


def test_the_time_for_values_is_bounded(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The number of the responses that were not tried is printed."""
    schemas = "".join(f"    S{n}: {{type: integer, minimum: {n}}}\n" for n in range(300))
    bodies = "".join(
        f'        "{200 + n}": {{description: A., content: {{application/json: '
        f'{{schema: {{$ref: "#/components/schemas/S{n}"}}}}}}}}\n'
        for n in range(300)
    )
    text = GOOD.replace('        "200": {description: Things.}\n', bodies)
    document.write_text(f"{text}components:\n  schemas:\n{schemas}")
    assert cli.main(["check", "--value-seconds", "0.001", str(document)]) == 0
    assert re.search(
        r"No value was tried for \d+ responses; see --value-seconds.\n$", capsys.readouterr().out
    )
    assert cli.main(["check", "--value-seconds", "never", str(document)]) == 2
    assert "--value-seconds must be a number of seconds" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As by all other commands."""
    path = tmp_path / "none.yaml"
    assert run(path, capsys) == (2, "", f"mockserver: {path}: No such file or directory\n")


def test_the_number_of_lines_is_bounded(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other warnings are counted."""
    schemas = "".join(f"    S{index}: {{type: wrong}}\n" for index in range(1_500))
    document.write_text(f"{GOOD}components:\n  schemas:\n{schemas}")
    code, printed, _ = run(document, capsys)
    assert code == 0
    assert printed.count("warning: ") == 1_000
    assert "and 500 more warnings\n" in printed
    assert printed.endswith("1,500 warnings.\n") or printed.endswith("1500 warnings.\n")


def test_unprintable_names_are_shown_as_question_marks(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document cannot change the terminal."""
    document.write_text(GOOD.replace("list_things", '"a\\e[31mb"'))
    _, printed, _ = run(document, capsys)
    assert "a?[31mb" in printed
    assert "\x1b" not in printed


def test_our_own_contract_has_no_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    """All its operations are listed."""
    code, printed, _ = run(packaged.spec(), capsys)
    assert code == 0
    assert "warning: " not in printed
    assert "0 warnings." in printed


def test_the_server_says_how_many_warnings_there_are(document: Path) -> None:
    """It starts all the same, and names the command that lists them."""
    document.write_text(WRONG)
    with serving("--spec", document, "--port", "0") as program:
        with program.client() as client:
            assert client.get("/v1/things").status_code == 200
        said = program.stdout
    assert f"{document} has 2 warnings; 'mockserver check {document}' lists them:" in said


def test_a_watched_document_of_many_files_is_reloaded(tmp_path: Path) -> None:
    """A change of any of its files is seen."""
    document = tmp_path / "openapi.yaml"
    document.write_text(GOOD.replace("{description: Things.}", '{$ref: "things.yaml"}'))
    part = tmp_path / "things.yaml"
    text = "description: Things.\ncontent: {text/plain: {example: one}}\n"
    part.write_text(text)
    with (
        serving("--spec", document, "--port", "0", "--watch") as program,
        program.client() as client,
    ):
        assert client.get("/v1/things").text == "one"
        part.write_text(text.replace("one", "another"))
        deadline = time.monotonic() + 20
        while client.get("/v1/things").text != "another":
            assert time.monotonic() < deadline
            time.sleep(0.1)
