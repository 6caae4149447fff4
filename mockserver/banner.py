"""What the server prints when it starts."""

from collections.abc import Iterator

from mockserver.app import Server


def text(url: str, server: Server) -> str:
    """Return the address, credentials to try, and where to find more."""
    about = server.behaviour.about
    lines = [f"{about.title} on {url}", ""]
    if about.callers:
        lines += [*about.callers, ""]
    if about.try_out:
        lines += [f"  curl {about.try_out.format(url=url)}", ""]
    lines += _not_stateful(server)
    faults = dict.fromkeys(fault.set for fault in server.world.faults.active if fault.set)
    if faults:
        lines += [f"Faults are on: {', '.join(faults)}. See {url}/_mock/faults.", ""]
    clock = server.world.clock
    frozen = f" The clock is frozen at {clock.now():%Y-%m-%dT%H:%M:%SZ}." if clock.frozen else ""
    links = f"Interactive docs: {url}/docs   Control API: {url}/_mock/openapi.json"
    return "\n".join([*lines, f"{links}   Press Ctrl-C to stop.{frozen}"])


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
