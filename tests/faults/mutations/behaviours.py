"""What the program does no more when one of its behaviours is switched off."""

from __future__ import annotations

from tests.faults.mutations.mutation import Mutation

_APPLY = "tests/integration/apply"
_PLAN = "tests/unit/plan"
_REST = "tests/unit/clients/cluster/test_rest.py"
_TRANSPORT = "tests/unit/clients/cluster/test_transport.py"

BEHAVIOURS: tuple[Mutation, ...] = (
    Mutation(
        id="B1",
        what="read the commit that was resolved",
        file="reconciler/clients/source/local.py",
        old="return self._objects.read_tree(revision, folders, known)",
        new="return self._objects.read_tree(self.resolve(revision.ref), folders, known)",
        test="tests/contract/source/test_reading.py::"
        "test_what_is_read_is_the_commit_that_was_resolved_even_if_the_branch_moves",
    ),
    Mutation(
        id="B2",
        what="refuse a commit that nobody who may has signed",
        file="reconciler/pipeline/sync/signing.py",
        old="bad = [item for item in found if item.state is not SignatureState.GOOD]",
        new="bad: list[Signature] = []",
        test="tests/e2e/test_signed_commits.py::test_an_unsigned_head_is_refused_and_nothing_is_written",
    ),
    Mutation(
        id="B3",
        what="refuse a rewritten history",
        file="reconciler/plan/guards.py",
        old="if given.ancestry is Ancestry.REWRITTEN:",
        new="if False:",
        test=f"{_PLAN}/test_guards.py::TestHistory::test_a_rewritten_history_is_refused_with_both_commits",
    ),
    Mutation(
        id="B4",
        what="refuse to go on with what was read too long ago",
        file="reconciler/pipeline/sync/outage.py",
        old="if not timedelta(0) <= age < timedelta(seconds=settings.max_tree_age):",
        new="if False:",
        test="tests/e2e/test_source_outage.py::test_what_is_too_old_is_not_used",
    ),
    Mutation(
        id="B5",
        what="prune nothing while a file is faulty",
        file="reconciler/plan/planner.py",
        old="faulty = {fault.deployment for fault in given.desired.faults}",
        new="faulty: set[str] = set()",
        test=f"{_PLAN}/test_planner_owners.py::TestLeftovers::"
        "test_nothing_else_is_pruned_while_one_is_faulty_retired_ones_included",
    ),
    Mutation(
        id="B6",
        what="digest mappings whatever the order of their keys",
        file="reconciler/render/digest.py",
        old="sort_keys=True",
        new="sort_keys=False",
        test="tests/unit/render/test_digest.py::test_order_of_keys_does_not_count_and_order_of_lists_does",
    ),
    Mutation(
        id="B7",
        what="name in the inventory what is about to be made",
        file="reconciler/apply/applier.py",
        old="entries=widen_entries(observation.record.entries, plan, observation.objects, part_of=part_of),",
        new="entries=observation.record.entries,",
        test=f"{_APPLY}/test_changes.py::TestCreatingAndChanging::"
        "test_the_record_comes_first_then_rehearsals_then_writes_then_prunes",
    ),
    Mutation(
        id="B8",
        what="leave a record that says nothing new unwritten",
        file="reconciler/apply/recorder.py",
        old="if known.exists and not known.forged and has_same_content(record, known, target):",
        new="if False:",
        test=f"{_APPLY}/test_record.py::TestRecord::test_a_run_with_nothing_new_does_not_write_it",
    ),
    Mutation(
        id="B9",
        what="force only what the plan named",
        file="reconciler/apply/write.py",
        old="return bool(change.edits) and set(conflict.managers) <= {edit.manager for edit in change.edits}",
        new="return True",
        test=f"{_APPLY}/test_drift.py::TestDrift::"
        "test_an_edit_made_after_the_look_is_reported_and_not_overrun",
    ),
    Mutation(
        id="B10",
        what="ask for adopt: true before taking over",
        file="reconciler/plan/planner.py",
        old="if not manifest.adopt:",
        new="if False:",
        test=f"{_APPLY}/test_drift.py::TestAdoption::"
        "test_an_object_of_others_is_left_alone_without_a_word_in_git",
    ),
    Mutation(
        id="B11",
        what="leave drift where it is only to be reported",
        file="reconciler/plan/planner.py",
        old='if given.drift == "heal" or not (edits or cause is Cause.DRIFT):',
        new="if True:",
        test="tests/e2e/test_sync.py::test_an_edit_by_hand_is_only_reported_where_the_environment_says_so",
    ),
    Mutation(
        id="B12",
        what="refuse to prune what receives traffic",
        file="reconciler/plan/pruning.py",
        old="if len(unwaived) <= limit and not live:",
        new="if len(unwaived) <= limit:",
        test=f"{_PLAN}/test_guards_pruning.py::TestMaxPrune::"
        "test_a_removal_that_takes_traffic_is_refused_however_few",
    ),
    Mutation(
        id="B13",
        what="refuse an environment whose files are all gone",
        file="reconciler/plan/guards.py",
        old="if given.declared or not removals or given.plan.faults:",
        new="if True:",
        test=f"{_PLAN}/test_guards.py::TestEmptyEnvironment::"
        "test_all_files_gone_is_refused_and_names_what_would_go",
    ),
    Mutation(
        id="B14",
        what="end a waiver when its time is over",
        file="reconciler/plan/judging.py",
        old="waiver.rule == rule and name in waiver.objects and waiver.holds(given.now)",
        new="waiver.rule == rule and name in waiver.objects",
        test=f"{_PLAN}/test_guards_pruning.py::TestMaxPrune::"
        "test_a_waiver_of_another_rule_or_one_that_ended_allows_nothing",
    ),
    Mutation(
        id="B15",
        what="ask a delete for the object and version that was seen",
        file="reconciler/clients/cluster/rest.py",
        old='                "preconditions": {"uid": uid, "resourceVersion": resource_version},\n',
        new="",
        test=f"{_APPLY}/test_pruning.py::TestPruning::"
        "test_an_object_made_anew_between_the_look_and_the_delete_is_kept",
    ),
    Mutation(
        id="B16",
        what="keep in the inventory what a complete list still holds",
        file="reconciler/apply/prune.py",
        old="absent = frozenset(change.key for change in tried if change.key not in left)",
        new="absent = frozenset(change.key for change in tried)",
        test=f"{_APPLY}/test_pruning.py::TestPruning::"
        "test_a_finalizer_is_waited_for_and_the_record_remembers",
    ),
    Mutation(
        id="B17",
        what="keep what the record says is to be kept",
        file="reconciler/plan/endings.py",
        old='recorded = entry.policy if entry is not None else ""',
        new='recorded = ""',
        test="tests/unit/plan/test_endings.py::TestKeep::"
        "test_with_its_annotation_taken_away_the_record_still_knows",
    ),
    Mutation(
        id="B18",
        what="try every object on the server before the first write",
        file="reconciler/apply/applier.py",
        old="if run.rehearse():",
        new="if True:",
        test=f"{_APPLY}/test_changes.py::TestRefusals::test_one_invalid_object_means_that_nothing_is_written",
    ),
    Mutation(
        id="B19",
        what="make what adds before what removes",
        file="reconciler/plan/order.py",
        old="if any(variant.old is None for variant in change.variants):",
        new="if False:",
        test="tests/unit/plan/test_order.py::"
        "test_what_adds_comes_before_what_shifts_and_that_before_what_removes",
    ),
    Mutation(
        id="B20",
        what="distrust an error from before the last edit",
        file="reconciler/apply/health/operator.py",
        old="not edited <= noted <= now - _GRACE:",
        new="not noted <= now - _GRACE:",
        test="tests/unit/apply/test_health.py::test_an_error_from_before_the_edit_is_not_believed",
    ),
    Mutation(
        id="B21",
        what="call late what is not ready after its start-up",
        file="reconciler/apply/health/oracle.py",
        old="if verdict.word is not HealthWord.IN_PROGRESS or not late:",
        new="if True:",
        test="tests/unit/apply/test_health_deadline.py::test_a_variant_is_late_once_its_start_up_is_over",
    ),
    Mutation(
        id="B22",
        what="hold back the one deployment that a guard speaks of, and not all",
        file="reconciler/plan/guards.py",
        old="        if change.op is not Op.SKIP and name_deployment(plan, change) in rules\n",
        new="        if change.op is not Op.SKIP and False\n",
        test=f"{_PLAN}/test_guards.py::TestOneDeploymentAlone::"
        "test_what_a_guard_says_of_one_holds_that_one_back",
    ),
    Mutation(
        id="B23",
        what="let back what served well",
        file="reconciler/plan/guards.py",
        old="if restores(given.good, change, wanted) or is_restored(change, given.good):",
        new="if False:",
        test=f"{_PLAN}/test_guards_running.py::TestRestoringALastGoodSet::"
        "test_its_live_versions_may_come_back",
    ),
    Mutation(
        id="B24",
        what="wait after a commit failed",
        file="reconciler/plan/backoff.py",
        old="if backoff is None or backoff.revision != plan.revision or not is_waiting(backoff, now):",
        new="if True:",
        test="tests/unit/plan/test_backoff.py::TestWhatWaits::"
        "test_all_that_the_commit_brings_waits_prunes_and_adoptions_included",
    ),
    Mutation(
        id="B25",
        what="come back when the server said so",
        file="reconciler/clients/cluster/transport.py",
        old="return pause if delay is None else max(pause, delay * random.uniform(1.0, 1.25))",
        new="return pause",
        test=f"{_TRANSPORT}::test_retry_after_is_honoured_on_every_verb",
    ),
    Mutation(
        id="B26",
        what="keep the entries that somebody else wrote meanwhile",
        file="reconciler/apply/recorder.py",
        old="return replace(record, entries=(*record.entries, *added)) if added else record",
        new="return record",
        test=f"{_APPLY}/test_record.py::TestRecord::"
        "test_someone_elses_write_in_between_is_met_and_loses_no_entry",
    ),
    Mutation(
        id="B27",
        what="begin a list anew that expired on its way",
        file="reconciler/clients/cluster/rest.py",
        old="            if answer.status == 410:\n                return None\n",
        new="            if answer.status == 410:\n                return tuple(found)\n",
        test=f"{_REST}::test_a_list_that_expires_twice_is_an_error_and_never_a_part",
    ),
    Mutation(
        id="B28",
        what="ask the fence before each write",
        file="reconciler/apply/applier.py",
        old="cluster.writer.guard(fence.check)\n",
        new="cluster.writer\n",
        test="tests/faults/test_two_writers.py::"
        "test_a_run_that_was_frozen_while_its_lease_ran_out_writes_nothing_more",
    ),
    Mutation(
        id="B29",
        what="end between two objects when asked to",
        file="reconciler/apply/applier.py",
        old="if self.stopped is None and self._stop_wish.requested:",
        new="if False:",
        test="tests/faults/test_term.py::"
        "test_a_run_that_is_asked_to_end_between_two_objects_leaves_the_later_ones_for_the_next",
    ),
    Mutation(
        id="B30",
        what="leave a suspended deployment alone",
        file="reconciler/plan/holds.py",
        old="    if suspension is not None:\n",
        new="    if False:\n",
        test=f"{_PLAN}/test_holds.py::TestSuspensions::"
        "test_a_suspended_deployment_is_left_alone_and_the_others_go_on",
    ),
    Mutation(
        id="B31",
        what="hold changes back while they are frozen",
        file="reconciler/plan/holds.py",
        old="if wait and change.deployment not in free and not is_safe(change):",
        new="if False:",
        test=f"{_PLAN}/test_holds.py::TestFreezes::test_what_git_brings_waits",
    ),
    Mutation(
        id="B32",
        what="stop a fight after some rounds",
        file="reconciler/plan/holds.py",
        old="    if fight:\n",
        new="    if False:\n",
        test=f"{_PLAN}/test_holds_fights.py::TestFights::"
        "test_what_was_taken_back_three_times_in_an_hour_is_left",
    ),
    Mutation(
        id="B33",
        what="keep no more than the last 20 runs",
        file="reconciler/observe/lists.py",
        old="record.history[-HISTORY_LENGTH:]",
        new="record.history",
        test="tests/unit/observe/test_inventory.py::test_the_history_keeps_its_newest_twenty_runs",
    ),
    Mutation(
        id="B34",
        what="tell the same thing once",
        file="reconciler/apply/events.py",
        old='"\\0".join(seed).encode()',
        new='"\\0".join((*seed, str(self.now))).encode()',
        test="tests/unit/apply/test_events.py::test_the_same_said_again_later_is_the_same_event",
    ),
    Mutation(
        id="B35",
        what="keep a comment within the forge's limit",
        file="reconciler/report/markdown.py",
        old="_LIMIT = 60_000",
        new="_LIMIT = 600_000",
        test="tests/unit/report/test_plans.py::"
        "test_markdown_stays_within_a_comment_and_says_what_is_left_out",
    ),
    Mutation(
        id="B36",
        what="call undecided what the registry did not say",
        file="reconciler/pipeline/verification.py",
        old="Undecided(rule=rule, reason=reason, blocking=True) for rule in verification.RULES",
        new="Undecided(rule=rule, reason=reason, blocking=True) for rule in ()",
        test="tests/faults/test_no_network.py::"
        "test_what_the_registry_would_have_to_say_is_undecided_and_no_pass",
    ),
    Mutation(
        id="B37",
        what="tell a failed run from a success",
        file="reconciler/plan/success.py",
        old="    if is_synced(record):\n",
        new="    if True:\n",
        test="tests/unit/report/test_prometheus.py::"
        "test_after_a_failed_run_the_last_success_is_the_one_before",
    ),
    Mutation(
        id="B38",
        what="name the field and its holder",
        file="reconciler/apply/write.py",
        old='f"{word}: {taken}"',
        new="word",
        test=f"{_APPLY}/test_drift.py::TestDrift::test_a_persons_edit_is_taken_back_by_name",
    ),
    Mutation(
        id="B39",
        what="prune nothing while the record is rebuilt",
        file="reconciler/plan/planner.py",
        old="if given.observation.record.forged or not given.observation.record.exists:",
        new="if False:",
        test=f"{_APPLY}/test_record.py::TestRecord::"
        "test_a_lost_record_is_rebuilt_from_labels_and_prunes_nothing_meanwhile",
    ),
    Mutation(
        id="B40",
        what="read the records of earlier programs",
        file="reconciler/observe/inventory.py",
        old='FORMAT = "1"',
        new='FORMAT = "2"',
        test="tests/unit/observe/test_earlier.py::TestEachEarlierRecord::test_is_read_in_full",
    ),
)
