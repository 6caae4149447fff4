"""Stock Schemathesis against both contracts, with all of its checks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.control import document
from mockserver.openapi.contract import Contract
from tests.conftest import ServerFactory
from tests.outside.tools import SPEC, run

pytestmark = pytest.mark.slow

SEED = "1"
EXAMPLES = "50"
WITHIN_SECONDS = 240

# By default, Schemathesis wants every valid request to succeed, or to be refused with 401, 403,
# 404, 409 or 429. This API documents three more refusals that depend on the state of the account:
# 400 (an unknown price, a used promo code, a card that is not on the account), 402 (a declined
# card, an empty balance) and 410 (an expired challenge). A valid request must still never be
# refused with 413, 415 or 422.
BILLING = """\
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 402, 403, 404, 409, 410, 429]
"""

# A valid shape with an invalid meaning is a 422 here: a state that does not add up, a rule with
# conflicting fields, a moment for an account, which has no clock of its own, an invalid URL.
SENSELESS = ("replace_state", "create_fault", "reset_world", "register_webhook_endpoint")
CONTROL = BILLING + "".join(
    f"""
[[operations]]
include-operation-id = "{name}"
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 409, 422]
"""
    for name in SENSELESS
)


CONTROL += """
[[operations]]
include-operation-id = "stream_requests"
enabled = false
"""
"""Each request for the stream would take until a timeout, as it does not end."""


def run_schemathesis(spec: Path, url: str, folder: Path, settings: str) -> str:
    """Run Schemathesis and return its output; findings fail the test."""
    (folder / "schemathesis.toml").write_text(settings)
    command: list[str | Path] = [
        Path(sys.executable).parent / "schemathesis",
        "run",
        spec,
        "--url",
        url,
    ]
    options = [
        "-H",
        "X-API-Key: sk_test_default",
        "--seed",
        SEED,
        "--max-examples",
        EXAMPLES,
        "--no-color",
    ]
    return run([*command, *options], cwd=folder, within=WITHIN_SECONDS).stdout


def test_the_billing_api_keeps_its_contract(
    make_server: ServerFactory, tmp_path: Path, contract: Contract
) -> None:
    """Schemathesis finds no undocumented response and no accepted invalid request."""
    server = make_server()
    output = run_schemathesis(SPEC, server.url, tmp_path, BILLING)
    assert f"{len(contract.operations)} selected / {len(contract.operations)} total" in output
    assert "No issues found" in output
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert re.search(rf"✅ +{phase}", output), output
    covered = re.search(r"API Links: +(\d+) covered", output)
    assert covered is not None
    assert int(covered[1]) >= 5, output
    with server.client("sk_test_default") as client:
        assert client.get("/_mock/invariants").json() == {"ok": True, "violations": []}


def test_the_control_api_keeps_its_contract(make_server: ServerFactory, tmp_path: Path) -> None:
    """The same holds for /_mock, with its resets, snapshots and clock."""
    server = make_server()
    control = document.load(packaged.billing_control_spec(), {})
    spec = tmp_path / "control.json"
    spec.write_text(json.dumps(control.document))
    count = len(control.operations)
    output = run_schemathesis(spec, f"{server.url}/_mock", tmp_path, CONTROL)
    assert f"{count - 1} selected / {count} total" in output
    assert re.search(r"No issues found|\d+ warnings? in ", output), output
