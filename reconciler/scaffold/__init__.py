"""The first files of a GitOps repository: what `init` and `add` write, as values."""
