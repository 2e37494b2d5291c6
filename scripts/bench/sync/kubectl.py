"""kubectl: server-side apply with pruning by one ApplySet for each namespace, and its server-side diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.bench.sync.declared import name_namespace
from scripts.bench.sync.manifests import join_documents
from scripts.bench.sync.stage import Client, Stage, run_all

_SET = "bench"
_PARENT = "/api/v1/namespaces/{}/secrets/" + _SET


class Kubectl:
    """The manifests as files, one for each namespace, as `modelsync render` writes them."""

    def __init__(self, stage: Stage, documents: Mapping[str, tuple[str, ...]]) -> None:
        """`documents` are those of each environment."""
        self._stage = stage
        self._documents = documents
        self._folder = stage.folder / "kubectl"
        self._folder.mkdir(exist_ok=True)

    def apply(self, *, keep: int | None = None, kubeconfig: Path | None = None) -> Client:
        """Apply all objects, or the first `keep` of each environment and prune the others."""
        commands = [
            (
                *(str(self._stage.cluster.kubectl), "apply", "--server-side", "--prune"),
                *(f"--applyset={_SET}", "--namespace", name_namespace(environment)),
                *("--filename", str(self._write(environment, documents[:keep]))),
            )
            for environment, documents in self._documents.items()
        ]
        return self._run(commands, kubeconfig)

    def diff(self) -> Client:
        """Compare all objects with what is there; nothing differs."""
        commands = []
        for environment, documents in self._documents.items():
            # The label that kubectl gave the objects belongs to its own field manager.
            parent = self._stage.cluster.api.demand("GET", _PARENT.format(name_namespace(environment)))
            part_of = parent["metadata"]["labels"]["applyset.kubernetes.io/id"]
            file = self._write(environment, documents, part_of=part_of)
            kubectl = str(self._stage.cluster.kubectl)
            commands.append((kubectl, "diff", "--server-side", "--filename", str(file)))
        return self._run(commands, None)

    def _write(self, environment: str, documents: tuple[str, ...], *, part_of: str = "") -> Path:
        file = self._folder / f"{environment}.yaml"
        file.write_text(join_documents(documents, part_of=part_of), encoding="utf-8")
        return file

    def _run(self, commands: Sequence[tuple[str, ...]], kubeconfig: Path | None) -> Client:
        return run_all(
            commands,
            kubeconfig=kubeconfig or self._stage.cluster.kubeconfig,
            folder=self._folder,
            # What it knows of the API server's kinds it keeps between runs, as on anybody's machine.
            environment={"KUBECTL_APPLYSET": "true", "KUBECACHEDIR": str(self._folder / "cache")},
        )
