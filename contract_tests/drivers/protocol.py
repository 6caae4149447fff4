"""HTTP as such: HEAD, a browser's Accept header, undeclared methods, unknown paths."""

from __future__ import annotations

from contract_tests.context import Run
from contract_tests.findings.finding import Finding
from contract_tests.http.channel import Withheld
from contract_tests.http.exchange import Exchange, Request
from contract_tests.judge.not_judged import is_judged
from contract_tests.openapi.examples import NOBODYS_ID, required_query

BESIDE = "paths beside the contract"
"""A piece of work beside the operations and their paths."""
_OF_BROWSERS = "text/html,application/xhtml+xml,*/*;q=0.8"
"""The value of Accept that browsers send. JSON is acceptable."""
_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "OPTIONS")


def drive(run: Run) -> None:
    """Send HEAD for every GET, every undeclared method, and a few unknown paths.

    The first GET is sent as a browser sends it, too: one framework renders all responses.
    """
    client = run.account()
    reads = [each for each in run.pieces("protocol", reads=True) if not each.path_names]
    for operation in reads:
        query = required_query(run.contract, operation)
        if operation is reads[0]:
            client.raw(Request("GET", operation.path, query, headers={"Accept": _OF_BROWSERS}))
        got = client.call(operation.id, query=dict(query))
        head = client.raw(Request("HEAD", operation.path, query))
        _compare(run, operation.id, got, head)
    try:
        for request in run.mixed(undeclared(run)):
            client.raw(request)
    except Withheld as error:
        run.skip("undeclared methods and paths", str(error))


def undeclared(run: Run) -> list[Request]:
    """Return requests with undeclared methods, and for unknown paths."""
    paths = list(dict.fromkeys(operation.path for operation in run.operations()))
    chosen = run.portion.of("protocol", [*paths, BESIDE])
    found = []
    for path in paths:
        if path not in chosen:
            continue
        url = _filled(run, path)
        for method in _METHODS:
            if run.contract.match(method, url) is None:
                found.append(Request(method, url))
    if BESIDE not in chosen:
        return found
    some = _filled(run, paths[0])
    root = run.contract.root
    beside = [f"{some}/kit-no-such-path", f"{some}/", f"/{some.lstrip('/').upper()}"]
    beside += [root, f"{root}/%2e%2e/x"] if root else []
    return found + [
        Request("GET", path) for path in beside if run.contract.match("GET", path) is None
    ]


def _filled(run: Run, path: str) -> str:
    """Return a path whose parameters name nothing that exists."""
    for operation in run.contract.operations.values():
        if operation.path == path:
            for name in operation.path_names:
                path = path.replace(f"{{{name}}}", NOBODYS_ID)
    return path


def _compare(run: Run, operation_id: str, got: Exchange, head: Exchange) -> None:
    """Compare a HEAD with the GET: the same response, without a body."""
    operation = run.contract.operations[operation_id]
    place, problem = operation.place, None
    if not (is_judged(got, operation) and is_judged(head, operation)):
        return
    if head.status != got.status:
        problem = ("/response/status", "head", f"{got.status}, as GET", str(head.status))
    elif head.response_body:
        problem = ("/response/body", "head", "no body", f"{len(head.response_body)} bytes")
    elif head.status == 200 and head.media_type != got.media_type:
        problem = ("/response/headers/content-type", "head", got.media_type, head.media_type)
    if problem is not None:
        where, keyword, expected, shown = problem
        run.report(
            Finding(
                operation_id, "method", where, keyword, "assumed", expected, shown, place.pointer
            ),
            head,
        )
