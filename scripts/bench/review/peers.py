"""kubeconform and conftest, which check manifests, and the manifests for them.

Both are built from their Go modules. What they check is in the bench's README.
"""

from __future__ import annotations

from pathlib import Path

from reconciler.pipeline.check import check_worktree
from reconciler.pipeline.review.offline import render_offline
from reconciler.render.text import to_yaml
from scripts.bench.measure import BenchError
from scripts.bench.peers import ROOT
from scripts.local_cluster.bundles import Bundle, provide
from scripts.local_cluster.errors import ClusterError

BUNDLE = Bundle(
    name="validators",
    # A bundle's folder is taken from the local cluster's own, unless it is absolute.
    folder=str(Path(__file__).resolve().parents[1] / "go" / "validators"),
    programs={
        "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
        "conftest": "github.com/open-policy-agent/conftest",
    },
    time="three to five minutes",
)
REGO = Path(__file__).with_name("rego")
_SCHEMAS = ROOT / "reconciler" / "render" / "schemas"


def install_validators() -> Path:
    """The folder with both programs, built where the cache has them not. Raises BenchError."""
    try:
        return provide(BUNDLE)
    except ClusterError as error:
        raise BenchError(str(error)) from error


def kubeconform_command(programs: Path, manifests: Path) -> tuple[str, ...]:
    """kubeconform on a folder of SeldonDeployments, as strict as modelsync is with what it renders."""
    # Of the files' names kubeconform fills in what is in double braces.
    schemas = f"{_SCHEMAS}/{{{{ .ResourceKind }}}}.{{{{ .ResourceAPIVersion }}}}.schema.json"
    return (str(programs / "kubeconform"), "-strict", "-schema-location", schemas, str(manifests))


def conftest_command(programs: Path, manifests: Path) -> tuple[str, ...]:
    """conftest with the policies in `rego/` on a folder of SeldonDeployments."""
    return (str(programs / "conftest"), "test", "--policy", str(REGO), str(manifests))


def lay_out_manifests(repository: Path, folder: Path) -> int:
    """Write a file for each manifest of a repository's environments; how many these are.

    Raises BenchError where the repository cannot be rendered whole.
    """
    check = check_worktree(repository)
    count = 0
    for environment in sorted(check.repository.environments):
        rendered = render_offline(check, environment, cluster="", commit="")
        if rendered.notes:
            raise BenchError("; ".join(rendered.notes))
        for manifest in rendered.manifests:
            text = to_yaml((manifest,))
            (folder / f"{environment}-{manifest.key.name}.yaml").write_text(text, encoding="utf-8")
            count += 1
    return count
