"""Behaviours switched off one by one, each with the test that must fail then.

Data only: `mutants.py` plays them on a copy of the program, `test_mutations.py` holds them to the source.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """In `file`, `old` (which stands there once) becomes `new`; then `test`, which proves `id`, fails.

    `what` is what the program does not do any more.
    """

    id: str
    what: str
    file: str
    old: str
    new: str
    test: str


_APPLY = "tests/integration/test_apply.py"
_GUARDS = "tests/unit/plan/test_guards.py"
_PLANNER = "tests/unit/plan/test_planner.py"
_HOLDS = "tests/unit/plan/test_holds.py"
_REST = "tests/unit/clients/cluster/test_rest.py"
_TRANSPORT = "tests/unit/clients/cluster/test_transport.py"

MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        id="B3",
        what="refuse a rewritten history",
        file="reconciler/plan/guards.py",
        old="if given.ancestry is Ancestry.REWRITTEN:",
        new="if False:",
        test=f"{_GUARDS}::TestHistory::test_a_rewritten_history_is_refused_with_both_commits",
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
        test=f"{_APPLY}::TestCreatingAndChanging::"
        "test_the_record_comes_first_then_rehearsals_then_writes_then_prunes",
    ),
    Mutation(
        id="B8",
        what="leave a record that says nothing new unwritten",
        file="reconciler/apply/recorder.py",
        old="if known.exists and not known.forged and has_same_content(record, known, target):",
        new="if False:",
        test=f"{_APPLY}::TestRecord::test_a_run_with_nothing_new_does_not_write_it",
    ),
    Mutation(
        id="B9",
        what="force only what the plan named",
        file="reconciler/apply/write.py",
        old="return bool(change.edits) and set(conflict.managers) <= {edit.manager for edit in change.edits}",
        new="return True",
        test=f"{_APPLY}::TestDrift::test_an_edit_made_after_the_look_is_reported_and_not_overrun",
    ),
    Mutation(
        id="B10",
        what="ask for adopt: true before taking over",
        file="reconciler/plan/planner.py",
        old="if not manifest.adopt:",
        new="if False:",
        test=f"{_APPLY}::TestAdoption::test_an_object_of_others_is_left_alone_without_a_word_in_git",
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
        test=f"{_GUARDS}::TestMaxPrune::test_a_removal_that_takes_traffic_is_refused_however_few",
    ),
    Mutation(
        id="T4",
        what="limit how many are pruned",
        file="reconciler/plan/pruning.py",
        old="return max(1, recorded * percent // 100) if percent else 0",
        new="return recorded",
        test=f"{_GUARDS}::TestMaxPrune::test_idle_ones_above_the_limit_are_refused",
    ),
    Mutation(
        id="B13",
        what="refuse an environment whose files are all gone",
        file="reconciler/plan/guards.py",
        old="if given.declared or not removals or given.plan.faults:",
        new="if True:",
        test=f"{_GUARDS}::TestEmptyEnvironment::test_all_files_gone_is_refused_and_names_what_would_go",
    ),
    Mutation(
        id="B14",
        what="end a waiver when its time is over",
        file="reconciler/plan/judging.py",
        old="waiver.rule == rule and name in waiver.objects and is_active(waiver, given.now)",
        new="waiver.rule == rule and name in waiver.objects",
        test=f"{_GUARDS}::TestMaxPrune::test_a_waiver_of_another_rule_or_one_that_ended_allows_nothing",
    ),
    Mutation(
        id="B15",
        what="ask a delete for the object and version that was seen",
        file="reconciler/clients/cluster/rest.py",
        old='                "preconditions": {"uid": uid, "resourceVersion": resource_version},\n',
        new="",
        test=f"{_APPLY}::TestPruning::test_an_object_made_anew_between_the_look_and_the_delete_is_kept",
    ),
    Mutation(
        id="T14",
        what="look again at an object that moved before its delete",
        file="reconciler/apply/prune.py",
        old="if found.labels.get(PART_OF_LABEL) != part_of:",
        new="if False:",
        test=f"{_APPLY}::TestPruning::test_an_object_that_lost_our_label_meanwhile_is_kept",
    ),
    Mutation(
        id="B16",
        what="keep in the inventory what a complete list still holds",
        file="reconciler/apply/prune.py",
        old="absent = frozenset(change.key for change in tried if change.key not in left)",
        new="absent = frozenset(change.key for change in tried)",
        test=f"{_APPLY}::TestPruning::test_a_finalizer_is_waited_for_and_the_record_remembers",
    ),
    Mutation(
        id="B18",
        what="try every object on the server before the first write",
        file="reconciler/apply/applier.py",
        old="if run.rehearse():",
        new="if True:",
        test=f"{_APPLY}::TestRefusals::test_one_invalid_object_means_that_nothing_is_written",
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
        id="B24",
        what="wait after a commit failed",
        file="reconciler/plan/backoff.py",
        old="if backoff is None or backoff.revision != plan.revision or not is_waiting(backoff, now):",
        new="if True:",
        test="tests/unit/plan/test_backoff.py::TestWhatWaits::test_all_that_the_commit_brings_waits_prunes_and_adoptions_included",
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
        test=f"{_APPLY}::TestRecord::test_someone_elses_write_in_between_is_met_and_loses_no_entry",
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
        id="T13",
        what="refuse a record that a later run has written",
        file="reconciler/apply/recorder.py",
        old="if known.fence > fence.transitions:",
        new="if False:",
        test="tests/integration/test_lease.py::"
        "test_a_writer_that_is_late_does_not_overwrite_the_record_of_a_later_one",
    ),
    Mutation(
        id="S0",
        what="wait for the Lease of a run that died",
        file="reconciler/apply/lease.py",
        old="if now - seen_at >= _duration_of(live):",
        new="if True:",
        test="tests/integration/test_lease.py::test_a_run_that_died_keeps_others_out_for_its_duration_alone",
    ),
    Mutation(
        id="S12",
        what="give the Lease back",
        file="reconciler/apply/lease.py",
        old="        if self._lost or self._live is None:\n",
        new="        if self._live is not None or self._lost:\n",
        test="tests/e2e/test_sync.py::test_a_run_ended_by_term_gives_its_lease_back",
    ),
    Mutation(
        id="B30",
        what="leave a suspended deployment alone",
        file="reconciler/plan/holds.py",
        old="    if suspension is not None:\n",
        new="    if False:\n",
        test=f"{_HOLDS}::TestSuspensions::test_a_suspended_deployment_is_left_alone_and_the_others_go_on",
    ),
    Mutation(
        id="B31",
        what="hold changes back while they are frozen",
        file="reconciler/plan/holds.py",
        old="if wait and change.deployment not in free and not is_safe(change):",
        new="if False:",
        test=f"{_HOLDS}::TestFreezes::test_what_git_brings_waits",
    ),
    Mutation(
        id="B32",
        what="stop a fight after some rounds",
        file="reconciler/plan/holds.py",
        old="    if fight:\n",
        new="    if False:\n",
        test=f"{_HOLDS}::TestFights::test_what_was_taken_back_three_times_in_an_hour_is_left",
    ),
    Mutation(
        id="B39",
        what="prune nothing while the record is rebuilt",
        file="reconciler/plan/planner.py",
        old="if given.observation.record.forged or not given.observation.record.exists:",
        new="if False:",
        test=f"{_APPLY}::TestRecord::test_a_lost_record_is_rebuilt_from_labels_and_prunes_nothing_meanwhile",
    ),
    Mutation(
        id="T3",
        what="prune nothing while a declaration cannot be read",
        file="reconciler/plan/planner.py",
        old="    if faulty:\n        return _hold_text(given.desired)\n",
        new="",
        test=f"{_PLANNER}::TestLeftovers::"
        "test_nothing_else_is_pruned_while_one_is_faulty_retired_ones_included",
    ),
    Mutation(
        id="T6",
        what="leave alone what another environment holds",
        file="reconciler/apply/write.py",
        old="    if any(_is_of_another_environment(manager, target) for manager in conflict.managers):\n"
        "        return False\n",
        new="",
        test="tests/faults/test_rivals.py::"
        "test_an_object_that_is_to_be_adopted_is_left_to_the_environment_that_came_first",
    ),
    Mutation(
        id="T22",
        what="distrust a record with another set's id",
        file="reconciler/observe/inventory.py",
        old="if live.labels.get(ID_LABEL) != find_part_of(target):",
        new="if False:",
        test="tests/unit/observe/test_inventory.py::TestDistrust::test_another_applyset_id",
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
        id="B23",
        what="let back what served well",
        file="reconciler/plan/guards.py",
        old="if restores(given.good, change, wanted) or is_restored(change, given.good):",
        new="if False:",
        test=f"{_GUARDS}::TestRestoringALastGoodSet::test_its_live_versions_may_come_back",
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
        id="T9",
        what="ask whether the last change was seen",
        file="reconciler/apply/health/workloads.py",
        old='if int(status.get("observedGeneration") or 0) < found.generation:',
        new="if False:",
        test="tests/unit/apply/test_health.py::test_in_progress_until_proven",
    ),
    Mutation(
        id="T11",
        what="refuse a history that is cut short",
        file="reconciler/plan/guards.py",
        old="elif given.ancestry is Ancestry.UNKNOWN:",
        new="elif False:",
        test=f"{_GUARDS}::TestHistory::test_a_history_that_is_cut_short_proves_nothing",
    ),
    Mutation(
        id="T15",
        what="name the finalizers that hold an object",
        file="reconciler/plan/planner.py",
        old='return f"is being deleted already{_name_finalizers(live)}"',
        new='return "is being deleted already"',
        test="tests/faults/test_meddling.py::"
        "test_a_retired_object_that_a_finalizer_holds_stays_recorded_and_is_shown_until_it_is_gone",
    ),
    Mutation(
        id="T16",
        what="take a list that failed half-way for an error",
        file="reconciler/clients/cluster/rest.py",
        old='raise read_error(answer, self._call("list", kind, namespace))',
        new="return tuple(found)",
        test=f"{_REST}::test_a_list_whose_second_page_fails_is_an_error_and_never_a_part",
    ),
    Mutation(
        id="T17",
        what="give up after some tries",
        file="reconciler/clients/cluster/transport.py",
        old="if failures >= self._patience.tries or self._hurried() or not _may_repeat(request, error):",
        new="if not _may_repeat(request, error):",
        test=f"{_TRANSPORT}::test_no_answer_ends_after_three_tries_and_says_so",
    ),
    Mutation(
        id="T19",
        what="pack an inventory that is large",
        file="reconciler/observe/inventory.py",
        old="    if packed:\n",
        new="    if False:\n",
        test="tests/unit/observe/test_budget.py::"
        "test_ten_thousand_objects_with_results_and_good_sets_fit_with_room_to_spare",
    ),
    Mutation(
        id="T20",
        what="read from etcd and not from the server's memory",
        file="reconciler/clients/cluster/rest.py",
        old='query = {"limit": str(self._page)}',
        new='query = {"limit": str(self._page), "resourceVersion": "0"}',
        test="tests/faults/test_reads.py::test_runs_read_what_is_stored_now_and_keep_nothing_for_the_next",
    ),
    Mutation(
        id="T21",
        what="wait longer after each failure",
        file="reconciler/plan/backoff.py",
        old="wait = min(FIRST_WAIT * 2 ** min(failures - 1, _DOUBLINGS), LONGEST_WAIT)",
        new="wait = FIRST_WAIT",
        test="tests/unit/plan/test_backoff.py::TestHowLong::"
        "test_the_wait_doubles_from_a_minute_up_to_half_an_hour",
    ),
    Mutation(
        id="T24",
        what="keep templates from the program",
        file="reconciler/render/templating.py",
        old="class _Sandbox(ImmutableSandboxedEnvironment):",
        new="class _Sandbox(jinja2.Environment):",
        test="tests/unit/render/test_templating.py::test_templates_are_sandboxed",
    ),
    Mutation(
        id="T25",
        what="see a file that moved in place",
        file="reconciler/pin/comparison.py",
        old="elif not _is_same(recorded, found):",
        new="elif False:",
        test="tests/unit/pin/test_decisions.py::TestComparison::test_a_changed_file_shows_both_sides",
    ),
    Mutation(
        id="T26",
        what="compare what is routed with what is applied",
        file="reconciler/apply/health/operator.py",
        old="if abs(percent - wanted) > 0.01:",
        new="if False:",
        test="tests/unit/apply/test_health.py::test_shares_are_taken_up_when_the_routes_say_so",
    ),
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
        file="reconciler/pipeline/signing.py",
        old="bad = [item for item in found if item.state is not SignatureState.GOOD]",
        new="bad: list[Signature] = []",
        test="tests/e2e/test_signed_commits.py::test_an_unsigned_head_is_refused_and_nothing_is_written",
    ),
    Mutation(
        id="T12",
        what="check every commit of the range",
        file="reconciler/pipeline/signing.py",
        old='if question.trust.mode == "head":',
        new="if True:",
        test="tests/e2e/test_signed_commits.py::"
        "test_an_unsigned_commit_in_the_middle_is_refused_in_range_mode_alone",
    ),
    Mutation(
        id="B4",
        what="refuse to go on with what was read too long ago",
        file="reconciler/pipeline/outage.py",
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
        test=f"{_PLANNER}::TestLeftovers::"
        "test_nothing_else_is_pruned_while_one_is_faulty_retired_ones_included",
    ),
    Mutation(
        id="B22",
        what="hold back the one deployment that a guard speaks of, and not all",
        file="reconciler/plan/guards.py",
        old="        if change.op is not Op.SKIP and name_deployment(plan, change) in rules\n",
        new="        if change.op is not Op.SKIP and False\n",
        test=f"{_GUARDS}::TestOneDeploymentAlone::test_what_a_guard_says_of_one_holds_that_one_back",
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
        old="Undecided(rule=rule, reason=str(error), blocking=True) for rule in verification.RULES",
        new="Undecided(rule=rule, reason=str(error), blocking=True) for rule in ()",
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
        test=f"{_APPLY}::TestDrift::test_a_persons_edit_is_taken_back_by_name",
    ),
    Mutation(
        id="B40",
        what="read the records of earlier programs",
        file="reconciler/observe/inventory.py",
        old='FORMAT = "1"',
        new='FORMAT = "2"',
        test="tests/unit/observe/test_earlier.py::TestEachEarlierRecord::test_is_read_in_full",
    ),
    Mutation(
        id="T1",
        what="take back by its label what the record forgot",
        file="reconciler/apply/entries.py",
        old="        if live.labels.get(PART_OF_LABEL) == part_of:\n",
        new="        if False:\n",
        test="tests/unit/apply/test_entries.py::TestWidening::"
        "test_members_that_the_record_forgot_come_back_by_their_label",
    ),
    Mutation(
        id="T2",
        what="keep recorded what still exists",
        file="reconciler/apply/entries.py",
        old="if entry.key in digests or _is_still_ours(entry, live.get(entry.key), part_of)",
        new="if entry.key in digests",
        test="tests/unit/apply/test_entries.py::TestSettling::"
        "test_an_object_that_lost_its_label_is_still_recorded",
    ),
    Mutation(
        id="T7",
        what="leave the number of replicas at the top unsaid",
        file="reconciler/render/templates/seldon-v1/seldondeployment.yaml.j2",
        old="  protocol: {{ protocol | tojson }}\n",
        new="  protocol: {{ protocol | tojson }}\n  replicas: 1\n",
        test="tests/unit/render/test_seldon_rules.py::TestRule21ServerOwnedKeys::"
        "test_replicas_stand_at_the_predictors_alone",
    ),
    Mutation(
        id="T10",
        what="tell a webhook that does not answer from a verdict",
        file="reconciler/clients/cluster/answers.py",
        old='_WEBHOOK = "failed calling webhook"',
        new='_WEBHOOK = "never said"',
        test="tests/contract/test_cluster_contract.py::TestApplying::"
        "test_a_webhook_that_does_not_answer_is_no_verdict_on_the_object",
    ),
    Mutation(
        id="T18",
        what="read a token's file again",
        file="reconciler/clients/cluster/access.py",
        old="if not self._header or now - self._read_at >= _REREAD:",
        new="if not self._header:",
        test="tests/unit/clients/cluster/test_kubeconfig.py::"
        "test_a_token_in_a_file_is_read_again_while_the_library_reads_it_once",
    ),
    Mutation(
        id="T23",
        what="leave alone what somebody took back in an emergency",
        file="reconciler/plan/holds.py",
        old="if mark is not None and change.deployment not in settled:",
        new="if False:",
        test=f"{_HOLDS}::TestEmergencies::test_what_a_person_took_back_is_left_alone",
    ),
    Mutation(
        id="S6",
        what="record what was applied before the run was stopped",
        file="reconciler/apply/applier.py",
        old="                applied=run.applied,\n",
        new="                applied={},\n",
        test=f"{_APPLY}::TestOutage::test_what_was_applied_before_it_is_recorded_and_the_next_run_goes_on",
    ),
    Mutation(
        id="T5",
        what="leave an object alone whose change is refused (others delete it and make it anew)",
        file="reconciler/clients/cluster/rest.py",
        old="        if answer.status < 400:\n            return answer\n",
        new="        if answer.status >= 400:\n"
        '            self._transport.send(Request(method="DELETE", path=request.path))\n'
        "            answer = self._transport.send(request)\n"
        "        return answer\n",
        test="tests/faults/test_meddling.py::"
        "test_a_change_that_the_server_refuses_leaves_the_object_as_it_is",
    ),
    Mutation(
        id="T8",
        what="compare only what the declaration says",
        file="reconciler/plan/diff.py",
        old='        if key not in manifest and isinstance(owned, Mapping) and f"f:{key}" in owned:\n',
        new="        if key not in manifest:\n",
        test="tests/unit/plan/test_diff.py::test_what_others_added_beside_us_is_left_alone",
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
        file="reconciler/pipeline/target.py",
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
        test=f"{_APPLY}::TestCreatingAndChanging::"
        "test_the_record_comes_first_then_rehearsals_then_writes_then_prunes",
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
        test=f"{_APPLY}::TestPruning::test_a_finalizer_is_waited_for_and_the_record_remembers",
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
        test=f"{_APPLY}::TestEvents::test_each_change_is_told_once",
    ),
    Mutation(
        id="S1",
        what="read the newest commit in every run",
        file="reconciler/pipeline/marks.py",
        old="_digest([commit, settings.ref,",
        new="_digest([settings.ref,",
        test="tests/e2e/test_quiet.py::test_another_commit_ends_it",
    ),
)
