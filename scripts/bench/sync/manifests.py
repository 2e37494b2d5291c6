"""The same manifests for everybody, as modelsync renders them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.bench.measure import BenchError

MODELSYNC = str(Path(sys.executable).with_name("modelsync"))
_MEMBERSHIP = re.compile(r"^    applyset\.kubernetes\.io/part-of: .*\n", re.MULTILINE)


def render_all(repository: Path, environments: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Environment → one YAML document for each of its objects, without the label of our ApplySet.

    kubectl refuses objects that carry it already, and sets its own.
    """
    return {environment: _render(repository, environment) for environment in environments}


def join_documents(documents: Sequence[str], *, part_of: str = "") -> str:
    """A stream of YAML documents; with the label of an ApplySet where its ID is given."""
    label = f"  labels:\n    applyset.kubernetes.io/part-of: {part_of}\n"
    named = (text.replace("  labels:\n", label, 1) if part_of else text for text in documents)
    return "".join(f"---\n{text}" for text in named)


def _render(repository: Path, environment: str) -> tuple[str, ...]:
    command = (MODELSYNC, "render", environment, "-C", str(repository))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"modelsync render {environment} ended with {done.returncode}: {done.stderr}")
    return tuple(_MEMBERSHIP.sub("", text) for text in done.stdout.split("---\n") if text)
