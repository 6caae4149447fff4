"""What a schema has against a value, said as FastAPI says it: ``loc``, ``msg``, ``type``. Values are never echoed."""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from mockserver.engine.errors import Problem
from mockserver.openapi.schemas import Validator

_TYPES = {
    "integer": ("int_type", "Input should be a valid integer"),
    "number": ("float_type", "Input should be a valid number"),
    "string": ("string_type", "Input should be a valid string"),
    "boolean": ("bool_type", "Input should be a valid boolean"),
    "array": ("list_type", "Input should be a valid list"),
    "object": (
        "model_attributes_type",
        "Input should be a valid dictionary or object to extract fields from",
    ),
}
_PARSING = {
    "integer": (
        "int_parsing",
        "Input should be a valid integer, unable to parse string as an integer",
    ),
    "number": (
        "float_parsing",
        "Input should be a valid number, unable to parse string as a number",
    ),
    "boolean": ("bool_parsing", "Input should be a valid boolean, unable to interpret input"),
}
_FORMATS = {
    "uuid": ("uuid_parsing", "Input should be a valid UUID"),
    "uri": ("url_parsing", "Input should be a valid URL"),
    "date-time": ("datetime_parsing", "Input should be a valid datetime"),
    "date": ("date_parsing", "Input should be a valid date"),
}


def problems(
    validator: Validator, value: Any, where: list[str | int], *, parsed: bool = False
) -> Iterator[Problem]:
    """Every problem of a value, one for each place. ``parsed`` says that it was text, as parameters are."""
    wrong_types: list[list[str | int]] = []
    for error in sorted(validator.iter_errors(value), key=lambda each: each.kind.name != "type"):
        location = [*where, *error.instance_path]
        if location in wrong_types:
            continue
        if isinstance(error.kind, ValidationErrorKind.Type):
            wrong_types.append(location)
        if isinstance(error.kind, ValidationErrorKind.Required):
            yield {
                "loc": [*location, error.kind.property],
                "msg": "Field required",
                "type": "missing",
            }
        else:
            type, message = _explain(error, parsed)
            yield {"loc": location, "msg": message, "type": type}


_SENTENCES = {
    "minimum": ("greater_than_equal", "Input should be greater than or equal to {}"),
    "maximum": ("less_than_equal", "Input should be less than or equal to {}"),
    "minLength": ("string_too_short", "String should have at least {} characters"),
    "maxLength": ("string_too_long", "String should have at most {} characters"),
    "minProperties": ("too_short", "Input should have at least {} fields"),
    "maxProperties": ("too_long", "Input should have at most {} fields"),
    "pattern": ("string_pattern_mismatch", "String should match pattern '{}'"),
}


def _explain(error: ValidationError, parsed: bool) -> tuple[str, str]:
    name, value = error.kind.name, error.kind.value
    if name in _SENTENCES:
        type, sentence = _SENTENCES[name]
        return type, sentence.format(value)
    if isinstance(error.kind, ValidationErrorKind.Type):
        expected = next(each for each in error.kind.types if each != "null")
        return (_PARSING if parsed else _TYPES).get(expected, _TYPES[expected])
    if isinstance(error.kind, ValidationErrorKind.Enum):
        return "enum", "Input should be " + " or ".join(
            f"'{each}'" for each in error.kind.options if each is not None
        )
    if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
        return (
            "extra_forbidden",
            f"Extra inputs are not permitted: {', '.join(error.kind.unexpected)}",
        )
    return _FORMATS.get(str(value), ("value_error", f"Input does not satisfy '{name}'"))
