"""Whose approval a pull request has, as it is now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.clients.forge.interface import PullRequest, Review, Verdict


def find_approvers(pull: PullRequest, reviews: Iterable[Review]) -> tuple[str, ...]:
    """The logins whose last word, on the commits as they are, is an approval that counts; sorted.

    Never the author's own. `reviews` are oldest first. A remark takes nothing back; who asks for changes, or
    is dismissed, approves no more; an approval of an earlier commit is none of this one.
    """
    return tuple(review.author for review in _list_approvals(pull, reviews) if _holds(pull, review))


def find_uncounted(pull: PullRequest, reviews: Iterable[Review]) -> tuple[str, ...]:
    """The others whose last word is an approval: of an earlier commit, or without the right to; sorted."""
    return tuple(review.author for review in _list_approvals(pull, reviews) if not _holds(pull, review))


def _list_approvals(pull: PullRequest, reviews: Iterable[Review]) -> Iterator[Review]:
    last: dict[str, Review] = {}
    for review in reviews:
        if review.author and review.verdict is not Verdict.COMMENTED:
            last[review.author] = review
    for author, review in sorted(last.items()):
        if review.verdict is Verdict.APPROVED and author.lower() != pull.author.lower():
            yield review


def _holds(pull: PullRequest, review: Review) -> bool:
    return review.counts and review.revision == pull.head
