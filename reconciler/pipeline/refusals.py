"""What a person asked for and is not done."""

from __future__ import annotations


class EmergencyRefused(Exception):
    """What was asked for in an emergency cannot be done. Says why, and what can."""


class EditConflict(Exception):
    """The work tree holds changes that an edit could spoil. Says which, and what to do with them."""


class UploadRefused(Exception):
    """What a job of a pull request wrote to be shown is not what it may be. Says what is wrong with it."""
