"""Values that are valid by a schema of the contract: what is answered where nobody wrote a handler."""

from mockserver.generator.errors import NoValue
from mockserver.generator.maker import Generator, Maker

__all__ = ["Generator", "Maker", "NoValue"]
