"""The table of what is played names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[3]
_README = _ROOT / "scripts" / "local_cluster" / "executor" / "README.md"
_FOLDERS = (_ROOT / "tests" / "unit" / "executor", _ROOT / "tests" / "integration")


def test_all_tests_of_the_readme_exist() -> None:
    named: set[tuple[str, str]] = set()
    module = ""
    for module_name, test in re.findall(r"`(test_\w+|…)::(test_\w+)`", _README.read_text(encoding="utf-8")):
        # The sign for "as before" is the module named last.
        module = module if module_name == "…" else module_name
        named.add((module, test))
    assert len(named) > 20
    missing = {
        f"{module}::{test}"
        for module, test in named
        if not any(_has(folder / f"{module}.py", test) for folder in _FOLDERS)
    }
    assert missing == set()


def _has(file: Path, test: str) -> bool:
    return file.exists() and f"def {test}(" in file.read_text(encoding="utf-8")
