"""Pages grow in proportion to the document. benchmarks/docs_scale.py measures the time."""

from __future__ import annotations

import pytest

from mockserver.docs.formats import FORMATS
from mockserver.docs.options import Options
from tests.docs.large import document
from tests.docs.specs import reference

pytestmark = pytest.mark.slow
OF_OPERATION = 2_500  # bytes of Markdown, including its share of the schemas


@pytest.mark.parametrize("format", FORMATS)
def test_pages_grow_in_proportion(format: str) -> None:
    """Schemas are linked, not copied into each operation."""
    sizes = []
    for operations in (250, 500, 1_000):
        files = FORMATS[format](reference(document(operations)), Options())
        sizes.append(sum(len(text.encode()) for text in files.values()))
    assert sizes[1] < 2.1 * sizes[0]
    assert sizes[2] < 2.1 * sizes[1]


def test_a_page_of_a_thousand_operations_is_limited() -> None:
    """Each operation and each schema occurs once."""
    whole = reference(document(1_000))
    page = FORMATS["markdown"](whole, Options())["reference.md"]
    assert page.count("\n#### ") + page.count("\n### GET ") + page.count("\n### POST ") == 1_000
    assert all(
        page.count(f'<a id="{schema.anchor}"></a>') == 1 for schema in whole.schemas.values()
    )
    assert len(page.encode()) < 1_000 * OF_OPERATION
