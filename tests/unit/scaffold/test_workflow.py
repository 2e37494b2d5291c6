"""The workflow of a fresh repository stands up to zizmor, an auditor of GitHub workflows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reconciler.scaffold.layout import lay_out_repository

WORKFLOW = ".github/workflows/validate.yaml"


def test_zizmor_has_no_findings(tmp_path: Path) -> None:
    path = tmp_path / WORKFLOW
    path.parent.mkdir(parents=True)
    path.write_bytes(lay_out_repository({})[WORKFLOW])
    zizmor = Path(sys.executable).with_name("zizmor")
    audit = subprocess.run(
        [zizmor, "--offline", "--no-progress", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr
