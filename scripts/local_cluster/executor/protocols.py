"""The payload protocols, and the paths by which nodes are called in each."""

from __future__ import annotations

from enum import Enum, auto


class Protocol(str, Enum):
    """`spec.protocol`. TensorFlow's is not played."""

    SELDON = "seldon"
    V2 = "v2"
    KFSERVING = "kfserving"

    @property
    def is_v2(self) -> bool:
        """Whether payloads are those of the open inference protocol; kfserving is its former name."""
        return self is not Protocol.SELDON


class Verb(Enum):
    """What a node is asked to do."""

    PREDICT = auto()
    TRANSFORM_INPUT = auto()
    TRANSFORM_OUTPUT = auto()
    ROUTE = auto()
    AGGREGATE = auto()
    FEEDBACK = auto()
    STATUS = auto()
    METADATA = auto()


_SELDON = {
    Verb.PREDICT: "/predict",
    Verb.TRANSFORM_INPUT: "/transform-input",
    Verb.TRANSFORM_OUTPUT: "/transform-output",
    Verb.ROUTE: "/route",
    Verb.AGGREGATE: "/aggregate",
    Verb.FEEDBACK: "/send-feedback",
    Verb.STATUS: "/health/status",
    Verb.METADATA: "/metadata",
}

_V2 = {
    Verb.PREDICT: "/infer",
    Verb.TRANSFORM_INPUT: "/infer",
    Verb.TRANSFORM_OUTPUT: "/infer",
    Verb.ROUTE: "/route",
    Verb.AGGREGATE: "/aggregate",
    Verb.FEEDBACK: "/feedback",
    Verb.STATUS: "/ready",
    Verb.METADATA: "",
}


def path_of(protocol: Protocol, verb: Verb, model: str) -> str:
    """The path of a call on a node."""
    return f"/v2/models/{model}{_V2[verb]}" if protocol.is_v2 else _SELDON[verb]
