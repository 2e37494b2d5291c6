"""One request on its way through a graph.

A node is called before its children when it is a MODEL or TRANSFORMER, after them when it is an
OUTPUT_TRANSFORMER or COMBINER; a ROUTER is asked for the child. The last answer is the whole's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol as Interface

from scripts.local_cluster.executor.errors import Crash, GraphError
from scripts.local_cluster.executor.graph import Kind, Node
from scripts.local_cluster.executor.payload import (
    ALL_CHILDREN,
    NO_CHILD,
    Payload,
    chain,
    combine,
    insert_routing,
    read_feedback_route,
    read_route,
)
from scripts.local_cluster.executor.protocols import Protocol, Verb, path_of


class Event(str, Enum):
    """A kind of log event, by its CloudEvents type."""

    REQUEST = "io.seldon.serving.inference.request"
    RESPONSE = "io.seldon.serving.inference.response"
    FEEDBACK = "io.seldon.serving.feedback"


class Caller(Interface):
    """Calls nodes."""

    async def call(self, node: Node, *, model: str, path: str, request: Payload | None) -> Payload:
        """The node's answer; a GET when there is no request. Raises GraphError, ModelRefused."""
        ...


class Visit(Interface):
    """What is done with a child."""

    async def __call__(self, child: Node, /) -> Payload:
        """Its answer."""
        ...


@dataclass(slots=True, kw_only=True)
class Walk:
    """The way of one request. `model` is the name in its path, by which all nodes are called then."""

    protocol: Protocol
    caller: Caller
    record: Callable[[Node, Event, Payload], None]
    model: str = ""
    inject_routing: bool = False
    routing: dict[str, int] = field(default_factory=dict)

    async def predict(self, node: Node, request: Payload) -> Payload:
        """The answer of the graph below and with this node.

        Raises GraphError, ModelRefused (of parallel children the first one's, when all have ended) and Crash.
        """
        # Since 1.16 a node with children is logged as a whole, beside its own call.
        whole = bool(node.children) and node.kind is not Kind.MODEL
        if whole:
            self._log(node, Event.REQUEST, request)
        answer = await self._transform_input(node, request)
        if node.children:
            answer = await self._predict_children(node, answer)
        if node.does(Kind.OUTPUT_TRANSFORMER, "TRANSFORM_OUTPUT"):
            answer = await self._call_logged(node, Verb.TRANSFORM_OUTPUT, self._chained(answer))
        if whole:
            self._log(node, Event.RESPONSE, answer)
        return insert_routing(answer, self.routing) if self.inject_routing else answer

    async def send_feedback(self, node: Node, feedback: Payload) -> Payload:
        """Tell the nodes that took part, children first; only MODEL and ROUTER learn of it.

        Raises what `predict` raises.
        """
        if node.logger is not None and node.logger.responses:
            self.record(node, Event.FEEDBACK, feedback)
        if node.children:
            route = read_feedback_route(feedback, node.name)
            await self._visit(node, route, lambda child: self.send_feedback(child, feedback))
        if node.kind in (Kind.MODEL, Kind.ROUTER) or "SEND_FEEDBACK" in node.methods:
            return await self._call(node, Verb.FEEDBACK, feedback)
        return feedback

    async def ask(self, root: Node, name: str, verb: Verb) -> Payload:
        """Status or metadata of the node of that name. Raises GraphError when there is none, ModelRefused."""
        node = root.find(name)
        if node is None:
            raise GraphError(f"Failed to find model {name}")
        return await self._call(node, verb, None, model=name)

    async def _transform_input(self, node: Node, request: Payload) -> Payload:
        if "TRANSFORM_INPUT" in node.methods or node.kind is Kind.TRANSFORMER:
            verb = Verb.TRANSFORM_INPUT
        elif node.kind is Kind.MODEL:
            verb = Verb.PREDICT
        else:
            return request
        request = self._chained(request)
        self.routing[node.name] = ALL_CHILDREN
        return await self._call_logged(node, verb, request)

    async def _predict_children(self, node: Node, request: Payload) -> Payload:
        route = ALL_CHILDREN
        if node.does(Kind.ROUTER, "ROUTE"):
            route = read_route(await self._call(node, Verb.ROUTE, request))
        self.routing[node.name] = route
        if route == NO_CHILD:
            return request
        answers = await self._visit(node, route, lambda child: self.predict(child, request))
        if not node.does(Kind.COMBINER, "AGGREGATE"):
            return answers[0]
        # The event shows what came in, not the list that the combiner gets.
        self._log(node, Event.REQUEST, request)
        answer = await self._call(node, Verb.AGGREGATE, combine(answers))
        self._log(node, Event.RESPONSE, answer)
        return answer

    async def _visit(self, node: Node, route: int, visit: Visit) -> tuple[Payload, ...]:
        if route != ALL_CHILDREN:
            if not 0 <= route < len(node.children):
                raise Crash(f"{node.name}: route {route}, but {len(node.children)} children")
            return (await visit(node.children[route]),)
        outcomes = await asyncio.gather(*map(visit, node.children), return_exceptions=True)
        answers = []
        for outcome in outcomes:
            if isinstance(outcome, Crash):
                # Each child has a goroutine of its own here, where nothing catches a panic.
                raise Crash(str(outcome), fatal=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            answers.append(outcome)
        return tuple(answers)

    async def _call_logged(self, node: Node, verb: Verb, request: Payload) -> Payload:
        self._log(node, Event.REQUEST, request)
        answer = await self._call(node, verb, request)
        self._log(node, Event.RESPONSE, answer)
        return answer

    async def _call(self, node: Node, verb: Verb, request: Payload | None, *, model: str = "") -> Payload:
        model = model or self.model or node.name
        path = path_of(self.protocol, verb, model)
        return await self.caller.call(node, model=model, path=path, request=request)

    def _chained(self, payload: Payload) -> Payload:
        return chain(payload) if self.protocol.is_v2 else payload

    def _log(self, node: Node, event: Event, payload: Payload) -> None:
        if node.logger is None:
            return
        if node.logger.requests if event is Event.REQUEST else node.logger.responses:
            self.record(node, event, payload)
