"""The uses of private parts of other packages.

``pyproject.toml`` has an upper bound for each of these packages.
``tests/contract_kit/test_compat.py`` fails with a clear sentence when a part is missing.

- Hypothesis 6.170: its cache of constants and its folder, so that the seed alone decides what is
  generated; its file of the characters that UTF-8 can encode, which takes seconds to make; the
  module ``ast`` with which it parses sources; the current test case, to discard it.
- Schemathesis 4.32: its engine, events and hooks, to run it in this process.
- requests 2.34: the body of a response and the constructor of sessions, so that every request goes
  through the channel.

urllib3 is used by its public names only.
"""

from __future__ import annotations

import ast
import gzip
import json
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import requests

# ---------------------------------------------------------------------------------------- requests


def with_body(response: requests.Response, body: bytes) -> requests.Response:
    """Set the body of a response, which was read already."""
    response._content = body
    response._content_consumed = True
    return response


@contextmanager
def every_new_session(prepare: Callable[[requests.Session], object]) -> Iterator[None]:
    """Prepare every session that this process makes in the block."""
    make = requests.Session.__init__

    def make_prepared(session: requests.Session) -> None:
        make(session)
        prepare(session)

    requests.Session.__init__ = make_prepared  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        requests.Session.__init__ = make  # type: ignore[method-assign]


def follow_no_redirects(session: requests.Session) -> None:
    """Make a session return redirects as they are."""
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]  # noqa: ARG005


# -------------------------------------------------------------------------------------- Hypothesis

PARSING = (
    "hypothesis.internal.filtering",
    "hypothesis.internal.lambda_sources",
    "hypothesis.internal.reflection",
    "hypothesis.vendor.pretty",
)
"""The modules of Hypothesis that parse sources, each with ``ast`` as a global name."""

ENCODABLE = ((0, 0xD7FF), (0xE000, 0x10FFFF))
"""The first and last characters of the ranges that UTF-8 can encode: all but surrogates."""


@contextmanager
def decided_by_the_seed() -> Iterator[None]:
    """Let the seed alone decide what Hypothesis generates in the block.

    Hypothesis mixes in constants of all source files that are loaded. So the same seed would lead
    to other requests from pytest than from the command line, and after an edit of the kit.
    """
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    find_constants = providers._get_local_constants
    providers._get_local_constants = Constants
    providers.CONSTANTS_CACHE.cache.clear()  # of what was drawn before
    with TemporaryDirectory(prefix="contract-tests-") as folder, _one_parser_at_a_time():
        set_hypothesis_home_dir(folder)
        _write_encodable()
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
            providers._get_local_constants = find_constants
            providers.CONSTANTS_CACHE.cache.clear()


def _write_encodable() -> None:
    """Write the file in which Hypothesis keeps the characters that UTF-8 can encode.

    In an empty folder, it tries each of 1.1 million characters, which takes two seconds.
    """
    from hypothesis.internal.charmap import charmap_file

    path = charmap_file("codec-v2-utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="ascii") as file:
        json.dump([ENCODABLE, []], file)


class _OneAtATime(ModuleType):
    """The module ``ast``, whose ``parse`` runs in one thread at a time."""

    def __init__(self) -> None:
        super().__init__("ast")
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(ast, name)

    def parse(self, *args: Any, **options: Any) -> Any:
        """Parse a source as ``ast.parse`` does."""
        with self._lock:
            return ast.parse(*args, **options)


@contextmanager
def _one_parser_at_a_time() -> Iterator[None]:
    """Let Hypothesis parse sources in one thread at a time: Python 3.11 fails otherwise."""
    parsing: list[Any] = [import_module(name) for name in PARSING]
    alone = _OneAtATime()
    for module in parsing:
        module.ast = alone
    try:
        yield
    finally:
        for module in parsing:
            module.ast = ast


def discard_example(why: str) -> None:
    """Discard Hypothesis' current example, if there is one. An exception would be a failure."""
    from hypothesis.control import current_build_context, currently_in_test_context

    if currently_in_test_context():
        current_build_context().data.mark_invalid(why)


# ------------------------------------------------------------------------------------ Schemathesis


@dataclass(frozen=True)
class Event:
    """Something that Schemathesis reports while it runs."""

    phase: str = ""
    """The phase that begins."""
    error: Exception | None = None
    """What it could not do."""
    label: str = ""
    is_of_operation: bool = True
    """Whether the error is about one operation, which the label names."""
    is_interruption: bool = False


def run_schemathesis(
    document: dict[str, Any],
    settings: dict[str, Any],
    names: list[str],
    hooks: Mapping[str, Callable[..., Any]],
) -> Generator[Event]:
    """Run all phases of Schemathesis but probing, on operations by method and path."""
    import schemathesis
    from schemathesis.engine import events

    config = schemathesis.Config.from_dict(settings)
    schema: Any = schemathesis.openapi.from_dict(document, config=config)
    schema = schema.include(name=names)
    # As if it had probed, and had learnt what many a proxy does.
    schema.adapt_to_path_decoder_rejection()
    for name, hook in hooks.items():
        schema.hooks.register_hook_with_name(hook, name)
    with closing(_engine()(schema).execute().generator) as stream:
        for event in stream:
            if isinstance(event, events.PhaseStarted):
                yield Event(phase=event.phase.name)
            elif isinstance(event, events.NonFatalError):
                is_of_operation = bool(event.related_to_operation)
                yield Event(error=event.value, label=event.label, is_of_operation=is_of_operation)
            elif isinstance(event, events.Interrupted):
                yield Event(is_interruption=True)


def _engine() -> Any:
    from schemathesis.engine.core import Engine
    from schemathesis.engine.run import Phase, PhaseName, PhaseSkipReason

    class Tester(Engine):
        """Without the phase that probes the server."""

        def get_phase_config(self, phase_name: PhaseName, **more: Any) -> Phase:
            if phase_name is PhaseName.PROBING:
                return Phase(phase_name, is_enabled=False, skip_reason=PhaseSkipReason.DISABLED)
            return super().get_phase_config(phase_name, **more)

    return Tester


def request_of(case: Any, base_url: str) -> requests.PreparedRequest:
    """Return the request that Schemathesis would send for a case."""
    return requests.Request(**case.as_transport_kwargs(base_url=base_url)).prepare()


def check_of(failure: Any) -> str:
    """Return the name of the check that found a failure."""
    return str(failure.checks[0]) if failure.checks else type(failure).__name__


def earlier_of(failure: Any) -> str:
    """Return the operation that a stateful check compares a response with: ``POST /books``."""
    return str(getattr(failure, "created_with", "") or getattr(failure, "free", ""))
