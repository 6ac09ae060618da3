"""Everything Cairn does, once: the CLI, and later the HTTP API, MCP and agents, are made from this.

Each operation is an async function of a Session and of what a person may say; its docstring is
its help, its return type its documented result.
"""

from cairn.operations import access, documents, keeping, measuring, models, questions
from cairn.operations.declare import DECLARED, Operation, Say

OPERATIONS: tuple[Operation, ...] = tuple(DECLARED.values())

__all__ = [
    "OPERATIONS",
    "Operation",
    "Say",
    "access",
    "documents",
    "keeping",
    "measuring",
    "models",
    "questions",
]
