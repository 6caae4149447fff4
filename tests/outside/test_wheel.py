"""The wheel as a user installs it, in another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.cli.program import serving
from tests.conftest import API
from tests.outside.tools import PROJECT, SPEC, run

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
WITHIN_SECONDS = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree without network access."""
    folder = tmp_path_factory.mktemp("wheel")
    command: list[str | Path] = [
        *PIP,
        "wheel",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-w",
        folder,
        PROJECT,
    ]
    run(command, cwd=folder, within=WITHIN_SECONDS)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed") / "site"
    run(
        [*PIP, "install", "--no-deps", "--no-index", "--target", folder, wheel],
        cwd=folder.parent,
        within=WITHIN_SECONDS,
    )
    return folder


def test_the_wheel_holds_what_is_served_and_nothing_else(wheel: Path) -> None:
    """It has contracts, fixtures and templates, but no tests and no tools."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("mockserver/_data/spec/openapi.yaml") == SPEC.read_bytes()
        for path in (PROJECT / "docs" / "guides").iterdir():
            assert archive.read(f"mockserver/_data/guides/{path.name}") == path.read_bytes()
        for path in (PROJECT / "fixtures").rglob("*.yaml"):
            packed = f"mockserver/_data/{path.relative_to(PROJECT).as_posix()}"
            assert archive.read(packed) == path.read_bytes()
        metadata = archive.read(
            next(name for name in names if name.endswith(".dist-info/METADATA"))
        ).decode()
    package = PROJECT / "mockserver"
    ours = {
        f"mockserver/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file()
    }
    assert {name for name in ours if "__pycache__" not in name} <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "contract_tests",
        "mockserver",
    }
    assert not [name for name in names if name.endswith(".pyc") or "node_modules" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "Requires-Python: >=3.11" in metadata
    assert "Description-Content-Type: text/markdown" in metadata


def test_the_wheel_is_typed(wheel: Path) -> None:
    """The classifier 'Typing :: Typed' promises a py.typed."""
    classifiers = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["classifiers"]
    with zipfile.ZipFile(wheel) as archive:
        assert ("mockserver/py.typed" in archive.namelist()) == ("Typing :: Typed" in classifiers)


def test_the_installed_program_serves_from_any_folder(site: Path, tmp_path: Path) -> None:
    """It uses its own modules, contract, fixtures, pages and docs."""
    found = subprocess.run(
        [
            sys.executable,
            "-c",
            "import mockserver, mockserver.packaged as r; print(mockserver.__file__, r.spec())",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout.split()
    assert found == [f"{site}/mockserver/__init__.py", f"{site}/mockserver/_data/spec/openapi.yaml"]
    with serving("serve", "--quiet", "--port", "0", cwd=tmp_path, PYTHONPATH=str(site)) as program:
        keys = re.findall(r"^  (sk_test_\w+)", program.stdout, re.MULTILINE)
        assert set(keys) == {
            persona.key
            for persona in fixtures.load(packaged.fixtures()).personas.values()
            if persona.key
        }
        with program.client("sk_test_default") as client:
            assert client.get(f"{API}/balance").json()["tier"] == "growth"
            assert client.get("/openapi.yaml").content == SPEC.read_bytes()
            assert client.get("/_mock/openapi.json").status_code == 200
            assert client.get("/docs").headers["location"] == "/docs/guides/"
            assert "<h1>Guides</h1>" in client.get("/docs/guides/").text.replace(' id="guides"', "")
            page = client.get(
                client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
            )
            assert 'data-testid="pay"' in page.text
        assert program.stderr == ""


def test_the_command_is_installed(site: Path, tmp_path: Path) -> None:
    """``mockserver`` is on the path."""
    output = run(
        [site / "bin" / "mockserver", "--help"], cwd=tmp_path, within=30, PYTHONPATH=str(site)
    ).stdout
    assert output.startswith("usage: mockserver")


def test_pytest_finds_the_fixture_by_itself(site: Path, tmp_path: Path) -> None:
    """Installing is enough, and an earlier import causes no warning."""
    (tmp_path / "test_suite.py").write_text(
        "def test_one(billing_mock):\n"
        "    assert billing_mock.use('light', 1_000).cost_display == '$0.20'\n"
        "    import mockserver.testing\n"
        "    print(mockserver.testing.__file__)\n"
    )
    script = (
        "import sys, mockserver, contract_tests, pytest; sys.exit(pytest.main(['-rP', "
        "'-W', 'error']))"
    )
    output = run(
        [sys.executable, "-c", script], cwd=tmp_path, within=60, PYTHONPATH=str(site)
    ).stdout
    assert "1 passed" in output
    assert f"{site}/mockserver/testing/__init__.py" in output


def test_the_contract_kit_runs_as_tests_from_any_folder(site: Path, tmp_path: Path) -> None:
    """``pytest --pyargs contract_tests`` knows its options where nothing but the wheel is."""
    words = ("--phases", "reads", "--contract-only", "get_balance", "-k", "get_balance", "-q")
    script = (
        "import sys, pytest; sys.exit(pytest.main(['--pyargs', 'contract_tests', *sys.argv[1:]]))"
    )
    with serving("serve", "--quiet", "--port", "0", cwd=tmp_path, PYTHONPATH=str(site)) as program:
        output = run(
            [
                *(sys.executable, "-c", script, "--base-url", program.url, "--mock", *words),
                *("--contract-report", "sarif", "--contract-report-dir", "out"),
            ],
            cwd=tmp_path,
            within=120,
            PYTHONPATH=str(site),
        ).stdout
    assert "operations: 1 of 1" in output
    assert "site-packages" not in (tmp_path / "out" / "report.sarif").read_text()
    assert str(site) not in (tmp_path / "out" / "report.sarif").read_text()
