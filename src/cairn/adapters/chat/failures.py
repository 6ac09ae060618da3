"""What a provider's error means, in words that repeat nothing of what was said to it.

Errors are told by the names of their classes in pydantic-ai. Knows nothing of how they came about.
"""

import re

from cairn.errors import ModelFailed

MEANINGS = {
    "ModelAuthenticationError": ("refused the key; set {key}, or chat_key_file, to one that it takes", False),
    "ModelNotFoundError": ("is not known at {url}; see its name, and what is served there", False),
    "ModelContextWindowExceededError": ("cannot read so much at once; choose a model that can", False),
    "ModelQuotaExceededError": ("has no credit left; see the account at its provider", False),
    "ModelRateLimitError": ("is asked too often; wait, or lower chat_at_once", True),
    "ModelUnavailableError": ("is overloaded; ask again later", True),
    "ModelServerError": ("failed on its side; ask again later", True),
    "ModelConnectionError": ("cannot be reached at {url}, or hung up; see that it runs", True),
    "ModelHTTPError": ("refused the request; choose another model", False),
    "UserError": ("cannot be asked so; choose another model", False),
    "ModelAPIError": ("did not keep to its protocol; see what answers at {url}", True),
    "UnexpectedModelBehavior": ("did not keep to its protocol; see what answers at {url}", True),
}
"""What it is and the way out, and whether to try again; the first that fits."""


def failed(error: Exception, name: str, *, key: str, url: str) -> ModelFailed:
    """Return the error of the model called ``name``, whose key is in the variable ``key``."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    other = (f"failed ({type(error).__name__}); ask again", True)
    says, again = next((meant for kind, meant in MEANINGS.items() if kind in kinds), other)
    return ModelFailed(
        f"{name}{_code(error)} {says.format(key=key, url=url)}.",
        again=again,
        after=getattr(error, "retry_after", None),
        charged=not _unheard(error),
    )


def _code(error: Exception) -> str:
    """Return the status and the provider's word for it, if that is a mere name."""
    said = [str(getattr(error, name, "")) for name in ("status_code", "provider_error_code")]
    names = [one for one in said if re.fullmatch(r"[a-z0-9_.-]{1,40}", one)]
    return f" ({' '.join(names)})" if names else ""


def _unheard(error: Exception) -> bool:
    """Tell whether the provider refused to read the request, or never got it."""
    status, phase = getattr(error, "status_code", 0), getattr(error, "phase", None)
    refused = 400 <= status < 500 or status in (503, 529)
    return phase in ("pool", "connect") or (refused and not getattr(error, "in_stream", False))
