"""Each testing recipe is shown in three languages, and each of them is run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.clients.test_typescript import CLIENT
from tests.clients.test_typescript import run as run_program
from tests.guides.markdown import Block, guide
from tests.plugin.suite import run, write

RECIPES = guide("recipes")
CHAPTERS = re.findall(r"^## (.+)$", RECIPES.prose, re.MULTILINE)[1:-1]
"""The situations, without the preparation and the links at the end."""
FILE = re.compile(r"(?:#|//) (\S+)\n")
"""The first line of code that belongs into a file of its own."""


def named(language: str) -> tuple[str, Block]:
    """Return the file of the preparation in a language, with its name."""
    (block,) = [block for block in RECIPES.run_blocks(language) if FILE.match(block.text)]
    (name,) = FILE.findall(block.text.split("\n")[0] + "\n")
    return name, block


def suites(language: str) -> list[Block]:
    """Return the tests of all recipes in a language."""
    return [block for block in RECIPES.run_blocks(language) if not FILE.match(block.text)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_recipe_has_three_languages(chapter: str) -> None:
    """They follow each other, so that the page shows them in tabs."""
    languages = [block.language for block in guide("recipes", chapter).blocks]
    assert [word for word in languages if word not in ("json", "text")] == ["bash", "python", "ts"]
    assert languages.index("python") <= 2


def test_the_situations_of_a_billing_screen_are_there() -> None:
    """A reader finds the situation in the contents."""
    wanted = ("declined", "3-D Secure", "Too many", "webhook arrives twice", "month", "lost")
    for words in wanted:
        assert [chapter for chapter in CHAPTERS if words in chapter], words
    assert len(CHAPTERS) >= 12


@pytest.mark.slow
def test_the_pytest_recipes_pass_as_printed(tmp_path: Path) -> None:
    """With the ``conftest.py`` of the preparation."""
    for block in suites("python"):
        write(tmp_path, block.text, name=f"test_recipe_{block.line}.py")
    name, preparation = named("python")
    (tmp_path / name).write_text(preparation.text, encoding="utf-8")
    expected = sum(block.text.count("def test_") for block in suites("python"))
    outcome = run(tmp_path)
    assert outcome.counts == {"passed": expected}, outcome.out


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh project with the packed client, Vitest, and a file for each recipe."""
    folder = tmp_path_factory.mktemp("recipes")
    packed = run_program("npm", "pack", "--silent", "--pack-destination", str(folder), cwd=CLIENT)
    pinned = json.loads((CLIENT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    package = {
        "type": "module",
        "devDependencies": {
            "@alterlab-mock/client": f"file:{packed.strip()}",
            "vitest": "4.0.18",
            **{name: pinned[name] for name in ("@playwright/test", "@types/node", "typescript")},
        },
    }
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    options = {
        "strict": True,
        "noEmit": True,
        "target": "es2023",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2023", "dom"],
        "skipLibCheck": True,
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    name, preparation = named("ts")
    (folder / name).write_text(preparation.text, encoding="utf-8")
    for block in suites("ts"):
        (folder / f"recipe-{block.line}.test.ts").write_text(block.text, encoding="utf-8")
    run_program("npm", "install", "--loglevel", "error", "--no-audit", "--no-fund", cwd=folder)
    return folder


@pytest.mark.slow
def test_the_typescript_recipes_have_the_right_types(project: Path) -> None:
    """They compile in strict mode."""
    run_program("npx", "tsc", "--project", ".", cwd=project)


@pytest.mark.slow
def test_the_typescript_recipes_pass_as_printed(project: Path) -> None:
    """Vitest runs each of them against a mock that the client starts."""
    expected = len(re.findall(r"^test\(", "\n".join(block.text for block in suites("ts")), re.M))
    words = ("npx", "vitest", "run", "--maxWorkers=2", "--no-color", "--testTimeout=60000")
    assert f"Tests  {expected} passed ({expected})" in run_program(*words, cwd=project)
