"""The size of a page of a thousand operations. benchmarks/docs_scale.py measures the time."""

from __future__ import annotations

import re

import pytest

from tests.docs import large
from tests.docs.html_page import made

pytestmark = pytest.mark.slow


def test_a_thousand_operations_fit_into_three_megabytes() -> None:
    """All samples are included, and each operation and schema occurs once."""
    text = made(large.document(1_000))
    assert len(text.encode()) <= 3_000_000
    assert len(re.findall(r"<section class=o ", text)) == 1_000
    assert (
        len(set(re.findall(r'id="(schema-[^"]+)"', text)))
        == len(re.findall(r'id="schema-', text))
        == 250
    )
    with_the_first_call = 1_001
    for language in ("curl", "python"):
        assert text.count(f"<figure class={language}>") == with_the_first_call
