"""Where declarations come from: commits of a git repository."""
