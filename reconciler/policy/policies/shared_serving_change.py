"""Settings that several environments share do not change in all of them at once.

What it checks
    A change of `serving` in `models/defaults.yaml` or in a `model.yaml` replaces the Pods of live variants in
    one environment at most.

Why
    Environments are there so that a mistake is met in the first one. A shared setting reaches all of them
    with the same merge.

Example
    # models/wines/model.yaml, with wines live in staging and production
    serving:
      resources: {limits: {memory: 2Gi}}     # and it was 1Gi

Fix
    Write the new value into environment.yaml or the deployment's file of the first environment; move it to
    the shared file once all environments have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.placed import PlacedDeployment
from reconciler.policy.pods import list_edits, list_kept, list_pairs, list_unread, say_unread
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Serving
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Undecided
from reconciler.state.repository import Repository

_DEFAULTS = "models/defaults.yaml"


def check(context: Context) -> Iterator[Finding | Undecided]:
    if context.base is None:
        return
    changed = _list_shared(context.base, context.repository)
    for _, unread in list_unread(context):
        if changed or unread.startswith("models/"):
            yield POLICY.undecided(say_unread(unread))
    if not changed:
        return
    reached: dict[str, dict[str, None]] = {}
    for before, after in list_pairs(context):
        files = [file for file in _list_files(after) if file in changed]
        if files and any(list_edits(before, old, after, new) for old, new in list_kept(before, after)):
            for file in files:
                reached.setdefault(file, {})[after.environment.name] = None
    for file, environments in sorted(reached.items()):
        if len(environments) > 1:
            yield POLICY.finding(
                changed[file],
                f"{file.removesuffix('/model.yaml')}: this replaces the Pods of live variants in "
                f"{join_words(sorted(environments))} with one merge; expected one environment.",
                f"Try it in {_find_first(context, environments)} first: write it into that environment.yaml "
                "or the deployment's file.",
                subject=file.removesuffix("/model.yaml"),
            )


def _list_shared(base: Repository, head: Repository) -> Mapping[str, Location]:
    """The shared files whose settings differ, with the place of what they say now."""
    found: dict[str, Location] = {}
    was, now = base.defaults, head.defaults
    if (was and was.declaration.serving) != (now and now.declaration.serving):
        found[_DEFAULTS] = now.document.at("serving") if now is not None else Location(file=_DEFAULTS)
    for name, model in head.models.items():
        old = base.models.get(name)
        if model.model is None or old is None or old.model is None:
            continue
        if _settings(old.model.declaration.serving) != _settings(model.model.declaration.serving):
            found[f"models/{name}/model.yaml"] = model.model.document.at("serving")
    return found


def _settings(serving: Serving | None) -> Serving:
    return Serving.model_validate({}) if serving is None else serving


def _list_files(deployment: PlacedDeployment) -> Iterator[str]:
    yield _DEFAULTS
    folders = {container.folder: None for placed in deployment.variants for container in placed.containers}
    yield from (f"models/{folder}/model.yaml" for folder in folders if folder is not None)


def _find_first(context: Context, names: Mapping[str, None]) -> str:
    """The environment that comes before the others as far as they name each other, else the first by name."""
    entries = {name: entry.declaration for name, entry in context.environments() if name in names}
    free = [name for name, said in sorted(entries.items()) if not set(said.upstream) & set(entries)]
    return next(iter((*free, *sorted(names))))


POLICY = Policy(
    id="shared-serving-change",
    documentation=__doc__,
    check=check,
    needs=(Need.DECLARATIONS, Need.BASE),
    grade=Grade.ADVISORY,
)
