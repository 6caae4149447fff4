"""The README's commands work as they are printed."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ServerFactory

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PRINTED_ADDRESS = "http://127.0.0.1:8080"


def tour() -> list[str]:
    """The commands of the tour, block by block."""
    chapter = README.split("## Five-minute tour", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```bash\n(.*?)```", chapter, flags=re.DOTALL)


def test_the_tour_works_as_printed(make_server: ServerFactory, tmp_path: Path) -> None:
    """Each block runs without an error, and shows what the text beside it promises."""
    server = make_server()
    promised = ['"$1.00"', '"$56.00"', '"status":"succeeded"', "Starter plan", '"code":"', '"scope":"everything"']
    blocks = tour()
    assert len(blocks) == len(promised)
    for block, promise in zip(blocks, promised, strict=True):
        script = block.replace(PRINTED_ADDRESS, server.url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert promise in done.stdout
        assert '"detail"' not in done.stdout


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_every_file_that_the_documents_link_to_exists(name: str) -> None:
    """A link to a file of the project leads somewhere."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_the_readme_lists_every_persona_that_the_server_offers(make_server: ServerFactory) -> None:
    """The table of keys is complete."""
    keys = {persona.key for persona in make_server().world.personas.values() if persona.key}
    assert keys == set(re.findall(r"`(sk_test_\w+)`", README.split("## Five-minute tour")[0])) - {"sk_test_"}
