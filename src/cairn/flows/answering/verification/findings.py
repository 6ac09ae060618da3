"""What was found of each part of a claim, gathered while it is checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cairn.flows.answering.verification.statements import Reading

BOUND = 3.0
"""What a statement gains in rank that holds a number of the claim."""


@dataclass(kw_only=True, slots=True)
class Findings:
    """What was found so far."""

    reading: Reading
    stands: int = 0
    """How many parts stand in the evidence."""
    bound: dict[int, float] = field(default_factory=dict)
    """The statements in which numbers of the claim stand, with what each gains in rank."""
    missing: list[str] = field(default_factory=list)
    """What does not stand there, as reasons."""
    against: list[str] = field(default_factory=list)
    """What the evidence says otherwise, as reasons."""
    compared: bool = False
    """Cells say that it is more or less, as claimed."""

    def holds(self, statements: Sequence[int]) -> None:
        """Note that a part stands in these statements."""
        self.stands += 1
        for number in statements:
            self.bound[number] = self.bound.get(number, 0.0) + BOUND

    @property
    def by_cells(self) -> bool:
        """Whether something of the claim is borne out by cells of a table."""
        return self.compared or any(self.reading.statements[number].table >= 0 for number in self.bound)
