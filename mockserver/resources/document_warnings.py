"""What the start of a mock warns of in a document: schemes, hidden paths, broken examples."""

from __future__ import annotations

import logging

from mockserver.engine.examples import warn_of_examples
from mockserver.openapi.contract import Contract
from mockserver.openapi.problems import written
from mockserver.openapi.security import undefined_schemes
from mockserver.openapi.yaml_file import FileError
from mockserver.resources import corrections

logger = logging.getLogger(__name__)


def warn(contract: Contract, control_prefix: str, pages_prefix: str) -> None:
    """Log what is served otherwise than the document's author may expect."""
    requirements = (one for operation in contract.operations.values() for one in operation.security)
    for name in undefined_schemes(requirements, contract.security_schemes):
        problem = "is not defined, so every request satisfies it"
        logger.warning("%s: the security scheme '%s' %s", contract.path, name, problem)
    own = {
        f"{pages_prefix}{path}"
        for path in ("/docs", "/docs/reference", "/llms.txt", "/llms-full.txt", "/openapi.json")
    }
    hidden = (
        path
        for operation in contract.operations.values()
        for path in [contract.base_path + operation.path]
        if path in own or path.startswith(f"{control_prefix}/")
    )
    for path in list(hidden)[:1]:
        advice = "move those with --control-prefix, to /_mock-control for example"
        logger.warning(
            "%s: the path %s hides one of the mock's own; %s", contract.path, path, advice
        )
    for operation in contract.operations.values():
        if operation.statuses and operation.response(operation.success) is None:
            logger.warning(
                "%s: %s documents no success; it is a 200 without a body",
                contract.path,
                operation.operation_id,
            )
    for pointer, problem in corrections.problems(contract):
        file, line = contract.problems.place(pointer)
        logger.warning("%s", FileError(file, f"{written(pointer)}: {problem}", line))
    warn_of_examples(contract)
