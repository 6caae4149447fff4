"""API keys: every test key works, a live key is refused and leaves no trace (header documented, rules assumed)."""

from functools import lru_cache

from mockserver.engine.errors import Unauthorized

HEADER = b"x-api-key"
_TEST_PREFIX = "sk_test_"
_LIVE_PREFIX = "sk_live_"
_MAX_LENGTH = 200
_ADVICE = "Send the header 'X-API-Key' with a test key, such as sk_test_default."


@lru_cache(maxsize=1_024)
def check_key(value: bytes | None) -> str:
    """The key of a request. Raises Unauthorized; what is refused is not remembered."""
    if not value:
        raise Unauthorized(f"API key is missing. {_ADVICE}")
    key = value.decode("latin-1").strip()
    if key.startswith(_LIVE_PREFIX):
        raise Unauthorized(f"This is a mock server: do not send live keys to it. {_ADVICE}")
    body = key.removeprefix(_TEST_PREFIX)
    if (
        body == key
        or not body
        or len(key) > _MAX_LENGTH
        or not key.isascii()
        or not key.isprintable()
    ):
        raise Unauthorized(f"API key is invalid. {_ADVICE}")
    return key


def known_key(value: bytes | None) -> str:
    """The key of a request, or "" when it has none that works."""
    try:
        return check_key(value)
    except Unauthorized:
        return ""
