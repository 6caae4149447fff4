"""All undocumented parts of Connexion that the mock uses, but for a file of Connexion.

``pyproject.toml`` has an upper bound. ``tests/test_compat.py`` names each part, and says
which one another version lacks. Seen with Connexion 3.3.0.

Importing Connexion also imports two HTTP clients (for documents at a URL and remote token checks),
Starlette's test client and a terminal toolkit: half of the start-up time, and 20 MB. Stand-ins
replace them in ``sys.modules`` during the import. Those of the HTTP clients load the real module on
first use.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def _without_clients() -> Iterator[None]:
    stand_ins = [_lazy("httpx"), _lazy("requests"), _test_client()]
    ours = [module for module in stand_ins if module.__name__ not in sys.modules]
    sys.modules.update({module.__name__: module for module in ours})
    try:
        yield
    finally:
        for module in ours:
            del sys.modules[module.__name__]


def _lazy(name: str) -> ModuleType:
    """Return a stand-in that loads the real module when an attribute is read."""

    def load(attribute: str) -> Any:
        return getattr(importlib.import_module(name), attribute)

    module = ModuleType(name)
    module.__getattr__ = load  # type: ignore[method-assign]
    return module


def _test_client() -> ModuleType:
    module = ModuleType("starlette.testclient")
    module.TestClient = type("TestClient", (), {})  # type: ignore[attr-defined]
    return module


with _without_clients():
    from connexion.exceptions import ProblemException
    from connexion.lifecycle import ConnexionRequest, ConnexionResponse
    from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
    from connexion.middleware.exceptions import ExceptionMiddleware
    from connexion.middleware.main import ConnexionMiddleware
    from connexion.middleware.routing import RoutingMiddleware
    from connexion.middleware.server_error import ServerErrorMiddleware
    from connexion.operations.abstract import AbstractOperation
    from connexion.resolver import Resolver

__all__ = [
    "AbstractOperation",
    "ConnexionMiddleware",
    "ConnexionRequest",
    "ConnexionResponse",
    "ExceptionMiddleware",
    "ProblemException",
    "Resolver",
    "RoutedAPI",
    "RoutedMiddleware",
    "RoutingMiddleware",
    "ServerErrorMiddleware",
]
