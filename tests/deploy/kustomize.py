"""Overlays built as a user builds them: by the kubectl of the local cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "reconciler/deploy"


def build(kubectl: Path, folder: Path) -> tuple[dict[str, Any], ...]:
    """All objects of an overlay; an error of kustomize fails the test with what it said."""
    done = subprocess.run(
        [kubectl, "kustomize", str(folder)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def write_overlay(
    folder: Path, *, environment: str, namespace: str, git: str = "", settings: tuple[str, ...] = ()
) -> Path:
    """An overlay for one target, as the README says to write it; `git` is one of the components."""
    base = Path(os.path.relpath(DEPLOY, folder))
    components = [f"{base}/base", *([f"{base}/components/{git}"] if git else [])]
    literals = [f"MODELSYNC_ENVIRONMENT={environment}", "MODELSYNC_REPOSITORY=file:///repository", *settings]
    body = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "configMapGenerator": [{"name": "modelsync-settings", "literals": literals}],
        "components": components,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    return folder


def pick(objects: tuple[dict[str, Any], ...], kind: str) -> dict[str, Any]:
    """The one object of a kind."""
    (found,) = (item for item in objects if item["kind"] == kind)
    return found


def get_pod(objects: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """The CronJob's Pod template."""
    template: dict[str, Any] = pick(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]
    return template
