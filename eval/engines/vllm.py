"""vLLM, where it is installed: one engine with the base model, and any number of adapters on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...toolkit.errors import EnvironmentProblem, UsageError
from ...toolkit.files import read_json
from ...toolkit.progress import Progress
from ..checkpoints import ADAPTER, Checkpoint, find_checkpoint
from ..engine import Finish, Output, cut_at_stop, in_order
from ..items import Item
from ..prompting import chat_ids, prompt_ids

MAX_RANK = 64
"""Of the adapters that an engine can take, unless its first one has a larger rank."""

_TOGETHER = 256  # items that are asked at once where others are asked elsewhere
_FINISH: dict[str | None, Finish] = {"stop": "stop", "length": "length"}


class VllmGenerator:
    """A base model in a vLLM engine, and one adapter on it or none. vLLM makes the batches itself."""

    def __init__(self, engine: Any, found: Checkpoint, *, chat: bool = False) -> None:
        import vllm  # type: ignore[import-not-found,unused-ignore]

        self._engine, self._found, self._chat = engine, found, chat
        self._tokenizer = engine.get_tokenizer()
        self.identity: dict[str, Any] = {
            "backend": "vllm",
            "backend_version": str(vllm.__version__),
            "model": found.describe(),
            "chat": chat,
        }

    @classmethod
    def load(cls, spec: str | Path, *, chat: bool = False, progress: Progress | None = None) -> VllmGenerator:
        """The model of a folder or a Hub id; of an adapter, its base with it.

        Raises EnvironmentProblem where vLLM is not installed, else what
        :func:`mlt.eval.checkpoints.find_checkpoint` raises.
        """
        try:
            import vllm
        except ImportError as error:
            raise EnvironmentProblem(
                "--backend vllm: vllm is not installed: install it, or use --backend transformers"
            ) from error
        found = find_checkpoint(spec, progress=progress)
        rank = max(MAX_RANK, _rank(found))
        # Always ready for adapters, so that others can be put on the same engine.
        engine = vllm.LLM(
            model=str((found.base or found).folder), enable_lora=True, max_lora_rank=rank, trust_remote_code=False
        )
        return cls(engine, found, chat=chat)

    def with_adapter(self, spec: str | Path) -> VllmGenerator:
        """The same engine with another adapter. UsageError for one of another base."""
        found = find_checkpoint(spec)
        base, own = found.base, self._found.base or self._found
        if base is None or base.revision != own.revision:
            raise UsageError(f"{spec} is no adapter of {own.name}: load it by itself")
        return VllmGenerator(self._engine, found, chat=self._chat)

    def generate(
        self, prompts: Sequence[Item], *, max_new_tokens: int, done: Collection[int] = ()
    ) -> Iterator[tuple[int, Output]]:
        """Outputs of all items at once: vLLM gives none back before it has all of them."""
        import vllm
        from vllm.lora.request import LoRARequest  # type: ignore[import-not-found,unused-ignore]

        known = set(done)
        wanted = [index for index in range(len(prompts)) if index not in known]
        items = [prompts[index] for index in wanted]
        encode = chat_ids if self._chat else prompt_ids
        rows = [encode(item, self._tokenizer) for item in items]
        stops = [() if self._chat else item.stop for item in items]
        sampling = [
            vllm.SamplingParams(temperature=0.0, max_tokens=max_new_tokens, stop=list(stop) or None) for stop in stops
        ]
        adapter = None
        if self._found.base is not None:
            # vLLM tells adapters apart by this number alone.
            number = int.from_bytes(self._found.revision.encode()[-4:]) % (1 << 31) or 1
            adapter = LoRARequest(self._found.name, number, str(self._found.folder))
        answers = self._engine.generate(
            [{"prompt_token_ids": row} for row in rows], sampling, lora_request=adapter, use_tqdm=False
        )
        for index, row, stop, answer in zip(wanted, rows, stops, answers, strict=True):
            written = answer.outputs[0]
            text, stopped = cut_at_stop(written.text, stop)
            finish: Finish = "stop" if stopped else _FINISH.get(written.finish_reason)
            sent = self._tokenizer.decode(row, skip_special_tokens=False) if self._chat else None
            yield index, Output(text, finish, len(row), len(written.token_ids), sent)

    def batches(self, prompts: Sequence[Item]) -> list[list[int]]:
        """As many items together as keep an engine busy; it makes its batches itself, as they come."""
        return in_order(len(prompts), _TOGETHER)

    def close(self) -> None:
        """Lets go of the engine."""
        self._engine = None


def _rank(found: Checkpoint) -> int:
    return int(read_json(found.folder / ADAPTER).get("r") or 0) if found.base is not None else 0
