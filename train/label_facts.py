"""What the tokens and labels of a data set hold, counted a thousand rows at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .labels import IGNORED

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset

_BATCH = 1000


@dataclass(frozen=True)
class LabelFacts:
    """Arrays with an entry a row, in the order of the data set.

    ``tokens``: its length. ``labels``: tokens that are learned; ``kept_labels``: those of them that are left when the
    row is cut to ``max_length``. ``stops``: whether a token that ends generation is learned behind the prompt.
    ``seams``: whether the row begins with the very tokens of its prompt. ``starts``: whether the first token behind
    the prompt is learned. ``highest`` is the highest token id of all rows.
    """

    lang: np.ndarray[Any, Any]
    tokens: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    kept_labels: np.ndarray[Any, Any]
    stops: np.ndarray[Any, Any]
    seams: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    highest: int


def label_facts(dataset: Dataset, stop_ids: Collection[int], max_length: int | None) -> LabelFacts:
    """The facts of a set as :class:`mlt.train.data.TrainingData` holds it, with at least one row."""
    import numpy as np

    batches = [_facts(table, stop_ids, max_length) for table in dataset.with_format("arrow").iter(_BATCH)]
    names = ("lang", "tokens", "labels", "kept_labels", "stops", "seams", "starts")
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in names}
    return LabelFacts(**columns, highest=max(batch["highest"] for batch in batches))


def _facts(table: Any, stop_ids: Collection[int], max_length: int | None) -> dict[str, Any]:
    import numpy as np
    import pyarrow.compute as pc

    # flatten() of a list array leaves out what lies before and behind a slice; lengths are counted, not offsets.
    ids = table["input_ids"].combine_chunks().flatten().to_numpy()
    labels = table["labels"].combine_chunks().flatten().to_numpy()
    lengths = pc.list_value_length(table["input_ids"]).to_numpy()
    prompts, shared = (table[name].to_numpy() for name in ("prompt_tokens", "shared_tokens"))
    rows = np.repeat(np.arange(len(lengths)), lengths)
    positions = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    learned = labels != IGNORED

    def count(chosen: Any) -> Any:
        return np.bincount(rows[chosen], minlength=len(lengths))

    kept = learned if max_length is None else learned & (positions < max_length)
    behind = learned & (positions >= prompts[rows])
    return {
        "lang": table["lang"].to_numpy(),
        "tokens": lengths,
        "labels": count(learned),
        "kept_labels": count(kept),
        "stops": count(behind & np.isin(labels, list(stop_ids))) > 0,
        "seams": shared == prompts,
        "starts": count(learned & (positions == prompts[rows])) > 0,
        "highest": int(ids.max(initial=0)),
    }
