from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
import yaml
from huggingface_hub import DatasetCard
from judged_runs import judged_run

from mlt.data_cards.bundle import open_bundle
from mlt.data_cards.evidence import ConfigEvidence, Evidence, SplitEvidence, read_evidence
from mlt.data_cards.licenses import judge
from mlt.data_cards.metadata import (
    OWN_KEYS,
    dump_metadata,
    language_code,
    make_metadata,
    size_category,
    split_pattern,
)
from mlt.toolkit.mixtures import mixture_schema
from mlt.toolkit.records import record_schema

FREE = judge("MIT", [], "mit")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    with open_bundle(judged_run(tmp_path_factory.mktemp("judged") / "run")) as bundle:
        return read_evidence(bundle)


def config(name: str, schema: pa.Schema, mixture: bool = False) -> ConfigEvidence:
    split = SplitEvidence("train", 10, 2000, (f"data/{name}/train-00000.parquet",))
    lang = None if mixture else name.split("_")[1]
    return ConfigEvidence(name, "math", lang, name if mixture else None, (split,), 10, 2000, 900, schema)


def read(text: str) -> DatasetCard:
    """As the Hub's own client reads it."""
    return DatasetCard(f"{text}\n# body\n")


def test_the_hubs_client_reads_it(evidence: Evidence) -> None:
    made = make_metadata(evidence, FREE, "A name", {})
    data = read(dump_metadata(made)).data
    assert data.to_dict() == made
    assert (data.language, data.license) == (["en", "sw", "yo"], "mit")
    assert data.multilinguality == ["multilingual", "translation"]
    assert (data.annotations_creators, data.language_creators) == (
        ["machine-generated"],
        ["found", "machine-generated"],
    )
    assert data.task_categories == ["text-generation", "question-answering"]
    assert data.size_categories == ["n<1K"]
    assert [entry["config_name"] for entry in data.configs] == [
        *("api_en", "math_en", "api_sw", "math_sw", "api_yo", "math_yo")
    ]
    assert [entry.get("default", False) for entry in data.configs] == [True, *[False] * 5]


def test_dataset_info_is_what_datasets_reads_of_the_files(evidence: Evidence) -> None:
    from datasets import Features
    from datasets.info import DatasetInfosDict

    data = read(dump_metadata(make_metadata(evidence, FREE, "A name", {}))).data
    infos = DatasetInfosDict.from_dataset_card_data(data)
    for made in evidence.configs:
        info = infos[made.name]
        assert info.features == Features.from_arrow_schema(made.schema.remove_metadata())
        assert {name: split.num_examples for name, split in info.splits.items()} == {
            split.name: split.rows for split in made.splits
        }
        assert (info.download_size, info.dataset_size) == (made.download, made.bytes)


@pytest.mark.parametrize("schema", [record_schema(), mixture_schema("prompt"), mixture_schema("messages")])
def test_features_come_back_as_they_went(schema: pa.Schema, evidence: Evidence) -> None:
    from datasets import Features

    made = make_metadata(replace(evidence, configs=(config("math_sw", schema),)), FREE, "A name", {})
    loaded = yaml.safe_load(dump_metadata(made).strip("-\n"))
    features = Features._from_yaml_list(loaded["dataset_info"][0]["features"])
    assert features.arrow_schema.remove_metadata() == schema.remove_metadata()


def test_it_stays_readable_with_many_languages_and_mixtures(evidence: Evidence) -> None:
    runs = [config(f"{task}_l{n}", record_schema()) for task in ("math", "api") for n in range(11)]
    mixtures = [config(f"L{n:02}-x", mixture_schema("messages"), mixture=True) for n in range(22)]
    many = replace(evidence, configs=(*runs, *mixtures))
    text = dump_metadata(make_metadata(many, FREE, "A name", {}))
    assert len(text) < 100_000 and "&id" not in text
    assert len(read(text).data.configs) == 44


def test_what_people_have_added_stays_and_what_is_ours_does_not(evidence: Evidence) -> None:
    previous = {
        "viewer": False,
        "pretty_name": "Mine",
        "tags": ["mlt", "education", "function-calling"],
        "language": ["xx"],
        "license_name": "old",
    }
    only_math = replace(evidence, tasks=("math",))
    made = make_metadata(only_math, FREE, "A name", previous)
    assert (made["viewer"], made["pretty_name"]) == (False, "Mine")
    assert made["tags"] == [
        *("mlt", "synthetic", "machine-translated", "parallel-corpus", "math", "reasoning", "education")
    ]
    assert made["language"] == ["en", "sw", "yo"] and "license_name" not in made
    assert make_metadata(only_math, FREE, "Another", made) == made


@pytest.mark.parametrize(
    ("declared", "keys"),
    [
        (None, {}),
        ("CC BY-NC 4.0", {"license": "cc-by-nc-4.0"}),
        ("own=https://e.org/x", {"license": "other", "license_name": "own", "license_link": "https://e.org/x"}),
    ],
)
def test_licences_are_written_as_the_hub_wants_them(declared: str, keys: dict[str, str], evidence: Evidence) -> None:
    made = make_metadata(evidence, judge("MIT", [], declared), "A name", {})
    assert {key: made[key] for key in OWN_KEYS if key.startswith("license") and key in made} == keys


def test_texts_of_people_alone_are_not_called_machine_made(evidence: Evidence) -> None:
    assert evidence.run is not None
    human = replace(evidence, run=replace(evidence.run, translations=()))
    made = make_metadata(human, FREE, "A name", {})
    assert made["language_creators"] == made["annotations_creators"] == ["found"]
    assert "machine-translated" not in made["tags"] and "parallel-corpus" in made["tags"]


@pytest.mark.parametrize(
    ("dataset", "written"),
    [("openai/gsm8k", ["extended|openai/gsm8k"]), ("mlt-sample", ["original"]), ("rows.jsonl", None)],
)
def test_the_source_is_named_where_the_hub_knows_it(
    dataset: str, written: list[str] | None, evidence: Evidence
) -> None:
    assert evidence.run is not None
    sources = (replace(evidence.run.sources[0], dataset=dataset),)
    made = make_metadata(replace(evidence, run=replace(evidence.run, sources=sources)), FREE, "A name", {})
    assert made.get("source_datasets") == written


@pytest.mark.parametrize(
    ("code", "listed"), [("zh-Hans", "zh"), ("sw", "sw"), ("yo", "yo"), ("ary", "ary"), ("nb", "nb"), ("xx-Latn", "xx")]
)
def test_languages_go_by_the_codes_of_the_hub(code: str, listed: str) -> None:
    assert language_code(code) == listed


@pytest.mark.parametrize(
    ("rows", "name"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M"), (5 * 10**9, "1B<n<10B")],
)
def test_sizes_are_the_hubs_classes(rows: int, name: str) -> None:
    assert size_category(rows) == name


def test_the_files_of_a_split_are_one_pattern() -> None:
    files = ["data/math_sw/train-00000.parquet", "data/math_sw/train-00001.parquet"]
    assert split_pattern(files) == "data/math_sw/train-*.parquet"
    assert split_pattern(["mixtures/L02/train/part-00000.parquet"]) == "mixtures/L02/train/part-*.parquet"
    assert split_pattern(["a/x-00000.parquet", "b/x-00000.parquet"]) == ["a/x-00000.parquet", "b/x-00000.parquet"]
