"""What a pull request means: rows, evidence, risks, owners, and the comment that says so."""
