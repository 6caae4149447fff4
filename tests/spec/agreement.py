"""Whether the saved page and the contract agree, so that a new page is one failure, not many."""

from collections.abc import Hashable, Iterable
from functools import cache
from typing import Any

import pytest

from mockserver import packaged
from mockserver.contract import page, reports
from mockserver.contract.changes import Change
from mockserver.contract.page_comparison import compare_with_document
from mockserver.openapi.yaml_file import FileError

ADVICE = "the guide 'When the vendor changes' leads through what to do"


@cache
def changes() -> list[Change]:
    """Return what the saved page says that the contract does not."""
    return compare_with_document(packaged.saved_page(), packaged.spec())


@cache
def published() -> dict[str, page.Published]:
    """Return the operations of the saved page; none if it cannot be read."""
    try:
        return {found.key: found for found in page.read(packaged.saved_page())}
    except FileError:
        return {}


@cache
def different() -> frozenset[str]:
    """Return the operations about which page and contract do not agree."""
    return frozenset(user for change in changes() for user in change.users) if published() else ALL


ALL = frozenset({""})
"""Stands for all operations of a page that cannot be read."""


def report() -> str:
    """Return what a maintainer reads about a new page; empty if it agrees with the contract."""
    found = changes()
    return f"{reports.text(found)}\n{ADVICE}" if found else ""


_SKIPPED = "the saved page says something else here: test_the_saved_page_and_the_contract_agree"

whole_page = pytest.mark.skipif(bool(different()), reason=_SKIPPED)
"""Skips a test of the whole page while it and the contract do not agree."""


def each(name: str, values: Iterable[Any], key: str, id: str) -> pytest.MarkDecorator:
    """Return the mark that runs a test for each operation, without those that do not agree.

    ``key`` and ``id`` are the attributes with method and path, and with the name of the test.
    """

    def is_different(value: Hashable) -> bool:
        return bool(different() & {getattr(value, key), *ALL})

    return pytest.mark.parametrize(
        name,
        [
            pytest.param(
                value,
                id=getattr(value, id),
                marks=[pytest.mark.skip(reason=_SKIPPED)] if is_different(value) else [],
            )
            for value in values
        ],
    )
