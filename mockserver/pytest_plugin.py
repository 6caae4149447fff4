"""The fixture ``billing_mock`` for every test suite: pytest finds this module by itself when the package is installed.

So it is loaded by each run of pytest of everybody who has the package: it imports nothing until the fixture is used.
(PYTEST_DONT_REWRITE: it has no assertions.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.testing import BillingMock, BillingServer

_NOON = "2026-03-18T12:00:00Z"
_MARKER = "billing_mock"
_WORDS = ("persona", "key", "now")
_MARKER_HELP = (
    "billing_mock(persona=..., key=..., now=...): who the account of the fixture billing_mock is (a persona's slug, or "
    "an API key), and at what time the test begins."
)
_INI = (
    ("now", f"Time at which each test begins, in ISO 8601 ({_NOON})"),
    ("key", "API key of every test, for an application that knows one key (each test has its own)"),
    ("seed", "Seed of ids, codes and histories (1)"),
    ("spec", "Contract to serve, relative to the configuration file (the packaged one)"),
    (
        "fixtures",
        "Folder with catalogue.yaml and personas/, relative to the configuration file (the packaged one)",
    ),
)
_INI_FLAGS = "More flags of 'mockserver serve', such as --enforce-rate-limits"


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
    """A running billing mock: an account of the test's own, a clock that stands still, and nothing left of others."""
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
    """Where the billing mock of this run is, for an application that is started once and used by many tests."""
    return _billing_mock_server.url


@pytest.fixture(scope="session")
def _billing_mock_server(pytestconfig: pytest.Config) -> Iterator[BillingServer]:
    """The one server of this process; under pytest-xdist each worker is one."""
    from mockserver.testing import BillingMockError, BillingServer

    try:
        server = BillingServer(_flags(pytestconfig))
    except BillingMockError as error:
        raise _refusal(
            f"billing_mock: the server does not start: {_in_words_of_pytest(str(error))}"
        ) from None
    yield server
    server.close()


def _flags(config: pytest.Config) -> list[str]:
    """The flags of ``mockserver serve`` that the configuration asks for."""
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


def _in_words_of_pytest(complaint: str) -> str:
    """What the server says of its flags, said of the configuration that they came from."""
    for name, _ in _INI:
        complaint = complaint.replace(f"--{name} ", f"billing_mock_{name} ")
    return complaint


def _chosen(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Who and when: what the markers of test, class and module say, the nearest first, else the configuration."""
    chosen: dict[str, Any] = {}
    for marker in request.node.iter_markers(_MARKER):
        unknown = [*map(repr, marker.args), *(word for word in marker.kwargs if word not in _WORDS)]
        if unknown:
            raise _refusal(
                f"@pytest.mark.billing_mock takes persona=, key= and now=, not {', '.join(unknown)}."
            )
        if {"persona", "key"} <= set(marker.kwargs):
            raise _refusal(
                "@pytest.mark.billing_mock takes either persona= or key=, since a persona has its own key."
            )
        told = {"now"} if "persona" in chosen or "key" in chosen else set(_WORDS)
        chosen = {
            **{word: value for word, value in marker.kwargs.items() if word in told},
            **chosen,
        }
    if "persona" not in chosen and "key" not in chosen:
        chosen["key"] = request.config.getini("billing_mock_key") or _key_of(request.node)
    return {"now": None, **chosen}


def _key_of(test: pytest.Item) -> str:
    """The test's own key: the same wherever pytest is started, alone or among others, in any order.

    So it comes from the name of its file and what stands in there. The node id would not do: it begins at the root that
    pytest finds, which depends on how it is called, and pytest-xdist writes its groups into it.
    """
    from hashlib import blake2b

    outside = pytest.Session | pytest.Directory | pytest.File
    names = [each.name for each in test.listchain() if not isinstance(each, outside)]
    name = "::".join([test.path.name, *names])
    return f"sk_test_{blake2b(name.encode(), digest_size=12).hexdigest()}"


def _refusal(sentence: str) -> BaseException:
    """A failure that is its sentence and no traceback."""
    return pytest.fail.Exception(sentence, pytrace=False)
