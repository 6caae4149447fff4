"""A pytest plugin with the fixtures ``billing_mock`` and ``billing_mock_url``.

pytest finds the plugin by the entry point of the installed package. Every pytest run on such a
machine loads it, so it imports nothing until a fixture is used. (PYTEST_DONT_REWRITE: no
assertions.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # editors show the fixtures' types; importing them costs 100 ms
    from collections.abc import Iterator

    from mockserver.testing import BillingMock, BillingServer

_NOON = "2026-03-18T12:00:00Z"
_MARKER = "billing_mock"
_ARGUMENTS = ("persona", "key", "now")
_MARKER_HELP = (
    "billing_mock(persona=..., key=..., now=...): the account of the fixture billing_mock "
    "(the slug of a persona, or an API key), and the time at which the test begins."
)
_INI = (
    ("now", f"Time at which each test begins, in ISO 8601 (default: {_NOON})"),
    ("key", "API key of all tests, for an application with one fixed key (default: one per test)"),
    ("seed", "Seed of ids, codes and histories (default: 1)"),
    ("spec", "Contract to serve, relative to the configuration file (default: the packaged one)"),
    (
        "fixtures",
        "Folder with catalogue.yaml and personas/, relative to the configuration file "
        "(default: the packaged one)",
    ),
)
_INI_FLAGS = "Further flags of 'mockserver serve', such as --enforce-rate-limits"


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, help in _INI:
        parser.addini(f"billing_mock_{name}", f"Billing mock: {help}.", type="string", default="")
    parser.addini("billing_mock_flags", f"Billing mock: {_INI_FLAGS}.", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER_HELP)


@pytest.fixture
def billing_mock(
    request: pytest.FixtureRequest, _billing_mock_server: BillingServer
) -> Iterator[BillingMock]:
    """Return a running billing mock, reset before each test.

    Each test has its own account and a frozen clock. The server is started once per process. The
    marker ``billing_mock(persona=..., key=..., now=...)`` chooses the account and the start time.
    If the server logs anything during a failing test, the test's report shows it.
    """
    from mockserver.testing import BillingMock, BillingMockError

    chosen = _chosen(request)
    try:
        key = (
            _billing_mock_server.key_of(chosen["persona"]) if "persona" in chosen else chosen["key"]
        )
        mock = BillingMock(_billing_mock_server, key, chosen["now"])
        mock.reset()
    except BillingMockError as error:
        raise _refusal(f"billing_mock: {error}") from None
    before = _billing_mock_server.log_size
    yield mock
    if _billing_mock_server.log_size > before:
        request.node.add_report_section(
            "teardown", "log of the billing mock", _billing_mock_server.log(before)
        )


@pytest.fixture(scope="session")
def billing_mock_url(_billing_mock_server: BillingServer) -> str:
    """Return the mock's base URL, for an application that is started once for all tests."""
    return _billing_mock_server.url


@pytest.fixture(scope="session")
def _billing_mock_server(pytestconfig: pytest.Config) -> Iterator[BillingServer]:
    """Start the server of this process; with pytest-xdist each worker has one."""
    from mockserver.testing import BillingMockError, BillingServer

    try:
        server = BillingServer(_flags(pytestconfig))
    except BillingMockError as error:
        raise _refusal(
            f"billing_mock: the server does not start: {_with_ini_names(str(error))}"
        ) from None
    yield server
    server.close()


def _flags(config: pytest.Config) -> list[str]:
    """Return the flags of ``mockserver serve`` for the configuration."""
    folder = config.inipath.parent if config.inipath is not None else config.rootpath
    flags = [
        *config.getini("billing_mock_flags"),
        f"--now={config.getini('billing_mock_now') or _NOON}",
    ]
    if seed := config.getini("billing_mock_seed"):
        flags.append(f"--seed={seed}")
    for name in ("spec", "fixtures"):
        if value := config.getini(f"billing_mock_{name}"):
            flags.append(f"--{name}={folder / value}")
    return flags


def _with_ini_names(message: str) -> str:
    """Replace the flags in a message by the configuration options that they came from."""
    for name, _ in _INI:
        message = message.replace(f"--{name} ", f"billing_mock_{name} ")
    return message


def _chosen(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return account and start time from the markers, the nearest first, or the configuration."""
    chosen: dict[str, Any] = {}
    for marker in request.node.iter_markers(_MARKER):
        unknown = [
            *map(repr, marker.args),
            *(name for name in marker.kwargs if name not in _ARGUMENTS),
        ]
        if unknown:
            raise _refusal(
                "@pytest.mark.billing_mock takes persona=, key= and now=, "
                f"not {', '.join(unknown)}."
            )
        if {"persona", "key"} <= set(marker.kwargs):
            raise _refusal(
                "@pytest.mark.billing_mock takes either persona= or key=, "
                "since a persona has its own key."
            )
        has_account = "persona" in chosen or "key" in chosen
        open_arguments = {"now"} if has_account else set(_ARGUMENTS)
        added = {name: value for name, value in marker.kwargs.items() if name in open_arguments}
        chosen = {**added, **chosen}
    if "persona" not in chosen and "key" not in chosen:
        chosen["key"] = request.config.getini("billing_mock_key") or _key_of(request.node)
    return {"now": None, **chosen}


def _key_of(test: pytest.Item) -> str:
    """Return the test's own key, which does not depend on how and where pytest is started.

    It is derived from the file's name and the test's path inside the file. The node id is
    unsuitable: it is relative to the root directory that pytest chooses, and pytest-xdist adds its
    groups to it.
    """
    from hashlib import blake2b

    outside = pytest.Session | pytest.Directory | pytest.File
    names = [node.name for node in test.listchain() if not isinstance(node, outside)]
    name = "::".join([test.path.name, *names])
    return f"sk_test_{blake2b(name.encode(), digest_size=12).hexdigest()}"


def _refusal(message: str) -> BaseException:
    """Return a test failure that shows its message without a traceback."""
    return pytest.fail.Exception(message, pytrace=False)
