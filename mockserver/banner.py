"""What the server says when it starts."""

from collections.abc import Sequence

from mockserver.engine.world import World
from mockserver.openapi.contract import Operation


def text(url: str, world: World, not_yet_stateful: Sequence[Operation] = ()) -> str:
    """The address, the keys to try, and where to look further."""
    keys = [(persona.key, persona.title) for persona in world.personas.values() if persona.key]
    keys.sort(key=lambda each: each[0] != "sk_test_default")
    width = max(len(key) for key, _ in keys)
    lines = [f"  {key:<{width}}  {title}" for key, title in keys]
    faults = dict.fromkeys(fault.set for fault in world.faults.active if fault.set)
    trouble = [f"Faults are on: {', '.join(faults)}. See {url}/_mock/faults.", ""] if faults else []
    clock = (
        f"The clock stands at {world.clock.now():%Y-%m-%dT%H:%M:%SZ}." if world.clock.frozen else ""
    )
    missing = [
        f"  {each.method.upper()} {each.path} ({each.operation_id})" for each in not_yet_stateful
    ]
    if missing:
        missing = [
            "Not yet stateful, answered from the contract's examples and schemas:",
            *missing,
            "",
        ]
    return "\n".join(
        [
            f"AlterLab billing mock on {url}",
            "",
            "Keys to try (any other sk_test_... is an account of its own, like sk_test_default):",
            *lines,
            "",
            f'  curl {url}/api/v1/billing/balance -H "X-API-Key: sk_test_default"',
            "",
            *missing,
            *trouble,
            f"Interactive docs: {url}/docs   Control API: {url}/_mock/openapi.json   Ctrl-C ends it. {clock}".rstrip(),
        ]
    )
