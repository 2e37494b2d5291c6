"""The status of a Pod that only pretends, as Go templates for kwok; `<word>` stands for what is filled in.

As a kubelet does, they leave the time of a condition that stays what it was, and of what has started before.
"""

from __future__ import annotations

MESSAGE = "kwok.modelsync.dev/message"  # annotation: the last words of what crashes

RUNNING = "state: {running: {startedAt: {{ or $running Now | Quote }}}}"
RESTARTED = """\
state: {running: {startedAt: {{ Now | Quote }}}}
  lastState: {terminated: {<failed>}}"""
CRASHED = """\
state: {waiting: {reason: CrashLoopBackOff, message: back-off 10s restarting failed container}}
  lastState: {terminated: {<failed>}}"""
NO_IMAGE = """\
state:
    waiting:
      reason: ImagePullBackOff
      message: 'Back-off pulling image "{{ $item.image }}": ErrImagePull: {{ $item.image }}: not found'"""

_FAILED = (
    "exitCode: 1, reason: Error, message: {{ $words | Quote }}, "
    "startedAt: {{ or $running $started | Quote }}, finishedAt: {{ Now | Quote }}"
)

_BEFORE = """\
{{ $started := or .status.startTime Now }}
{{ $words := or (index (or .metadata.annotations dict) "<message>") "the process ended by itself" }}
{{ $since := dict }}
{{ range .status.conditions }}
{{ $_ := set $since (printf "%s=%s" .type .status) .lastTransitionTime }}
{{ end }}
{{ $running := "" }}
{{ $restarts := 0 }}
{{ with .status.containerStatuses }}
{{ $restarts = (index . 0).restartCount }}
{{ with (index . 0).state.running }}{{ $running = .startedAt }}{{ end }}
{{ end }}
"""

_CONDITION = """\
- type: <type>
  status: "<status>"
  lastTransitionTime: {{ or (index $since "<type>=<status>") Now | Quote }}
"""
_REASON = """\
  reason: <reason>
  message: 'containers with <lack>: [{{ (index .spec.<list> 0).name }}]'
"""

_STATUS = """\
phase: <phase>
startTime: {{ $started | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace | Quote }}
conditions:
<conditions>
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  state:
    terminated:
      {exitCode: 0, reason: Completed, startedAt: {{ $started | Quote }}, finishedAt: {{ $started | Quote }}}
{{ end }}
containerStatuses:
{{ range $index, $item := .spec.containers }}
- name: {{ $item.name | Quote }}
  image: {{ $item.image | Quote }}
  imageID: ""
{{ if eq $index 0 }}
  ready: <ready>
  started: <started>
  restartCount: {{ add $restarts <restarts> }}
  <first>
{{ else }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $started | Quote }}}}
{{ end }}
{{ end }}
"""

_INIT_CRASH = """\
phase: Pending
startTime: {{ $started | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
conditions:
<conditions>
initContainerStatuses:
- name: {{ (index .spec.initContainers 0).name | Quote }}
  image: {{ (index .spec.initContainers 0).image | Quote }}
  imageID: ""
  ready: false
  restartCount: 1
  <crashed>
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  restartCount: 0
  state: {waiting: {reason: PodInitializing}}
{{ end }}
"""

_EVICTED = """\
phase: Failed
reason: Evicted
message: 'The node was low on resource: memory.'
conditions:
- {type: ContainersReady, status: "False", reason: PodFailed, lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "False", reason: PodFailed, lastTransitionTime: {{ Now | Quote }}}
"""

NODE_READY = """\
conditions:
- {type: Ready, status: "True", reason: Pretending, lastTransitionTime: {{ Now | Quote }}}
"""


def write_status(*, first: str, ready: bool = False, restarts: int = 0, phase: str = "Running") -> str:
    """A status in which the first container (the model's) does `first` and all others are ready.

    restarts: by how many its count of restarts goes up.
    """
    unready = ("ContainersNotReady", "unready status", "containers")
    conditions = (
        _write_condition("Initialized"),
        _write_condition("ContainersReady", lacks=None if ready else unready),
        _write_condition("Ready", lacks=None if ready else unready),
    )
    return _BEFORE.replace("<message>", MESSAGE) + _fill(
        _STATUS,
        phase=phase,
        conditions="".join(conditions),
        ready=str(ready).lower(),
        started=str(phase == "Running").lower(),
        restarts=str(restarts),
        first=_fill(first, failed=_FAILED),
    )


def write_init_crash() -> str:
    """A status in which the first init container, the storage initializer, crashes again and again."""
    uninitialized = ("ContainersNotInitialized", "incomplete status", "initContainers")
    unready = ("ContainersNotReady", "unready status", "containers")
    conditions = (
        _write_condition("Initialized", lacks=uninitialized),
        _write_condition("ContainersReady", lacks=unready),
        _write_condition("Ready", lacks=unready),
    )
    return _BEFORE.replace("<message>", MESSAGE) + _fill(
        _INIT_CRASH, conditions="".join(conditions), crashed=_fill(CRASHED, failed=_FAILED)
    )


def write_eviction() -> str:
    """A status as a kubelet sets it that has run out of memory."""
    return _EVICTED


def _write_condition(kind: str, *, lacks: tuple[str, str, str] | None = None) -> str:
    """A condition that is true, or what it lacks: reason, a word for the message, whose list in the spec."""
    text = _fill(_CONDITION, type=kind, status="True" if lacks is None else "False")
    if lacks is None:
        return text
    reason, lack, containers = lacks
    return text + _fill(_REASON, reason=reason, lack=lack, list=containers)


def _fill(text: str, **values: str) -> str:
    for word, value in values.items():
        text = text.replace(f"<{word}>", value)
    return text
