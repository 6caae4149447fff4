"""Converts JSON Schema errors to FastAPI-style error entries: ``loc``, ``msg``, ``type``.

Invalid values are never repeated in them.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from mockserver.engine.errors import Problem
from mockserver.openapi.schemas import UUID_PATTERN, Validator

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
    UUID_PATTERN: ("uuid_parsing", "Input should be a valid UUID"),
    "uri": ("url_parsing", "Input should be a valid URL"),
    "date-time": ("datetime_parsing", "Input should be a valid datetime"),
    "date": ("date_parsing", "Input should be a valid date"),
}
_KEYWORDS = {
    "minimum": ("greater_than_equal", "Input should be greater than or equal to {}"),
    "maximum": ("less_than_equal", "Input should be less than or equal to {}"),
    "minLength": ("string_too_short", "String should have at least {} characters"),
    "maxLength": ("string_too_long", "String should have at most {} characters"),
    "minProperties": ("too_short", "Input should have at least {} fields"),
    "maxProperties": ("too_long", "Input should have at most {} fields"),
    "pattern": ("string_pattern_mismatch", "String should match pattern '{}'"),
}


def problems(
    validator: Validator, value: Any, where: list[str | int], *, parsed: bool = False
) -> Iterator[Problem]:
    """Yield all violations of a value; of a value of the wrong type only that.

    ``where`` is the place of the value in the request. ``parsed`` is true for values that were
    parsed from text, such as parameters.
    """
    wrong_types: list[list[str | int]] = []
    found = sorted(validator.iter_errors(value), key=lambda error: error.kind.name != "type")
    # Later drafts assert ``format: uuid`` beside the pattern that stands for it.
    no_uuids = [error.instance_path for error in found if _value_of(error) == UUID_PATTERN]
    for error in found:
        location = [*where, *error.instance_path]
        is_again = error.kind.name == "format" and error.instance_path in no_uuids
        if location in wrong_types or is_again:
            continue
        if isinstance(error.kind, ValidationErrorKind.Type):
            wrong_types.append(location)
        if isinstance(error.kind, ValidationErrorKind.Required):
            location.append(error.kind.property)
        type, message = _explain(error, parsed)
        yield {"loc": location, "msg": message, "type": type}


def _value_of(error: ValidationError) -> object:
    return error.kind.value if error.kind.name == "pattern" else None


def _explain(error: ValidationError, parsed: bool) -> tuple[str, str]:
    """Return the type of an error entry and its message."""
    name, value = error.kind.name, error.kind.value
    if isinstance(error.kind, ValidationErrorKind.Required):
        return "missing", "Field required"
    if name in _KEYWORDS and value != UUID_PATTERN:
        type, message = _KEYWORDS[name]
        return type, message.format(value)
    if isinstance(error.kind, ValidationErrorKind.Type):
        expected = next(type for type in error.kind.types if type != "null")
        return (_PARSING if parsed else _TYPES).get(expected, _TYPES[expected])
    if isinstance(error.kind, ValidationErrorKind.Enum):
        options = [f"'{option}'" for option in error.kind.options if option is not None]
        return "enum", f"Input should be {' or '.join(options)}"
    if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
        unexpected = ", ".join(error.kind.unexpected)
        return "extra_forbidden", f"Extra inputs are not permitted: {unexpected}"
    return _FORMATS.get(str(value), ("value_error", f"Input does not satisfy '{name}'"))
