"""Organisation manifests as `validate` judges them: rendered for every deployment of every target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.state.extras import EXTRA_RULES
from reconciler.state.findings import Finding, sort_findings
from reconciler.validate.checks import Check


def check_extras(check: Check) -> Check:
    """Add what is wrong with the templates in extras/. Deployments with other errors cannot be rendered."""
    return replace(check, findings=sort_findings((*check.findings, *_find_faults(check))))


def _find_faults(check: Check) -> Iterator[Finding]:
    for name, entry in sorted(check.repository.environments.items()):
        if entry.environment is None or not entry.extras:
            continue
        # Most repositories have no such templates, and rendering would double the start of validate.
        from reconciler.pipeline.desired import render_environment

        for cluster in sorted(entry.environment.declaration.clusters or ("",)):
            rendered = render_environment(check, name, cluster=cluster, commit="")
            for fault in rendered.desired.faults:
                yield from (finding for finding in fault.findings if finding.rule in EXTRA_RULES)
