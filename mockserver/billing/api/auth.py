"""API keys (header documented, rules assumed): test keys work, live keys are refused."""

from functools import lru_cache

from mockserver.engine.errors import Unauthorized

HEADER = b"x-api-key"
_TEST_PREFIX = "sk_test_"
_LIVE_PREFIX = "sk_live_"
_MAX_LENGTH = 200
_ADVICE = "Send the header 'X-API-Key' with a test key: any that begins with sk_test_."


@lru_cache(maxsize=1_024)
def check_key(value: bytes | None) -> str:
    """Return the key of a header. Raise Unauthorized if it is missing, live or malformed.

    Errors are not cached and do not contain the key, so a refused key is not kept anywhere.
    """
    if not value:
        raise Unauthorized(f"API key is missing. {_ADVICE}")
    key = value.decode("latin-1").strip()
    if key.startswith(_LIVE_PREFIX):
        raise Unauthorized(f"This is a mock server: do not send live keys to it. {_ADVICE}")
    is_test_key = key.startswith(_TEST_PREFIX) and key != _TEST_PREFIX
    if not is_test_key or len(key) > _MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise Unauthorized(f"API key is invalid. {_ADVICE}")
    return key
