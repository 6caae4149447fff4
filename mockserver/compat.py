"""Connexion, imported without what a server never uses of it. Everybody here imports Connexion from this module.

Connexion's package brings two HTTP clients (for specs at a URL and remote token checks), Starlette's test client and a
terminal toolkit along: half of the start-up time, and 20 MB. While it is imported, stand-ins take their places; they
leave no trace in ``sys.modules``, and the HTTP clients' load the real module when somebody uses them after all.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def _lightly() -> Iterator[None]:
    stand_ins = [_postponed("httpx"), _postponed("requests"), _test_client()]
    ours = [module for module in stand_ins if module.__name__ not in sys.modules]
    sys.modules.update({module.__name__: module for module in ours})
    try:
        yield
    finally:
        for module in ours:
            del sys.modules[module.__name__]


def _postponed(name: str) -> ModuleType:
    def load(attribute: str) -> Any:
        return getattr(importlib.import_module(name), attribute)

    module = ModuleType(name)
    module.__getattr__ = load  # type: ignore[method-assign]
    return module


def _test_client() -> ModuleType:
    module = ModuleType("starlette.testclient")
    module.TestClient = type("TestClient", (), {})  # type: ignore[attr-defined]
    return module


with _lightly():
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
