"""Build programs from a Go module once and keep them in the user's cache."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from scripts.tools.cache import cache_folder, publish
from scripts.tools.toolchain import find_go, run_go


def build_programs(
    name: str,
    module: Path,
    programs: Mapping[str, str],
    *,
    ldflags: str = "",
    tags: str = "",
    note: str = "",
) -> Path:
    """The folder that holds `programs` (file name → package path), built from the Go module in `module`.

    Nothing is built where the cache has the folder already. `note` is said before a build starts.

    Raises GoError when there is no Go toolchain or a build fails.
    """
    flags = _flags(ldflags, tags)
    folder = program_folder(name, module, programs, ldflags=ldflags, tags=tags)
    if folder.exists():
        return folder
    go = find_go()

    def fill(building: Path) -> None:
        if note:
            _say(note)
        for place, (program, package) in enumerate(programs.items(), start=1):
            begin = time.monotonic()
            _say(f"building {program} ({place} of {len(programs)}) ...")
            run_go(go, "build", *flags, "-o", str(building / program), package, folder=module)
            seconds, megabytes = time.monotonic() - begin, (building / program).stat().st_size / 1e6
            _say(f"built {program} ({place} of {len(programs)}): {seconds:.0f} s, {megabytes:.0f} MB")

    publish(folder, fill)
    return folder


def program_folder(
    name: str, module: Path, programs: Mapping[str, str], *, ldflags: str = "", tags: str = ""
) -> Path:
    """Where the cache keeps the programs: under `name` and a digest of the module, programs and flags.

    The module counts by its go.mod, its go.sum and its own Go files, so that programs are built anew exactly
    when one of these changes. The folder need not exist.
    """
    sources = [file for file in sorted(module.rglob("*.go")) if not file.name.endswith("_test.go")]
    return cache_folder(
        name,
        (module / "go.mod").read_bytes(),
        (module / "go.sum").read_bytes(),
        *(file.read_bytes() for file in sources),
        json.dumps([sorted(programs.items()), _flags(ldflags, tags)]).encode(),
    )


def _flags(ldflags: str, tags: str) -> list[str]:
    chosen = ["-tags", tags] if tags else []
    return ["-trimpath", "-buildvcs=false", *chosen, "-ldflags", f"-s -w {ldflags}".strip()]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
