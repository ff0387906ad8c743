"""The reference: transformers' own ``generate``, greedy, in batches of items of like length."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...toolkit.errors import DataError, EnvironmentProblem, UsageError
from ...toolkit.progress import Progress
from ..engine import Finish, Output, cut_at_stop
from ..items import Item
from ..prompting import chat_ids, prompt_ids

_TAIL = 32  # tokens at the end of an output in which a stop string is looked for: more than the longest one has


class HfGenerator:
    """A causal language model and its tokenizer, both in memory.

    ``batch_size``: items that are decoded side by side. ``chat``: items are asked through the tokenizer's chat
    template instead of as plain text. ``described``: which weights these are (name, revision, adapter), for
    ``identity``. The model is used where and in the type that it is, and left in the mode (training or not) that it
    was in.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        batch_size: int = 8,
        chat: bool = False,
        described: Mapping[str, Any] | None = None,
    ) -> None:
        import torch
        import transformers

        self._model, self._tokenizer = model, tokenizer
        self._batch_size, self._chat = batch_size, chat
        self.identity: dict[str, Any] = {
            "backend": "transformers",
            "backend_version": f"{transformers.__version__}, torch {torch.__version__}",
            "model": dict(described or {"name": str(getattr(model, "name_or_path", "") or "in memory")}),
            "dtype": str(model.dtype).removeprefix("torch."),
            "chat": chat,
        }

    @classmethod
    def load(
        cls,
        spec: str | Path,
        *,
        batch_size: int = 8,
        chat: bool = False,
        device: str = "auto",
        progress: Progress | None = None,
    ) -> HfGenerator:
        """The model of a local folder or a Hub id (``owner/name[@revision]``); of an adapter, with its base.

        Raises UsageError for what is neither, DataError for a damaged checkpoint, EnvironmentProblem without the Hub
        or a package.
        """
        from ..checkpoints import find_checkpoint, load_checkpoint

        found = find_checkpoint(spec, progress=progress)
        model, tokenizer = load_checkpoint(found, device=device)
        return cls(model, tokenizer, batch_size=batch_size, chat=chat, described=found.describe())

    def generate(
        self, prompts: Sequence[Item], *, max_new_tokens: int, done: Collection[int] = ()
    ) -> Iterator[tuple[int, Output]]:
        """Outputs batch by batch, the longest prompts first.

        The batches are those of all ``prompts``, whatever of them is ``done``: how a batch is padded can decide a tie
        between two tokens, so an evaluation that goes on after a kill would else not end as one that was never killed.
        """
        rows = self._encode(prompts)
        known = set(done)
        for batch in self._batches(prompts, rows):
            if known.issuperset(batch):
                continue
            outputs = self._answer(
                [prompts[index] for index in batch], [rows[index] for index in batch], max_new_tokens
            )
            for index, output in zip(batch, outputs, strict=True):
                if index not in known:
                    yield index, output

    def batches(self, prompts: Sequence[Item]) -> list[list[int]]:
        """The batches of :meth:`generate`."""
        return self._batches(prompts, self._encode(prompts))

    def close(self) -> None:
        """Lets go of the model."""
        self._model = None

    def _batches(self, prompts: Sequence[Item], rows: Sequence[list[int]]) -> list[list[int]]:
        order = sorted(range(len(prompts)), key=lambda index: (-len(rows[index]), prompts[index].key))
        return [order[start : start + self._batch_size] for start in range(0, len(order), self._batch_size)]

    def _encode(self, prompts: Sequence[Item]) -> list[list[int]]:
        encode: Callable[[Item, Any], list[int]] = chat_ids if self._chat else prompt_ids
        return [encode(item, self._tokenizer) for item in prompts]

    def _answer(self, items: Sequence[Item], rows: Sequence[list[int]], max_new_tokens: int) -> list[Output]:
        """The outputs of one batch. A prompt that leaves no room for a token gets none."""
        room = self._positions() - max(map(len, rows)) if rows else 0
        if room < 1:
            fitting = [place for place, row in enumerate(rows) if len(row) < self._positions()]
            answered = iter(
                self._answer([items[p] for p in fitting], [rows[p] for p in fitting], max_new_tokens) if fitting else ()
            )
            return [
                next(answered) if place in fitting else Output("", "length", len(row), 0, self._sent(row))
                for place, row in enumerate(rows)
            ]
        written = self._decode(items, rows, min(max_new_tokens, room))
        return [self._output(item, row, ids) for item, row, ids in zip(items, rows, written, strict=True)]

    def _decode(self, items: Sequence[Item], rows: Sequence[list[int]], limit: int) -> list[list[int]]:
        """The tokens written for each row, padding and what follows an end token included."""
        import torch

        model, width, pad = self._model, max(map(len, rows)), self._pad()
        # On the left, so that what is written follows the prompt in every row.
        ids = [[pad] * (width - len(row)) + row for row in rows]
        mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
        stops = [() if self._chat else item.stop for item in items]
        with _answering(model), torch.no_grad(), _memory_errors():
            out = model.generate(
                input_ids=torch.tensor(ids, device=model.device),
                attention_mask=torch.tensor(mask, device=model.device),
                # Given one by one: what a checkpoint's generation_config.json says would win over a default.
                do_sample=False,
                num_beams=1,
                temperature=None,
                top_p=None,
                top_k=None,
                repetition_penalty=1.0,
                no_repeat_ngram_size=0,
                use_cache=True,
                max_length=None,
                max_new_tokens=limit,
                pad_token_id=pad,
                eos_token_id=sorted(self._ends()),
                stopping_criteria=[self._criterion(stops, width)] if any(stops) else None,
            )
        written: list[list[int]] = out[:, width:].tolist()
        return written

    def _criterion(self, stops: Sequence[tuple[str, ...]], width: int) -> Callable[..., Any]:
        """Ends a row whose last tokens hold a stop string."""
        import torch

        def ended(input_ids: Any, scores: Any, **_: Any) -> Any:
            tails = input_ids[:, width:].tolist()
            found = [
                bool(stop) and cut_at_stop(self._text(tail if len(tail) <= 2 * _TAIL else tail[-_TAIL:]), stop)[1]
                for tail, stop in zip(tails, stops, strict=True)
            ]
            return torch.tensor(found, device=input_ids.device)

        return ended

    def _output(self, item: Item, row: list[int], written: list[int]) -> Output:
        ends = self._ends()
        end = next((place for place, token in enumerate(written) if token in ends), None)
        ids = written if end is None else written[:end]
        text, stopped = cut_at_stop(self._text(ids), () if self._chat else item.stop)
        finish: Finish = "stop" if stopped or end is not None else "length"
        return Output(text, finish, len(row), len(ids) + (end is not None), self._sent(row))

    def _sent(self, row: list[int]) -> str | None:
        return self._tokenizer.decode(row, skip_special_tokens=False) if self._chat else None

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _ends(self) -> set[int]:
        """The tokens that end an output: the tokenizer's, with which training ends a row, and the checkpoint's own."""
        config = getattr(self._model, "generation_config", None)
        given = getattr(config, "eos_token_id", None)
        listed = given if isinstance(given, list) else [given]
        ends = {token for token in [self._tokenizer.eos_token_id, *listed] if token is not None}
        if not ends:
            raise UsageError("the model's tokenizer names no end token (eos_token): an output would never end")
        return ends

    def _pad(self) -> int:
        pad = self._tokenizer.pad_token_id
        return min(self._ends()) if pad is None else int(pad)

    def _positions(self) -> int:
        config = self._model.config
        text = config.get_text_config() if hasattr(config, "get_text_config") else config
        return int(getattr(text, "max_position_embeddings", None) or 1 << 30)


@contextmanager
def _answering(model: Any) -> Iterator[None]:
    """Dropout off, for as long as it takes."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


@contextmanager
def _memory_errors() -> Iterator[None]:
    import torch

    try:
        yield
    except torch.OutOfMemoryError:
        raise EnvironmentProblem("the device ran out of memory while answering: use a smaller --batch-size") from None
    except IndexError as error:
        raise DataError(f"the tokenizer gives a token that the model does not have ({error})") from None
