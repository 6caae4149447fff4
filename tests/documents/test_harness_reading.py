"""The benchmark's own reading of documents."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.documents.client import Reply
from benchmarks.documents.generated import large_document
from benchmarks.documents.judging import violations
from benchmarks.documents.messages import Messages, body_of, headers_of, target_of
from benchmarks.documents.operation import Operation
from benchmarks.documents.reading import Reading, read, sampled
from benchmarks.documents.values import Values
from benchmarks.errors import BenchError
from tests.documents.ours import DOCUMENTS


def operation(reading: Reading, key: str) -> Operation:
    (found,) = [one for one in reading.operations if one.key == key]
    return found


def messages(reading: Reading) -> Messages:
    return Messages(reading.request, Values(reading.request, random.Random(1)))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_has_a_valid_request_for_each_operation(name: str) -> None:
    """Each operation of each document gets a request, in 2.0 as in 3.2."""
    reading = read(DOCUMENTS[name])
    for one in reading.operations:
        message = messages(reading).valid(one, full=True)
        if message.media is not None and one.body is not None:
            assert reading.request.accepts(one.body.content[message.media], message.body)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_requests_are_the_same_by_seed(name: str) -> None:
    """The same seed makes the same requests."""

    def made() -> list[object]:
        reading = read(DOCUMENTS[name])
        source = messages(reading)
        found = [source.valid(one, full=True) for one in reading.operations]
        return [(target_of(one), headers_of(one), body_of(one)) for one in found]

    assert made() == made()


def test_a_broken_body_is_invalid() -> None:
    """Each changed body breaks its schema."""
    reading = read(DOCUMENTS["shop"])
    create = operation(reading, "POST /customers")
    assert create.body is not None
    schema = create.body.content["application/json"]
    source = messages(reading)
    broken = [one for one in source.invalid(source.valid(create)) if one.why.startswith("body")]
    assert broken
    assert not any(reading.request.accepts(schema, one.body) for one in broken)


def test_an_operation_with_credentials_is_sent_without_them_once() -> None:
    """A request without credentials is one of the invalid requests."""
    reading = read(DOCUMENTS["security"])
    source = messages(reading)
    invalid = source.invalid(source.valid(operation(reading, "GET /basic")))
    assert [one.why for one in invalid] == ["no credentials"]
    assert "Authorization" not in headers_of(invalid[0])
    assert not source.invalid(source.valid(operation(reading, "GET /optional")))


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("GET /deep", "/deep?filter[age]="),
        ("GET /form-object", "/form-object?x="),
        ("GET /plain-object", "/plain-object?point=x,"),
        ("GET /json", "/json?point=%7B%22x%22"),
        ("GET /label/{ids}", "/label/."),
        ("GET /matrix/{id}", "/matrix/;id="),
    ],
)
def test_styles_are_serialized(key: str, target: str) -> None:
    """Parameters are written in their style."""
    reading = read(DOCUMENTS["parameter-styles"])
    message = messages(reading).valid(operation(reading, key))
    assert target_of(message).startswith(target)


def test_references_to_other_files_are_followed() -> None:
    """A schema in another file judges the response."""
    reading = read(DOCUMENTS["many-files"])
    get = operation(reading, "GET /boats/{boat}")
    good = Reply(200, "application/json", {}, b'{"id":"boat_0001","name":"A","length":3}')
    bad = Reply(200, "application/json", {}, b'{"id":"boat_1","name":"A","length":3}')
    assert not violations(get, good, reading.response)
    assert "boat_1" in violations(get, bad, reading.response)[0]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(418, "", {}, b""), "status 418 is not documented"),
        (Reply(200, "text/html", {}, b"<p>"), "media type text/html is not documented"),
        (Reply(200, "application/json", {}, b"{"), "the body is not JSON"),
        (Reply(200, "", {}, b""), "no body"),
    ],
)
def test_a_response_that_is_not_documented_is_a_violation(reply: Reply, text: str) -> None:
    """Status, media type and body are judged."""
    reading = read(DOCUMENTS["shop"])
    assert violations(operation(reading, "GET /settings"), reply, reading.response) == [text]


def test_yaml_is_read_as_its_version_1_2() -> None:
    """NO and on are strings, and a date is one, too."""
    reading = read(DOCUMENTS["yaml-values"])
    code, state = operation(reading, "GET /countries/{code}").parameters
    assert code.schema["enum"] == ["NO", "SE", "FI"]
    assert state.schema["enum"] == ["on", "off", "yes", "no"]


def test_base_paths_come_from_servers_and_variables() -> None:
    """The path before all paths is that of the first server with its defaults."""
    assert read(DOCUMENTS["three-one"]).base_path == "/v3"
    assert read(DOCUMENTS["swagger-two"]).base_path == "/v2"
    assert not read(DOCUMENTS["bare-lists"]).base_path


def test_the_generated_document_has_1200_operations() -> None:
    """The largest document has 1,200 operations."""
    paths = large_document()["paths"].values()
    assert sum(len(set(item) - {"parameters"}) for item in paths) == 1_200


def test_a_sample_is_bounded_and_begins_with_a_simple_get() -> None:
    """At most the given number of operations is measured, and a GET comes first."""
    operations = read(DOCUMENTS["shop"]).operations
    chosen = sampled(operations, 4, seed=1)
    assert len(chosen) <= 5
    assert chosen[0].is_simple
    assert chosen == sampled(operations, 4, seed=1)


def test_another_file_is_no_document(tmp_path: Path) -> None:
    """A file without a version is refused with its name."""
    path = tmp_path / "other.json"
    path.write_text('{"a": 1}')
    with pytest.raises(BenchError, match=r"other\.json is no OpenAPI document"):
        read(path)
