"""The security scheme that separates the accounts of a document with several.

A client may need several credentials: those of one scheme to create an item, and those of another
scheme, or none, to read it. The main scheme is the one that most operations take; of several, the
one that is required first. Each of its credentials has an account. A request to an operation that
does not take it comes from a guest: it uses the main account that was used last.
"""

from __future__ import annotations

from collections import Counter

from mockserver.engine.request import Request
from mockserver.openapi.contract import Contract
from mockserver.openapi.security import Reader, Security, compile_security
from mockserver.resources.account import Kind


class MainScheme:
    """The main security scheme of a document."""

    def __init__(self, contract: Contract) -> None:
        schemes = contract.security_schemes
        counts = Counter(
            name
            for operation in contract.operations.values()
            for name in dict.fromkeys(name for each in operation.security for name in each)
        )
        known = [name for name in (*counts, *schemes) if name in schemes]
        name = max(known, key=lambda scheme: counts[scheme], default=None)
        compiled = compile_security([{name: []}] if name is not None else [], schemes)
        self._readers: tuple[Reader, ...] = next(iter(compiled.alternatives), ())
        self._place = compiled.places

    def kind(self, request: Request, security: Security) -> Kind:
        """Return the kind of the caller of an operation with some security requirements."""
        headers, query = request.headers, request.query
        if any(reader(headers, query) for reader in self._readers):
            return "main"
        takes_main = any(place in security.places for place in self._place)
        return "other" if takes_main else "guest"
