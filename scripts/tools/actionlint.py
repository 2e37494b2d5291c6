"""Check the GitHub workflows with actionlint: `python -m scripts.tools.actionlint [FILE…]`.

Built from its Go module, since its package on PyPI downloads a binary when it is installed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.tools.go_build import build_programs
from scripts.tools.toolchain import GoError

MODULE = Path(__file__).resolve().parent / "go"
ROOT = Path(__file__).resolve().parents[2]


def find_actionlint() -> Path:
    """The program, built where the cache has it not. Raises GoError."""
    programs = {"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"}
    return build_programs("actionlint", MODULE, programs) / "actionlint"


def check_workflows(*files: Path) -> tuple[str, ...]:
    """The findings, a line each, in the given files; in all workflows of the repository without any."""
    # shellcheck and pyflakes differ from machine to machine, and so would the findings.
    command = [str(find_actionlint()), "-no-color", "-oneline", "-shellcheck=", "-pyflakes="]
    done = subprocess.run(
        [*command, *(str(file) for file in files)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise GoError(f"actionlint ended with {done.returncode}: {done.stderr.strip()}")
    return tuple(done.stdout.splitlines())


def main() -> int:
    """Print the findings; 1 when there are any."""
    findings = check_workflows(*(Path(argument).resolve() for argument in sys.argv[1:]))
    print("\n".join(findings) or "actionlint: no findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
