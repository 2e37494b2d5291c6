"""What kwok does with the Pods of its Node: makes them ready at once, or plays what a test asks for.

A Pod is asked to play something by the annotation `PLAY`, which may also be set on a Pod that runs, or, where
a test has no hand in the Pod, by a segment `play-<word>` in the URI of its model. See README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PLAY = "kwok.modelsync.dev/play"
AFTER = "kwok.modelsync.dev/after"  # of `slow`: how long, such as 20s
MESSAGE = "kwok.modelsync.dev/message"  # of whatever fails: its last words

READY, NEVER_READY, SLOW = "ready", "never-ready", "slow"
CRASH_LOOP, INIT_CRASH_LOOP, IMAGE_PULL, EVICT = "crash-loop", "init-crash-loop", "image-pull", "evict"

# The model's URI is the first argument of the storage initializer, an init container.
_URI = "[.spec.initContainers[]?.args[]? | capture({pattern}) | .word][0]"
_PLAY_KEY = (f'(.metadata.annotations["{PLAY}"] // {_URI} // "{READY}")').replace(
    "{pattern}", '"/play-(?<word>[a-z]+(-[a-z]+)*)"'
)
_AFTER_KEY = (f'(.metadata.annotations["{AFTER}"] // {_URI} // "5s")').replace(
    "{pattern}", '"/play-slow-(?<word>[0-9]+m?s)"'
)
_PHASE_KEY = '(.status.phase // "Pending")'
_READY_KEY = '([.status.conditions[]? | select(.type == "Ready") | .status][0] // "absent")'
# What the first container does, or the first init container where that is stuck.
_DOING_KEY = (
    "([(.status.initContainerStatuses[]?, .status.containerStatuses[]?) | .state.waiting.reason // empty][0]"
    ' // (.status.containerStatuses[0]?.state | if . == null then "nothing" else keys[0] end))'
)

_WORDS = (
    f'{{{{ or (index (or .metadata.annotations dict) "{MESSAGE}") "the process ended by itself" | Quote }}}}'
)
_NOW = "{{ Now | Quote }}"
_RUNNING = f"state: {{running: {{startedAt: {_NOW}}}}}"
_FAILED = f"exitCode: 1, reason: Error, message: {_WORDS}, startedAt: {_NOW}, finishedAt: {_NOW}"
_CRASHED = (
    "state: {waiting: {reason: CrashLoopBackOff, message: back-off 10s restarting failed container}}\n"
    f"  lastState: {{terminated: {{{_FAILED}}}}}"
)
_NO_IMAGE = (
    'Back-off pulling image \\"{{ $container.image }}\\": ErrImagePull: {{ $container.image }}: not found'
)


def build_stages() -> tuple[dict[str, Any], ...]:
    """The stages, `kwok.x-k8s.io/v1alpha1`."""
    crash = _status(first=_CRASHED, restarts=1)
    return (
        _node_is_ready(),
        _stage("ready", (READY,), {_READY_KEY: ("NotIn", "True")}, _status(first=_RUNNING, ready=True)),
        _stage(
            "never-ready",
            (NEVER_READY,),
            {_READY_KEY: ("NotIn", "False"), _DOING_KEY: ("In", "nothing", "running")},
            _status(first=_RUNNING),
            event=("Unhealthy", "Readiness probe failed: dial tcp: connect: connection refused"),
        ),
        _stage("slow-starts", (SLOW,), {_DOING_KEY: ("In", "nothing")}, _status(first=_RUNNING)),
        _stage(
            "slow-is-ready",
            (SLOW,),
            {_DOING_KEY: ("In", "running"), _READY_KEY: ("NotIn", "True")},
            _status(first=_RUNNING, ready=True),
            delay={"durationMilliseconds": 5000, "durationFrom": {"jq": {"expression": _AFTER_KEY}}},
        ),
        _stage(
            "crash",
            (CRASH_LOOP,),
            {_DOING_KEY: ("NotIn", "CrashLoopBackOff")},
            crash,
            delay={"durationMilliseconds": 300},
            event=("BackOff", "Back-off restarting failed container"),
        ),
        _stage(
            "crash-restarts",
            (CRASH_LOOP,),
            {_DOING_KEY: ("In", "CrashLoopBackOff")},
            _status(first=f"{_RUNNING}\n  lastState: {{terminated: {{{_FAILED}}}}}"),
            delay={"durationMilliseconds": 3000},
        ),
        _stage(
            "init-crash",
            (INIT_CRASH_LOOP,),
            {_DOING_KEY: ("NotIn", "CrashLoopBackOff")},
            _INIT_CRASH,
            delay={"durationMilliseconds": 300},
            event=("BackOff", "Back-off restarting failed container"),
        ),
        _stage(
            "image-pull",
            (IMAGE_PULL,),
            {_DOING_KEY: ("NotIn", "ImagePullBackOff")},
            _status(
                first=f'state: {{waiting: {{reason: ImagePullBackOff, message: "{_NO_IMAGE}"}}}}',
                phase="Pending",
            ),
            event=("Failed", "Error: ErrImagePull"),
        ),
        _stage("evict", (EVICT,), {}, _EVICTED, event=("Evicted", "The node was low on resource: memory.")),
        _delete(),
    )


def _stage(
    name: str,
    plays: Sequence[str],
    guards: Mapping[str, tuple[str, ...]],
    template: str,
    *,
    delay: Mapping[str, Any] | None = None,
    event: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """A stage for Pods that play one of `plays` and pass all `guards` (jq expression → operator, values)."""
    expressions = [
        {"jq": {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}},
        {"jq": {"key": _PHASE_KEY, "operator": "In", "values": ["Pending", "Running"]}},
        {"jq": {"key": _PLAY_KEY, "operator": "In", "values": list(plays)}},
        *(
            {"jq": {"key": key, "operator": guard[0], "values": list(guard[1:])}}
            for key, guard in guards.items()
        ),
    ]
    happens: list[dict[str, Any]] = []
    if event is not None:
        happens.append({"event": {"type": "Warning", "reason": event[0], "message": event[1]}})
    patch = {"subresource": "status", "root": "status", "type": "strategic", "template": template}
    happens.append({"patch": patch})
    return _make(name, {"matchExpressions": expressions}, happens, delay)


def _delete() -> dict[str, Any]:
    gone = {"jq": {"key": ".metadata.deletionTimestamp", "operator": "Exists"}}
    return _make("delete", {"matchExpressions": [gone]}, [{"delete": True}], None)


def _node_is_ready() -> dict[str, Any]:
    """Without a stage for Nodes kwok looks after none, and so not after their Pods either."""
    unready = {"jq": {"key": _READY_KEY, "operator": "NotIn", "values": ["True"]}}
    patch = {"subresource": "status", "root": "status", "type": "strategic", "template": _NODE_READY}
    return _make("node", {"matchExpressions": [unready]}, [{"patch": patch}], None, kind="Node")


def _make(
    name: str,
    selector: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    delay: Mapping[str, Any] | None,
    kind: str = "Pod",
) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": kind},
            "selector": dict(selector),
            **({"delay": dict(delay)} if delay else {}),
            "steps": [dict(step) for step in steps],
        },
    }


def _status(*, first: str, ready: bool = False, restarts: int = 0, phase: str = "Running") -> str:
    """A status, as a template: the first container (the model's) does `first`, all others are ready."""
    answer = "True" if ready else "False"
    why = (
        ""
        if ready
        else (
            "  reason: ContainersNotReady\n"
            "  message: 'containers with unready status: [{{ (index .spec.containers 0).name }}]'\n"
        )
    )
    return f"""\
phase: {phase}
startTime: {{{{ or .status.startTime (Now) | Quote }}}}
podIP: {{{{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}}}
hostIP: {{{{ NodeIPWith .spec.nodeName | Quote }}}}
conditions:
- {{type: Initialized, status: "True", lastTransitionTime: {_NOW}}}
- type: ContainersReady
  status: "{answer}"
{why}  lastTransitionTime: {_NOW}
- type: Ready
  status: "{answer}"
{why}  lastTransitionTime: {_NOW}
initContainerStatuses:
{{{{ range .spec.initContainers }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: ""
  ready: true
  restartCount: 0
  state: {{terminated: {{exitCode: 0, reason: Completed, startedAt: {_NOW}, finishedAt: {_NOW}}}}}
{{{{ end }}}}
containerStatuses:
{{{{ $pod := . }}}}
{{{{ $before := 0 }}}}
{{{{ with .status.containerStatuses }}}}{{{{ $before = (index . 0).restartCount }}}}{{{{ end }}}}
{{{{ range $index, $container := .spec.containers }}}}
- name: {{{{ $container.name | Quote }}}}
  image: {{{{ $container.image | Quote }}}}
  imageID: ""
{{{{ if eq $index 0 }}}}
{{{{ with $pod }}}}
  ready: {str(ready).lower()}
  started: {str(phase == "Running").lower()}
  restartCount: {{{{ add $before {restarts} }}}}
  {first}
{{{{ end }}}}
{{{{ else }}}}
  ready: true
  started: true
  restartCount: 0
  {_RUNNING}
{{{{ end }}}}
{{{{ end }}}}
"""


_INIT_CRASH = f"""\
phase: Pending
startTime: {{{{ or .status.startTime (Now) | Quote }}}}
hostIP: {{{{ NodeIPWith .spec.nodeName | Quote }}}}
conditions:
- type: Initialized
  status: "False"
  reason: ContainersNotInitialized
  message: 'containers with incomplete status: [{{{{ (index .spec.initContainers 0).name }}}}]'
  lastTransitionTime: {_NOW}
- {{type: ContainersReady, status: "False", reason: ContainersNotReady, lastTransitionTime: {_NOW}}}
- {{type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {_NOW}}}
initContainerStatuses:
- name: {{{{ (index .spec.initContainers 0).name | Quote }}}}
  image: {{{{ (index .spec.initContainers 0).image | Quote }}}}
  imageID: ""
  ready: false
  restartCount: 1
  {_CRASHED}
containerStatuses:
{{{{ range .spec.containers }}}}
- name: {{{{ .name | Quote }}}}
  image: {{{{ .image | Quote }}}}
  imageID: ""
  ready: false
  restartCount: 0
  state: {{waiting: {{reason: PodInitializing}}}}
{{{{ end }}}}
"""

_EVICTED = f"""\
phase: Failed
reason: Evicted
message: 'The node was low on resource: memory.'
conditions:
- {{type: ContainersReady, status: "False", reason: PodFailed, lastTransitionTime: {_NOW}}}
- {{type: Ready, status: "False", reason: PodFailed, lastTransitionTime: {_NOW}}}
"""

_NODE_READY = f"""\
conditions:
- {{type: Ready, status: "True", reason: Pretending, lastHeartbeatTime: {_NOW}, lastTransitionTime: {_NOW}}}
"""
