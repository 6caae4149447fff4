"""Path parameters of other documents, whose names routers may not understand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.resources.documents import Json, document, json_content, operation, served

INTEGER: Json = {"type": "integer"}


def reading(name: str, operation_id: str) -> Json:
    """Return a GET with one integer in its path."""
    parameter = {"name": name, "in": "path", "required": True, "schema": INTEGER}
    return {
        "get": operation({"200": json_content(INTEGER)}, operation_id, parameters=[parameter]),
    }


@pytest.mark.parametrize("name", ["user-id", "a.b", "1x", "é", "$x", "x[]", "User_Id"])
def test_a_path_parameter_may_have_any_name(tmp_path: Path, name: str) -> None:
    """It is routed, and validated under its documented name."""
    paths = {f"/things/{{{name}}}": reading(name, "get_thing")}
    with served(tmp_path, document(paths)) as client:
        assert client.get("/things/7").status_code == 200
        refused = client.get("/things/seven")
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["path", name]


def test_names_that_differ_in_punctuation_only_are_apart(tmp_path: Path) -> None:
    """Connexion gives both of them one name; the mock does not."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": INTEGER} for name in ("a-b", "a_b")
    ]
    one = operation({"200": json_content(INTEGER)}, "get_thing", parameters=parameters)
    with served(tmp_path, document({"/things/{a-b}/{a_b}": {"get": one}})) as client:
        assert client.get("/things/1/2").status_code == 200
        refused = client.get("/things/1/two")
    assert [problem["loc"] for problem in refused.json()["detail"]] == [["path", "a_b"]]


def test_a_parameter_of_the_operation_replaces_that_of_its_path(tmp_path: Path) -> None:
    """OpenAPI allows the same parameter in both places."""
    item = reading("id", "get_thing")
    item["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    with served(tmp_path, document({"/things/{id}": item})) as client:
        assert client.get("/things/7").status_code == 200
        assert client.get("/things/seven").status_code == 422


def test_a_segment_may_be_a_parameter_in_part(tmp_path: Path) -> None:
    """Text around a parameter, or between two of them, belongs to the path."""
    names = ("a", "b")
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": INTEGER} for name in names
    ]
    paths = {
        "/files/{a}.json": {
            "get": operation({"200": json_content(INTEGER)}, "get_file", parameters=parameters[:1])
        },
        "/{a}-{b}": {
            "get": operation({"200": json_content(INTEGER)}, "get_pair", parameters=parameters)
        },
    }
    with served(tmp_path, document(paths)) as client:
        assert client.get("/files/1.json").status_code == 200
        assert client.get("/files/x.json").status_code == 422
        assert client.get("/files/1.xml").status_code == 404
        assert client.get("/1-2").status_code == 200
        assert client.get("/1-x").status_code == 422
