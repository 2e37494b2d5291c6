"""What policies look at: a repository with its parts brought together once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from reconciler.policy.placed import ModelUse as ModelUse
from reconciler.policy.placed import PlacedContainer as PlacedContainer
from reconciler.policy.placed import PlacedDeployment as PlacedDeployment
from reconciler.policy.placed import PlacedVariant as PlacedVariant
from reconciler.policy.placing import place_all
from reconciler.state.declarations import Environment
from reconciler.state.owners import OwnersFile
from reconciler.state.repository import Entry, Repository

if TYPE_CHECKING:
    from reconciler.state.history import History

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A repository, what it was before the change (None: not known), and its deployments in order of name.

    `now` is the time for which it is judged; None: rules about time are not decided. `history` is what was
    served when, by the commits of the main branch; None: rules from history are not decided. `codeowners`
    says who approves what at the forge; None: there is no such file, or nobody looked. `owned_before` is the
    same before the change; it is compared only where `codeowners` has no block of modelsync.

    `deployments` are all that could be parsed, `served` those that are not to end (`retire`), and `before`
    those that were served before the change.
    """

    repository: Repository
    base: Repository | None = None
    now: datetime | None = None
    history: History | None = None
    codeowners: OwnersFile | None = None
    owned_before: OwnersFile | None = None
    deployments: tuple[PlacedDeployment, ...] = dataclass_field(init=False)
    served: tuple[PlacedDeployment, ...] = dataclass_field(init=False)
    before: tuple[PlacedDeployment, ...] = dataclass_field(init=False)
    _found: dict[Callable[..., object], object] = dataclass_field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        # A frozen dataclass has no other way to fill the fields that follow from the given ones.
        object.__setattr__(self, "deployments", place_all(self.repository))
        object.__setattr__(self, "served", _list_served(self.deployments))
        before = () if self.base is None else _list_served(place_all(self.base))
        object.__setattr__(self, "before", before)

    def once(self, find: Callable[[Context], T]) -> T:
        """What a function finds in this context; several policies ask, and it is looked for once."""
        if find not in self._found:
            self._found[find] = find(self)
        # A dictionary cannot say that each function has a value of its own type.
        return cast("T", self._found[find])

    def environments(self) -> Iterator[tuple[str, Entry[Environment]]]:
        """Each environment with a readable environment.yaml, in order of name."""
        for name, entry in sorted(self.repository.environments.items()):
            if entry.environment is not None:
                yield name, entry.environment


def _list_served(deployments: tuple[PlacedDeployment, ...]) -> tuple[PlacedDeployment, ...]:
    return tuple(placed for placed in deployments if not _is_retired(placed))


def _is_retired(placed: PlacedDeployment) -> bool:
    environment = placed.environment.environment
    return placed.entry.declaration.retire or (environment is not None and environment.declaration.retire)
