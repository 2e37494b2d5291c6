"""Print the SeldonDeployment CRD that the local cluster installs.

Run it as `python -m scripts.seldon_crd`. The CRD comes from the Go module of the Seldon operator, at the
version named below. `--write` puts it where the local cluster reads it; `--check` ends with 1 if the file
there is not what the module gives. Both need a Go toolchain; using the file does not.
scripts/local_cluster/crds/README.md says what is changed and under which licence it is passed on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from scripts.tools.toolchain import GoError, find_go, run_go

MODULE = "github.com/seldonio/seldon-core/operator"
VERSION = "v1.16.0"
# What `go mod download` computes over the module; pinned here because a download outside of a module has
# no go.sum to compare with.
SUM = "h1:4AtPXaAbWF90w1+q1gyjgKf5CVzTWOQYAehiWm88d6w="
# The operator's own tests use this one: `children` of a graph is typed ten levels deep, where the other
# copies leave it untyped (and cannot be installed).
SOURCE = "testing/machinelearning.seldon.io_seldondeployments.yaml"

CRDS = Path(__file__).resolve().parent / "local_cluster" / "crds"
CRD_FILE = CRDS / "seldondeployments.machinelearning.seldon.io.yaml"

HEADER = f"""\
# Derived from {MODULE} {VERSION}, {SOURCE}.
# Copyright 2017 Seldon Technologies Ltd. Licensed under the Apache License, Version 2.0.
# Changed: version v1 only, without descriptions and annotations. Written by python -m scripts.seldon_crd.
"""


def reduce_crd(crd: Mapping[str, Any]) -> dict[str, Any]:
    """The CRD with its version v1 only, without descriptions, annotations and status; installable."""
    return {
        "apiVersion": crd["apiVersion"],
        "kind": crd["kind"],
        "metadata": {"name": crd["metadata"]["name"]},
        "spec": {
            **crd["spec"],
            "versions": [
                drop_descriptions(version) for version in crd["spec"]["versions"] if version["name"] == "v1"
            ],
        },
    }


def drop_descriptions(node: Any) -> Any:
    """The same tree without the texts for people; a *property* called `description`, a mapping, stays."""
    if isinstance(node, Mapping):
        return {
            key: drop_descriptions(value)
            for key, value in node.items()
            if not (key == "description" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [drop_descriptions(item) for item in node]
    return node


def to_text(crd: Mapping[str, Any]) -> str:
    """The CRD as its file holds it: licence notice, then YAML with sorted keys."""
    return HEADER + yaml.dump(crd, Dumper=yaml.CSafeDumper, sort_keys=True, width=110)


def download_module(go: Path) -> Path:
    """The folder of the operator's module in Go's module cache.

    Raises GoError when it cannot be had, or is not the module whose sum stands above.
    """
    answer = json.loads(run_go(go, "mod", "download", "-json", f"{MODULE}@{VERSION}"))
    if answer["Sum"] != SUM:
        raise GoError(f"{MODULE} {VERSION}: the sum is {answer['Sum']}, expected {SUM}")
    return Path(answer["Dir"])


def read_crd() -> dict[str, Any]:
    """The reduced CRD, read from the Go module (downloaded where Go's module cache has it not)."""
    text = (download_module(find_go()) / SOURCE).read_bytes()
    return reduce_crd(yaml.load(text, Loader=yaml.CSafeLoader))


@click.command(help=__doc__)
@click.option("--write", "write", is_flag=True, help=f"Write {CRD_FILE.name} instead of printing.")
@click.option("--check", "check", is_flag=True, help=f"Compare with {CRD_FILE.name} instead of printing.")
def main(write: bool, check: bool) -> None:
    try:
        text = to_text(read_crd())
    except GoError as error:
        raise click.ClickException(str(error)) from error
    if write:
        CRD_FILE.write_text(text, encoding="utf-8")
    elif not check:
        click.echo(text, nl=False)
    elif text != CRD_FILE.read_text(encoding="utf-8"):
        raise click.ClickException(
            f"{CRD_FILE.name} is not what {MODULE} {VERSION} gives; run python -m scripts.seldon_crd --write"
        )


if __name__ == "__main__":
    main()
