"""Rules about changes end on any two repositories, and every finding says where and about what."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, run_policies
from reconciler.policy.policies import POLICIES
from reconciler.state.history import History, ServedSpan
from reconciler.state.repository import Repository
from tests.unit.policy.building import NOW
from tests.unit.policy.test_any_repository import NAME, REPOSITORIES, VERSION

RULES = tuple(policy for policy in POLICIES if {Need.BASE, Need.HISTORY} & set(policy.needs))

MOMENTS = st.datetimes(max_value=NOW.replace(tzinfo=None)).map(
    lambda moment: moment.replace(tzinfo=NOW.tzinfo)
)
SPANS = st.builds(
    ServedSpan,
    environment=NAME,
    deployment=NAME,
    model=NAME,
    version=VERSION,
    digest=st.just(""),
    shadow=st.booleans(),
    share=st.integers(0, 100),
    since=MOMENTS,
    until=st.none() | MOMENTS,
    revision=st.just("1" * 40),
)
HISTORIES = st.builds(
    History, head=st.just("1" * 40), complete=st.booleans(), spans=st.lists(SPANS, max_size=4).map(tuple)
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=REPOSITORIES, after=REPOSITORIES, history=HISTORIES)
def test_rules_about_changes_end_on_any_change(
    before: Repository, after: Repository, history: History
) -> None:
    judged = run_policies(Context(repository=after, base=before, now=NOW, history=history), RULES)
    for finding in judged.findings:
        assert finding.location.file
        assert ": " in finding.message
        assert finding.advice
    for item in judged.undecided:
        unread = "of the base cannot be read" in item.reason
        assert unread or not history.complete or Need.REGISTRY.value in item.reason, item


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(repository=REPOSITORIES, history=HISTORIES)
def test_what_changes_nothing_breaks_no_rule_about_changes(repository: Repository, history: History) -> None:
    own = {
        "soak",
        "promotion-order",
        "rollback-served",
        "max-traffic-step",
        "running-set-kept",
        "in-place-change",
        "shared-serving-change",
        "mass-change",
        "freeze-kept",
        "experiment-kept",
    }
    rules = tuple(policy for policy in RULES if policy.id in own)
    context = Context(repository=repository, base=repository, now=NOW, history=history)
    assert run_policies(context, rules).findings == ()
