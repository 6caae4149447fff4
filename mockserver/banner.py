"""What the server prints when it starts."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from mockserver.app import Server
from mockserver.loopback import is_loopback

_WILDCARDS = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}  # noqa: S104 (compared)
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation. Nothing is sent there."""
_SHOWN_WARNINGS = 3


def text(url: str, server: Server) -> str:
    """Return the address, credentials to try, and where to find more."""
    about = server.behaviour.about
    public = server.settings.public_url
    lines = [f"{about.title} on {url}" + (f", public URL {public}" if public else ""), ""]
    lines += _reach(url, server)
    if about.callers:
        lines += [*about.callers, ""]
    if about.try_out:
        lines += [f"  curl {about.try_out.format(url=url)}", ""]
    if about.notices:
        lines += [*about.notices, ""]
    lines += _not_stateful(server)
    lines += _warnings(server)
    faults = dict.fromkeys(fault.set for fault in server.world.faults.active if fault.set)
    if faults:
        where = f"{url}{server.settings.control_prefix}/faults"
        lines += [f"Faults are on: {', '.join(faults)}. See {where}.", ""]
    clock = server.world.clock
    frozen = f" The clock is frozen at {clock.now():%Y-%m-%dT%H:%M:%SZ}." if clock.frozen else ""
    pages, control = server.settings.pages_prefix, server.settings.control_prefix
    guides = f"   Guides: {url}{pages}/docs" if server.has_guides else ""
    links = f"Workbench: {url}{control}/{guides}   Reference: {url}{pages}/docs/reference"
    links += f"   Control API: {url}{control}/openapi.json"
    return "\n".join([*lines, f"{links}   Press Ctrl-C to stop.{frozen}"])


def _reach(url: str, server: Server) -> Iterator[str]:
    """Yield the addresses that work from other machines, and which part of /_mock is closed."""
    settings = server.settings
    if is_loopback(settings.host):
        return
    prefix = settings.control_prefix
    if settings.host in _WILDCARDS:
        address = _own_address(_WILDCARDS[settings.host])
        port = urlsplit(url).port
        shown = f"http://{address}:{port}" if address else f"port {port} of its addresses"
        yield f"All addresses of this machine work: {url} here, {shown} from other machines."
    if settings.control_token is None:
        closed = f"{prefix} is closed, except GET {prefix}/health."
        yield f"{closed} To open it, start with --control-token."
    else:
        yield f"{prefix} requires the token in X-Control-Token, except GET {prefix}/health."
    yield ""


def _own_address(family: socket.AddressFamily) -> str | None:
    """Return the address that this machine has in its network; None if it has none."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing. It selects the address to send from.
            probe.connect((_ELSEWHERE[family], 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
        return f"[{address}]" if family is socket.AF_INET6 else address


def _warnings(server: Server) -> Iterator[str]:
    """Yield what is wrong with the document, and how to see all of it."""
    problems = server.contract.problems
    if not problems.count:
        return
    yield f"{problems.summary}:"
    for warning in problems.warnings[:_SHOWN_WARNINGS]:
        yield f"  {''.join(letter if letter.isprintable() else '?' for letter in str(warning))}"
    if problems.count > _SHOWN_WARNINGS:
        yield "  ..."
    yield ""


def _not_stateful(server: Server) -> Iterator[str]:
    """Yield the operations that are served from examples and schemas."""
    missing = server.not_stateful()
    if not missing:
        return
    if len(missing) == len(server.contract.operations):
        yield "All operations are served from the contract's examples and schemas."
    else:
        yield "Not stateful yet, served from the contract's examples and schemas:"
        for operation in missing:
            name = f"{operation.method.upper()} {operation.path}"
            yield f"  {name} ({operation.operation_id})"
    yield ""
