"""Documented answers that no rule of billing has made: examples of the contract, else data made from its schemas."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.engine.errors import PreferenceRefused
from mockserver.engine.preference import Preference
from mockserver.engine.reply import Reply, encode
from mockserver.engine.responses import BrokenContract
from mockserver.generator import Generator, Maker, NoValue
from mockserver.openapi.contract import Contract, Operation, is_json
from mockserver.openapi.schemas import Schema, Validator

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One documented response of an operation."""

    status: int
    response: Schema
    media_type: str | None
    schema: Schema
    examples: dict[str, Any]
    validator: Validator


@dataclass
class Samples:
    """All documented answers of one operation. What they need is made when it is first asked for."""

    operation: Operation
    contract: Contract
    generator: Generator
    _answers: dict[int, _Answer] = field(default_factory=dict)
    _makers: dict[int, Maker] = field(default_factory=dict)

    def preferred(self, preference: Preference, key: object) -> Reply:
        """The answer that a caller would like to see. Raises PreferenceRefused when it is not documented."""
        status = (
            preference.code or self._status_of_example(preference.example) or self.operation.success
        )
        if self.operation.response(status) is None:
            known = ", ".join(map(str, self.operation.node["responses"]))
            raise PreferenceRefused(
                f"{self.operation.operation_id} documents no {status}. It documents {known}."
            )
        answer = self._answer(status)
        if preference.example is None:
            return self._sample(answer, key, dynamic=preference.dynamic)
        if preference.example not in answer.examples:
            known = f"It has {', '.join(answer.examples)}." if answer.examples else "It has none."
            raise PreferenceRefused(
                f"the {status} of {self.operation.operation_id} has no such example. {known}"
            )
        value = answer.examples[preference.example]
        _check(answer.validator, value, f"example '{preference.example}'")
        return self._ready(answer, value, key)

    def success(self, key: object) -> Reply:
        """An answer without an error; the same key gives the same."""
        return self._sample(self._answer(self.operation.success), key, dynamic=False)

    def _status_of_example(self, name: str | None) -> int | None:
        """The first status that has an example of that name."""
        if name is None:
            return None
        return next(
            (each for each in self.operation.statuses if name in self._answer(each).examples), None
        )

    def _sample(self, answer: _Answer, key: object, *, dynamic: bool) -> Reply:
        if not dynamic:
            for name, value in answer.examples.items():
                try:
                    _check(answer.validator, value, f"example '{name}'")
                except BrokenContract as error:
                    logger.warning(
                        "%s %s: %s; it is not sent",
                        self.operation.operation_id,
                        answer.status,
                        error,
                    )
                    continue
                return self._ready(answer, value, key)
        return self._ready(
            answer, None if answer.media_type is None else self._made(answer, key), key
        )

    def _made(self, answer: _Answer, key: object) -> Any:
        """A value of the answer's schema. Raises BrokenContract when nothing fits it."""
        try:
            if answer.status not in self._makers:
                self._makers[answer.status] = self.generator.compile(answer.schema)
            return self._makers[answer.status].make(
                (self.operation.operation_id, answer.status, key)
            )
        except NoValue as error:
            raise BrokenContract(
                f"status {answer.status}: no value fits its schema: {error}"
            ) from None

    def _ready(self, answer: _Answer, value: Any, key: object) -> Reply:
        headers = list(self._headers(answer, key))
        if answer.media_type is None:
            return Reply(answer.status, b"", headers, None)
        is_text = isinstance(value, str) and not is_json(answer.media_type)
        payload = value.encode() if is_text else encode(value)
        return Reply(answer.status, payload, headers, answer.media_type.encode())

    def _headers(self, answer: _Answer, key: object) -> Iterator[tuple[bytes, bytes]]:
        """The headers without which the answer would break the contract."""
        for name, header in answer.response.get("headers", {}).items():
            facts = self.contract.follow(header)
            if facts.get("required"):
                value = facts.get("example")
                if value is None:
                    value = self.generator.compile(facts.get("schema", {})).make((name, key))
                text = value if isinstance(value, str) else encode(value).decode()
                yield (
                    name.lower().encode(),
                    text.encode("ascii", "replace").replace(b"\n", b" ").replace(b"\r", b" "),
                )

    def _answer(self, status: int) -> _Answer:
        if status not in self._answers:
            response = self.contract.follow(self.operation.response(status) or {})
            content = response.get("content", {})
            media_type = next(filter(is_json, content), next(iter(content), None))
            media = content.get(media_type, {})
            schema = media.get("schema", {})
            validator = self.contract.validator(schema, closed=True)
            examples = dict(self._examples(media, schema))
            self._answers[status] = _Answer(
                status, response, media_type, schema, examples, validator
            )
        return self._answers[status]

    def _examples(self, media: Schema, schema: Schema) -> Iterator[tuple[str, Any]]:
        """The examples of a response by name; a single one without a name is called ``example``."""
        for name, example in media.get("examples", {}).items():
            facts = self.contract.follow(example)
            if "value" in facts:
                yield name, facts["value"]
        for place in (media, self.contract.follow(schema)):
            if "example" in place:
                yield "example", place["example"]
                return


def _check(validator: Validator, value: Any, what: str) -> None:
    """Raises BrokenContract, if a value of the contract breaks the contract."""
    for error in validator.iter_errors(value):
        place = "/".join(map(str, error.instance_path))
        raise BrokenContract(f"{what} breaks its schema at /{place}: {error.message}")
