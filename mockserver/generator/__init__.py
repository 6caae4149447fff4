"""Generation of valid values from OpenAPI schemas.

Knows nothing of billing. Imports only ``mockserver.openapi.schemas`` from the rest of the package.
"""

from mockserver.generator.errors import NoValue
from mockserver.generator.maker import Generator, Maker

__all__ = ["Generator", "Maker", "NoValue"]
