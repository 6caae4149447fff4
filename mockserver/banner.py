"""What the server prints when it starts."""

from mockserver.app import Server


def text(url: str, server: Server) -> str:
    """Return the address, credentials to try, and where to find more."""
    about = server.behaviour.about
    lines = [f"{about.title} on {url}", ""]
    if about.callers:
        lines += [*about.callers, ""]
    if about.try_out:
        lines += [f"  curl {about.try_out.format(url=url)}", ""]
    missing = [
        f"  {operation.method.upper()} {operation.path} ({operation.operation_id})"
        for operation in server.not_stateful()
    ]
    if missing:
        title = "Not stateful yet, served from the contract's examples and schemas:"
        lines += [title, *missing, ""]
    faults = dict.fromkeys(fault.set for fault in server.world.faults.active if fault.set)
    if faults:
        lines += [f"Faults are on: {', '.join(faults)}. See {url}/_mock/faults.", ""]
    clock = server.world.clock
    frozen = f" The clock is frozen at {clock.now():%Y-%m-%dT%H:%M:%SZ}." if clock.frozen else ""
    links = f"Interactive docs: {url}/docs   Control API: {url}/_mock/openapi.json"
    return "\n".join([*lines, f"{links}   Press Ctrl-C to stop.{frozen}"])
