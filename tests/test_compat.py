"""The undocumented parts of libraries that ``mockserver.compat`` uses."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import reduce
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mockserver import compat
from mockserver.openapi import official

ROOT = Path(__file__).resolve().parent.parent
NAMES = {"connexion": "Connexion"}


class Part(NamedTuple):
    """A class, method or attribute, and the parameters that it must have."""

    module: str
    name: str
    parameters: tuple[str, ...] = ()


PARTS = [
    Part("connexion.exceptions", "ProblemException.__init__", ("status", "detail")),
    Part("connexion.lifecycle", "ConnexionResponse.__init__", ("status_code", "body", "headers")),
    Part("connexion.middleware.abstract", "RoutedAPI.add_paths", ("self",)),
    Part("connexion.middleware.abstract", "RoutedAPI.make_operation", ("self", "operation")),
    Part("connexion.middleware.abstract", "RoutedMiddleware.add_api", ("kwargs",)),
    Part("connexion.middleware.abstract", "AbstractSpecAPI._set_base_path", ("base_path",)),
    Part("connexion.middleware.exceptions", "ExceptionMiddleware.__call__"),
    Part("connexion.middleware.server_error", "ServerErrorMiddleware.__call__"),
    Part("connexion.middleware.routing", "RoutingMiddleware.add_api", ("specification", "kwargs")),
    Part("connexion.middleware.main", "ConnexionMiddleware.__init__", ("app", "middlewares")),
    Part(
        "connexion.middleware.main",
        "ConnexionMiddleware.add_api",
        ("specification", "base_path", "resolver", "kwargs"),
    ),
    Part(
        "connexion.middleware.main",
        "ConnexionMiddleware.add_error_handler",
        ("code_or_exception", "function"),
    ),
    Part("connexion.operations.abstract", "AbstractOperation.operation_id"),
    Part("connexion.operations.abstract", "AbstractOperation.method"),
    Part("connexion.operations.abstract", "AbstractOperation.path"),
    Part("connexion.resolver", "Resolver.__init__", ("function_resolver",)),
]


def complaint(part: Part) -> str | None:
    """Return what is missing of a part in the installed version; None if nothing is."""
    distribution = part.module.split(".")[0]
    library = f"{NAMES[distribution]} {metadata.version(distribution)}"
    try:
        found: Any = reduce(getattr, part.name.split("."), import_module(part.module))
    except (ImportError, AttributeError):
        return f"{library} has no {part.name}: see mockserver/compat.py"
    known = _parameters(found)
    missing = [name for name in part.parameters if name not in known]
    if missing:
        return f"{part.name} of {library} does not take '{missing[0]}': see mockserver/compat.py"
    return None


def _parameters(found: Any) -> Mapping[str, object]:
    return inspect.signature(found).parameters if inspect.isfunction(found) else {}


def failing(check: Callable[[], object], what: str) -> str | None:
    """Return a complaint about a library that does not behave as it did."""
    try:
        is_good = check()
    except Exception as error:
        return f"{what} ({error!r}): see mockserver/compat.py"
    return None if is_good else f"{what}: see mockserver/compat.py"


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.module}-{part.name}")
def test_the_installed_version_has_each_part(part: Part) -> None:
    """A new version that lacks one is refused by this test, with the place to adapt."""
    assert complaint(part) is None, complaint(part)


def test_a_missing_part_is_named_with_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says what to look for, and where."""
    monkeypatch.delattr("connexion.middleware.abstract.RoutedAPI.add_paths")
    monkeypatch.setattr(metadata, "version", lambda _: "3.4")
    part = Part("connexion.middleware.abstract", "RoutedAPI.add_paths")
    assert complaint(part) == "Connexion 3.4 has no RoutedAPI.add_paths: see mockserver/compat.py"


def test_a_missing_module_is_named_with_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part is gone with its module."""
    monkeypatch.setitem(sys.modules, "connexion.middleware.abstract", None)
    monkeypatch.setattr(metadata, "version", lambda _: "3.4")
    part = Part("connexion.middleware.abstract", "RoutedAPI.add_paths")
    assert complaint(part) == "Connexion 3.4 has no RoutedAPI.add_paths: see mockserver/compat.py"


def test_a_missing_parameter_is_named_with_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The method is there and has changed."""
    monkeypatch.setattr("connexion.resolver.Resolver.__init__", lambda _self: None)
    monkeypatch.setattr(metadata, "version", lambda _: "3.4")
    part = Part("connexion.resolver", "Resolver.__init__", ("function_resolver",))
    assert complaint(part) == (
        "Resolver.__init__ of Connexion 3.4 does not take 'function_resolver': "
        "see mockserver/compat.py"
    )


def test_connexion_routes_by_a_starlette_router() -> None:
    """Its redirects of trailing slashes are switched off."""
    from starlette.routing import Router

    complained = failing(
        lambda: isinstance(compat.RoutingMiddleware(Router()).router, Router),
        "Connexion's RoutingMiddleware has no Starlette router",
    )
    assert complained is None, complained


def test_connexion_gives_error_handlers_the_request() -> None:
    """Its scope, method and path."""
    scope = {"type": "http", "method": "PUT", "path": "/a", "headers": [], "query_string": b""}

    def is_readable() -> bool:
        request = compat.ConnexionRequest(scope)
        read = (request.scope["method"], request.method, request.url.path)
        return read == ("PUT", "PUT", "/a")

    complained = failing(is_readable, "Connexion's ConnexionRequest lacks scope, method or url")
    assert complained is None, complained


@pytest.mark.parametrize("version", official.VERSIONS)
def test_packages_have_the_schemas_of_openapi(version: str) -> None:
    """Contracts are checked by them."""
    complained = failing(
        lambda: official.schema(version)["properties"]["info"],
        f"No package has the schema of OpenAPI {version} documents at resources/schemas",
    )
    assert complained is None, complained


def test_a_failing_check_is_a_sentence() -> None:
    """Whether it returns or raises."""
    assert failing(lambda: False, "It is gone") == "It is gone: see mockserver/compat.py"
    assert failing(lambda: dict[str, str]()["a"], "It is gone") == (
        "It is gone (KeyError('a')): see mockserver/compat.py"
    )


def test_importing_connexion_imports_no_http_client() -> None:
    """They would cost half of the start-up time."""
    clients = ("httpx", "requests", "starlette.testclient")
    program = f"import sys, mockserver.app; print([m for m in {clients} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.strip() == "[]", "Connexion imports clients: see mockserver/compat.py"


@pytest.mark.parametrize("distribution", NAMES)
def test_the_next_minor_version_is_excluded(distribution: str) -> None:
    """Undocumented parts may change in it."""
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    major, minor, *_ = map(int, metadata.version(distribution).split("."))
    assert f"{distribution}>={major}.{minor},<{major}.{minor + 1}" in dependencies


def test_nothing_else_imports_connexion() -> None:
    """Nor uvicorn: the server is the mock's own."""
    imports = re.compile(r"^\s*(?:from|import) (connexion|uvicorn)\b", re.MULTILINE)
    for path in (ROOT / "mockserver").rglob("*.py"):
        found = set(imports.findall(path.read_text(encoding="utf-8")))
        assert found <= ({"connexion"} if path.name == "compat.py" else set()), path
