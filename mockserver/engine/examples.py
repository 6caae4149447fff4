"""The examples of documented responses, and what is wrong with them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from time import process_time
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockserver.engine.media_types import is_xml
from mockserver.openapi import yaml_file
from mockserver.openapi.contract import Contract
from mockserver.openapi.problems import written
from mockserver.openapi.schemas import Schema

logger = logging.getLogger(__name__)

Pointer = tuple[str | int, ...]
_START_SECONDS = 0.1
"""How long a start may look for broken examples, and for their lines."""


class Example(NamedTuple):
    """One example of a response body."""

    name: str
    pointer: Pointer
    """Its place in the document."""
    value: Any


class ExampleProblem(NamedTuple):
    """An example that breaks its schema: its place in the document, and why."""

    pointer: Pointer
    problem: str


def examples_of(contract: Contract, media: Schema, place: Pointer = ()) -> Iterator[Example]:
    """Yield the examples of a media object, which has a place in the document.

    Without named examples, the one of the media object or that of its schema is ``example``.
    """
    for name, reference in media.get("examples", {}).items():
        example, at = _followed(contract, reference, (*place, "examples", name))
        if "value" in example:
            yield Example(name, (*at, "value"), example["value"])
    if "example" in media:
        yield Example("example", (*place, "example"), media["example"])
        return
    schema, at = _followed(contract, media.get("schema", {}), (*place, "schema"))
    if "example" in schema:
        yield Example("example", (*at, "example"), schema["example"])
    elif isinstance(schema.get("examples"), list) and schema["examples"]:
        yield Example("example", (*at, "examples", 0), schema["examples"][0])


def problem_of(value: Any, schema: Schema, media_type: str, contract: Contract) -> str | None:
    """Return why an example may not be sent; None if it may.

    It may have properties that an open schema does not name: the contract names them here. An
    example of an XML response is a value, or the text of a document.
    """
    validator = contract.response_validator(schema)
    if isinstance(value, str) and is_xml(media_type) and not validator.is_valid(value):
        from mockserver.engine.xml_body import XmlBody  # most documents have no XML

        read, found = XmlBody(schema, contract).read(value.encode(), "", [])
        if found:
            return f"breaks its schema: {found[0]['msg']}"
        value = read
    for error in validator.iter_errors(value):
        place = "/".join(map(str, error.instance_path))
        return f"breaks its schema at /{place}: {error.message}"
    return None


def example_problems(contract: Contract) -> Iterator[ExampleProblem]:
    """Yield all examples of responses that break their schemas, each once."""
    seen: set[Pointer] = set()
    for operation in contract.operations.values():
        responses = ("paths", operation.path, operation.method, "responses")
        for status, reference in operation.node["responses"].items():
            response, place = _followed(contract, reference, (*responses, status))
            for media_type, media in response.get("content", {}).items():
                schema = media.get("schema", {})
                for example in examples_of(contract, media, (*place, "content", media_type)):
                    if example.pointer in seen:
                        continue
                    seen.add(example.pointer)
                    problem = problem_of(example.value, schema, media_type, contract)
                    if problem is not None:
                        sentence = f"the example {problem}; it is not sent"
                        yield ExampleProblem(example.pointer, sentence)


def add_warnings(contract: Contract, seconds: float) -> bool:
    """Add a warning to the document for each example that breaks its schema.

    Return whether all examples were checked within a processor time.
    """
    until = process_time() + seconds
    for pointer, problem in example_problems(contract):
        contract.problems.warn(pointer, problem)
        if process_time() > until:
            return False
    return True


def warn_of_examples(contract: Contract) -> None:
    """Log the examples that break their schemas, each with its line, within a bounded time."""
    until = process_time() + _START_SECONDS
    for pointer, problem in example_problems(contract):
        line = yaml_file.line_of(contract.path, pointer)
        where = f"{contract.path}:{line}" if line is not None else str(contract.path)
        logger.warning("%s: %s: %s", where, written(pointer), problem)
        if process_time() > until:
            logger.warning("%s: further examples are not checked now", contract.path)
            return


def _followed(contract: Contract, node: Schema, place: Pointer) -> tuple[Schema, Pointer]:
    """Return a node and its place, or what its reference names."""
    while "$ref" in node:
        reference = str(node["$ref"])
        place = tuple(
            part.replace("~1", "/").replace("~0", "~")
            for part in unquote(reference).removeprefix("#/").split("/")
        )
        followed = contract.follow({"$ref": reference})
        if followed is node:
            break
        node = followed
    return node, place
