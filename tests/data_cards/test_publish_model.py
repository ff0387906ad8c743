"""Publishing what a training made: which files are sent, under which licence, with which card, and what is refused."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub_client import Failure, HubClient
from hub_repository import Blob, Repository
from hub_server import TOKEN, HubServer
from published_runs import make_run, record

from mlt.data_cards.model_terms import base_license
from mlt.data_cards.publish import publish_to_folder
from mlt.toolkit.errors import DataError, MltError, UsageError
from mlt.toolkit.signature import signature

PUSH = """
from dataclasses import asdict
from mlt.data_cards.publish import push
result = asdict(push(folder, name, **options))
"""
FETCH = """
from huggingface_hub import snapshot_download
result = snapshot_download(name)
"""
BASE = "Qwen/Qwen3-0.6B-Base"
ADAPTER = {"README.md", "adapter_config.json", "adapter_model.safetensors", "published.json", "train.json"}
TOKENIZER = {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}
CARD = """---
library_name: peft
pipeline_tag: text-generation
language:
- en
- zh-Hans
tags:
- mlt
- lora
---

# Title of the training

Base {base}.
"""


class Hub:
    """A server, and a client of it."""

    def __init__(self, server: HubServer, client: HubClient) -> None:
        self.server, self.client = server, client

    def push(self, folder: Path, name: str, **options: Any) -> Any:
        """The result of a push as a dict, or its Failure."""
        options = {"license": "apache-2.0", "checked": True, **options}
        return self.client.run(PUSH, folder=str(folder), name=name, options=options)

    def done(self, folder: Path, name: str, **options: Any) -> dict[str, Any]:
        """The result of a push that succeeds."""
        result = self.push(folder, name, **options)
        assert not isinstance(result, Failure), result.message
        return dict(result)

    def refused(self, folder: Path, name: str, **options: Any) -> str:
        """What a push that cannot be says, in one line."""
        failure = self.push(folder, name, **options)
        assert isinstance(failure, Failure) and failure.kind in ("UsageError", "DataError"), failure
        assert "\n" not in failure.message
        return failure.message

    def model(self, name: str) -> Repository:
        return self.server.repositories["model", name]

    def card(self, name: str) -> str:
        return self.model(name).files()["README.md"].decode()

    def edit(self, name: str, text: str) -> str:
        """Somebody adds text to the card on the Hub; the commit."""
        repository = self.model(name)
        files = dict(repository.at("main").files)
        files["README.md"] = Blob(files["README.md"].data + text.encode(), False)
        return repository.commit("main", files, "by hand").oid


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    home = tmp_path_factory.mktemp("hub")
    with HubServer() as server, HubClient(server.url, home / "client", TOKEN) as client:
        yield Hub(server, client)
    assert not any(kind == "dataset" for kind, _ in server.repositories)


@pytest.fixture
def hub(loopback: Hub) -> Hub:
    loopback.server.heal()
    loopback.server.uploads = []
    return loopback


def weights(seed: int = 0) -> bytes:
    """A safetensors file of one small tensor."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(head)) + head + struct.pack("<f", seed)


def training(
    folder: Path,
    *,
    base: str = BASE,
    method: str = "lora",
    data: dict[str, Any] | None = None,
    finished: bool = True,
    rate: float = 1e-4,
) -> Path:
    """A folder as a training leaves it, with everything beside it that is not to be published."""
    recipe = {"name": "mine/math", "model": base, "method": method, "task": "math", "learning_rate": rate}
    identity = {"stage": "train", "recipe": recipe, "data": "mlt:0|stage:mix", "model": {"name": base, "revision": "1"}}
    held = {"name": "mix", "kind": "mixture", "license": "MIT", "languages": ["en", "zh-Hans"], **(data or {})}
    manifest = {"schema_version": "1", "signature": signature(identity), "identity": identity, "finished": finished}
    stem = "model" if method == "full" else "adapter_model"
    config = {"model_type": "qwen3"} if method == "full" else {"base_model_name_or_path": base, "r": 4}
    files = {
        "train.json": json.dumps({**manifest, "data": held}),
        "README.md": CARD.format(base=base.replace("_", "\\_")),
        f"{stem}.safetensors": weights(),
        "config.json" if method == "full" else "adapter_config.json": json.dumps(config),
        **dict.fromkeys(TOKENIZER, "{}"),
        "trainer_state.json": '{"best_model_checkpoint": "/home/me/out"}',
        **dict.fromkeys(("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"), b"\x80\x04."),
        "pytorch_model.bin": b"\x80\x04.",
        "notes.txt": "mine",
        ".lock": "",
        "checkpoints/checkpoint-1/model.safetensors": weights(),
        "validation/step-1.jsonl": "{}",
        "runs/events.out.tfevents.1": "x",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return training(tmp_path / "out")


def front(card: str) -> dict[str, Any]:
    return dict(yaml.safe_load(card.split("---\n")[1]))


def test_an_adapter_is_a_model_with_weights_tokenizer_manifest_and_card_alone(hub: Hub, made: Path) -> None:
    result = hub.done(made, "someone/adapter")
    repository = hub.model("someone/adapter")
    assert set(result["written"]) == ADAPTER | TOKENIZER == set(repository.files()) - {".gitattributes"}
    assert result["url"].endswith("/someone/adapter") and "/datasets/" not in result["url"]
    commit = repository.at("main")
    assert (commit.oid, commit.title) == (result["commit"], "mlt: publish mine/math, adapter")
    assert commit.description == json.loads((made / "train.json").read_text())["signature"]
    assert len(repository.commits) == 2


def test_the_card_says_what_the_hub_needs_and_what_the_training_wrote(hub: Hub, tmp_path: Path) -> None:
    runs = [
        {"signature": "mlt:0", "licenses": {"source": "MIT", "model": None}, "source": {"dataset": "openai/gsm8k"}},
        {"signature": "mlt:0", "licenses": {"source": "MIT", "model": None}, "source": {"dataset": "mine.jsonl"}},
    ]
    hub.done(training(tmp_path / "out", data={"runs": runs}), "someone/card")
    card = hub.card("someone/card")
    assert front(card) == {
        "language": ["en", "zh"],
        "license": "apache-2.0",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "base_model": BASE,
        "base_model_relation": "adapter",
        "datasets": ["openai/gsm8k"],
        "tags": ["mlt", "lora"],
    }
    assert "# Title of the training" in card
    assert "Qwen/Qwen3-0.6B-Base is under Apache License 2.0." in card and "published under Apache License 2.0" in card


def test_a_set_of_the_hub_is_named_as_what_it_learned_from(hub: Hub, tmp_path: Path) -> None:
    out = training(tmp_path / "out", data={"kind": "hub"})
    manifest = json.loads((out / "train.json").read_text())
    manifest["identity"]["data"] = signature({"source": {"dataset": "owner/rows", "config": None, "train": "abc"}})
    (out / "train.json").write_text(json.dumps(manifest))
    hub.done(out, "someone/from-hub")
    assert front(hub.card("someone/from-hub"))["datasets"] == ["owner/rows"]


def test_nothing_new_makes_no_commit_and_a_new_weight_is_sent_alone(hub: Hub, made: Path) -> None:
    hub.done(made, "someone/same")
    hub.server.uploads = []
    assert (hub.done(made, "someone/same")["commit"], hub.server.uploads) == (None, [])
    (made / "adapter_model.safetensors").write_bytes(weights(1))
    result = hub.done(made, "someone/same")
    assert list(result["written"]) == ["adapter_model.safetensors"] and len(hub.server.uploads) == 1
    assert hub.model("someone/same").at("main").title == "mlt: update the model"


def test_fewer_shards_of_weights_remove_the_others_and_foreign_files_stay(hub: Hub, tmp_path: Path) -> None:
    out = training(tmp_path / "out", method="full")
    whole = out / "model.safetensors"
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for number, name in enumerate(names):
        (out / name).write_bytes(weights(number))
    whole.unlink()
    (out / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict(zip("ab", names, strict=True))}))
    hub.done(out, "someone/shards")
    repository = hub.model("someone/shards")
    repository.commit("main", {**repository.at("main").files, "LICENSE": Blob(b"mine", False)}, "by hand")
    for name in [*names, "model.safetensors.index.json"]:
        (out / name).unlink()
    whole.write_bytes(weights(2))
    result = hub.done(out, "someone/shards")
    assert result["removed"] == sorted([*names, "model.safetensors.index.json"])
    assert {"LICENSE", "model.safetensors"} < set(repository.files())


def test_text_and_keys_of_people_on_the_hub_stay_when_it_is_trained_again(hub: Hub, made: Path) -> None:
    hub.done(made, "someone/text")
    repository = hub.model("someone/text")
    files = dict(repository.at("main").files)
    text = files["README.md"].data.decode().replace("tags:\n", "thumbnail: mine.png\ntags:\n- of-mine\n", 1)
    files["README.md"] = Blob(f"{text}\n## A note\n".encode(), False)
    repository.commit("main", files, "by hand")
    (made / "README.md").write_text(CARD.format(base="another line"))
    hub.done(made, "someone/text")
    card = hub.card("someone/text")
    assert card.endswith("\n## A note\n") and card.count("# Title of the training") == 1 and "another line" in card
    assert front(card)["thumbnail"] == "mine.png" and front(card)["tags"] == ["mlt", "lora", "of-mine"]


def test_text_that_somebody_wrote_into_the_training_s_card_is_published(hub: Hub, made: Path) -> None:
    with (made / "README.md").open("a") as card:
        card.write("\n## Known to fail\n")
    hub.done(made, "someone/local")
    hub.edit("someone/local", "\n## Of the Hub\n")
    assert hub.done(made, "someone/local")["commit"] is None
    assert "\n## Known to fail\n" in hub.card("someone/local") and "\n## Of the Hub\n" in hub.card("someone/local")


def test_a_change_in_the_meantime_is_never_overwritten(hub: Hub, made: Path) -> None:
    hub.done(made, "someone/stale")
    (made / "adapter_model.safetensors").write_bytes(weights(3))
    edits: list[str] = []
    hub.server.before_commit = lambda: edits.append(hub.edit("someone/stale", "\nmeanwhile\n"))
    assert hub.push(made, "someone/stale") == Failure(
        "EnvironmentProblem", "someone/stale was changed on the Hub meanwhile; nothing was overwritten: run again"
    )
    assert hub.model("someone/stale").refs["main"] == edits[-1]


def test_private_branch_pull_request_and_dry_run_do_what_they_do_for_data(hub: Hub, made: Path) -> None:
    dry = hub.done(made, "someone/ways", dry_run=True, private=True)
    assert ("model", "someone/ways") not in hub.server.repositories
    assert dry["notes"] == ["someone/ways is not there yet: it will be made, private"]
    first = hub.done(made, "someone/ways", private=True)
    assert dry["written"] == first["written"] and hub.model("someone/ways").private
    (made / "adapter_model.safetensors").write_bytes(weights(4))
    branch = hub.done(made, "someone/ways", revision="v2")
    asked = hub.done(made, "someone/ways", create_pr=True)
    refs = hub.model("someone/ways").refs
    assert refs == {"main": first["commit"], "v2": branch["commit"], "refs/pr/1": asked["commit"]}
    assert asked["pr_url"].endswith("/someone/ways/discussions/1")


def test_another_training_or_form_is_refused_by_the_difference(hub: Hub, made: Path, tmp_path: Path) -> None:
    hub.done(made, "someone/taken")
    other = training(tmp_path / "other", rate=2e-4)
    message = hub.refused(other, "someone/taken")
    assert "holds another training: recipe.learning_rate = 0.0001, this one has 0.0002" in message
    merged = shutil.copytree(training(tmp_path / "full", method="full"), made / "merged")
    (merged / "train.json").unlink()
    assert "a model of the form 'adapter', this one is merged" in hub.refused(merged, "someone/taken")
    hub.server.repositories["model", "someone/theirs"] = theirs = Repository("model", "someone/theirs")
    theirs.commit("main", {"model.safetensors": Blob(weights(), True)}, "theirs")
    assert "holds model.safetensors and no published.json" in hub.refused(made, "someone/theirs")
    assert "just-a-name: not a model of the Hub" in hub.refused(made, "just-a-name")


def unfinished(folder: Path) -> None:
    training(folder, finished=False)


def no_weights(folder: Path) -> None:
    (training(folder) / "adapter_model.safetensors").unlink()


def lost_shard(folder: Path) -> None:
    named = {"weight_map": {"a": "adapter_model-00001-of-00001.safetensors"}}
    (training(folder) / "adapter_model.safetensors.index.json").write_text(json.dumps(named))


def pickled(folder: Path) -> None:
    (training(folder) / "adapter_model.safetensors").write_bytes(b"\x80\x04" + bytes(100))


def no_card(folder: Path) -> None:
    (training(folder) / "README.md").unlink()


def no_identity(folder: Path) -> None:
    (training(folder) / "train.json").write_text('{"finished": true}')


def nothing(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(weights())


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (unfinished, "is not finished: run the same mlt train again"),
        (no_weights, "holds no adapter_model.safetensors: only safetensors are published"),
        (lost_shard, "holds no adapter_model-00001-of-00001.safetensors"),
        (pickled, "is no safetensors file"),
        (no_card, "README.md is missing: put back the card"),
        (no_identity, "train.json is damaged"),
        (nothing, "holds no run.json, mixture.json, train.json or published.json: name a run, a mixture, a trained"),
    ],
)
def test_what_cannot_be_published_is_one_line(make: Callable[[Path], None], expected: str, tmp_path: Path) -> None:
    make(tmp_path / "out")
    with pytest.raises(MltError, match=expected) as caught:
        publish_to_folder(tmp_path / "out", tmp_path / "published", license="mit", checked=True)
    assert "\n" not in str(caught.value) and not (tmp_path / "published").exists()


NC_RUN = {"signature": "mlt:0", "licenses": {"source": "cc-by-nc-4.0"}, "source": {"dataset": "a/b"}}
NLLB_RUN = {
    "signature": signature({"engine": {"engine": "ctranslate2", "model": "facebook/nllb"}}),
    "licenses": {"source": "mit", "model": "cc-by-nc-4.0"},
}


@pytest.mark.parametrize(
    ("base", "data", "license_", "expected"),
    [
        (BASE, {"license": "MIT"}, None, "publishing needs --license"),
        (BASE, {"license": "MIT"}, "apache-2.0", None),
        (BASE, {"license": "MIT"}, "apachee", "did you mean apache-2.0"),
        (BASE, {"license": None}, "apache-2.0", "of the data that it learned from, what the licence of the source"),
        (BASE, {"license": "cc-by-nc-4.0"}, "apache-2.0", r"cc-by-nc-4.0 \(no commercial use\)"),
        (BASE, {"license": "cc-by-nc-4.0"}, "cc-by-nc-4.0", None),
        (BASE, {"runs": [NC_RUN]}, "mit", r"cc-by-nc-4.0 \(no commercial use\)"),
        (BASE, {"runs": [NLLB_RUN]}, "mit", "facebook/nllb is under cc-by-nc-4.0"),
        (BASE, {"runs": [NLLB_RUN]}, "cc-by-nc-4.0", None),
        (BASE, {"license": "cc0-1.0"}, "cc0-1.0", r"Qwen3-0.6B-Base is under apache-2.0 \(attribution\)"),
        ("google/gemma-3-1b-pt", {"license": "MIT"}, "mit", "google/gemma-3-1b-pt is under gemma, which stays with"),
        ("google/gemma-3-1b-pt", {"license": "MIT"}, "gemma", None),
        ("some/model", {"license": "MIT"}, "mit", "what the licence of some/model allows is not known here"),
        ("tiny", {"license": "MIT"}, "mit", None),
    ],
)
def test_the_licences_of_base_and_data_are_judged(
    base: str, data: dict[str, Any], license_: str | None, expected: str | None, tmp_path: Path
) -> None:
    out = training(tmp_path / "out", base=base, data=data)
    if expected is None:
        publish_to_folder(out, tmp_path / "published", license=license_)
        assert front((tmp_path / "published" / "README.md").read_text())["license"] == license_
        return
    with pytest.raises(UsageError, match=expected):
        publish_to_folder(out, tmp_path / "published", license=license_)


def test_every_base_of_a_recipe_has_a_known_licence_or_none_is_needed() -> None:
    from mlt.train.recipe import load_recipe, recipe_names

    bases = {load_recipe(name).model for name in recipe_names()} - {"tiny"}
    assert bases and all(base_license(base) for base in bases)


@pytest.mark.parametrize("base", ["/home/some_one/models/my_base", "../my_base", "~/my_base"])
def test_no_place_on_this_machine_is_published(base: str, tmp_path: Path) -> None:
    out = training(tmp_path / "out", base=base)
    published = publish_to_folder(out, tmp_path / "published", license="mit", checked=True)
    texts = {path.name: path.read_text() for path in published.iterdir() if path.suffix != ".safetensors"}
    escaped = base.replace("_", "\\_")
    assert not [name for name, text in texts.items() if base in text or escaped in text]
    assert "Base my_base." in texts["README.md"]
    assert json.loads(texts["adapter_config.json"])["base_model_name_or_path"] == "my_base"
    assert "base_model" not in front(texts["README.md"])


def test_a_folder_holds_what_the_hub_would_and_can_be_published_again(hub: Hub, made: Path, tmp_path: Path) -> None:
    published = publish_to_folder(made, tmp_path / "published", license="apache-2.0")
    result = hub.done(made, "someone/twice")
    assert {path.name for path in published.iterdir()} == set(result["written"])
    with (published / "README.md").open("a") as card:
        card.write("\nmine\n")
    assert list(hub.done(published, "someone/twice", license=None)["written"]) == ["README.md"]
    assert hub.card("someone/twice").endswith("\nmine\n")
    (published / "README.md").write_text(hub.card("someone/twice").replace("mine", "ours"))
    assert "--card hub" in hub.refused(published, "someone/twice")


def test_data_and_models_do_not_take_each_other_s_folder(made: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"en": [[record("a", "en")]]})
    published = publish_to_folder(made, tmp_path / "model", license="mit", checked=True)
    with pytest.raises(UsageError, match="holds a trained model, this is a run"):
        publish_to_folder(run, published, license="mit", checked=True)
    data = publish_to_folder(run, tmp_path / "data", license="mit", checked=True)
    with pytest.raises(UsageError, match="holds a run, this is a trained model"):
        publish_to_folder(made, data, license="mit", checked=True)


def test_a_published_model_is_no_data_set(made: Path, tmp_path: Path) -> None:
    from mlt.data_cards.card import write_card

    before = (made / "README.md").read_bytes()
    with pytest.raises(UsageError, match="is a trained model, whose card mlt train has written: mlt push publishes it"):
        write_card(made)
    assert (made / "README.md").read_bytes() == before
    with pytest.raises(DataError, match="is damaged"):
        publish_to_folder(_damaged(made), tmp_path / "x", license="mit", checked=True)


def _damaged(folder: Path) -> Path:
    (folder / "adapter_config.json").write_text("[]")
    return folder


def test_a_real_training_loads_from_the_hub_as_it_was(hub: Hub, tmp_path: Path) -> None:
    pytest.importorskip("trl")
    from mlt.eval.checkpoints import find_checkpoint, load_checkpoint
    from mlt.train.sft import train

    for split, count in (("train", 4), ("validation", 1)):
        rows = [{"prompt": f"{n} and 1?", "completion": f" {n + 1}", "lang": "en"} for n in range(count)]
        path = tmp_path / "data" / f"{split}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    settings = ("method=lora", "max_steps=1", "keep=loss", "batch_size=2", "micro_batch_size=2", "lora_r=2")
    out = train("tiny/math", tmp_path / "data", tmp_path / "out", overrides=settings, merge=True).path
    assert out is not None
    hub.done(out, "someone/real")
    assert not any(str(tmp_path).encode() in data for data in hub.model("someone/real").files().values())
    fetched = Path(hub.client.run(FETCH, name="someone/real"))
    found = find_checkpoint(fetched)
    assert found.base is not None and found.base.folder == fetched / "base"
    hub.done(out / "merged", "someone/merged")
    assert front(hub.card("someone/merged"))["library_name"] == "transformers"
    assert "needs no peft" in hub.card("someone/merged")
    model, tokenizer = load_checkpoint(find_checkpoint(hub.client.run(FETCH, name="someone/merged")), device="cpu")
    assert model.num_parameters() > 0 and tokenizer.decode(tokenizer("2 and 1?")["input_ids"]) == "2 and 1?"
