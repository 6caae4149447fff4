"""Hypothesis as the kit wants it: the seed decides, and nothing else; nothing stays behind."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any


@contextmanager
def by_the_seed() -> Iterator[None]:
    """Until the end of the block, Hypothesis keeps its files elsewhere, and draws nothing from the modules it finds.

    It mixes constants of whatever source files are loaded into what it generates: the same seed would bring other
    requests from pytest than from the command line, and after an edit of the kit.
    """
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    find_constants = providers._get_local_constants
    providers._get_local_constants = Constants
    providers.CONSTANTS_CACHE.cache.clear()  # of what was drawn before
    with TemporaryDirectory(prefix="contract-tests-") as folder, _parsing_in_turn():
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)
            providers._get_local_constants = find_constants
            providers.CONSTANTS_CACHE.cache.clear()


@contextmanager
def _parsing_in_turn() -> Iterator[None]:
    """Hypothesis reads the source of lambdas, in every thread; Python 3.11 fails when two threads parse at a time."""
    parse, lock = ast.parse, threading.Lock()

    def parse_alone(*args: Any, **options: Any) -> Any:
        with lock:
            return parse(*args, **options)

    ast.parse = parse_alone
    try:
        yield
    finally:
        ast.parse = parse
