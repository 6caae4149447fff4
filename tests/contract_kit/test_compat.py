"""The private parts of other packages that ``contract_tests/compat.py`` uses exist."""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest
import requests

from contract_tests import compat

PARTS = [
    ("requests", "requests", "Response._content"),
    ("requests", "requests", "Response._content_consumed"),
    ("requests", "requests", "Session.get_redirect_target"),
    ("hypothesis", "hypothesis.configuration", "set_hypothesis_home_dir"),
    ("hypothesis", "hypothesis.control", "current_build_context"),
    ("hypothesis", "hypothesis.control", "currently_in_test_context"),
    ("hypothesis", "hypothesis.internal.conjecture.data", "ConjectureData.mark_invalid"),
    ("hypothesis", "hypothesis.internal.conjecture.providers", "_get_local_constants"),
    ("hypothesis", "hypothesis.internal.conjecture.providers", "CONSTANTS_CACHE.cache"),
    ("hypothesis", "hypothesis.internal.constants_ast", "Constants"),
    *(("hypothesis", module, "ast.parse") for module in compat.PARSING),
    ("schemathesis", "schemathesis", "Config.from_dict"),
    ("schemathesis", "schemathesis", "openapi.from_dict"),
    ("schemathesis", "schemathesis", "Case.as_transport_kwargs"),
    ("schemathesis", "schemathesis.engine.core", "Engine.get_phase_config"),
    ("schemathesis", "schemathesis.engine.core", "Engine.execute"),
    ("schemathesis", "schemathesis.engine.run", "Phase"),
    ("schemathesis", "schemathesis.engine.run", "PhaseName.PROBING"),
    ("schemathesis", "schemathesis.engine.run", "PhaseSkipReason.DISABLED"),
    ("schemathesis", "schemathesis.engine.events", "PhaseStarted"),
    ("schemathesis", "schemathesis.engine.events", "NonFatalError"),
    ("schemathesis", "schemathesis.engine.events", "Interrupted"),
    ("schemathesis", "schemathesis.schemas", "BaseSchema.include"),
    ("schemathesis", "schemathesis.schemas", "BaseSchema.hooks"),
    ("schemathesis", "schemathesis.schemas", "BaseSchema.adapt_to_path_decoder_rejection"),
    ("schemathesis", "schemathesis.hooks", "HookDispatcher.register_hook_with_name"),
]


def has(owner: Any, name: str) -> bool:
    """Return whether an object, or the instances of a class, have an attribute."""
    if hasattr(owner, name) or name in getattr(owner, "__annotations__", {}):
        return True
    if not inspect.isclass(owner):
        return False
    return f"self.{name}" in inspect.getsource(owner)


@pytest.mark.parametrize(("package", "module", "path"), PARTS)
def test_a_private_part_exists(package: str, module: str, path: str) -> None:
    """The failure names the missing part, the version and the module that uses it."""
    owner: Any = import_module(module)
    for name in path.split("."):
        if not has(owner, name):
            pytest.fail(
                f"{package} {version(package)} has no {module}.{path}: see contract_tests/compat.py"
            )
        owner = getattr(owner, name, None)


def test_new_sessions_are_prepared_until_the_end_of_the_block() -> None:
    """Every session that is created in the block is prepared; later sessions are not."""
    prepared: list[requests.Session] = []
    with compat.every_new_session(prepared.append):
        session = requests.Session()
    requests.Session()
    assert prepared == [session]


def test_ast_parse_is_only_replaced_for_hypothesis() -> None:
    """Hypothesis parses under a lock; ``ast.parse`` is unchanged for all other modules."""
    import ast

    from hypothesis.internal import reflection

    parse = ast.parse
    with compat.decided_by_the_seed():
        assert ast.parse is parse
        patched: Any = reflection
        assert patched.ast is not ast
        assert ast.dump(patched.ast.parse("1")) == ast.dump(ast.parse("1"))
    assert patched.ast is ast


def test_hypothesis_is_given_the_characters_that_utf8_can_encode() -> None:
    """They are those that Python encodes, and Hypothesis reads them from its folder."""
    from hypothesis.internal.charmap import intervals_from_codec

    def can_be_encoded(code: int) -> bool:
        return chr(code).encode("utf-8", "ignore") != b""

    codes = range(0x110000)
    expected = {code for first, last in compat.ENCODABLE for code in range(first, last + 1)}
    assert expected == set(filter(can_be_encoded, codes))
    with compat.decided_by_the_seed():
        encodable, others = intervals_from_codec.__wrapped__("utf-8")
    assert (encodable.intervals, others.intervals) == (compat.ENCODABLE, ())
