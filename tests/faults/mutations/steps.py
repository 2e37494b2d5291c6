"""What makes a run whole that was killed after one of its steps, switched off."""

from __future__ import annotations

from tests.faults.mutations.mutation import Mutation

_APPLY = "tests/integration/apply"

STEPS: tuple[Mutation, ...] = (
    Mutation(
        id="S0",
        what="wait for the Lease of a run that died",
        file="reconciler/apply/lease.py",
        old="is_over = live is not None and now - seen_at >= _duration_of(live)",
        new="is_over = live is not None",
        test="tests/integration/test_lease.py::test_a_run_that_died_keeps_others_out_for_its_duration_alone",
    ),
    Mutation(
        id="S1",
        what="read the newest commit in every run",
        file="reconciler/pipeline/sync/marks.py",
        old="_digest([commit, settings.ref,",
        new="_digest([settings.ref,",
        test="tests/e2e/test_quiet.py::test_another_commit_ends_it",
    ),
    Mutation(
        id="S2",
        what="give the same digest whatever the order of the manifests",
        file="reconciler/render/digest.py",
        old="sorted((str(manifest.key), manifest.key.namespace,",
        new="list((str(manifest.key), manifest.key.namespace,",
        test="tests/unit/render/test_digest.py::test_a_targets_digest_does_not_depend_on_order",
    ),
    Mutation(
        id="S3",
        what="look and judge again under the Lease",
        file="reconciler/pipeline/sync/target.py",
        old="second = look_now(request, cluster, clock, namespace)",
        new="second = first",
        test="tests/faults/test_meddling.py::"
        "test_what_changes_while_a_run_waits_for_its_lease_is_judged_again",
    ),
    Mutation(
        id="S4",
        what="widen the inventory by what is about to be made",
        file="reconciler/apply/entries.py",
        old="for change in plan.select(Op.CREATE, Op.UPDATE):",
        new="for change in plan.select():",
        test="tests/unit/apply/test_entries.py::TestWidening::"
        "test_what_is_about_to_be_made_is_ours_before_it_exists",
    ),
    Mutation(
        id="S5",
        what="ask the server to store nothing while it only tries",
        file="reconciler/apply/applier.py",
        old="self._try_all(self._writes(), self._cluster.dry_run, rehearse_change)",
        new="self._try_all(self._writes(), self._cluster.writer, rehearse_change)",
        test=f"{_APPLY}/test_changes.py::TestCreatingAndChanging::"
        "test_the_record_comes_first_then_rehearsals_then_writes_then_prunes",
    ),
    Mutation(
        id="S6",
        what="record what was applied before the run was stopped",
        file="reconciler/apply/applier.py",
        old="                applied=run.applied,\n",
        new="                applied={},\n",
        test=f"{_APPLY}/test_changes.py::TestOutage::"
        "test_what_was_applied_before_it_is_recorded_and_the_next_run_goes_on",
    ),
    Mutation(
        id="S7",
        what="count a wait from when it began",
        file="reconciler/apply/health/oracle.py",
        old="now - verdict.since > timedelta(seconds=startup) + _ROUNDING",
        new="now - now > timedelta(seconds=startup) + _ROUNDING",
        test="tests/unit/apply/test_health_deadline.py::test_a_variant_is_late_once_its_start_up_is_over",
    ),
    Mutation(
        id="S8",
        what="wait for shares to be routed",
        file="reconciler/apply/health/oracle.py",
        old="elif lack := find_routing_lack(live, routes):",
        new='elif lack := "":',
        test="tests/unit/apply/test_health.py::test_shares_are_taken_up_when_the_routes_say_so",
    ),
    Mutation(
        id="S9",
        what="say of a delete what a list shows afterwards",
        file="reconciler/apply/prune.py",
        old="elif self.results[key].action is Action.DELETED or (key in self._unseen and left.deleting):",
        new="elif False:",
        test=f"{_APPLY}/test_pruning.py::TestPruning::"
        "test_a_finalizer_is_waited_for_and_the_record_remembers",
    ),
    Mutation(
        id="S10",
        what="take out of the inventory what is gone",
        file="reconciler/apply/entries.py",
        old="return live is not None and (live.labels",
        new="return live is None or (live.labels",
        test="tests/unit/apply/test_entries.py::TestSettling::"
        "test_a_pruned_object_leaves_when_a_complete_list_lacks_it",
    ),
    Mutation(
        id="S11",
        what="take an Event that is there already for told",
        file="reconciler/apply/events.py",
        old="        except AlreadyExists:\n",
        new="        except NotImplementedError:\n",
        test=f"{_APPLY}/test_events.py::TestEvents::test_each_change_is_told_once",
    ),
    Mutation(
        id="S12",
        what="give the Lease back",
        file="reconciler/apply/lease.py",
        old="        if self._lost or self._live is None:\n",
        new="        if self._live is not None or self._lost:\n",
        test="tests/e2e/test_sync.py::test_a_run_ended_by_term_gives_its_lease_back",
    ),
)
