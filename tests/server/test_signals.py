"""Signals end the program that serves, and are nobody else's."""

from __future__ import annotations

import signal
import threading

from tests.conftest import ServerFactory


def test_a_server_in_a_thread_leaves_the_signals_of_its_process(make_server: ServerFactory) -> None:
    """Ctrl-C in a test session interrupts the session, not the last server that it made."""
    assert threading.current_thread() is threading.main_thread()
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    make_server()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
