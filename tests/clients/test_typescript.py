"""The TypeScript client, and a fresh project that is built from its README and the guide."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import control_document

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
COMMAND = Path(sys.executable).parent / "mockserver"
README = (CLIENT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "guides" / "frontend.md").read_text(encoding="utf-8")
FILES = re.compile(r"```(?:ts|html)\n(?://|<!--) (\S+)(?: -->)?\n(.*?)```", re.DOTALL)
"""Code in a document that begins with the name of its file."""
BROWSER = """
import config from "./playwright.config.ts";
import { defineConfig } from "@playwright/test";

export default defineConfig(config, {
  use: { launchOptions: { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] } },
});
"""
"""The guide's settings with Debian's browser."""
HANDLER = """
import { startMock } from "@alterlab-mock/client";

const mock = await startMock();
process.env.BILLING_URL = mock.url;
const { GET, POST } = await import("./app/api/billing/[...path]/route.js");
const site = "http://localhost:3000/api/billing";
const balance = await GET(new Request(`${site}/balance`));
const refused = await POST(new Request(`${site}/deposit`, { method: "POST", body: "{}" }));
console.log(balance.status, Object.keys(await balance.json()).length > 3, refused.status);
await mock.stop();
"""
"""Calls the guide's route handler as Next.js does."""
TIMEOUT = 600


def run(*words: str, cwd: Path, **settings: str) -> str:
    """Run a command that must succeed, and return its output."""
    environment = {**os.environ, "MOCK_COMMAND": str(COMMAND), "CI": "1", **settings}
    done = subprocess.run(
        words,
        check=False,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    """Return a port that is free at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh project with the packed client, and the files of its README and the guide."""
    folder = tmp_path_factory.mktemp("project")
    packed = run("npm", "pack", "--silent", "--pack-destination", str(folder), cwd=CLIENT)
    pinned = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    needed = ("@playwright/test", "@types/node", "typescript")
    package = {
        "type": "module",
        "devDependencies": {
            "@alterlab-mock/client": f"file:{packed.strip()}",
            "vitest": "4.0.18",
            **{name: pinned[name] for name in needed},
        },
    }
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    options = {
        "compilerOptions": {
            "strict": True,
            "noEmit": True,
            "target": "es2023",
            "module": "nodenext",
            "lib": ["es2023", "dom"],
            "rewriteRelativeImportExtensions": True,
            "skipLibCheck": True,
        }
    }
    (folder / "tsconfig.json").write_text(json.dumps(options), encoding="utf-8")
    for name, code in [*FILES.findall(README), *FILES.findall(GUIDE)]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code, encoding="utf-8")
    (folder / "browser.config.ts").write_text(BROWSER, encoding="utf-8")
    run("npm", "install", "--loglevel", "error", "--no-audit", "--no-fund", cwd=folder)
    return folder


def test_the_types_are_those_of_the_control_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``make client-types`` would change nothing."""
    control_document.main()
    document = tmp_path / "control.json"
    document.write_text(capsys.readouterr().out, encoding="utf-8")
    made = tmp_path / "control.ts"
    program = str(CLIENT / "node_modules" / ".bin" / "openapi-typescript")
    run(program, str(document), "--default-non-nullable=false", "-o", str(made), cwd=CLIENT)
    assert (CLIENT / "src" / "control.ts").read_text(encoding="utf-8") == made.read_text(
        encoding="utf-8"
    )


def test_client_and_mock_have_the_same_version() -> None:
    """Its README names the wheel."""
    package = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))
    assert run(str(COMMAND), "--version", cwd=CLIENT) == f"mockserver {package['version']}\n"
    assert f"alterlab_billing_mock-{package['version']}-" in README


def test_the_client_keeps_what_its_own_tests_say() -> None:
    """They run in Node.js, against a mock that the client starts."""
    assert "# fail 0" in run("node", "--test", "--test-reporter=tap", "test/", cwd=CLIENT)


def test_the_package_has_no_dependencies_and_no_sources(project: Path) -> None:
    """Only compiled files are packed."""
    installed = project / "node_modules" / "@alterlab-mock" / "client"
    package = json.loads((installed / "package.json").read_text(encoding="utf-8"))
    assert "dependencies" not in package
    assert {path.name for path in installed.iterdir()} == {"README.md", "dist", "package.json"}


def test_the_code_of_the_readme_has_the_right_types(project: Path) -> None:
    """It compiles in strict mode."""
    run("npx", "tsc", "--project", ".", cwd=project)


def test_the_script_of_the_readme_prints_what_it_says(project: Path) -> None:
    """A deposit is paid, and the clock advances."""
    run("npx", "tsc", "--noEmit", "false", "--outDir", "node_modules/.out", cwd=project)
    assert run("node", "node_modules/.out/deposit.js", cwd=project).startswith("$26.00\n")


def test_the_fixtures_for_vitest_work(project: Path) -> None:
    """Each worker starts a mock, and each test has an account."""
    assert "1 passed" in run("npx", "vitest", "run", "tests", cwd=project)


def test_the_fixtures_for_playwright_work_in_the_page_of_the_guide(project: Path) -> None:
    """Vite and the mock are started, and the page is tested in a browser."""
    page = project / "playwright.config.ts"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("5173", str(free_port())), encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    words = ("npx", "playwright", "test", "--config", "browser.config.ts")
    assert "3 passed" in run(*words, cwd=project, MOCK_URL=url)


def test_the_route_handler_of_the_guide_forwards_requests(project: Path) -> None:
    """Status and body are those of the API."""
    out = project / "node_modules" / ".out"
    run("npx", "tsc", "--noEmit", "false", "--outDir", str(out), cwd=project)
    (out / "handler.mjs").write_text(HANDLER, encoding="utf-8")
    assert run("node", str(out / "handler.mjs"), cwd=project) == "200 true 422\n"


def test_npx_runs_the_mock(project: Path) -> None:
    """Its flags and its exit code are those of ``mockserver``."""
    assert run("npx", "alterlab-mock", "--version", cwd=project).startswith("mockserver ")
