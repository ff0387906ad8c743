"""Publishing to a Hub on loopback with the real clients: what is sent, what is refused, what can be loaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hub_client import Failure, HubClient
from hub_repository import Blob, Repository
from hub_server import TOKEN, HubServer
from published_runs import make_mixture, make_run, record

from mlt.toolkit.run import open_run
from mlt.toolkit.store import RunStore

PUSH = """
from dataclasses import asdict
from mlt.data_cards.publish import push
result = asdict(push(folder, name, **options))
"""
LOAD = """
from datasets import load_dataset
loaded = load_dataset(name, config, revision=revision, streaming=streaming)
result = {split: [row for row in rows] for split, rows in loaded.items()}
"""
PULL = """
from mlt.data_cards.pull import pull
result = list(pull(name, out).languages)
"""
ITEMS = [f"item{number}" for number in range(6)]


class Hub:
    """A server, and a client of it."""

    def __init__(self, server: HubServer, client: HubClient) -> None:
        self.server, self.client = server, client

    def push(self, folder: Path, name: str, *, token: str | None = None, **options: Any) -> Any:
        """The result of a push as a dict, or its Failure."""
        options = {"license": "cc0-1.0", "checked": True, **options}
        return self.client.run(PUSH, token=token, folder=str(folder), name=name, options=options)

    def done(self, folder: Path, name: str, **options: Any) -> dict[str, Any]:
        """The result of a push that succeeds."""
        result = self.push(folder, name, **options)
        assert not isinstance(result, Failure), result.message
        return dict(result)

    def refused(self, folder: Path, name: str, **options: Any) -> str:
        """What a push that the caller cannot have says, in one line."""
        failure = self.push(folder, name, **options)
        assert isinstance(failure, Failure) and failure.kind == "UsageError", failure
        assert "\n" not in failure.message
        return failure.message

    def load(self, name: str, config: str, *, revision: str | None = None, streaming: bool = False) -> Any:
        """A config's rows by split."""
        return self.client.run(LOAD, name=name, config=config, revision=revision, streaming=streaming)

    def sent(self) -> list[str]:
        """What has been sent to the large storage since this was asked last."""
        uploads, self.server.uploads = self.server.uploads, []
        return uploads


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    home = tmp_path_factory.mktemp("hub")
    with HubServer() as server, HubClient(server.url, home / "client", TOKEN) as client:
        yield Hub(server, client)
    assert TOKEN not in client.errors.read_text()
    assert not any(TOKEN in request.path for request in server.requests)
    assert any(request.authorization == f"Bearer {TOKEN}" for request in server.requests)


@pytest.fixture
def hub(loopback: Hub) -> Hub:
    loopback.server.heal()
    loopback.sent()
    return loopback


def corpus(folder: Path, languages: Sequence[str], *, aside: Sequence[str] = ("item5",)) -> Path:
    """Two shards a language: math, then API calls of which one is a test row, one more row set aside."""
    make_run(folder, {"en": _shards("en")})
    return make_run(folder, {lang: _shards(lang) for lang in languages}, aside=aside)


def mixture_in(folder: Path) -> Path:
    """A mixture that nothing was removed from."""
    make_mixture(folder)
    (folder / "removed.jsonl").write_text("")
    return folder


def _shards(lang: str) -> list[list[Any]]:
    math = [record(id, lang) for id in ITEMS[:3]]
    return [math, [record(id, lang, "api", "test" if id == "item4" else "train") for id in ITEMS[3:]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus(tmp_path_factory.mktemp("corpus") / "run", ["sw", "th"])


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def test_every_config_of_a_new_set_loads_as_the_run_is(hub: Hub, run: Path) -> None:
    mixture_in(run / "mixtures" / "L02-en-sw")
    result = hub.done(run, "someone/first")
    commit, repository = result["commit"], hub.server.dataset("someone/first")
    assert repository.refs["main"] == commit
    assert set(result["written"]) == set(repository.files()) - {".gitattributes"}
    assert repository.commits[commit].title == "mlt: publish en, sw, th, L02-en-sw"
    assert repository.commits[commit].description == open_run(run).manifest["signature"]
    for lang in ("en", "sw", "th"):
        kept = {entry.id: entry.messages[0].content for entry in open_run(run).records(lang)}
        rows: dict[str, str] = {}
        for task in ("math", "api"):
            plain = hub.load("someone/first", f"{task}_{lang}")
            assert plain == hub.load("someone/first", f"{task}_{lang}", streaming=True)
            rows |= {row["id"]: row["messages"][0]["content"] for split in plain.values() for row in split}
            assert [row["id"] for row in plain.get("test", [])] == (["item4"] if task == "api" else [])
        assert rows == kept
    mixture = hub.load("someone/first", "L02-en-sw")
    assert {split: len(rows) for split, rows in mixture.items()} == {"train": 6, "validation": 6}


def test_a_set_gains_a_language_and_the_others_are_not_sent_again(hub: Hub, run: Path) -> None:
    first = hub.done(run, "someone/grows")
    hub.sent()
    corpus(run, ["sw", "th", "fr"])
    result = hub.done(run, "someone/grows")
    large = {name for name in result["written"] if name.endswith(".parquet")}
    assert large and all("fr/" in name for name in large)
    assert len(hub.sent()) == len(large)
    repository = hub.server.dataset("someone/grows")
    assert repository.commits[result["commit"]].title == "mlt: add fr"
    assert len(hub.load("someone/grows", "math_fr")["train"]) == 3
    old = hub.load("someone/grows", "math_sw", revision=first["commit"])
    assert old == hub.load("someone/grows", "math_sw")
    assert isinstance(hub.load("someone/grows", "math_fr", revision=first["commit"]), Failure)


def test_nothing_new_makes_no_commit_and_sends_nothing(hub: Hub, run: Path) -> None:
    first = hub.done(run, "someone/same")
    hub.sent()
    result = hub.done(run, "someone/same")
    assert (result["commit"], result["written"], result["removed"], hub.sent()) == (None, {}, [], [])
    assert set(result["unchanged"]) == set(first["written"])
    assert len(hub.server.dataset("someone/same").commits) == 2


def test_eleven_languages_send_each_file_once(hub: Hub, tmp_path: Path) -> None:
    run = corpus(tmp_path / "run", ["bn", "de", "es", "fr", "ja", "ru", "sw", "te", "th", "zh-Hans"])
    result = hub.done(run, "someone/eleven")
    sent, large = hub.sent(), [name for name in result["written"] if name.endswith(".parquet")]
    assert len(sent) == len(set(sent)) == len({_file(hub, "someone/eleven", name) for name in large})
    assert hub.done(run, "someone/eleven")["commit"] is None
    assert hub.sent() == []


def test_a_set_comes_back_as_the_run_that_it_was(hub: Hub, run: Path, tmp_path: Path) -> None:
    hub.done(run, "someone/back")
    pulled = hub.client.run(PULL, name="someone/back", out=str(tmp_path / "back"))
    assert pulled == ["en", "sw", "th"]
    before, after = open_run(run), open_run(tmp_path / "back")
    for lang in pulled:
        assert list(after.records(lang)) == list(before.records(lang))
        assert list(after.rejected(lang)) == list(before.rejected(lang))
    hub.sent()
    assert (hub.done(tmp_path / "back", "someone/back")["commit"], hub.sent()) == (None, [])


def _file(hub: Hub, name: str, path: str) -> bytes:
    return hub.server.dataset(name).files()[path]


def _edit(hub: Hub, name: str, text: str, path: str = "README.md") -> str:
    """Somebody adds text to a file on the Hub; the commit."""
    repository = hub.server.dataset(name)
    files = dict(repository.at("main").files)
    old = files[path].data if path in files else b""
    files[path] = Blob(old + text.encode(), False)
    return repository.commit("main", files, "by hand").oid


def test_text_that_people_wrote_into_the_card_on_the_hub_stays(hub: Hub, run: Path) -> None:
    hub.done(run, "someone/card")
    _edit(hub, "someone/card", "\n## A note of mine\n")
    assert hub.done(run, "someone/card")["commit"] is None
    corpus(run, ["sw", "th", "fr"])
    assert hub.done(run, "someone/card")["commit"]
    card = _file(hub, "someone/card", "README.md").decode()
    assert card.endswith("\n## A note of mine\n") and "math_fr" in card


@pytest.mark.parametrize(("choice", "kept"), [("merge", None), ("hub", "theirs"), ("local", "ours")])
def test_two_different_texts_of_people_need_a_choice(hub: Hub, run: Path, choice: str, kept: str | None) -> None:
    name = f"someone/both-{choice}"
    hub.done(run, name)
    card = _file(hub, name, "README.md").decode()
    (run / "README.md").write_text(f"{card}\nours\n")
    _edit(hub, name, "\ntheirs\n")
    if kept is None:
        assert "--card hub" in hub.refused(run, name)
    else:
        hub.done(run, name, card=choice)
        found = _file(hub, name, "README.md").decode()
        assert [text for text in ("ours", "theirs") if f"\n{text}\n" in found] == [kept]


def test_text_beside_the_data_goes_to_a_card_without_any(hub: Hub, run: Path) -> None:
    hub.done(run, "someone/local")
    (run / "README.md").write_text(_file(hub, "someone/local", "README.md").decode() + "\nours\n")
    assert list(hub.done(run, "someone/local")["written"]) == ["README.md"]
    assert _file(hub, "someone/local", "README.md").endswith(b"\nours\n")
    repository = hub.server.dataset("someone/local")
    assert repository.at("main").title == "mlt: update the card"


@pytest.mark.parametrize("which", ["cut", "cut_answer"])
@pytest.mark.parametrize("where", ["/lfs/", "/commit/"])
def test_a_connection_that_breaks_is_one_line_and_the_next_push_completes(
    hub: Hub, run: Path, where: str, which: str
) -> None:
    name = f"someone/broken{where.replace('/', '-')}{which}"
    puts: list[str] = []

    def cut(_: str, path: str) -> bool:
        puts.append(path)
        return where in path and sum(where in put for put in puts) > (3 if where == "/lfs/" else 0)

    setattr(hub.server, which, cut)
    failure = hub.push(run, name)
    assert failure.kind == "EnvironmentProblem" and "\n" not in failure.message
    assert failure.message.startswith(f"the Hub cannot be reached, so {name} cannot be published; run again")
    hub.server.heal()
    first = hub.sent()
    result = hub.done(run, name)
    second = hub.sent()
    assert first and not set(first) & set(second)
    committed = where == "/commit/" and which == "cut_answer"
    assert (result["commit"] is None) == committed
    assert set(hub.server.dataset(name).files()) == {*result["written"], *result["unchanged"], ".gitattributes"}
    assert len(hub.server.dataset(name).commits) == 2


def test_a_change_in_the_meantime_is_never_overwritten(hub: Hub, run: Path) -> None:
    hub.done(run, "someone/stale")
    corpus(run, ["sw", "th", "fr"])
    edits: list[str] = []
    hub.server.before_commit = lambda: edits.append(_edit(hub, "someone/stale", "\n## Meanwhile\n"))
    failure = hub.push(run, "someone/stale")
    assert failure == Failure(
        "EnvironmentProblem", "someone/stale was changed on the Hub meanwhile; nothing was overwritten: run again"
    )
    assert hub.server.dataset("someone/stale").refs["main"] == edits[-1]
    hub.server.heal()
    assert hub.done(run, "someone/stale")["commit"]
    assert _file(hub, "someone/stale", "README.md").endswith(b"\n## Meanwhile\n")


def test_another_run_is_refused_by_name_of_the_difference(hub: Hub, run: Path, tmp_path: Path) -> None:
    hub.done(run, "someone/taken")
    other = tmp_path / "other"
    with RunStore.open(other, {"source": "elsewhere"}) as store:
        store.write_shard("en", 0, [record("a", "en")], [], {"in": 1})
        store.save_manifest(complete=True, languages={"en": store.totals("en")})
    assert "source = 'made-up', this one has 'elsewhere'" in hub.refused(other, "someone/taken")
    mixture = mixture_in(tmp_path / "mix")
    assert "holds a run, this is a set of mixtures" in hub.refused(mixture, "someone/taken")


def test_a_repository_of_others_is_left_alone(hub: Hub, run: Path) -> None:
    repository = hub.server.repositories["dataset", "someone/theirs"] = Repository("dataset", "someone/theirs")
    repository.commit("main", {"train.csv": Blob(b"a\n1\n", False)}, "theirs")
    assert "holds train.csv and no published.json" in hub.refused(run, "someone/theirs")


def test_what_the_folder_lacks_is_removed_only_when_asked_for(hub: Hub, run: Path, tmp_path: Path) -> None:
    mixture_in(run / "mixtures" / "L02-en-sw")
    hub.done(run, "someone/prune")
    _edit(hub, "someone/prune", "mine", "notes/mine.txt")
    fewer = corpus(tmp_path / "fewer", ["sw"])
    refusal = hub.refused(fewer, "someone/prune")
    assert refusal.startswith("someone/prune also holds th, mixture L02-en-sw: get it with `mlt pull`")
    result = hub.done(fewer, "someone/prune", prune=True)
    assert {name.split("/")[1] for name in result["removed"]} == {"th", "math_th", "api_th", "L02-en-sw"}
    files = hub.server.dataset("someone/prune").files()
    assert "notes/mine.txt" in files and not any("th" in name.split("/")[1:2] for name in files)


def test_fewer_shards_of_a_language_are_not_taken_for_all(hub: Hub, run: Path, tmp_path: Path) -> None:
    hub.done(run, "someone/shards")
    short = make_run(tmp_path / "short", {lang: _shards(lang)[:1] for lang in ("en", "sw", "th")}, aside=["item5"])
    assert "also holds 1 more shard of en" in hub.refused(short, "someone/shards")


def test_rows_that_were_decided_again_replace_the_old_ones(hub: Hub, run: Path) -> None:
    hub.done(run, "someone/again")
    corpus(run, ["sw", "th"], aside=[])
    result = hub.done(run, "someone/again")
    assert result["removed"] == [f"rejected/{lang}/part-00001.parquet" for lang in ("sw", "th")]
    assert len(hub.load("someone/again", "api_sw")["train"]) == 2
    assert hub.server.dataset("someone/again").at("main").title == "mlt: update the data"


def test_a_pull_request_leaves_the_branch_alone(hub: Hub, run: Path) -> None:
    first = hub.done(run, "someone/pr")
    corpus(run, ["sw", "th", "fr"])
    result = hub.done(run, "someone/pr", create_pr=True)
    repository = hub.server.dataset("someone/pr")
    assert repository.refs["main"] == first["commit"]
    assert repository.refs["refs/pr/1"] == result["commit"]
    assert result["pr_url"].endswith("/datasets/someone/pr/discussions/1")
    assert "math_fr" in repository.at("refs/pr/1").files["README.md"].data.decode()


def test_a_branch_is_made_where_it_is_missing(hub: Hub, run: Path) -> None:
    hub.done(run, "someone/branch")
    hub.sent()
    corpus(run, ["sw", "th", "fr"])
    dry = hub.done(run, "someone/branch", revision="v2", dry_run=True)
    assert dry["notes"] == ["the branch v2 is not there yet: it will be made from main"]
    result = hub.done(run, "someone/branch", revision="v2")
    assert dry["written"] == result["written"]
    refs = hub.server.dataset("someone/branch").refs
    assert refs["v2"] == result["commit"] != refs["main"]
    assert len(hub.load("someone/branch", "math_fr", revision="v2")["train"]) == 3


def test_a_dry_run_lists_what_a_push_then_does(hub: Hub, run: Path) -> None:
    dry = hub.done(run, "someone/dry", dry_run=True, private=True)
    assert ("dataset", "someone/dry") not in hub.server.repositories
    assert dry["notes"] == ["someone/dry is not there yet: it will be made, private"]
    real = hub.done(run, "someone/dry", private=True)
    assert hub.server.dataset("someone/dry").private
    assert (dry["written"], dry["commit"]) == (real["written"], None)
    assert all(len(_file(hub, "someone/dry", name)) == size for name, size in dry["written"].items())


def test_a_dry_run_needs_neither_token_nor_network(hub: Hub, run: Path) -> None:
    hub.server.cut = lambda _method, _path: True
    result = hub.done(run, "someone/far", dry_run=True, token="")
    assert "README.md" in result["written"]
    assert [note.split(":")[0] for note in result["notes"]] == [
        "there is no token",
        "what the Hub holds already is not known",
    ]


@pytest.mark.parametrize(
    ("token", "cut", "expected"),
    [
        ("hf_wrong", False, "the Hub does not know this token: log in with `hf auth login`, or correct HF_TOKEN"),
        ("", False, "publishing needs a token: log in with `hf auth login`, or set HF_TOKEN"),
        ("hf_reader", False, "the Hub does not let this token write to someone/none: use a token with write access"),
        (TOKEN, True, "the Hub cannot be reached, so someone/none cannot be published"),
    ],
)
def test_what_the_hub_does_not_allow_is_one_line(hub: Hub, run: Path, token: str, cut: bool, expected: str) -> None:
    hub.server.tokens["hf_reader"] = "read"
    hub.server.cut = lambda _method, _path: cut
    failure = hub.push(run, "someone/none", token=token)
    assert failure.kind == "EnvironmentProblem" and "\n" not in failure.message
    assert failure.message.startswith(expected)
    assert not token or token not in failure.message
    assert ("dataset", "someone/none") not in hub.server.repositories


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("someone/x", {"license": None}, "publishing needs --license"),
        ("someone/x", {"license": "mitt"}, "--license mitt"),
        ("just-a-name", {}, "just-a-name: not a data set of the Hub, write owner/name"),
        ("some one/x", {}, "some one/x: not a Hub id (owner/name)"),
        ("someone/x", {"create_pr": True, "revision": "v2"}, "--create-pr is against the main branch"),
        ("other/x", {}, "the Hub does not let this token write to other/x"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line(
    hub: Hub, run: Path, name: str, options: dict[str, Any], expected: str
) -> None:
    failure = hub.push(run, name, **options)
    assert failure.message.startswith(expected) and "\n" not in failure.message
    assert ("dataset", name) not in hub.server.repositories


def test_a_public_set_is_not_taken_for_a_private_one(hub: Hub, run: Path) -> None:
    hub.done(run, "someone/public")
    assert hub.refused(run, "someone/public", private=True).startswith("someone/public is public")


def test_a_card_that_the_hub_would_refuse_is_found_before_anything_is_sent(hub: Hub, run: Path) -> None:
    (run / "README.md").write_text("---\nthumbnail: [refused]\n---\n")
    assert hub.refused(run, "someone/metadata").startswith("the Hub refuses this for someone/metadata")
    assert ("dataset", "someone/metadata") not in hub.server.repositories and hub.sent() == []


def test_a_file_that_the_repository_ignores_is_named(hub: Hub, run: Path) -> None:
    repository = hub.server.repositories["dataset", "someone/ignores"] = Repository("dataset", "someone/ignores")
    repository.commit("main", {".gitignore": Blob(b"run.json\n", False)}, "ignore")
    assert "the .gitignore of someone/ignores names run.json" in hub.refused(run, "someone/ignores")
    assert len(repository.commits) == 2
