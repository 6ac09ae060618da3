"""What can go wrong that a person can mend; each message states the value and the way out.

A surface shows the message as one line. Anything that is not a CairnError is a defect.
"""

from collections.abc import Iterable


class CairnError(Exception):
    """The base of every error that is meant for the person who asked."""


def place(error: BaseException) -> str:
    """Return the file and line where a defect was; its message may quote what only some may read."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "nowhere"


class Invalid(CairnError):
    """An argument, a setting or a file's content is not what it must be."""


class Unknown(CairnError):
    """A name that nothing answers to; the message lists what is known."""

    @classmethod
    def name(cls, kind: str, name: str, known: Iterable[str]) -> "Unknown":
        """Build the usual message: ``Unknown index 'nope'; known: local, opensearch.``"""
        names = ", ".join(sorted(known))
        return cls(f"Unknown {kind} {name!r}; known: {names if names else 'none yet'}.")


class Denied(CairnError):
    """The person may not do this; it says nothing of what exists."""


class Unavailable(CairnError):
    """A part is missing on this machine: an extra, a model's weights, a server."""


class Busy(CairnError):
    """Another process holds what this one needs."""


class Storage(CairnError):
    """The disk or the database refused; what was committed before is intact."""


class ParseFailed(CairnError):
    """One document cannot be read; its neighbours are not concerned."""


class Textless(ParseFailed):
    """A file in good order that holds no text which could be read yet."""


class ModelFailed(CairnError):
    """A language model gave no whole output; the message repeats nothing that was said to it.

    ``again`` tells whether another try may succeed, ``after`` the seconds the provider asks to wait.
    Not ``charged`` is what the provider refused, or never got.
    """

    def __init__(
        self, message: str, *, again: bool = False, after: float | None = None, charged: bool = True
    ) -> None:
        super().__init__(message)
        self.again = again
        self.after = after
        self.charged = charged


class OverBudget(CairnError):
    """A call was not made because its cost or tokens would exceed what is allowed."""
