"""Which files `init` and `add` lay out; pure, so that a command only has to write them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import jinja2

from reconciler.render.quoting import quote
from reconciler.scaffold.origin import Origin
from reconciler.state.declarations import Ingress, Protocol, Server

# Words that YAML 1.1 reads as something else, so that they need quotes.
_MISREAD = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_PLAIN = re.compile(r"[a-z][a-z0-9./-]*")
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST_NAME = 48

# Their templates have no leading dot: packaging would pass over hidden files.
_REPOSITORY = (
    "README.md",
    ".gitignore",
    ".modelsync/bootstrap",
    "models/README.md",
    "models/defaults.yaml",
    "environments/README.md",
)

WORKFLOWS = ("bot", "comment", "pin", "records", "validate")
"""Those of modelsync's own repository, to the letter but for what installs it and the branch of `push`."""

_INSTALLS = ("run: scripts/bootstrap", "run: .modelsync/bootstrap")
_PUSHES = "branches: [main]"
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*")

Drift = Literal["heal", "report"]
Files = Mapping[str, bytes]
"""Paths in the repository (with `/`) and what is in them."""


class InvalidName(Exception):
    """A name that could not become the name of a Kubernetes object, or of a branch in workflows."""


def lay_out_repository(schemas: Files, *, branch: str = "main", origin: Origin | None = None) -> Files:
    """A repository without models and environments yet. `schemas` are file names and JSON Schemas.

    `branch` is the one that pull requests are merged into, `origin` what its workflows install; without one
    somebody has to write it down there. Raises InvalidName.
    """
    if not _BRANCH.fullmatch(branch):
        raise InvalidName(
            f'branch "{branch}" cannot be named in a workflow: write letters, digits, dashes, dots, '
            "underscores and slashes."
        )
    values = {
        "branch": branch,
        "repository": shlex.quote(origin.repository if origin else ""),
        "commit": shlex.quote(origin.commit if origin else ""),
    }
    rendered = {path: _render(f"repository/{path.removeprefix('.')}.j2", **values) for path in _REPOSITORY}
    workflows = {f".github/workflows/{name}.yaml": _write_workflow(name, branch) for name in WORKFLOWS}
    return {**rendered, **workflows, **{f"schemas/{name}": content for name, content in schemas.items()}}


def lay_out_model(
    name: str,
    *,
    registered_model: str,
    owners: Sequence[str],
    registry: str = "main",
    server: Server = "mlflow",
    protocol: Protocol = "v2",
    description: str = "",
    image: str = "",
    replicas: int | None = None,
    requests: Mapping[str, str] | None = None,
    limits: Mapping[str, str] | None = None,
) -> Files:
    """A model's folder. `requests` and `limits` are quantities by `cpu` and `memory`. Raises InvalidName."""
    check_name(name, "model")
    content = _render(
        "model.yaml.j2",
        name=name,
        registered_model=registered_model,
        owners=tuple(owners),
        registry=registry,
        server=server,
        protocol=protocol,
        description=description,
        image=image,
        replicas=replicas,
        requests=requests or {},
        limits=limits or {},
    )
    return {f"models/{name}/model.yaml": content}


def lay_out_environment(
    name: str,
    *,
    namespace: str,
    upstream: Iterable[str] = (),
    protected: bool = False,
    artifacts: Iterable[tuple[str, str]] = (),
    secret: str | None = None,
    clusters: Iterable[str] = (),
    owners: Iterable[str] = (),
    drift: Drift = "heal",
    ingress: Ingress = "istio",
    prometheus: str = "",
    replicas: int | None = None,
) -> Files:
    """An environment's folder. Raises InvalidName.

    `artifacts` pairs the registry's prefixes with the cluster's; `secret` opens all of them.
    """
    check_name(name, "environment")
    check_name(namespace, "namespace")
    content = _render(
        "environment.yaml.j2",
        name=name,
        namespace=namespace,
        upstream=tuple(upstream),
        protected=protected,
        artifacts=tuple(artifacts),
        secret=secret,
        clusters=tuple(clusters),
        owners=tuple(owners),
        drift=drift,
        ingress=ingress,
        prometheus=prometheus,
        replicas=replicas,
    )
    return {f"environments/{name}/environment.yaml": content}


def check_name(name: str, what: str) -> None:
    """Raise InvalidName unless `name` can become part of Kubernetes names (RFC 1035 labels)."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise InvalidName(
            f'{what} "{name}" cannot become the name of a Kubernetes object: write lower-case letters, '
            "digits and dashes, starting with a letter and not ending with a dash, "
            f"{_LONGEST_NAME} characters at most."
        )


def _write_workflow(name: str, branch: str) -> bytes:
    # No template: expressions of workflows look like Jinja's.
    folder = files("reconciler.scaffold") / "templates/repository/github/workflows"
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    return text.replace(*_INSTALLS).replace(_PUSHES, f"branches: [{_scalar(branch)}]").encode()


def _render(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(values).encode()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reconciler.scaffold"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (YAML and Markdown, no HTML)
    )
    environment.filters["scalar"] = _scalar
    return environment


def _scalar(value: str) -> str:
    """A string as people would write it in YAML: in quotes only where it needs them."""
    plain = _PLAIN.fullmatch(value) and value not in _MISREAD
    return value if plain else quote(value)
