"""Steps of CI systems, run in a shell in a folder of their own, as the systems would."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WITHIN_SECONDS = 180
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]")


@dataclass(frozen=True)
class Done:
    """A step that was run."""

    code: int
    output: str


def shell(
    script: str, folder: Path, environment: Mapping[str, str], *, options: str = "-eo pipefail"
) -> Done:
    """Run a script in bash, with the programs of this environment and a pip that only notes."""
    programs = folder.parent / "programs"
    _stub_pip(programs)
    inherited = {"HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "200"}
    path = os.pathsep.join(
        [str(programs), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    )
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", *options.split(), "-c", script],
        cwd=folder,
        env={**inherited, **environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout)


def installed(folder: Path) -> list[str]:
    """Return what pip was asked to install."""
    file = folder.parent / "programs" / "installed"
    return file.read_text().splitlines() if file.exists() else []


def _stub_pip(programs: Path) -> None:
    """Put a ``python`` on the path whose ``-m pip install`` notes its words."""
    programs.mkdir(exist_ok=True)
    python = programs / "python"
    python.write_text(
        "#!/bin/bash\n"
        f'if [ "$1 $2" = "-m pip" ]; then printf "%s\\n" "${{@: -1}}" >> "{programs}/installed"\n'
        f'else exec "{sys.executable}" "$@"; fi\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    pip = programs / "pip"
    pip.write_text(f'#!/bin/bash\nexec "{python}" -m pip "$@"\n')
    pip.chmod(pip.stat().st_mode | stat.S_IXUSR)


def evaluated(text: str, values: Mapping[str, str]) -> str:
    """Replace the expressions of GitHub Actions. An unknown one fails the test."""
    return _EXPRESSION.sub(lambda found: values[found[1]], text)


def with_inputs(value: Any, inputs: Mapping[str, str]) -> Any:
    """Replace the inputs of a GitLab component in keys and values."""
    if isinstance(value, str):
        return _INPUT.sub(lambda found: inputs[found[1]], value)
    if isinstance(value, list):
        return [with_inputs(item, inputs) for item in value]
    if isinstance(value, dict):
        return {
            with_inputs(name, inputs): with_inputs(item, inputs) for name, item in value.items()
        }
    return value
