"""The engines of Flux, Argo CD and kstatus, asked about objects that were seen in the matrix."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.tools import go_build

_MODULE = Path(__file__).resolve().parent / "engines"
_PROGRAM = "health-engines"
_RULES = Path(__file__).resolve().parents[3] / "reconciler" / "deploy" / "health"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one engine says of one object; `error` where it could not say anything."""

    status: str = ""
    message: str = ""
    error: str = ""


def ask_engines(bodies: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Answer], ...]:
    """For each object what `kstatus`, `flux` and `argo` say of it, by the rules that are shipped."""
    folder = go_build.build_programs(
        _PROGRAM,
        _MODULE,
        {_PROGRAM: "."},
        note="the engines of Flux and Argo CD: from Go modules, once (two minutes on two cores)",
    )
    command = (
        str(folder / _PROGRAM),
        f"--lua={_RULES / 'argocd-seldondeployment.lua'}",
        f"--cel={_RULES / 'flux-healthcheckexpr.yaml'}",
    )
    lines = "".join(f"{json.dumps(body)}\n" for body in bodies)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(
        {engine: Answer(**said) for engine, said in json.loads(line).items()}
        for line in done.stdout.splitlines()
    )
