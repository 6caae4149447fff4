"""What is wrong with the content of a file that should be a struct: the place and a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from mockserver.candidates import candidates, shown

Pointer = tuple[str | int, ...]
Problem = tuple[Pointer, str]
"""The path of a value within a file, and what is wrong with it."""


_type_info = cache(inspect.type_info)
"""What msgspec knows of a struct, which takes longer than to look for problems."""


def problems(type: Any, content: Any) -> Iterator[Problem]:
    """Yield what is wrong with a content, in the order of the file. Missing fields come last.

    ``type`` is the struct. The end of a sentence on a text whose form is wrong is the
    ``description`` of its ``msgspec.Meta``.
    """
    return _problems(_type_info(type), content, ())


def _problems(
    kind: inspect.Type, value: Any, pointer: Pointer, advice: str | None = None
) -> Iterator[Problem]:
    if isinstance(kind, inspect.Metadata):
        advice = (kind.extra_json_schema or {}).get("description")
        yield from _problems(kind.type, value, pointer, advice)
    elif isinstance(kind, inspect.UnionType):
        parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
        if value is not None or len(parts) == len(kind.types):
            yield from _problems(parts[0], value, pointer, advice)
    elif isinstance(kind, inspect.StructType | inspect.DictType | inspect.ListType):
        yield from _problems_of_container(kind, value, pointer)
    else:
        check = _CHECKS.get(type(kind))
        problem = check(kind, value, advice) if check is not None else None
        if problem is not None:
            yield pointer, problem


def _problems_of_container(
    kind: inspect.StructType | inspect.DictType | inspect.ListType, value: Any, pointer: Pointer
) -> Iterator[Problem]:
    if isinstance(kind, inspect.ListType):
        if not isinstance(value, list):
            yield pointer, f"must be a list, not {shown(value)}"
            return
        for index, entry in enumerate(value):
            yield from _problems(kind.item_type, entry, (*pointer, index))
    elif not isinstance(value, dict):
        yield pointer, f"must be an object with fields, not {shown(value)}"
    elif isinstance(kind, inspect.StructType):
        yield from _problems_of_struct(kind, value, pointer)
    else:
        yield from _problems_of_dict(kind, value, pointer)


def _problems_of_struct(
    kind: inspect.StructType, value: dict[str, Any], pointer: Pointer
) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in kind.fields}
    for name, part in value.items():
        if name in fields:
            yield from _problems(fields[name].type, part, (*pointer, name))
        else:
            yield (*pointer, name), _unknown(name, fields)
    for name in (name for name, field in fields.items() if field.required):
        if name not in value:
            yield pointer, f"has no '{name}', which is required"


def _problems_of_dict(
    kind: inspect.DictType, value: dict[str, Any], pointer: Pointer
) -> Iterator[Problem]:
    known = kind.key_type.values if isinstance(kind.key_type, inspect.LiteralType) else None
    for name, part in value.items():
        if known is not None and name not in known:
            yield (*pointer, name), _unknown(name, map(str, known))
        else:
            yield from _problems(kind.value_type, part, (*pointer, name))
    if len(value) < (kind.min_length or 0):
        yield pointer, f"must have at least {kind.min_length} field"


def _unknown(name: str, known: Any) -> str:
    return f"is not a known field here{candidates(name, known)}"


def _number(
    kind: inspect.IntType | inspect.FloatType, value: Any, advice: str | None
) -> str | None:
    is_int = isinstance(kind, inspect.IntType)
    noun = "a whole number" if is_int else "a number"
    if not isinstance(value, int if is_int else int | float) or isinstance(value, bool):
        return f"must be {noun}, not {shown(value)}"
    is_low = kind.ge is not None and value < kind.ge
    is_high = kind.le is not None and value > kind.le
    if not is_low and not is_high:
        return None
    if kind.ge is None or kind.le is None:
        bounds = f"at least {kind.ge:,}" if kind.le is None else f"at most {kind.le:,}"
    else:
        bounds = f"from {kind.ge:,} to {kind.le:,}"
    return advice or f"must be {bounds}, not {value:,}"


def _text(kind: inspect.StrType, value: Any, advice: str | None) -> str | None:
    if not isinstance(value, str):
        quotes = ", in quotes" if isinstance(value, int | float) else ""
        return f"must be text{quotes}, not {shown(value)}"
    least, most = kind.min_length or 0, kind.max_length
    if len(value) < least or (most is not None and len(value) > most):
        count = f"{least} to {most}" if most is not None else f"at least {least}"
        return f"must have {count} letters, not {len(value)}"
    if kind.pattern is not None and not re.search(kind.pattern, value):
        return f"{advice or 'has the wrong form'}, not {shown(value)}"
    return None


def _literal(kind: inspect.LiteralType, value: Any, _: str | None) -> str | None:
    if isinstance(value, str) and value in kind.values:
        return None
    known = [str(option) for option in kind.values]
    if isinstance(value, str):
        return f"{shown(value)} is not known here{candidates(value, known)}"
    return f"must be {' or '.join(known)}, not {shown(value)}"


def _flag(_: inspect.BoolType, value: Any, __: str | None) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {shown(value)}"


def _time(_: inspect.DateTimeType, value: Any, __: str | None) -> str | None:
    try:
        msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return f"must be a time such as 2025-06-01T00:00:00Z, not {shown(value)}"
    return None


_CHECKS: dict[type, Callable[[Any, Any, str | None], str | None]] = {
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.StrType: _text,
    inspect.LiteralType: _literal,
    inspect.BoolType: _flag,
    inspect.DateTimeType: _time,
}
"""Functions that return what is wrong with a single value, or None."""
