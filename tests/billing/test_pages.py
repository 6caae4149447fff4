"""Pages of lists, newest first."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.pages import newest_first


def test_a_page_shows_the_newest_first() -> None:
    """Lists are stored oldest first and shown newest first."""
    page = newest_first([1, 2, 3, 4, 5], limit=2)
    assert (list(page.items), page.total, page.has_more) == ([5, 4], 5, True)


def test_the_last_page_says_that_nothing_follows() -> None:
    """``has_more`` says whether entries follow this page."""
    page = newest_first([1, 2, 3, 4, 5], limit=2, offset=4)
    assert (list(page.items), page.total, page.has_more) == ([1], 5, False)


def test_a_full_last_page_has_no_more() -> None:
    """The page with the oldest entry is the last, even if it is full."""
    assert not newest_first([1, 2, 3, 4], limit=2, offset=2).has_more


def test_beyond_the_end_a_page_is_empty() -> None:
    """A page beyond the end is empty, and ``total`` still counts all entries."""
    page = newest_first([1, 2, 3], limit=10, offset=3)
    assert (list(page.items), page.total, page.has_more) == ([], 3, False)
    assert newest_first([1, 2, 3], limit=10, offset=10**9) == page


@given(st.lists(st.integers()), st.integers(1, 100))
def test_pages_together_are_the_list(items: list[int], limit: int) -> None:
    """Walking page by page shows every entry once and stops when ``has_more`` is false."""
    walked: list[int] = []
    has_more = True
    while has_more:
        page = newest_first(items, limit=limit, offset=len(walked))
        walked += page.items
        has_more = page.has_more
        assert page.total == len(items)
    assert walked == items[::-1]
