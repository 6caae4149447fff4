"""Ids and chance that come from a seed and a counter, so that the same story always has the same bytes."""

from dataclasses import dataclass
from hashlib import blake2b

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


@dataclass(slots=True)
class IdSource:
    """Hands out ids of one account. The counter is part of the account's state."""

    namespace: str
    counter: int = 0

    def _next(self) -> bytes:
        self.counter += 1
        return blake2b(f"{self.namespace}:{self.counter}".encode(), digest_size=32).digest()

    def uuid(self) -> str:
        """A UUID in the form of version 4."""
        return uuid_of(self._next())

    def token(self, prefix: str, length: int = 24) -> str:
        """An id as Stripe writes them: a prefix and letters and digits."""
        return prefix + self._next()[:length].translate(_LETTERS).decode()

    def digits(self, count: int) -> str:
        """Decimal digits, for a code that a person types."""
        return str(int.from_bytes(self._next(), "big") % 10**count).zfill(count)


def uuid_of(digest: bytes) -> str:
    """The first 16 bytes of a digest as a UUID of version 4."""
    text = digest[:16].hex()
    variant = "89ab"[digest[8] & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
