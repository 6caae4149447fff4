"""HAR files that Playwright records in a browser can be replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract_tests.recording.replay import replay
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT

_PAGE = """async (path) => {
  const headers = {"X-API-Key": "sk_test_new", "Content-Type": "application/json"};
  const body = JSON.stringify({enabled: true, threshold_50_enabled: false});
  await (await fetch(path + "/usage-alerts", {method: "PUT", headers, body})).text();
  await (await fetch(path + "/balance", {headers})).text();
}"""


@pytest.mark.slow
@pytest.mark.parametrize("content", ["attach", "embed"])
@pytest.mark.parametrize("name", ["run.har", "run.har.zip"])
def test_a_recording_of_playwright_is_judged(
    name: str, content: str, browser: Any, tmp_path: Path
) -> None:
    """Bodies are found in the file, beside it, or in the archive, and violations in them."""
    with faulty.mock("text_for_number") as upstream:
        context = browser.new_context(record_har_path=tmp_path / name, record_har_content=content)
        page = context.new_page()
        page.goto(f"{upstream.url}{faulty.API}/balance")
        page.evaluate(_PAGE, faulty.API)
        context.close()
    result = replay(tmp_path / name, CONTRACT, Settings(url="", spec=packaged_spec()))
    assert (result.settings.url, result.exchanges) == (upstream.url, 3)
    assert [(finding.operation, finding.keyword) for finding in result.findings] == [
        ("get_balance", "type")
    ]
    assert all("not kept" not in skipped.why for skipped in result.skipped)
    assert result.coverage.operations["update_usage_alerts"].valid
