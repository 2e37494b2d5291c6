"""The programs that modelsync is measured beside, in an environment of their own in the user's cache."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from scripts.bench.measure import BenchError
from scripts.tools.cache import cache_folder, publish

ROOT = Path(__file__).resolve().parents[2]
_LOCK = ROOT / "requirements" / "bench.txt"
_UV = ROOT / ".venv-bootstrap" / "bin" / "uv"
# What is left are rules of form; the one on long lines only finds digests.
_YAMLLINT = "{extends: relaxed, rules: {line-length: disable}}"
# A kind of file → where its files lie in a repository; the schema is schemas/KIND.schema.json.
_PLACES = {
    "defaults": "models/defaults.yaml",
    "model": "models/*/model.yaml",
    "version": "models/*/versions/*.yaml",
    "environment": "environments/*/environment.yaml",
    "deployment": "environments/*/deployments/*.yaml",
    "exceptions": "environments/*/exceptions.yaml",
}


def install_peers() -> Path:
    """The interpreter that has the peers, made anew when their lock file or Python's version changes.

    Raises BenchError if they cannot be installed.
    """
    folder = cache_folder("bench", _LOCK.read_bytes(), platform.python_version().encode())
    if not folder.exists():
        print(f"bench: making {folder} ({_LOCK.relative_to(ROOT)})", file=sys.stderr)
        publish(folder, _fill)
    return folder / "bin" / "python"


def schema_commands(python: Path, folder: Path) -> tuple[tuple[str, ...], ...]:
    """check-jsonschema on every declaration of a repository: one command for each kind that it holds."""
    found = {
        kind: sorted(str(path.relative_to(folder)) for path in folder.glob(place))
        for kind, place in _PLACES.items()
    }
    return tuple(
        (
            str(python),
            "-m",
            "check_jsonschema",
            "--schemafile",
            str(ROOT / "schemas" / f"{kind}.schema.json"),
            *paths,
        )
        for kind, paths in found.items()
        if paths
    )


def help_command(python: Path) -> tuple[str, ...]:
    """`check-jsonschema --help`."""
    return (str(python), "-m", "check_jsonschema", "--help")


def yamllint_command(python: Path) -> tuple[str, ...]:
    """yamllint on the data folders."""
    return (str(python), "-m", "yamllint", "-d", _YAMLLINT, "models", "environments")


def _fill(folder: Path) -> None:
    # Relocatable: the folder is renamed once it is whole.
    _run(str(_UV), "venv", "--quiet", "--relocatable", "--python", sys.executable, str(folder))
    python = str(folder / "bin" / "python")
    _run(str(_UV), "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(_LOCK))
    _run(python, "-m", "compileall", "-q", str(folder / "lib"))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command[:3])} ended with {done.returncode}:\n{done.stderr.strip()}")
