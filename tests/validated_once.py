"""A process has Connexion validate each document once: it takes more than the rest of a start.

Validation depends on nothing but the document, to which it adds defaults. A document that is
refused is validated, and refused, again. ``tests/conftest.py`` applies this.
"""

from __future__ import annotations

import pickle
from typing import Any

from connexion.spec import Specification

_MOST = 50
"""Documents that are remembered."""
_specification: Any = Specification
_validate = _specification._validate_spec.__func__
_valid: dict[bytes, bytes] = {}
"""What became of each valid document."""


def apply() -> None:
    """Replace the validation of Connexion's documents."""
    _specification._validate_spec = classmethod(_validate_once)


def _validate_once(cls: type[Specification], spec: dict[str, Any]) -> None:
    before = pickle.dumps((cls.__name__, spec))
    if before in _valid:
        spec.clear()
        spec.update(pickle.loads(_valid[before]))
        return
    _validate(cls, spec)
    if len(_valid) >= _MOST:
        _valid.clear()
    _valid[before] = pickle.dumps(spec)
