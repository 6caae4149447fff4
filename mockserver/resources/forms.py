"""Reads forms whose names have brackets: ``address[city]=Bern``, ``items[0][sku]=a``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"[^\[\]]+")
_MAX_DEPTH, _MAX_FIELDS = 8, 1_000


def form_of(payload: bytes) -> dict[str, Any] | None:
    """Return the fields of a form as nested objects and lists; None if it is none."""
    try:
        text = payload.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return None
    form: dict[str, Any] = {}
    for name, value in pairs:
        parts = _PART.findall(name)[:_MAX_DEPTH]
        target = form
        for part in parts[:-1]:
            inner = target.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            target = inner
        else:
            if parts:
                _add(target, parts[-1], value, is_list=name.endswith("[]"))
    return {name: _listed(value) for name, value in form.items()}


def _add(target: dict[str, Any], name: str, value: str, *, is_list: bool) -> None:
    old = target.get(name)
    if is_list or old is not None:
        values = old if isinstance(old, list) else [] if old is None else [old]
        target[name] = [*values, value]
    else:
        target[name] = value


def _listed(value: Any) -> Any:
    """Return objects whose names are 0, 1, 2 as lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(part) for name, part in value.items()}
    is_list = list(inner) == [str(index) for index in range(len(inner))] and inner
    return list(inner.values()) if is_list else inner
