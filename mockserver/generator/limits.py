"""The bounds of generated values. A schema whose values are all larger has no generated value."""

from mockserver.generator.errors import TooLarge

MAX_ITEMS = 5_000
"""The number of items of an array, or of properties that an object must have."""
MAX_TOTAL_ITEMS = 10_000
"""The number of items of all arrays of a value."""
MAX_CHARACTERS = 100_000
"""The number of characters of a text."""
MAX_TOTAL_CHARACTERS = 1_000_000
"""The number of characters of all texts of a value."""


def check_items(keyword: str, least: int) -> None:
    """Raise TooLarge if a keyword requires more items or properties than are generated."""
    if least > MAX_ITEMS:
        raise TooLarge(f"{keyword} exceeds {MAX_ITEMS:,}, and no more are generated")


def check_characters(least: int) -> None:
    """Raise TooLarge if ``minLength`` requires more characters than are generated."""
    if least > MAX_CHARACTERS:
        raise TooLarge(f"minLength exceeds {MAX_CHARACTERS:,}, and no more are generated")
