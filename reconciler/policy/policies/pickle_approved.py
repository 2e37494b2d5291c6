"""A protected environment approved the models that run code when they are loaded.

What it checks
    In an environment with `protected: true`, each version in use that runs code of its maker when a server
    loads it (pickle, cloudpickle, a Python model or code of its own) is of a model that
    `rules.pickle-approved.models` names (`*` for any characters). skops is not asked for here; that its
    files are safe is nevertheless not proven: they say themselves which types are to be trusted.

Why
    Whoever can log such a model can run anything in production, with the rights and secrets of its Pods.
    environment.yaml belongs to the environment's owners, so a model named there has their approval.

Example
    # environments/production/environment.yaml, where v5 of wines is saved as cloudpickle
    protected: true

Fix
    Let the environment's owners look at where the model is trained and who can register it; then
    rules: {pickle-approved: {models: [wines]}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.policy.context import Context, ModelUse
from reconciler.policy.engine import Need, Parameter, Policy
from reconciler.policy.loading import PYFUNC, find_library, saved_format
from reconciler.policy.patterns import matches_any
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Loader
from reconciler.state.findings import Finding, Grade

_RUNNING_FORMATS = frozenset({"pickle", "cloudpickle"})
_PYTHON_MODEL = "mlflow.pyfunc.model"


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        declared = deployment.environment.environment
        if declared is None or not declared.declaration.protected:
            continue
        approved = POLICY.value_in(deployment.environment)["models"]
        for use in deployment.model_uses():
            if use.record is not None and not matches_any(use.folder, approved):
                yield from _check(use, use.record.declaration.loader)


def list_code(loader: Loader) -> tuple[str, ...]:
    """What of a version is code that runs when it is loaded, in words; nothing if that is not recorded."""
    said = []
    saved = saved_format(loader)
    if saved in _RUNNING_FORMATS:
        said.append(f"it is saved as {saved}")
    pyfunc = loader.flavours.get(PYFUNC)
    facts = pyfunc if isinstance(pyfunc, Mapping) else {}
    if find_library(loader) == PYFUNC and facts.get("loader") == _PYTHON_MODEL:
        said.append("it is a Python model")
    if any(isinstance(flavour, Mapping) and flavour.get("code") for flavour in loader.flavours.values()):
        said.append("it brings code of its own")
    return tuple(said)


def _check(use: ModelUse, loader: Loader) -> Iterator[Finding]:
    code = list_code(loader)
    if code:
        environment = use.deployment.environment.name
        yield POLICY.finding(
            use.version_at,
            f"{use.deployment.id}: {use.folder} v{use.version} can run code when it is loaded "
            f"({join_words(code)}); {environment} is protected and has not approved that for {use.folder}.",
            f"The owners of {environment} approve it in environments/{environment}/environment.yaml: "
            f"rules: {{{POLICY.id}: {{models: [{use.folder}]}}}}",
            subject=use.deployment.id,
        )


def _measure(value: Any) -> Mapping[str, float]:
    if not isinstance(value, Mapping) or set(value) != {"models"}:
        raise ValueError
    models = value["models"]
    if not isinstance(models, tuple) or not all(isinstance(name, str) for name in models):
        raise ValueError
    # Naming a model is the approval itself: none of it is wider than the rule's own.
    return {f"models.{name}": 1 for name in models}


POLICY = Policy(
    id="pickle-approved",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.RECORDS),
    grade=Grade.SOFT,
    parameter=Parameter(form="a block such as {models: [wines]}", default={"models": ()}, measure=_measure),
)
