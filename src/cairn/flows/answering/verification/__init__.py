"""The check of what is claimed by a program, against what is cited.

Knows nothing of who wrote the claim, so that it judges extracts and written answers alike.
"""

from cairn.flows.answering.verification.quotation import verdict
from cairn.flows.answering.verification.stating import states
from cairn.flows.answering.verification.verifier import Verifier

__all__ = ["Verifier", "states", "verdict"]
