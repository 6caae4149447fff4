"""A process parses each YAML text once. Every caller gets a copy that it may change.

Hundreds of tests start a mock or a run of the kit, which reads the same documents as the test
before. Parsing them would take most of a start. ``tests/conftest.py`` applies this.
"""

from __future__ import annotations

import pickle
from typing import Any

import yaml

_LEAST = 200
"""The length of texts that are worth remembering, in characters."""
_load = yaml.load
_parsed: dict[tuple[type, str | bytes], bytes] = {}


def apply() -> None:
    """Replace ``yaml.load``."""
    yaml.load = _load_once


def _load_once(stream: Any, Loader: Any) -> Any:
    if not isinstance(stream, str | bytes) or len(stream) < _LEAST:
        return _load(stream, Loader)
    key = (Loader, stream)
    if key not in _parsed:
        value = _load(stream, Loader)
        try:
            _parsed[key] = pickle.dumps(value)
        except RecursionError:  # nested too deeply to be pickled
            return value
    return pickle.loads(_parsed[key])
