"""Which behaviour serves a document."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mockserver import app, packaged
from mockserver.app import Server
from mockserver.openapi.yaml_file import FileError
from mockserver.settings import Settings
from tests.resources.documents import NOTES, document, json_content, operation


def server_of(spec: Path) -> Server:
    """Return a server of a document."""
    return app.build(Settings(spec=spec, fixtures=packaged.fixtures()))


def test_the_packaged_contract_is_served_by_billing() -> None:
    """Its operations have handlers."""
    assert server_of(packaged.spec()).not_stateful() == []


@pytest.mark.parametrize("name", ["get_balance", "list_invoices"])
def test_an_operation_id_of_ours_under_another_path_is_not_billing(
    tmp_path: Path, name: str
) -> None:
    """Other APIs have balances and invoices, too."""
    spec = tmp_path / "openapi.yaml"
    paths = {"/me/things": {"get": operation({"200": json_content({"type": "object"})}, name)}}
    spec.write_text(yaml.safe_dump(document(paths)), encoding="utf-8")
    server = server_of(spec)
    assert [operation.operation_id for operation in server.not_stateful()] == [name]
    assert server.behaviour.about.credentials == {}


@pytest.mark.parametrize(("before", "after"), [(NOTES, packaged.spec()), (packaged.spec(), NOTES)])
def test_a_reload_keeps_the_api(tmp_path: Path, before: Path, after: Path) -> None:
    """State of one API means nothing to another: the server has to be restarted."""
    spec = tmp_path / "openapi.yaml"
    spec.write_bytes(before.read_bytes())
    server = server_of(spec)
    spec.write_bytes(after.read_bytes())
    with pytest.raises(FileError, match="another API"):
        server.prepare()
