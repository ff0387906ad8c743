"""Whether the Hub could not be asked at all, as against an answer that is no."""

from __future__ import annotations


def is_outage(error: Exception) -> bool:
    """No connection, a time-out, offline mode, or a server that is down: no answer about what was asked for."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    if isinstance(error, HfHubHTTPError):
        return error.response is not None and error.response.status_code >= 500
    # The Hub's client has changed its HTTP library between releases; their errors have no class in common.
    transport = type(error).__module__.partition(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2")
    return transport or isinstance(
        error, (OfflineModeIsEnabled, LocalEntryNotFoundError, ConnectionError, TimeoutError)
    )
