"""The registry bot: what each deployment follows, and one pull request that says so."""
