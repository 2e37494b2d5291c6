"""What a change costs its reviewers' CI: `validate` with base and history, and `plan`."""
