"""HTTP as such: HEAD, methods that a path has not, paths that are none."""

from __future__ import annotations

from contract_tests.context import Run
from contract_tests.findings.finding import Finding
from contract_tests.http.channel import Withheld
from contract_tests.http.exchange import Exchange, Request

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "OPTIONS")
_NO_CARD = "00000000-0000-4000-8000-000000000000"


def drive(run: Run) -> None:
    """HEAD where there is a GET; every method where there is no operation; a few paths beside the declared ones."""
    caller = run.account()
    paths = {operation.path: operation for operation in run.operations()}
    for operation in run.operations(reads=True):
        if operation.path_names:
            continue
        got = caller.call(operation.id)
        head = caller.raw(Request("HEAD", operation.path))
        _compare(run, operation.id, got, head)
    try:
        for path in paths:
            for method in _METHODS:
                url = path.replace("{payment_method_id}", _NO_CARD)
                if "{" not in url and run.contract.match(method, url) is None:
                    caller.raw(Request(method, url))
        some = next(iter(paths))
        for path in (
            f"{some}/kit-no-such-path",
            f"{some}/",
            "/api/v1/billing",
            f"/{some.lstrip('/').upper()}",
            "/api/v1/billing/%2e%2e/x",
        ):
            caller.raw(Request("GET", path))
    except Withheld as error:
        run.skip("undeclared methods and paths", str(error))


def _compare(run: Run, operation_id: str, got: Exchange, head: Exchange) -> None:
    """A HEAD answers like the GET, without a body."""
    place = run.contract.operations[operation_id].place
    problem = None
    if head.status not in (got.status, 405):
        problem = ("/response/status", "head", f"{got.status}, as GET", str(head.status))
    elif head.response_body:
        problem = ("/response/body", "head", "no body", f"{len(head.response_body)} bytes")
    elif head.status == 200 and head.media_type != got.media_type:
        problem = ("/response/headers/content-type", "head", got.media_type, head.media_type)
    if problem is not None:
        where, keyword, expected, told = problem
        run.report(
            Finding(
                operation_id, "method", where, keyword, "assumed", expected, told, place.pointer
            ),
            head,
        )
