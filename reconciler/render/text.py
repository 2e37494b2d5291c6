"""Manifests as text for people and for `kubectl apply`."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from reconciler.state.objects import Manifest

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def to_yaml(manifests: Iterable[Manifest], *, header: tuple[str, ...] = ()) -> str:
    """The manifests as one stream of YAML documents, in the order given; the same text for the same input.

    `header` becomes comment lines at the top. No manifests give the header alone.
    """
    comment = "".join(f"# {line}\n" for line in header)
    documents = (to_document(manifest) for manifest in manifests)
    return comment + "".join(f"---\n{document}" for document in documents)


def to_document(manifest: Manifest) -> str:
    """One manifest as a YAML document without its separator."""
    text: str = yaml.dump(
        dict(manifest.body),
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=110,
    )
    return text
