"""A file of Connexion, read without importing Connexion, which takes a third of the start-up time.

``compat.py`` has all other undocumented parts of libraries.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

_OPENAPI_SCHEMA = "resources/schemas/v3.0/schema.json"


def openapi_schema() -> Any:
    """Return the JSON Schema (draft 4) of OpenAPI 3.0 documents."""
    found = find_spec("connexion")
    folder = next(iter((found and found.submodule_search_locations) or ()), "connexion")
    return orjson.loads((Path(folder) / _OPENAPI_SCHEMA).read_bytes())
