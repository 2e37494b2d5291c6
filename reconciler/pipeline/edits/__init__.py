"""Edits by command: from the request to changed files, what they mean, and the pull request."""
