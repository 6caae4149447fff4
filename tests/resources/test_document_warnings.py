"""The start warns of what is served otherwise than the author of a document may expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.openapi.contract import Contract
from mockserver.resources import document_warnings
from tests.resources.documents import Json, document, operation

PATHS: Json = {"/docs": {"get": operation({"200": {}})}}


def warnings_of(caplog: pytest.LogCaptureFixture, **more: Json) -> str:
    """Return the warnings of a document."""
    contract = Contract.checked(Path("openapi.yaml"), document(PATHS, **more))
    document_warnings.warn(contract, "/_mock", "")
    return caplog.text


def test_a_hidden_path_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """It names the flag that moves the mock's own."""
    assert "the path /docs hides one of the mock's own" in warnings_of(caplog)
    assert "--control-prefix" in caplog.text


def test_a_scheme_without_a_form_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Every request satisfies it."""
    schemes = {"strange": {"type": "http", "scheme": ""}}
    content: Json = {"components": {"securitySchemes": schemes}, "security": [{"strange": []}]}
    assert "the security scheme 'strange' is not defined" in warnings_of(caplog, **content)
