"""An OpenAI-compatible endpoint: its address, its client, and what goes wrong with it, in one line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
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


class Endpoint:
    """A model behind ``url``, the API's base. ``client`` is made when it is first asked for."""

    def __init__(self, url: str, model: str, timeout_s: float) -> None:
        self.url, self.model, self._timeout_s = url.rstrip("/"), model, timeout_s

    @cached_property
    def client(self) -> Any:
        """The client of the ``openai`` package."""
        return _open_client(self.url, self._timeout_s)

    def errors(self, hint: str = "") -> AbstractContextManager[None]:
        """Turns what goes wrong with a request into EnvironmentProblem. ``hint``: where it knows no such model."""
        return _endpoint_errors(self.url, self.model, hint)

    def close(self) -> None:
        """Closes the connections."""
        client = self.__dict__.pop("client", None)
        if client is not None:
            client.close()


def _open_client(url: str, timeout_s: float) -> Any:
    """The client of the ``openai`` package. The key is read from OPENAI_API_KEY and kept nowhere; "none" is sent where
    it is unset, as local servers expect."""
    try:
        import openai
    except ImportError as error:
        raise EnvironmentProblem("openai: the package is missing: install mlt[openai]") from error
    key = os.environ.get("OPENAI_API_KEY") or "none"
    return openai.OpenAI(base_url=url, api_key=key, timeout=timeout_s, max_retries=RETRIES)


@contextmanager
def _endpoint_errors(url: str, model: str, hint: str) -> Iterator[None]:
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
