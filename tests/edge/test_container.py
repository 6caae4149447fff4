"""The Dockerfile and the compose file: their structure, and their steps without Docker."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.browser import ROOT
from tests.conftest import API

from .dockerfile import command, instructions, stages, texts

NOBODY = 65_534
BUILD, FINAL = 0, 1
WITHIN_SECONDS = 900


def test_the_image_runs_without_root_and_without_a_compiler() -> None:
    """Only wheels are installed, each with a hash of requirements.lock."""
    assert len(stages()) == 2
    assert len({text.split()[0] for name, text in instructions() if name == "FROM"}) == 1
    assert texts("USER", FINAL) == [f"{NOBODY}:{NOBODY}"]
    whole = "\n".join(text for _, text in instructions())
    assert not any(word in whole for word in ("apt-get", "apk ", "gcc", "curl", "wget", "://pypi"))
    downloads, *others = [text for text in texts("RUN", BUILD) if "pip" in text]
    assert "--require-hashes" in downloads
    assert "--only-binary :all:" in downloads
    assert "requirements.lock" in downloads
    assert all("--no-index" in text for text in others if " install " in text)
    assert texts("RUN", FINAL) == []


def test_the_image_serves_all_addresses_and_checks_its_health() -> None:
    """The port is exposed, and the health check is the mock's own command."""
    (port,) = texts("EXPOSE", FINAL)
    serve = command(texts("ENTRYPOINT", FINAL)[0])
    assert serve == ["mockserver", "serve", "--host", "0.0.0.0", "--port", port]
    check = command(texts("HEALTHCHECK", FINAL)[0])
    assert check == ["mockserver", "control", "--all", f"http://127.0.0.1:{port}", "health"]


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    """.dockerignore lists the same files and folders."""
    copied = {source for text in texts("COPY", BUILD) for source in text.split()[:-1]}
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert lines[0] == "*"
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.parametrize("path", ["compose.yaml", "examples/scale-out/compose.yaml"])
def test_compose_restricts_the_mock(path: str) -> None:
    """Its file system is read-only, it has no capabilities, and only this machine reaches it."""
    services = yaml.safe_load((ROOT / path).read_text())["services"]
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))


def interpreter() -> str:
    """Return a Python that other users than root can start, too."""
    code = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    for path in ("/usr/bin/python3", "/usr/local/bin/python3", sys.executable):
        with_user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        try:
            subprocess.run([path, "-c", code], check=True, capture_output=True, **with_user)
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    pytest.skip("only root can start Python here")


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """The folder that holds the image's /opt/mock: made by the steps of the Dockerfile."""
    if os.geteuid() != 0:
        pytest.skip("only root can start programs as another user")
    python = interpreter()
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    folder.chmod(0o755)
    build = folder / "build"
    build.mkdir()
    try:
        for name, text in stages()[BUILD]:
            if name == "COPY":
                *sources, target = text.split()
                for source in sources:
                    _copy(ROOT / source, build / target / (source if target == "./" else ""))
            elif name == "RUN":
                shell = text.replace("/opt/mock", f"{folder}/opt/mock")
                shell = shell.replace("python -m", f"{python} -m", 1)
                subprocess.run(shell, shell=True, cwd=build, check=True, timeout=WITHIN_SECONDS)
        yield folder
    finally:
        shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.mark.slow
def test_the_steps_of_the_image_make_a_mock_that_needs_no_rights(built: Path) -> None:
    """It starts as nobody, cannot write to its own folder, serves pages, and is healthy."""
    for path in (built / "opt").rglob("*"):
        assert path.is_symlink() or not path.stat().st_mode & 0o022, path
    names = {path.name.partition("-")[0] for path in built.rglob("*.dist-info")}
    assert not names & {"pip", "setuptools", "pytest", "playwright", "gevent", "schemathesis"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    serve, check = (
        [word.replace("8080", port) for word in command(text)]
        for text in (texts("ENTRYPOINT", FINAL)[0], texts("HEALTHCHECK", FINAL)[0])
    )
    options: dict[str, Any] = {
        "cwd": "/",
        "env": {"PATH": f"{built}/opt/mock/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        "user": NOBODY,
        "group": NOBODY,
        "extra_groups": [],
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "text": True,
    }
    serve[0], check[0] = (f"{built}/opt/mock/bin/{words[0]}" for words in (serve, check))
    process = subprocess.Popen(serve, **options)
    try:
        deadline = time.monotonic() + 30
        while (health := subprocess.run(check, check=False, timeout=30, **options)).returncode != 0:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, health.stdout
            time.sleep(0.1)
        assert '"status":"ok"' in health.stdout
        url, key = f"http://127.0.0.1:{port}", {"X-API-Key": "sk_test_contained"}
        with httpx.Client(base_url=url, headers=key, trust_env=False, timeout=30) as client:
            opened = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
            assert 'data-testid="pay"' in client.get(opened).text
            assert client.get("/docs/reference").status_code == 200
            assert client.get("/_mock/clock").status_code == 403
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "except GET /_mock/health" in output


@pytest.mark.slow
def test_docker_builds_the_image() -> None:
    """Only where Docker runs."""
    docker = shutil.which("docker")
    info = [docker or "docker", "info"]
    running = docker and subprocess.run(info, check=False, capture_output=True).returncode == 0
    if not running:
        pytest.skip("Docker does not run here")
    subprocess.run(["docker", "build", "."], cwd=ROOT, check=True, timeout=WITHIN_SECONDS)
