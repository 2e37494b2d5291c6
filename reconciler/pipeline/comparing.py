"""Two environments of one repository, as they are named on the command line."""

from __future__ import annotations

from difflib import get_close_matches

from reconciler.pipeline.selection import describe_missing, find_missing
from reconciler.policy.comparing import compare_environments
from reconciler.settings import SettingsError
from reconciler.state.comparisons import EnvironmentComparison
from reconciler.state.repository import Repository


def compare(repository: Repository, left: str, right: str, deployment: str = "") -> EnvironmentComparison:
    """Both side by side, or one deployment of them.

    Raises SettingsError for an environment that does not exist, and a deployment that neither has.
    """
    for name in find_missing(repository, (left, right)):
        raise SettingsError(describe_missing(repository, name))
    if left == right:
        raise SettingsError(f"{left} is compared with itself; name another environment.")
    known = {
        name
        for side in (left, right)
        for entry in (repository.environments[side],)
        for name in (*entry.deployments, *entry.faulty_deployments)
    }
    if deployment and deployment not in known:
        near = get_close_matches(deployment, sorted(known), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise SettingsError(f"there is no deployment {deployment} in {left} or {right}.{hint}")
    return compare_environments(repository, left, right, only=(deployment,) if deployment else ())
