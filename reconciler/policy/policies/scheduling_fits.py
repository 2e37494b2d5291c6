"""Kubernetes accepts what is said of nodes and taints, and Pods end in time.

What it checks
    In `serving.nodeSelector`, `tolerations` and `affinity`: keys and values have the form of labels; a
    toleration without key has operator Exists, one with Exists no value, and `tolerationSeconds` stands with
    effect NoExecute only; conditions have the values that their operator takes. `terminationGrace` is longer
    than the ten seconds that the operator lets Pods wait before they are told to stop.

Why
    Neither the kind's schema nor Seldon's webhook looks at them. The API server refuses the Deployment that
    the operator makes from them, and the variant never starts. A grace of ten seconds or less ends while Pods
    still wait for gateways to send them nothing more: they are killed with requests under way.

Example
    serving:
      tolerations: [{operator: Exists, value: models}]

Fix
    serving:
      tolerations: [{key: example.com/dedicated, operator: Equal, value: models, effect: NoSchedule}]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.state.declarations import Affinity, Serving, Toleration
from reconciler.state.findings import Finding
from reconciler.state.scheduling import LabelRequirement, LabelSelector, NodeRequirement, PodAffinity, PodTerm

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
# Up to ten seconds: what controllers/seldondeployment_controller.go lets containers sleep before they stop.
_SHORT_GRACE = re.compile(r"(0[smhd]|[1-9]s|10s)\Z")
_NUMBER = re.compile(r"-?[0-9]+\Z")


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, members in deployment.distinct_servings():
            for field, fault in _find_faults(serving.serving):
                yield POLICY.finding(
                    deployment.place(serving, field),
                    f"{deployment.id}: {members[0].name}: {field}{deployment.say_origin(serving, field)}: "
                    f"{fault}.",
                    "Correct it: what the operator makes would not run, or not end, as it was meant.",
                )


def _find_faults(serving: Serving) -> Iterator[tuple[str, str]]:
    for fault in _check_labels(serving.node_selector or {}):
        yield "nodeSelector", fault
    for toleration in serving.tolerations or ():
        for fault in _check_toleration(toleration):
            yield "tolerations", fault
    for fault in _check_affinity(serving.affinity):
        yield "affinity", fault
    if serving.termination_grace is not None and _SHORT_GRACE.match(serving.termination_grace):
        yield (
            "terminationGrace",
            f"{serving.termination_grace} is over when a Pod is told to stop; expected more than 10s",
        )


def _check_labels(labels: Mapping[str, str]) -> Iterator[str]:
    for key, value in labels.items():
        yield from _check_key(key)
        yield from _check_value(key, value)


def _check_key(key: str) -> Iterator[str]:
    prefix, slash, name = key.rpartition("/")
    if _NAME.match(name) is None or (slash and _PREFIX.match(prefix) is None):
        yield f"{key!r} is no key of a label"


def _check_value(key: str, value: str) -> Iterator[str]:
    if value and _NAME.match(value) is None:
        yield f"{value!r}, of {key}, is no value of a label"


def _check_toleration(toleration: Toleration) -> Iterator[str]:
    exists = toleration.operator == "Exists"
    if toleration.key is None:
        if not exists:
            yield "a toleration without key must have operator Exists"
    else:
        yield from _check_key(toleration.key)
    if exists and toleration.value:
        yield f"a toleration with operator Exists must have no value ({toleration.value!r})"
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        yield "tolerationSeconds needs effect NoExecute"


def _check_affinity(affinity: Affinity | None) -> Iterator[str]:
    if affinity is None:
        return
    nodes = affinity.node_affinity
    if nodes is not None:
        required = nodes.required_during_scheduling_ignored_during_execution
        terms = list(required.node_selector_terms if required is not None else ())
        preferred = nodes.preferred_during_scheduling_ignored_during_execution or ()
        for term in [*terms, *(preference.preference for preference in preferred)]:
            yield from _check_requirements(term.match_expressions or ())
            yield from _check_requirements(term.match_fields or ())
    for pods in (affinity.pod_affinity, affinity.pod_anti_affinity):
        for near in _list_terms(pods):
            yield from _check_key(near.topology_key)
            yield from _check_selector(near.label_selector)
            yield from _check_selector(near.namespace_selector)


def _list_terms(pods: PodAffinity | None) -> Iterator[PodTerm]:
    if pods is not None:
        yield from pods.required_during_scheduling_ignored_during_execution or ()
        for preferred in pods.preferred_during_scheduling_ignored_during_execution or ():
            yield preferred.pod_affinity_term


def _check_selector(selector: LabelSelector | None) -> Iterator[str]:
    if selector is not None:
        yield from _check_labels(selector.match_labels or {})
        yield from _check_requirements(selector.match_expressions or ())


def _check_requirements(requirements: Sequence[LabelRequirement | NodeRequirement]) -> Iterator[str]:
    for requirement in requirements:
        yield from _check_key(requirement.key)
        values = requirement.values or ()
        operator = requirement.operator
        if operator in ("In", "NotIn"):
            if not values:
                yield f"{requirement.key} {operator} needs values"
        elif operator in ("Gt", "Lt"):
            if len(values) != 1 or _NUMBER.match(values[0]) is None:
                yield f"{requirement.key} {operator} needs a single whole number, in quotes"
        elif values:
            yield f"{requirement.key} {operator} takes no values"


POLICY = Policy(id="scheduling-fits", documentation=__doc__, check=check)
