"""How requests reach the deployment: extra headers, proxy, certificates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Network:
    """What every request to the deployment carries, and its way there."""

    headers: tuple[tuple[str, str], ...] = ()
    """Headers that every request carries. They replace headers of the same name."""
    proxy: str = ""
    """The URL of the HTTP proxy, with its user and password if any; empty for none."""
    client_cert: Path | None = None
    """The certificate (PEM) that the kit shows to the deployment."""
    client_key: Path | None = None
    """The private key, if it is not in the file of the certificate."""
    ca_bundle: Path | None = None
    """The authorities to trust; None for the usual ones."""


DIRECT = Network()
"""No proxy, nothing added, the usual authorities."""
