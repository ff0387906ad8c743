"""Model snapshots from the Hugging Face Hub: only the files that are needed, every failure in one line."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import EnvironmentProblem, MltError, UsageError
from ..toolkit.files import disk_errors, read_json
from ..toolkit.hub_outage import is_outage
from .known_models import known_license
from .model_store import Progress

_CONFIGS = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "sentencepiece.bpe.model",
    "vocab.json",
)
_CT2_FILES = ("model.bin", "*vocabulary*", *_CONFIGS)
_WEIGHTS = {  # the file that tells -> what to fetch; safetensors first: it holds nothing but numbers
    "model.safetensors": ("model.safetensors",),
    "model.safetensors.index.json": ("model-*.safetensors", "model.safetensors.index.json"),
    "pytorch_model.bin": ("pytorch_model.bin",),
    "pytorch_model.bin.index.json": ("pytorch_model-*.bin", "pytorch_model.bin.index.json"),
}
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A fetched model: its folder, commit, licence (None: not stated); whether CTranslate2 can read it as it is."""

    folder: Path
    revision: str
    license: str | None
    is_ct2: bool


def fetch(hub_id: str, revision: str | None = None, progress: Progress | None = None) -> Snapshot:
    """The model's files from the Hub, or from the Hub's own cache on this machine when it cannot be reached.

    Raises UsageError when the Hub has no such model or it is of another architecture, EnvironmentProblem when
    the Hub cannot be reached, wants a login, or the disk is full. ``progress`` counts bytes.
    """
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download
    from huggingface_hub.errors import HFValidationError

    what = f"fetching {hub_id}"
    if progress:
        progress(what, 0, None)
    try:
        with disk_errors("the Hub's cache"):
            info = HfApi().model_info(hub_id, revision=revision, timeout=_TIMEOUT_S)
            files = {sibling.rfilename for sibling in info.siblings or ()}
            config = {}
            if "config.json" in files:
                config = read_json(hf_hub_download(hub_id, "config.json", revision=info.sha))
            is_ct2, patterns = _what_to_fetch(hub_id, files, config)
            folder = snapshot_download(
                hub_id, revision=revision, allow_patterns=patterns, tqdm_class=_bar(what, progress)
            )
    except HFValidationError:
        raise UsageError(f"--model {hub_id}: not a Hub id (owner/name)") from None
    except MltError:
        raise
    except Exception as error:
        kept = _kept(hub_id, revision) if is_outage(error) else None
        if kept is None:
            raise _explained(error, hub_id, revision) from error
        return kept
    if progress:
        progress(what, 1, 1)
    card: Any = info.card_data or {}
    stated = card.get("license")
    license = ", ".join(stated) if isinstance(stated, list) else stated
    # The folder is named after the commit; asked for by branch, it is found again without the Hub (_kept).
    return Snapshot(Path(folder), Path(folder).name, license or known_license(hub_id), is_ct2)


def _what_to_fetch(hub_id: str, files: set[str], config: dict[str, Any]) -> tuple[bool, list[str]]:
    kind = config.get("model_type")
    if kind is None and "model.bin" in files:
        return True, list(_CT2_FILES)
    if kind != "m2m_100":
        raise UsageError(f"--model {hub_id}: its architecture is {kind}; expected NLLB or M2M100 (m2m_100)")
    weights = next((patterns for sign, patterns in _WEIGHTS.items() if sign in files), None)
    if weights is None:
        raise UsageError(f"--model {hub_id}: it holds no weights (model.safetensors or pytorch_model.bin)")
    return False, [*_CONFIGS, *weights]


def _explained(error: Exception, hub_id: str, revision: str | None) -> Exception:
    """The one line a user can act on; what is no failure of the Hub comes back as it is."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if is_outage(error):
        return EnvironmentProblem(
            f"the Hub cannot be reached, so {hub_id} cannot be fetched; use --model tiny, or --model with the "
            "path of a local NLLB, M2M100 or CTranslate2 folder"
        )
    if isinstance(error, GatedRepoError):
        return EnvironmentProblem(
            f"{hub_id} is gated: accept its terms on its Hub page, then log in with `hf auth login`"
        )
    if isinstance(error, RevisionNotFoundError):
        return UsageError(f"--model {hub_id}@{revision}: the Hub has no such revision")
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, RepositoryNotFoundError) or status in (401, 404):
        return UsageError(f"--model {hub_id}: the Hub has no such model, or it is private: `hf auth login` first")
    if status is not None:
        return EnvironmentProblem(f"the Hub answered {status} for {hub_id}; try again, or use a local path")
    return error


def _kept(hub_id: str, revision: str | None) -> Snapshot | None:
    """What an earlier download left in the Hub's cache, if its weights are there."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(hub_id, "config.json", revision=revision)
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    files = {path.name for path in folder.iterdir()}
    is_ct2, _ = _what_to_fetch(hub_id, {*files, "pytorch_model.bin"}, read_json(config))
    if not files & {"model.bin", *_WEIGHTS}:
        return None
    return Snapshot(folder, folder.name, known_license(hub_id), is_ct2)


def _bar(what: str, progress: Progress | None) -> type:
    """A tqdm class for ``snapshot_download`` that reports bytes to ``progress`` and draws nothing."""
    from tqdm import tqdm  # type: ignore[import-untyped,unused-ignore]

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "file": io.StringIO(), "disable": False})

        def display(self, *_: Any, **__: Any) -> None:
            if progress and self.unit == "B" and self.total and self.n < self.total:
                progress(what, int(self.n), int(self.total))

    return Bar
