"""Switch off one behaviour after another in a copy of the program, and see the test fail that proves it.

`python -m tests.faults.mutants [ID...]`: a table on stdout; exit code 1 if any mutant survived. The named
tests are run on the unchanged copy first: one that fails there as well would prove nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.faults.mutations import MUTATIONS, Mutation
from tests.faults.table import ROOT

_TIMEOUT = 300  # seconds for the tests of one mutant
_PASSED, _FAILED = 0, 1  # pytest's exit codes; all others say that nothing was decided
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info")


class Copy:
    """The checkout once more, with a Python of its own that finds the program there and not here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=_LEFT_OUT, symlinks=True)
        environment = folder / ".venv"
        venv.EnvBuilder(with_pip=False, symlinks=True).create(environment)
        (packages,) = environment.glob("lib/python3.*/site-packages")
        places = [str(folder), *(place for place in sys.path if place.endswith("site-packages"))]
        (packages / "copy.pth").write_text("\n".join(places) + "\n")
        self._python = environment / "bin/python"

    def test(self, *tests: str) -> int:
        """pytest's exit code for these tests."""
        done = subprocess.run(
            [str(self._python), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT * len(tests),
        )
        return done.returncode

    @contextmanager
    def mutate(self, mutation: Mutation) -> Iterator[None]:
        """The copy without one behaviour."""
        file = self.folder / mutation.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutation.old) != 1:
            raise ValueError(
                f"{mutation.file}: {mutation.old!r} stands there {text.count(mutation.old)} times"
            )
        self._write(file, text.replace(mutation.old, mutation.new))
        try:
            yield
        finally:
            self._write(file, text)

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        # Bytecode is taken for fresh when a file's second and size are the same.
        shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)


def play(mutations: Sequence[Mutation]) -> bool:
    """Whether every mutant was killed."""
    width = max(len(mutation.what) for mutation in mutations)
    with tempfile.TemporaryDirectory(prefix="modelsync-mutants-") as folder:
        copy = Copy(Path(folder) / "copy")
        tests = tuple(dict.fromkeys(mutation.test for mutation in mutations))
        if copy.test(*tests) != _PASSED:
            print("The unchanged program does not pass all of the named tests; nothing can be shown by them.")
            return False
        killed = 0
        for mutation in mutations:
            with copy.mutate(mutation):
                word = {_PASSED: "SURVIVED", _FAILED: "killed"}.get(copy.test(mutation.test), "UNDECIDED")
            killed += word == "killed"
            print(f"{mutation.id:4} {mutation.what:{width}}  {word:9}  {mutation.test}", flush=True)
    print(f"{killed} of {len(mutations)} killed")
    return killed == len(mutations)


def main(ids: Sequence[str]) -> int:
    chosen = [mutation for mutation in MUTATIONS if not ids or mutation.id in ids]
    return 0 if chosen and play(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
