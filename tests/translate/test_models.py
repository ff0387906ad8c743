"""What ``--model`` names becomes an engine: folders, the Hub (a double on loopback), a user's own class."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass
from pathlib import Path

import checkpoints
import pytest
from hub_double import REVISION, HubDouble

from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.languages import ENGLISH, resolve
from mlt.translate import convert, devices, model_store
from mlt.translate.engine import Decoding
from mlt.translate.known_models import hub_id_of, known_license, known_models
from mlt.translate.models import DEFAULT_MODEL, load_engine, models_in_cache

HUB_ID = "facebook/nllb-200-distilled-600M"
SW = resolve("sw").language
RUN = """
    import sys
    from mlt.toolkit.errors import MltError
    from mlt.toolkit.languages import ENGLISH, resolve
    from mlt.translate.engine import Decoding
    from mlt.translate.models import load_engine
    try:
        engine = load_engine(sys.argv[1], progress=lambda *step: print(*step, file=sys.stderr))
        units = engine.prepare(["Ann bought 3 apples."], ENGLISH, resolve("sw").language)
        print(next(engine.translate([units], ENGLISH, resolve("sw").language, Decoding()))[0][0].text)
        print(engine.name, engine.identity["revision"], engine.license)
    except MltError as error:
        print(error)
        sys.exit(error.exit_code)
"""
FETCH = """
    import sys
    from mlt.translate.hub import fetch
    snapshot = fetch(sys.argv[1])
    print(snapshot.revision, snapshot.license, snapshot.is_ct2, (snapshot.folder / "model.safetensors").is_file())
"""


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoints.needed()
    return checkpoints.make_nllb(tmp_path_factory.mktemp("hub") / "nllb")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def child(spec: str, hub: str, tmp_path: Path, script: str = RUN) -> subprocess.Popen[str]:
    """A process that runs ``script`` on ``spec`` and the Hub at ``hub``, by default: fetch, convert, translate."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": "hf_very_secret",
        "NO_PROXY": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), spec],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fetched(spec: str, hub: str, tmp_path: Path, script: str = RUN) -> tuple[int, list[str], str]:
    process = child(spec, hub, tmp_path, script)
    out, err = process.communicate(timeout=120)
    assert "secret" not in out + err
    return process.returncode, out.splitlines(), err


@dataclass
class Fetched:
    """A fetch of a Hub model that was killed, and what the next one, which converted it too, came to."""

    base: Path
    after_the_kill: list[str]
    code: int
    lines: list[str]
    err: str
    asked: list[str]


@pytest.fixture(scope="module")
def once(nllb: Path, tmp_path_factory: pytest.TempPathFactory) -> Fetched:
    for name in ("pytorch_model.bin", "flax_model.msgpack"):
        (nllb / name).write_bytes(b"never fetched")
    base = tmp_path_factory.mktemp("fetched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLT_CACHE_DIR", str(base / "cache"))
        with HubDouble({HUB_ID: nllb}, stall="model.safetensors") as hub:
            process = child(HUB_ID, hub.url, base)
            try:
                assert hub.stalled.wait(60)
            finally:
                process.kill()
                process.communicate()
        left = [model.folder for model in models_in_cache()]
        with HubDouble({HUB_ID: nllb}) as hub:
            code, lines, err = fetched("nllb-600M", hub.url, base)
    return Fetched(base, left, code, lines, err, hub.requests)


def test_a_hub_model_is_fetched_converted_and_used(once: Fetched) -> None:
    assert once.code == 0, [*once.lines, once.err]
    assert once.lines[1] == f"{HUB_ID} {REVISION} cc-by-nc-4.0"
    assert f"fetching {HUB_ID}" in once.err and f"converting {HUB_ID} to int8" in once.err
    assert any("model.safetensors" in request for request in once.asked)
    assert not any("pytorch_model" in request or "flax" in request for request in once.asked)
    [model] = models_in_cache(once.base / "cache")
    assert (model.name, model.revision, model.quantization) == (HUB_ID, REVISION, "int8")


def test_a_hub_model_once_fetched_is_never_asked_for_again(nllb, once, monkeypatch):
    monkeypatch.setenv("MLT_CACHE_DIR", str(once.base / "cache"))
    with HubDouble({HUB_ID: nllb}) as hub:
        assert fetched(HUB_ID, hub.url, once.base)[:2] == (0, once.lines)
    assert hub.requests == []


def test_a_killed_fetch_leaves_no_half_model_and_the_next_one_finishes(once: Fetched) -> None:
    assert once.after_the_kill == []
    assert once.code == 0, [*once.lines, once.err]
    assert [path.name for path in (once.base / "cache" / "models").iterdir() if path.is_dir()] == [
        f"facebook--nllb-200-distilled-600M-{REVISION[:12]}-int8"
    ]


def test_what_the_hubs_own_cache_holds_is_used_without_the_hub(nllb, tmp_path):
    with HubDouble({HUB_ID: nllb}) as hub:
        code, lines, _ = fetched(HUB_ID, hub.url, tmp_path, FETCH)
    assert (code, lines) == (0, [f"{REVISION} cc-by-nc-4.0 False True"])
    assert fetched(HUB_ID, "http://127.0.0.1:9", tmp_path, FETCH)[:2] == (0, lines)


def test_a_hub_model_that_is_converted_already_is_used_as_it_is(nllb, tmp_path):
    convert.convert(nllb, tmp_path / "ct2", "int8")
    with HubDouble({"who/nllb-ct2": tmp_path / "ct2"}, license="mit") as hub:
        code, lines, err = fetched("who/nllb-ct2", hub.url, tmp_path)
    assert code == 0, [*lines, err]
    assert lines[1] == f"who/nllb-ct2 {REVISION} mit"


@pytest.mark.parametrize(
    ("spec", "code", "expected"),
    [
        ("who/nothing", 2, "--model who/nothing: the Hub has no such model, or it is private"),
        ("who/gated", 3, "who/gated is gated: accept its terms"),
        ("who/llama", 2, "--model who/llama: its architecture is llama; expected NLLB, M2M100, MADLAD-400 or OPUS-MT"),
        ("who/empty", 2, "--model who/empty: it holds no weights"),
        ("who/empty@v9", 2, "--model who/empty@v9: the Hub has no such revision"),
    ],
)
def test_a_hub_that_refuses_is_one_line(tmp_path, spec, code, expected):
    for name, kind in (("llama", "llama"), ("empty", "m2m_100")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps({"model_type": kind}))
    served = {"who/llama": tmp_path / "llama", "who/empty": tmp_path / "empty"}
    with HubDouble(served, gated=("who/gated",)) as hub:
        returned, lines, _ = fetched(spec, hub.url, tmp_path)
    assert (returned, len(lines)) == (code, 1)
    assert lines[0].startswith(expected)


def test_a_hub_that_cannot_be_reached_is_one_line_with_a_way_out(tmp_path):
    code, lines, _ = fetched(HUB_ID, "http://127.0.0.1:9", tmp_path)
    assert code == 3
    assert lines == [
        f"the Hub cannot be reached, so {HUB_ID} cannot be fetched; use --model tiny, or --model with the path of a "
        "local checkpoint or CTranslate2 folder"
    ]


def test_a_local_checkpoint_is_converted_once_and_named_by_its_content(nllb, cache, monkeypatch):
    runs: list[Path] = []

    def in_process(source: Path, destination: Path, quantization: str) -> None:
        runs.append(destination)
        convert.convert(source, destination, quantization)

    monkeypatch.setattr(convert, "_run", in_process)
    first = load_engine(str(nllb))
    assert load_engine(str(nllb)).identity == first.identity
    assert len(runs) == 1
    assert first.name == "nllb" and str(first.identity["revision"]).startswith("blake2b:")
    assert load_engine(str(nllb), compute_type="float32").identity["compute_type"] == "float32"
    assert len(runs) == 2
    ct2 = load_engine(models_in_cache()[0].folder)
    units = ct2.prepare(["Ann bought 3 apples."], ENGLISH, SW)
    assert next(ct2.translate([units], ENGLISH, SW, Decoding()))[0][0].text


def test_two_at_once_convert_once(nllb, monkeypatch):
    runs: list[Path] = []

    def in_process(source: Path, destination: Path, quantization: str) -> None:
        runs.append(destination)
        convert.convert(source, destination, quantization)

    monkeypatch.setattr(convert, "_run", in_process)
    threads = [threading.Thread(target=load_engine, args=(str(nllb),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1


def test_a_conversion_that_fails_leaves_nothing(nllb, cache, monkeypatch):
    def broken(source: Path, destination: Path, quantization: str) -> None:
        destination.mkdir()
        (destination / "model.bin").write_bytes(b"half")
        raise EnvironmentProblem("out of memory")

    monkeypatch.setattr(convert, "_run", broken)
    with pytest.raises(EnvironmentProblem, match="out of memory"):
        load_engine(str(nllb))
    assert models_in_cache() == []
    assert not [path for path in (cache / "models").iterdir() if path.is_dir()]


def test_what_a_killed_conversion_left_is_cleared_away(nllb, cache, monkeypatch):
    monkeypatch.setattr(convert, "_run", convert.convert)
    short = model_store.content_revision(nllb, cache).removeprefix("blake2b:")[:12]
    left = cache / "models" / f".nllb-{short}-int8.tmp"
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(b"half")
    (left / model_store.ABOUT_FILE).write_text('{"name": "nllb"}')
    assert models_in_cache() == []
    assert load_engine(str(nllb)).name == "nllb"
    assert len(models_in_cache()) == 1 and not left.exists()


def test_a_damaged_checkpoint_is_one_line(tmp_path):
    checkpoints.needed()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "tokenizer.json").write_text("{}")
    (tmp_path / "bad" / "config.json").write_text('{"model_type": "m2m_100"}')
    with pytest.raises(EnvironmentProblem, match="cannot be converted") as caught:
        load_engine(str(tmp_path / "bad"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["{}", "transformers:{}"])
def test_a_checkpoint_that_does_not_number_its_languages_is_refused(tmp_path, form):
    checkpoints.needed()
    (tmp_path / "config.json").write_text('{"model_type": "m2m_100"}')
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"")
    with pytest.raises(UsageError, match=r"it lacks tokenizer\.json"):
        load_engine(form.format(tmp_path))


def test_languages_keep_the_numbers_that_tokenizer_json_gives_them(nllb, tmp_path):
    source, codes = tmp_path / "source", ["swh_Latn", "eng_Latn", "tha_Thai", "<mask>"]
    shutil.copytree(nllb, source)
    stored = json.loads((source / "tokenizer.json").read_text())
    base = min(token["id"] for token in stored["added_tokens"] if token["content"] in codes)
    for token in stored["added_tokens"]:
        if token["content"] in codes:
            token["id"] = base + codes.index(token["content"])
            stored["model"]["vocab"].pop(token["content"], None)
    stored["added_tokens"].sort(key=lambda token: token["id"])
    (source / "tokenizer.json").write_text(json.dumps(stored))
    convert.convert(source, tmp_path / "ct2", "float32")
    vocabulary = json.loads((tmp_path / "ct2" / "shared_vocabulary.json").read_text())
    assert vocabulary[base : base + 4] == codes


def test_missing_packages_name_the_extra(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "tokenizer.json").write_text("{}")
    (tmp_path / "model" / "config.json").write_text('{"model_type": "m2m_100"}')
    monkeypatch.setattr(convert, "_installed", lambda name: name not in ("torch", "transformers"))
    with pytest.raises(EnvironmentProblem, match=r"needs torch, transformers: install mlt\[nllb\]"):
        load_engine(str(tmp_path / "model"))


def test_the_content_revision_follows_names_and_contents(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"1")
    revision = model_store.content_revision(folder, tmp_path)
    (folder / "README.md").write_text("no part of the model")
    (folder / model_store.ABOUT_FILE).write_text("{}")
    assert model_store.content_revision(folder, tmp_path) == revision
    (folder / "model.bin").write_bytes(b"2")
    assert model_store.content_revision(folder, tmp_path) != revision


def test_a_large_folder_is_hashed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(model_store, "_REMEMBERED_FROM", 1)
    hashed: list[Path] = []
    original = model_store.file_hash

    def counted(path: Path) -> str:
        hashed.append(path)
        return original(path)

    monkeypatch.setattr(model_store, "file_hash", counted)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"1")
    first = model_store.content_revision(folder, tmp_path)
    assert model_store.content_revision(folder, tmp_path) == first and len(hashed) == 1
    (folder / "model.bin").write_bytes(b"22")
    assert model_store.content_revision(folder, tmp_path) != first
    (tmp_path / "hashes.json").write_text("damaged")
    assert model_store.content_revision(folder, tmp_path) != first


def test_the_embedded_model_translates_and_loads_no_torch():
    code = """
        import sys
        from mlt.toolkit.languages import ENGLISH, resolve
        from mlt.translate.engine import Decoding
        from mlt.translate.models import load_engine
        engine, sw = load_engine("tiny", device="cpu"), resolve("sw").language
        units = engine.prepare(["Ann has 3 apples."], ENGLISH, sw)
        assert next(engine.translate([units], ENGLISH, sw, Decoding()))[0][0].text
        assert engine.license and engine.identity["revision"].startswith("blake2b:")
        print({"torch", "transformers", "huggingface_hub", "openai"} & set(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("set()\n", 0), done.stderr


@pytest.mark.parametrize(
    ("spec", "name"),
    [("identity", "identity"), ("corrupting", "corrupting"), ("corrupting:7", "corrupting:7")],
)
def test_engines_without_a_model(spec, name):
    assert load_engine(spec).name == name


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("nothing", "no such folder or model; expected tiny, a Hub id"),
        ("./nothing/here", "no such folder or model"),
        ("corrupting:x", "must be a whole number"),
        ("openai:nowhere", "expected openai:URL#NAME"),
        ("no_such_module_at_all:Engine", "No module named 'no_such_module_at_all'"),
        ("json:Engine", "module json has no class Engine"),
        ("json:JSONDecoder", r"an engine needs the attribute name \(str\)"),
    ],
)
def test_a_spec_that_names_nothing_is_one_line(spec, expected):
    with pytest.raises(UsageError, match=expected) as caught:
        load_engine(spec)
    assert "\n" not in str(caught.value)


def test_a_folder_that_holds_no_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match="neither a CTranslate2 folder"):
        load_engine(str(tmp_path))


def test_a_users_own_class_is_found_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "mine_for_test.py").write_text(
        textwrap.dedent(
            """
            from mlt.translate.engines.identity import IdentityEngine

            class Plain(IdentityEngine):
                name = "plain"

            class Asked(IdentityEngine):
                def __init__(self, workers=None, **rest):
                    self.name = f"{workers} {sorted(rest)}"

            class Broken(IdentityEngine):
                def __init__(self):
                    raise RuntimeError("no luck")

            class NoTranslate(IdentityEngine):
                translate = None
            """
        )
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert load_engine("mine_for_test:Plain").name == "plain"
    asked = load_engine("mine_for_test:Asked", workers=3).name
    assert asked == "3 ['cache_dir', 'compute_type', 'device', 'progress']"
    with pytest.raises(UsageError, match="cannot be made: RuntimeError: no luck"):
        load_engine("mine_for_test:Broken")
    with pytest.raises(UsageError, match=r"needs the method translate\(\)"):
        load_engine("mine_for_test:NoTranslate")


@pytest.mark.parametrize(
    ("options", "error", "expected"),
    [
        ({"device": "tpu"}, UsageError, "--device tpu: expected auto, cpu or cuda"),
        ({"workers": 0}, UsageError, "--workers 0: expected 1 or more"),
    ],
)
def test_options_that_no_engine_takes_are_refused(options, error, expected):
    with pytest.raises(error, match=expected):
        load_engine("identity", **options)


def test_a_compute_type_that_the_device_lacks_names_those_it_has(monkeypatch):
    monkeypatch.setattr(devices, "supported_compute_types", lambda device: ("float32", "int8"))
    with pytest.raises(EnvironmentProblem, match="--compute-type float16: this cpu device has float32, int8"):
        devices.resolve_compute_type("float16", "cpu")
    with pytest.raises(UsageError, match="--compute-type int7: expected one of int8"):
        devices.resolve_compute_type("int7", "cpu")


@pytest.mark.parametrize(
    ("device", "supported", "expected"),
    [
        ("cpu", ("float32", "int8", "int8_float32"), "int8"),
        ("cpu", ("float32",), "float32"),
        ("cuda", ("bfloat16", "float16", "float32", "int8", "int8_float16"), "int8_float16"),
        ("cuda", ("bfloat16", "float32"), "bfloat16"),
    ],
)
def test_the_default_compute_type_is_one_the_device_has(monkeypatch, device, supported, expected):
    monkeypatch.setattr(devices, "supported_compute_types", lambda _: supported)
    assert devices.resolve_compute_type(None, device) == expected


def test_cuda_without_a_device_is_one_line(monkeypatch):
    monkeypatch.setattr(devices, "device_count", lambda: 0)
    assert devices.resolve_device("auto") == "cpu"
    with pytest.raises(EnvironmentProblem, match="no CUDA device found; use --device cpu"):
        devices.resolve_device("cuda")


def test_known_models_have_names_and_licences():
    assert known_models()[0].hub_id == DEFAULT_MODEL
    assert {hub_id_of(model.alias) for model in known_models()} == {model.hub_id for model in known_models()}
    assert known_license("facebook/nllb-200-distilled-600M") == "cc-by-nc-4.0"
    assert known_license("facebook/m2m100_418M") == "mit"
    assert known_license("someone/nllb-tuned") is None


def test_a_damaged_record_of_a_model_does_not_hide_the_others(tmp_path):
    for name, text in (("good", None), ("bad", "not json"), ("empty", "{}")):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        about = model_store.about_model(name="m", revision="1", quantization="int8", requested=None, license="mit")
        (folder / model_store.ABOUT_FILE).write_text(text or json.dumps(about))
    assert [model.name for model in models_in_cache(tmp_path)] == ["m"]
    with pytest.raises(DataError):
        model_store.read_about(tmp_path / "models" / "bad")
