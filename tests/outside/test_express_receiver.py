"""The receiver of the guide, an Express server from npm, verifies every type of event."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from mockserver.billing.events import TYPES
from tests.cli.program import COMMAND
from tests.conftest import NOON, running_server
from tests.guides.markdown import guide
from tests.outside.tools import NODE_MODULES, run

pytestmark = pytest.mark.slow

KEY = "sk_test_new"
WITHIN_SECONDS = 30
(RECEIVER,) = [block.text for block in guide("webhooks").blocks if block.language == "js"]


class Program:
    """A process whose output is read from a file while it runs."""

    def __init__(self, command: list[str], folder: Path, name: str, **variables: str) -> None:
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output has a text, and return it."""
        end = time.monotonic() + WITHIN_SECONDS
        while (found := re.search(pattern, self._log.read_text())) is None:
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.02)
        return found

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(WITHIN_SECONDS)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str | Program]]:
    """A mock, ``mockserver listen``, and the guide's receiver with the secret that it printed."""
    node = shutil.which("node")
    if node is None or not (NODE_MODULES / "express").exists():
        reason = "Express is not installed; 'make test-slow' does it, with Node.js"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    assert node is not None
    folder = tmp_path_factory.mktemp("receiver")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "receiver.mjs").write_text(RECEIVER, encoding="utf-8")
    port = free_port()
    target = f"http://127.0.0.1:{port}/webhooks"
    with running_server(now=NOON) as mock:
        words = ["listen", "--forward-to", target, "--key", KEY, "--url", mock.url]
        listen = Program([*COMMAND, *words], folder, "listen")
        secret = listen.wait_for(r"Its secret is (whsec_\w+)")[1]
        receiver = Program(
            [node, "receiver.mjs"], folder, "receiver", PORT=str(port), WEBHOOK_SECRET=secret
        )
        try:
            receiver.wait_for("listening on")
            yield {"url": mock.url, "target": target, "listen": listen, "receiver": receiver}
        finally:
            receiver.stop()
            listen.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("event", sorted(TYPES))
def test_every_type_of_event_is_verified(
    parts: Mapping[str, str | Program], event: str, tmp_path: Path
) -> None:
    """``trigger`` sends it, the receiver verifies its signature, and ``listen`` prints a 200."""
    receiver, listen = parts["receiver"], parts["listen"]
    assert isinstance(receiver, Program)
    assert isinstance(listen, Program)
    words = ["trigger", event, "--key", KEY, "--url", str(parts["url"])]
    printed = run([*COMMAND, *words], cwd=tmp_path, within=WITHIN_SECONDS).stdout
    delivery, shown, id, *_ = printed.split()
    assert shown == event
    receiver.wait_for(rf"(?m)^verified {re.escape(event)} {id}$")
    listen.wait_for(rf"(?m)^{delivery} {re.escape(event)} 200 ")


def test_a_forged_event_is_refused(parts: Mapping[str, str | Program]) -> None:
    """The receiver refuses another signature, a shorter one, and none."""
    target = str(parts["target"])
    for signature in (None, "sha256=00", "é", f"sha256={'0' * 64}"):
        headers = httpx.Headers(encoding="latin-1")
        if signature is not None:
            headers["X-Alterlab-Signature"] = signature
        assert httpx.post(target, content=b"{}", headers=headers).status_code == 400, signature
