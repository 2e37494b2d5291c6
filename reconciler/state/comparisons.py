"""Two environments side by side."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.explanations import Setting
from reconciler.state.plans import VariantChange
from reconciler.state.shares import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDifference:
    """A field that is not set alike; a side is empty where no layer sets it there."""

    field: str
    left: tuple[Setting, ...]
    right: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentComparison:
    """One deployment on both sides: declared shares (None: not there, or ending), and what differs of it.

    `variants` hold each variant's share on both sides, in the order of the left, then of the right.
    """

    name: str
    left: tuple[Share, ...] | None
    right: tuple[Share, ...] | None
    variants: tuple[VariantChange, ...] = ()
    settings: tuple[SettingDifference, ...] = ()

    @property
    def differs(self) -> bool:
        if self.left is None or self.right is None:
            return True
        return bool(self.settings) or any(variant.old != variant.new for variant in self.variants)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentComparison:
    """Two environments by their names, with every deployment that either has, by name.

    `settings` are what differs of the environments themselves: platform, clusters, rules, artifacts and such.
    `unreadable` names deployments (as ENV/DEPLOYMENT) and environments whose files cannot be read.
    """

    left: str
    right: str
    deployments: tuple[DeploymentComparison, ...]
    settings: tuple[SettingDifference, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.settings) or any(deployment.differs for deployment in self.deployments)
