"""Everything Cairn does, once: the command line and the HTTP API are made from this.

Each operation is an async function of a Session and of what a person may say; its docstring is
its help, its return type its documented result.
"""

from cairn.operations import (
    access,
    auditing,
    costs,
    documents,
    evaluations,
    feedback,
    forgetting,
    history,
    keeping,
    listing,
    measuring,
    models,
    people,
    questions,
    reports,
    serving,
    system,
    tokens,
)
from cairn.operations.declare import DECLARED, Operation, Say

OPERATIONS: tuple[Operation, ...] = tuple(DECLARED.values())

__all__ = [
    "OPERATIONS",
    "Operation",
    "Say",
    "access",
    "auditing",
    "costs",
    "documents",
    "evaluations",
    "feedback",
    "forgetting",
    "history",
    "keeping",
    "listing",
    "measuring",
    "models",
    "people",
    "questions",
    "reports",
    "serving",
    "system",
    "tokens",
]
