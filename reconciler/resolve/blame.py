"""Which faults keep which deployments from being resolved.

A deployment is faulty when an error lies in a file that it depends on. A fault elsewhere, such as in the
record of a version that it does not use, is no reason to leave it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from reconciler.policy.graphs import list_nodes
from reconciler.policy.placed import PlacedDeployment
from reconciler.state.declarations import Deployment
from reconciler.state.findings import Finding, Grade
from reconciler.state.repository import EnvironmentEntry

DEFAULTS_FILE = "models/defaults.yaml"


def environment_file(environment: str) -> str:
    """The path of an environment's own file."""
    return f"environments/{environment}/environment.yaml"


def deployment_file(environment: str, name: str) -> str:
    """The path of a deployment's file."""
    return f"environments/{environment}/deployments/{name}.yaml"


def template_file(environment: str, name: str) -> str:
    """The path of an organisation manifest."""
    return f"environments/{environment}/extras/{name}.yaml.j2"


def files_of(
    environment: str, name: str, deployment: Deployment | None, *, retiring: bool = False
) -> frozenset[str]:
    """The files that a deployment depends on; `deployment` is None where its own could not be parsed.

    A deployment that is `retiring`, by itself or with its environment, needs neither model nor records.
    """
    own = {deployment_file(environment, name), environment_file(environment)}
    if retiring:
        return frozenset(own)
    if deployment is None:
        return frozenset(own | {DEFAULTS_FILE})
    pins = {(deployment.model, variant.version) for variant in deployment.variants}
    nodes = (placed.node for variant in deployment.variants for placed in list_nodes(variant))
    pins |= {(node.model, node.version) for node in nodes if node.model is not None}
    return frozenset(own | {DEFAULTS_FILE} | _model_files(pins))


def blame(entry: EnvironmentEntry, findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """The hard findings that make deployments of an environment faulty, by the deployment's name.

    Soft ones are about the change that brought them: a waiver that ran out, or a rule that is new, must not
    keep from sync what was merged.

    Errors in the environment's folder that belong to no known deployment (a file with a wrong ending, a
    link that was refused) are held against the name that the file has: something of the environment
    could not be read, and nothing may be pruned meanwhile.
    """
    errors = tuple(finding for finding in findings if finding.grade is Grade.HARD)
    all_retire = entry.environment is not None and entry.environment.declaration.retire
    templates = frozenset(template_file(entry.name, name) for name in entry.faulty_extras)
    blamed: dict[str, tuple[Finding, ...]] = {}
    for name in sorted({*entry.deployments, *entry.faulty_deployments}):
        parsed = entry.deployments.get(name)
        declared = parsed.declaration if parsed else None
        if not errors and parsed is not None:
            continue
        ending = all_retire or (declared is not None and declared.retire)
        files = files_of(entry.name, name, declared, retiring=ending)
        if not ending:
            # What such a template would have made for this deployment is not known.
            files |= templates
        found = tuple(error for error in errors if error.location.file in files)
        if found or parsed is None:
            blamed[name] = found
    for error in errors:
        stray = _stray_name(entry, error.location.file)
        if stray and stray not in entry.deployments:
            blamed[stray] = (*(other for other in blamed.get(stray, ()) if other != error), error)
    return blamed


def blame_explainers(placed: PlacedDeployment, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The hard findings on what a deployment's explainers load, which any layer may name."""
    errors = tuple(finding for finding in findings if finding.grade is Grade.HARD)
    if not errors:
        return ()
    files = _model_files((use.folder, use.version) for use in placed.model_uses() if use.container is None)
    return tuple(error for error in errors if error.location.file in files)


def _model_files(pins: Iterable[tuple[str, int | None]]) -> frozenset[str]:
    """The files of pinned versions: their models', and their records."""
    known = tuple(pins)
    models = {f"models/{model}/model.yaml" for model, _ in known}
    return frozenset(
        models | {f"models/{model}/versions/{version}.yaml" for model, version in known if version}
    )


def _stray_name(entry: EnvironmentEntry, file: str) -> str:
    """The name of something in the environment's folder that is none of its known files, else nothing."""
    path = PurePosixPath(file)
    folder = PurePosixPath("environments") / entry.name
    known = {folder / "environment.yaml", folder / "exceptions.yaml"}
    known |= {PurePosixPath(template_file(entry.name, name)) for name in entry.faulty_extras}
    # What rendering finds wrong with a readable template is the fault of those that it was rendered for.
    known |= {PurePosixPath(template.file) for template in entry.extras}
    return path.stem if folder in (path, *path.parents) and path not in known else ""
