"""Behaviours switched off one by one, each with the test that must fail then.

Data only: `mutants.py` plays them on a copy of the program, `test_mutations.py` holds them to the source.
"""

from __future__ import annotations

from tests.faults.mutations.behaviours import BEHAVIOURS
from tests.faults.mutations.mutation import Mutation
from tests.faults.mutations.steps import STEPS
from tests.faults.mutations.traps import TRAPS

__all__ = ["MUTATIONS", "Mutation"]

MUTATIONS: tuple[Mutation, ...] = (*BEHAVIOURS, *TRAPS, *STEPS)
