"""What an object from a template in `extras/` may be: its kind, its name, and what it says of itself.

There is no schema here for a spec: the API server checks it, without storing anything, when the change is
planned with --live and before anything of the target is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.render.applyset import parent_name
from reconciler.render.sandbox import find_words
from reconciler.state.extras import CONTENT, KINDS_ALLOWED, METADATA, NAMED, RENDERED, ExtraTemplate
from reconciler.state.findings import Finding, Grade
from reconciler.state.objects import EXTRA_KINDS, PREFIX, Kind
from reconciler.state.targets import DesiredDeployment

_KINDS: Mapping[str, Kind] = {kind.name: kind for kind in EXTRA_KINDS}
# All other kinds here say what they say in their spec.
_BLOCKS: Mapping[str, tuple[str, ...]] = {"ConfigMap": ("data", "binaryData", "immutable")}
_METADATA = ("name", "namespace", "labels", "annotations")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_OURS = (f"{PREFIX}/", "applyset.kubernetes.io/")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """The object that is judged."""

    body: Mapping[str, Any]
    deployment: DesiredDeployment
    template: ExtraTemplate

    def refuse(self, rule: str, words: tuple[str, ...], message: str, advice: str = "") -> Finding:
        return Finding(
            rule=rule,
            grade=Grade.HARD,
            location=find_words(self.template, *words),
            message=f"{self.deployment.id}: {message}",
            advice=advice,
        )


def check_body(
    body: Any,
    *,
    deployment: DesiredDeployment,
    template: ExtraTemplate,
    labels: Mapping[str, str],
    kinds: tuple[str, ...],
) -> Iterator[Finding]:
    """What is wrong with one object of a template; `labels` are ours, `kinds` those that are allowed."""
    subject = _Subject(
        body=body if isinstance(body, Mapping) else {}, deployment=deployment, template=template
    )
    if not isinstance(body, Mapping):
        yield subject.refuse(
            RENDERED, (), "the template gives no object; expected apiVersion, kind, metadata."
        )
        return
    refused = tuple(_check_kind(subject, kinds))
    yield from refused
    if refused:
        return
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping):
        yield subject.refuse(METADATA, ("metadata",), f"{body['kind']} has no metadata.", "Give it a name.")
        return
    yield from _check_blocks(subject)
    yield from _check_name(subject, metadata.get("name"))
    yield from _check_metadata(subject, metadata, labels)


def _check_kind(subject: _Subject, kinds: tuple[str, ...]) -> Iterator[Finding]:
    kind, version = subject.body.get("kind"), subject.body.get("apiVersion")
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    said = ("kind: " + str(kind), "kind:")
    possible = ", ".join(sorted(_KINDS))
    if known is None:
        yield subject.refuse(
            KINDS_ALLOWED,
            said,
            f"a template cannot make {kind or 'an object without a kind'}; it can make {possible}.",
            "What runs, grants rights or holds secrets is not made beside a model.",
        )
    elif known.name not in kinds:
        yield subject.refuse(
            KINDS_ALLOWED,
            said,
            f"{kind} is not allowed here ({'allowed: ' + ', '.join(kinds) if kinds else 'none is allowed'}).",
            "Have it added to allow.kinds in "
            f"environments/{subject.deployment.environment}/environment.yaml.",
        )
    elif version != known.api_version:
        yield subject.refuse(
            KINDS_ALLOWED,
            ("apiVersion",),
            f"{kind} says apiVersion {version}; expected {known.api_version}.",
        )


def _check_blocks(subject: _Subject) -> Iterator[Finding]:
    """What stands at the top, and that a ConfigMap holds texts: numbers are what is most often left bare."""
    kind = subject.body["kind"]
    blocks = _BLOCKS.get(kind, ("spec",))
    for key, value in subject.body.items():
        if key not in ("apiVersion", "kind", "metadata", *blocks):
            yield subject.refuse(
                CONTENT, (f"{key}:",), f"{kind} gives {key}; it has {', '.join(blocks)}.", "Leave it out."
            )
        elif key in ("data", "binaryData") and value is not None and not _is_text_mapping(value):
            yield subject.refuse(
                CONTENT,
                (f"{key}:",),
                f"{kind} gives {key} that is no text by name.",
                'Put numbers and the like in quotes, or make a text of them: {{ (… ~ "") | tojson }}.',
            )


def _check_name(subject: _Subject, name: Any) -> Iterator[Finding]:
    deployment, kind = subject.deployment.name, subject.body["kind"]
    if not isinstance(name, str) or not (name == deployment or name.startswith(f"{deployment}-")):
        yield subject.refuse(
            NAMED,
            ("name:",),
            f"{kind} is called {name}; expected {deployment}, or {deployment}- and what it is for.",
            'Write name: {{ (deployment ~ "-…") | tojson }}, so that no two deployments want one object.',
        )
    elif _NAME.match(name) is None:
        yield subject.refuse(
            NAMED, ("name:",), f'{kind} cannot be called "{name}": at most 63 small letters, digits and -.'
        )
    elif kind == "ConfigMap" and name.startswith(parent_name("")):
        yield subject.refuse(
            NAMED,
            ("name:",),
            f"ConfigMap {name} could be the record that modelsync keeps; {parent_name('')}… is its own.",
            "Make another kind of object, or rename the deployment.",
        )
    elif kind == "DestinationRule" and name in _list_rules(subject.deployment):
        yield subject.refuse(
            NAMED,
            ("name:",),
            f"DestinationRule {name} is the operator's own; the two would overwrite each other for ever.",
            "Put a word behind it: -early, for example.",
        )


def _list_rules(deployment: DesiredDeployment) -> frozenset[str]:
    """What the operator (v1.16.0: controllers/istio.go) calls its own DestinationRules."""
    names = {f"{deployment.name}-{variant.predictor}" for variant in deployment.variants}
    return frozenset(names | {f"{name}-explainer" for name in names})


def _check_metadata(
    subject: _Subject, metadata: Mapping[str, Any], labels: Mapping[str, str]
) -> Iterator[Finding]:
    kind, namespace = subject.body["kind"], subject.deployment.namespace
    for key in metadata:
        if key not in _METADATA:
            yield subject.refuse(
                METADATA, (key,), f"{kind} gives metadata.{key}; expected {', '.join(_METADATA)}."
            )
    if metadata.get("namespace", namespace) != namespace:
        yield subject.refuse(
            METADATA,
            ("namespace:",),
            f"{kind} wants namespace {metadata['namespace']}; the environment's is {namespace}.",
            "Leave it out.",
        )
    for block in ("labels", "annotations"):
        given = metadata.get(block)
        if given is not None and not _is_text_mapping(given):
            yield subject.refuse(
                METADATA, (f"{block}:",), f"{kind} gives {block} that are no texts by name.", "Quote them."
            )
            continue
        for key, value in (given or {}).items():
            ours = labels.get(key) if block == "labels" else None
            if (ours is not None or key.startswith(_OURS)) and value != ours:
                yield subject.refuse(
                    METADATA,
                    (key, f"{block}:"),
                    f"{kind} gives {key}, which modelsync writes itself.",
                    "Leave it out.",
                )


def _is_text_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())
