"""Names of this machine, from which the mock is controlled and to which it sends webhooks."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def is_loopback(name: str) -> bool:
    """Return whether a host name or address is that of this machine only."""
    if name.lower() == "localhost":
        return True
    try:
        return without_mapping(ip_address(name)).is_loopback
    except ValueError:
        return False


def without_mapping(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, as sockets of both kinds use it."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
