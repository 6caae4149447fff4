"""Ids derived from a seed and a counter, so that the same requests always give the same bytes."""

from functools import lru_cache
from hashlib import blake2b

from msgspec import Struct

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ODD = 2_654_435_761
"""An odd factor maps counters up to 2**32 to distinct numbers; neighbours do not look alike."""
_OWN_LETTERS = 12
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


class IdSource(Struct):
    """The source of an account's ids. The counter is part of the account's state.

    All ids of an account share their ending, because random ids would double the size of a packed
    history.
    """

    namespace: str
    counter: int = 0

    def _next(self) -> bytes:
        self.counter += 1
        return blake2b(f"{self.namespace}:{self.counter}".encode(), digest_size=32).digest()

    def uuid(self) -> str:
        """Return the next id as a UUID in the form of version 4."""
        self.counter += 1
        return f"{self.counter * _ODD % 2**32:08x}{_end_of(self.namespace)}"

    def token(self, prefix: str, length: int = 24) -> str:
        """Return the next id in Stripe's form: a prefix, then letters and digits."""
        own = self._next()[:_OWN_LETTERS].translate(_LETTERS).decode()
        return prefix + (own + _letters_of(self.namespace))[:length]

    def digits(self, count: int) -> str:
        """Return decimal digits for a code that a person types."""
        return str(int.from_bytes(self._next(), "big") % 10**count).zfill(count)


@lru_cache(maxsize=256)
def _end_of(namespace: str) -> str:
    return uuid_of(blake2b(namespace.encode(), digest_size=32).digest())[8:]


@lru_cache(maxsize=256)
def _letters_of(namespace: str) -> str:
    return blake2b(namespace.encode(), digest_size=32).digest().translate(_LETTERS).decode()


def uuid_of(digest: bytes) -> str:
    """Return the first 16 bytes of a digest as a UUID of version 4."""
    text = digest[:16].hex()
    variant = "89ab"[digest[8] & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
