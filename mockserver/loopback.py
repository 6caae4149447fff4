"""Which hosts are this machine: who may control the mock, and whom it calls by itself."""

from ipaddress import ip_address


def is_loopback(name: str) -> bool:
    """Whether a host name or address leads to this machine alone."""
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
