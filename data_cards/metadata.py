"""The YAML at the head of a card, as the Hub reads it.

See https://github.com/huggingface/hub-docs/blob/main/datasetcard.md?plain=1 for the keys and their values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import EnvironmentProblem
from ..toolkit.languages import all_languages
from ..toolkit.records import dump_json
from .licenses import OTHER
from .sources import SAMPLE, hub_id
from .terms import translated_by

if TYPE_CHECKING:
    import pyarrow as pa

    from .evidence import ConfigEvidence, Evidence
    from .licenses import Judgement

OWN_KEYS = (
    "language",
    "license",
    "license_name",
    "license_link",
    "multilinguality",
    "annotations_creators",
    "language_creators",
    "source_datasets",
    "task_categories",
    "size_categories",
    "configs",
    "dataset_info",
)
"""The keys that are made anew with every card. ``pretty_name`` and further ``tags`` are kept as they are found."""

_TASK_CATEGORIES = {
    "math": ("text-generation", "question-answering"),
    "api": ("text-generation",),
    "text": ("translation",),
}
_TASK_TAGS = {"math": ("math", "reasoning"), "api": ("function-calling", "tool-use")}
_TAGS = ("synthetic", "machine-translated")
_SIZES = (
    *((1000**3, "1B<n<10B"), (100 * 1000**2, "100M<n<1B"), (10 * 1000**2, "10M<n<100M"), (1000**2, "1M<n<10M")),
    *((100_000, "100K<n<1M"), (10_000, "10K<n<100K"), (1000, "1K<n<10K"), (0, "n<1K")),
)
_NUMBER = re.compile(r"\d{5,}(?=\.parquet$)")


def make_metadata(
    evidence: Evidence, judgement: Judgement, pretty_name: str, previous: Mapping[str, Any]
) -> dict[str, Any]:
    """The keys and values of a card; ``previous`` are those of the card that it takes the place of.

    EnvironmentProblem where ``datasets``, which knows how features are written, is not installed.
    """
    made = {
        "language": list(dict.fromkeys(map(language_code, evidence.languages))),
        **license_keys(judgement),
        "multilinguality": _multilinguality(evidence),
        "annotations_creators": _creators(evidence)[-1:],
        "language_creators": _creators(evidence),
        "source_datasets": _source_datasets(evidence),
        "task_categories": _of_tasks(evidence, _TASK_CATEGORIES),
        "size_categories": [size_category(evidence.totals.rows or evidence.totals.mixture_rows)],
        "pretty_name": previous.get("pretty_name") or pretty_name,
        "tags": _tags(evidence, previous.get("tags")),
        "configs": [_config(config, index == 0) for index, config in enumerate(evidence.configs)],
        "dataset_info": [_dataset_info(config) for config in evidence.configs],
    }
    foreign = {key: value for key, value in previous.items() if key not in OWN_KEYS and key not in made}
    return {key: value for key, value in made.items() if value != []} | foreign


def dump_metadata(metadata: Mapping[str, Any]) -> str:
    """The keys and values as the head of a README.md, its ``---`` lines included."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            """Configs share features, and not every reader of cards knows YAML's references."""
            return True

    text = yaml.dump(dict(metadata), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return f"---\n{text}---\n"


def language_code(code: str) -> str:
    """The code that the Hub lists a language under: ISO 639-1, else 639-3 (``zh-Hans`` -> ``zh``)."""
    found = next((language for language in all_languages() if language.code == code), None)
    return code.split("-")[0] if found is None else found.iso639_1 or found.iso639_3


def size_category(rows: int) -> str:
    """The Hub's class of a number of rows."""
    return next(name for least, name in _SIZES if rows >= least)


def split_pattern(files: Sequence[str]) -> str | list[str]:
    """Files of a split as one pattern (``data/math_sw/train-*.parquet``); as they are where there is none."""
    patterns = {_NUMBER.sub("*", name) for name in files}
    return patterns.pop() if len(patterns) == 1 else list(files)


def license_keys(judgement: Judgement) -> dict[str, str]:
    if (chosen := judgement.declared) is None:
        return {}
    named = {"license_name": chosen.name} if chosen.hub_id == OTHER else {}
    linked = {"license_link": chosen.link} if chosen.hub_id == OTHER and chosen.link else {}
    return {"license": chosen.hub_id, **named, **linked}


def _multilinguality(evidence: Evidence) -> list[str]:
    several = len(evidence.languages) > 1
    return ["multilingual", "translation"] if several else ["monolingual"]


def _creators(evidence: Evidence) -> list[str]:
    """Who wrote the texts: English rows, and pairs of anybody's, were found; a machine may have translated."""
    found = "en" in evidence.languages or not translators(evidence)
    return [*(["found"] if found else []), *(["machine-generated"] if translators(evidence) else [])]


def translators(evidence: Evidence) -> list[str]:
    """The models that wrote translations, by name."""
    used = [] if evidence.run is None else [use.model for use in evidence.run.translations]
    mixed = (run for mixture in evidence.mixtures for run in mixture.manifest.get("runs", ()))
    return list(dict.fromkeys([*used, *(name for run in mixed for name in translated_by(run))]))


def _source_datasets(evidence: Evidence) -> list[str]:
    names = dict.fromkeys(datasets_of(evidence))
    known = [f"extended|{name}" for name in names if hub_id(name)]
    return known or (["original"] if SAMPLE in names else [])


def datasets_of(evidence: Evidence) -> Iterable[str]:
    """The data sets that the English rows come from, as rows and mixtures name them."""
    if evidence.run is not None:
        yield from (source.dataset for source in evidence.run.sources)
    for mixture in evidence.mixtures:
        for run in mixture.manifest.get("runs", ()):
            if name := (run.get("source") or {}).get("dataset"):
                yield str(name)


def _of_tasks(evidence: Evidence, table: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for task in evidence.tasks for name in table.get(task, ())))


def _tags(evidence: Evidence, previous: Any) -> list[str]:
    """Ours, then those that somebody has added."""
    ours = {"mlt", "parallel-corpus", *_TAGS, *(tag for tags in _TASK_TAGS.values() for tag in tags)}
    added = [tag for tag in previous if tag not in ours] if isinstance(previous, list) else []
    made = _TAGS if translators(evidence) else ()
    several = ("parallel-corpus",) if len(evidence.languages) > 1 else ()
    return ["mlt", *made, *several, *_of_tasks(evidence, _TASK_TAGS), *added]


def _config(config: ConfigEvidence, default: bool) -> dict[str, Any]:
    files = [{"split": split.name, "path": split_pattern(split.files)} for split in config.splits]
    return {"config_name": config.name, **({"default": True} if default else {}), "data_files": files}


def _dataset_info(config: ConfigEvidence) -> dict[str, Any]:
    splits = [{"name": split.name, "num_bytes": split.bytes, "num_examples": split.rows} for split in config.splits]
    return {
        "config_name": config.name,
        "features": _features(config.schema),
        "splits": splits,
        "download_size": config.download,
        "dataset_size": config.bytes,
    }


def _features(schema: pa.Schema) -> list[dict[str, Any]]:
    import json

    features: list[dict[str, Any]] = json.loads(_features_text(schema.remove_metadata()))
    return features


@cache
def _features_text(schema: pa.Schema) -> str:
    """The features of a schema, as JSON: configs share schemas, and none may change another's."""
    try:
        from datasets import Features
    except ImportError:
        raise EnvironmentProblem("a card needs the datasets library: pip install 'mlt[hf]'") from None
    return dump_json(Features.from_arrow_schema(schema)._to_yaml_list())
