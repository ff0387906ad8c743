"""An OpenAI-compatible endpoint: its address, its client, and what goes wrong with it, in one line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import EnvironmentProblem, UsageError

RETRIES = 4
_SPEC = re.compile(r"openai:(https?://[^#\s]+)#(\S+)")


def parse_endpoint(spec: str) -> tuple[str, str]:
    """The API's base and the model's name of ``openai:URL#NAME``; UsageError for another form or a key in the URL."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise UsageError(f"{spec}: expected openai:URL#NAME, as in openai:http://127.0.0.1:8000/v1#llama")
    if "@" in match[1]:
        raise UsageError("openai: no user or key in the URL; set OPENAI_API_KEY instead")
    return match[1].rstrip("/"), match[2]


def open_client(url: str, timeout_s: float) -> Any:
    """The client of the ``openai`` package. The key is read from OPENAI_API_KEY and kept nowhere; "none" is sent where
    it is unset, as local servers expect."""
    try:
        import openai
    except ImportError as error:
        raise EnvironmentProblem("openai: the package is missing: install mlt[openai]") from error
    key = os.environ.get("OPENAI_API_KEY") or "none"
    return openai.OpenAI(base_url=url, api_key=key, timeout=timeout_s, max_retries=RETRIES)


@contextmanager
def endpoint_errors(url: str, model: str, *, hint: str = "") -> Iterator[None]:
    """Turns what the endpoint answers, or does not, into EnvironmentProblem. ``hint``: where it knows no such model."""
    import openai

    try:
        yield
    except openai.AuthenticationError:
        raise EnvironmentProblem(f"{url} refuses the key: set OPENAI_API_KEY") from None
    except openai.NotFoundError:
        raise EnvironmentProblem(f"{url} serves no model named {model}{hint}") from None
    except openai.APIConnectionError:
        raise EnvironmentProblem(f"{url} cannot be reached; is the server running?") from None
    except openai.APIStatusError as error:
        said = " ".join(str(error.message).split())[:200]
        raise EnvironmentProblem(f"{url} answered {error.status_code} after {RETRIES} retries ({said})") from None
