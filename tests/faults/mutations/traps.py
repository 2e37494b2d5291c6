"""The guards against traps that others fell into, switched off."""

from __future__ import annotations

from tests.faults.mutations.mutation import Mutation

_APPLY = "tests/integration/apply"
_PLAN = "tests/unit/plan"
_REST = "tests/unit/clients/cluster/test_rest.py"
_TRANSPORT = "tests/unit/clients/cluster/test_transport.py"

TRAPS: tuple[Mutation, ...] = (
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
        id="T3",
        what="prune nothing while a declaration cannot be read",
        file="reconciler/plan/planner.py",
        old="    if faulty:\n        return _hold_text(given.desired)\n",
        new="",
        test=f"{_PLAN}/test_planner_owners.py::TestLeftovers::"
        "test_nothing_else_is_pruned_while_one_is_faulty_retired_ones_included",
    ),
    Mutation(
        id="T4",
        what="limit how many are pruned",
        file="reconciler/plan/pruning.py",
        old="return max(1, recorded * percent // 100) if percent else 0",
        new="return recorded",
        test=f"{_PLAN}/test_guards_pruning.py::TestMaxPrune::test_idle_ones_above_the_limit_are_refused",
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
        id="T7",
        what="leave the number of replicas at the top unsaid",
        file="reconciler/render/templates/seldon-v1/seldondeployment.yaml.j2",
        old="  protocol: {{ protocol | tojson }}\n",
        new="  protocol: {{ protocol | tojson }}\n  replicas: 1\n",
        test="tests/unit/render/test_seldon_rules.py::TestRule21ServerOwnedKeys::"
        "test_replicas_stand_at_the_predictors_alone",
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
        id="T9",
        what="ask whether the last change was seen",
        file="reconciler/apply/health/workloads.py",
        old='if int(status.get("observedGeneration") or 0) < found.generation:',
        new="if False:",
        test="tests/unit/apply/test_health.py::test_in_progress_until_proven",
    ),
    Mutation(
        id="T10",
        what="tell a webhook that does not answer from a verdict",
        file="reconciler/clients/cluster/answers.py",
        old='_WEBHOOK = "failed calling webhook"',
        new='_WEBHOOK = "never said"',
        test="tests/contract/cluster/test_writing.py::TestApplying::"
        "test_a_webhook_that_does_not_answer_is_no_verdict_on_the_object",
    ),
    Mutation(
        id="T11",
        what="refuse a history that is cut short",
        file="reconciler/plan/guards.py",
        old="elif given.ancestry is Ancestry.UNKNOWN:",
        new="elif False:",
        test=f"{_PLAN}/test_guards.py::TestHistory::test_a_history_that_is_cut_short_proves_nothing",
    ),
    Mutation(
        id="T12",
        what="check every commit of the range",
        file="reconciler/pipeline/sync/signing.py",
        old='if question.trust.mode == "head":',
        new="if True:",
        test="tests/e2e/test_signed_commits.py::"
        "test_an_unsigned_commit_in_the_middle_is_refused_in_range_mode_alone",
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
        id="T14",
        what="look again at an object that moved before its delete",
        file="reconciler/apply/prune.py",
        old="if found.labels.get(PART_OF_LABEL) != part_of:",
        new="if False:",
        test=f"{_APPLY}/test_pruning.py::TestPruning::test_an_object_that_lost_our_label_meanwhile_is_kept",
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
        id="T18",
        what="read a token's file again",
        file="reconciler/clients/cluster/access.py",
        old="if not self._header or now - self._read_at >= _REREAD:",
        new="if not self._header:",
        test="tests/unit/clients/cluster/test_kubeconfig.py::"
        "test_a_token_in_a_file_is_read_again_while_the_library_reads_it_once",
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
        id="T22",
        what="distrust a record with another set's id",
        file="reconciler/observe/inventory.py",
        old="if live.labels.get(ID_LABEL) != find_part_of(target):",
        new="if False:",
        test="tests/unit/observe/test_inventory.py::TestDistrust::test_another_applyset_id",
    ),
    Mutation(
        id="T23",
        what="leave alone what somebody took back in an emergency",
        file="reconciler/plan/holds.py",
        old="if mark is not None and change.deployment not in settled:",
        new="if False:",
        test=f"{_PLAN}/test_holds_way_back.py::TestEmergencies::test_what_a_person_took_back_is_left_alone",
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
)
