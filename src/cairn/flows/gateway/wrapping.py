"""A language model within every limit, in the order in which each of them holds.

Knows nothing of which model it is.
"""

from cairn.flows.gateway.breaker import Breaker
from cairn.flows.gateway.budgets import Budgets
from cairn.flows.gateway.limits import Limited
from cairn.flows.gateway.metering import Metered
from cairn.flows.gateway.prices import Prices
from cairn.flows.gateway.retrying import Retrying
from cairn.flows.gateway.timing import Timed
from cairn.protocols import Accounts, Chat
from cairn.settings import Settings


def within_limits(chat: Chat, accounts: Accounts, prices: Prices, budgets: Budgets, limits: Settings) -> Chat:
    """Return a language model as it is asked; whoever waits before another try keeps their turn."""
    first = limits.chat_first_seconds
    chat = Timed(chat, first=first, between=limits.chat_pause_seconds, whole=limits.chat_seconds)
    # Every request to a provider is accounted for, retries included.
    chat = Metered(chat, accounts, prices, budgets)
    chat = Retrying(chat, attempts=limits.chat_attempts, within=first)
    return Limited(Breaker(chat), at_once=limits.chat_at_once, patience=first)
