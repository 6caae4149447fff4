"""The contract: operations, lines, provenance, and clear errors for unusable documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract_tests.errors import UsageError
from contract_tests.openapi.contract import Contract
from tests.contract_kit.exchanges import CONTRACT

METHODS = {"get", "put", "post", "delete", "patch"}
INFO = {"openapi": "3.0.3", "info": {"title": "Visits", "version": "1"}}


def test_every_operation_is_loaded() -> None:
    """All operations are loaded, with resolved parameters and statuses."""
    paths = CONTRACT.document["paths"].values()
    assert len(CONTRACT.operations) == sum(len(METHODS & item.keys()) for item in paths)
    chart = CONTRACT.operations["get_usage_chart"]
    assert [parameter.node["name"] for parameter in chart.parameters] == [
        "days",
        "X-Organization-Id",
    ]
    assert set(CONTRACT.operations["add_payment_method"].responses) == {
        200,
        401,
        402,
        409,
        413,
        415,
        422,
        429,
    }


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/api/v1/billing/balance", "get_balance"),
        ("HEAD", "/api/v1/billing/balance", "get_balance"),
        ("DELETE", "/api/v1/billing/payment-methods/a%2Fb", "remove_payment_method"),
        ("POST", "/api/v1/billing/balance", None),
        ("GET", "/api/v1/billing/balance/", None),
        ("DELETE", "/api/v1/billing/payment-methods/a/b", None),
    ],
)
def test_requests_match_their_operation(method: str, path: str, operation: str | None) -> None:
    """A request matches by method and whole path; a HEAD matches the GET."""
    found = CONTRACT.match(method, path)
    assert (found[0].id if found else None) == operation
    if operation == "remove_payment_method" and found:
        assert found[1] == {"payment_method_id": "a/b"}


def test_pointers_have_lines() -> None:
    """A pointer is resolved to its line in the document."""
    line = CONTRACT.line_of("#/components/schemas/Balance/properties/tier")
    assert line is not None
    assert CONTRACT.path.read_text(encoding="utf-8").splitlines()[line - 1].strip() == "tier:"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openapi: 3.0.3\npaths: {a: [\n", ":3: is not valid YAML"),
        ("just text", "is no OpenAPI document"),
        ("openapi: 4.0.0", "is no OpenAPI document"),
        ("swagger: '2.0'", "has no operations"),
        ("swagger: '2.0'\npaths: {/a: {get: 5}}", "is no valid OpenAPI document"),
        ("openapi: 3.1.0\npaths: {}", "has no operations"),
        ("openapi: 3.0.3\ninfo: {}", "misses 'paths'"),
        ("openapi: 3.0.3\npaths: {}", "has no operations"),
        (
            "openapi: 3.0.3\n"
            "paths: {/a: {get: {parameters: [{$ref: '#/nowhere'}], responses: {}}}}",
            "leads nowhere",
        ),
        ("openapi: 3.0.3\npaths: {/a: {parameters: [{in: query}], get: {}}}", "misses 'name'"),
        ("openapi: 3.0.3\npaths: {/a: {get: 5}}", "is no valid OpenAPI document"),
    ],
)
def test_an_unusable_document_is_rejected_in_one_line(
    tmp_path: Path, text: str, words: str
) -> None:
    """The error has the file and the reason."""
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        Contract.load(file)
    assert words in str(error.value)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_and_binary_files_are_rejected(tmp_path: Path) -> None:
    """A missing file, a folder and a file that is not UTF-8 are rejected."""
    (tmp_path / "latin").write_bytes(b"openapi: \xff\xfe")
    for file in (tmp_path / "missing.yaml", tmp_path, tmp_path / "latin"):
        with pytest.raises(UsageError):
            Contract.load(file)


def test_the_parameters_of_a_path_belong_to_the_caller() -> None:
    """A remembered path is not changed by what is done with its parameters."""
    contract = Contract(CONTRACT.path, CONTRACT.document)
    path = "/api/v1/billing/payment-methods/pm_1"
    found = contract.match("DELETE", path)
    assert found is not None
    found[1].clear()
    again = contract.match("DELETE", path)
    assert again is not None
    assert list(again[1].values()) == ["pm_1"]


def test_a_template_names_parameters_that_nothing_declares(tmp_path: Path) -> None:
    """A path has the parameters of its template, whether the document declares them or not."""
    path = tmp_path / "openapi.json"
    get = {"operationId": "read", "responses": {"200": {"description": "It."}}}
    path.write_text(json.dumps({**INFO, "paths": {"/visits/{id}": {"get": get}}}))
    assert Contract.load(path).operations["read"].path_names == ("id",)


def test_headers_that_other_parts_describe_are_no_parameters(tmp_path: Path) -> None:
    """OpenAPI ignores such parameters, required or not."""
    path = tmp_path / "openapi.json"
    names = ("Authorization", "content-type", "Accept", "X-Trace")
    parameters = [
        {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    get = {"parameters": parameters, "responses": {"200": {"description": "It."}}}
    path.write_text(json.dumps({**INFO, "paths": {"/a": {"get": get}}}))
    (operation,) = Contract.load(path).operations.values()
    assert [place.node["name"] for place in operation.parameters] == ["X-Trace"]


def test_the_methods_of_a_path_are_told_apart_by_its_templates(tmp_path: Path) -> None:
    """``/things/{id}:stop`` is a value of ``/things/{id}``, too: Allow may name either's."""
    path = tmp_path / "openapi.json"
    one = {"responses": {"200": {"description": "It."}}}
    paths = {"/things/{id}": {"get": one, "put": one}, "/things/{id}:stop": {"post": one}}
    path.write_text(json.dumps({**INFO, "paths": paths}))
    methods = Contract.load(path).methods_by_template("/things/7:stop")
    assert sorted(map(sorted, methods)) == [["GET", "PUT"], ["POST"]]


def test_a_path_with_a_fragment_or_a_query_is_left_out(tmp_path: Path) -> None:
    """Some documents tell operations apart so, but no request has such a path."""
    path = tmp_path / "openapi.json"
    get = {"responses": {"200": {"description": "It."}}}
    paths = {name: {"get": get} for name in ("/a", "/a#b", "/a?b")}
    path.write_text(json.dumps({**INFO, "paths": paths}))
    contract = Contract.load(path)
    assert list(contract.operations) == ["GET /a"]
    assert contract.left_out_paths == ["/a#b", "/a?b"]


@pytest.mark.parametrize("version", ["swagger: '2.0'", "openapi: 3.0.3", "openapi: 3.1.0"])
def test_an_operation_without_responses_may_respond_with_anything(
    tmp_path: Path, version: str
) -> None:
    """It can be lived with: the run notes that these operations are not judged by their status."""
    file = tmp_path / "spec.yaml"
    responses = "responses: {'200': {description: x}}"
    file.write_text(f"{version}\npaths: {{/a: {{get: {{}}, put: {{{responses}}}}}}}", "utf-8")
    contract = Contract.load(file)
    assert contract.without_responses == ["GET /a"]
    assert list(contract.operations["GET /a"].other_responses) == ["default"]
