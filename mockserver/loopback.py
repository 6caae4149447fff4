"""Names of this machine, from which the mock is controlled and to which it sends webhooks."""

from ipaddress import ip_address


def is_loopback(name: str) -> bool:
    """Return whether a host name or address is that of this machine only."""
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
