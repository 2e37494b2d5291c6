"""Whose approval a pull request has, as it is now. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.clients.forge.interface import PullRequest, Review, Verdict


def find_approvers(pull: PullRequest, reviews: Iterable[Review]) -> tuple[str, ...]:
    """The logins whose last word, on the commits as they are, is an approval that counts; sorted.

    Never the author's own. `reviews` are oldest first. A remark takes nothing back; who asks for changes, or
    is dismissed, approves no more; an approval of an earlier commit is none of this one.
    """
    last: dict[str, Review] = {}
    for review in reviews:
        if review.author and review.verdict is not Verdict.COMMENTED:
            last[review.author] = review
    return tuple(
        sorted(
            author
            for author, review in last.items()
            if author.lower() != pull.author.lower()
            and review.verdict is Verdict.APPROVED
            and review.counts
            and review.revision == pull.head
        )
    )
