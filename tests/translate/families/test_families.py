"""The families' own words: codes and tokens of languages, marks, what is told from a folder, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlt.toolkit.errors import UsageError
from mlt.toolkit.languages import ENGLISH, all_languages, resolve
from mlt.translate import hub
from mlt.translate.engines.tokenization import load_tokenization
from mlt.translate.families.base import codes_of
from mlt.translate.families.m2m100 import M2M100
from mlt.translate.families.madlad import Madlad
from mlt.translate.families.marian import Marian
from mlt.translate.families.nllb import Nllb
from mlt.translate.families.registry import check_checkpoint, checkpoint_family, find_family
from mlt.translate.known_models import hub_id_of, known_license
from mlt.translate.models import load_engine

# Codes as MADLAD-400's vocabulary has them, languages with several scripts among them.
MADLAD = """
    en sw yo th bn te ja zh es fr de ru ar hi ta ur fa he am ha ig zu xh so mg ny sn st tn fil id ms jv
    su ceb ilo vi ko ka hy az kk ky uz tg tk mn my km lo si ne mr gu pa ml kn or as ckb ku ps sd ug yue
    no nn sr hr bs sl mk sq et lv lt mt cy ga eu gl ca af is yi eo ht la lb fy ace min ks_Deva
"""
OPUS = """
    >>swh<< >>yor<< >>cmn_Hans<< >>cmn_Hant<< >>srp_Cyrl<< >>ara<< >>fra<< >>pt<< >>ace_Latn<<
    >>uzb_Latn<<
"""


def language(code: str):
    return resolve(code).language


@pytest.mark.parametrize(
    ("code", "token"),
    [
        ("sw", "<2sw>"),
        ("zh-Hans", "<2zh>"),
        ("zh-Hant", None),  # <2zh> is written in simplified characters
        ("tl", "<2fil>"),
        ("nb", "<2no>"),
        ("fa", "<2fa>"),
        ("ckb", "<2ckb>"),
        ("ku", "<2ku>"),
        ("ace-Latn", "<2ace>"),
        ("ace-Arab", None),
        ("ks-Deva", "<2ks_Deva>"),
        ("bem", None),
    ],
)
def test_madlad_names_a_language_by_its_tag(code, token):
    vocabulary = {f"<2{name}>" for name in MADLAD.split()}
    assert Madlad().token(language(code), vocabulary) == token


def test_madlads_tokens_name_one_language_each():
    vocabulary = {f"<2{name}>" for name in MADLAD.split()}
    found = [token for one in all_languages() if (token := Madlad().token(one, vocabulary))]
    assert len(found) == len(set(found))
    assert vocabulary - set(found) <= {"<2la>", "<2fy>"}  # not in the registry


@pytest.mark.parametrize(
    ("code", "token"),
    [
        ("sw", ">>swh<<"),
        ("zh-Hans", ">>cmn_Hans<<"),
        ("zh-Hant", ">>cmn_Hant<<"),
        ("sr", ">>srp_Cyrl<<"),
        ("ar", ">>ara<<"),
        ("fr", ">>fra<<"),
        ("pt", ">>pt<<"),
        ("ace-Arab", None),
        ("uz", ">>uzb_Latn<<"),
        ("th", None),
    ],
)
def test_opus_mt_names_a_target_by_any_code_of_it(code, token):
    assert Marian("eng").token(language(code), set(OPUS.split())) == token


def test_codes_begin_with_the_script_and_never_mean_another_one():
    for one in all_languages():
        codes = list(codes_of(one))
        assert codes[0].endswith(f"_{one.script}") and len(codes) == len(set(codes))
        if "-" not in one.code:
            assert one.code in codes
    assert "zh" in codes_of(language("zh-Hans")) and "zh" not in codes_of(language("zh-Hant"))


@pytest.mark.parametrize(
    ("family", "vocabulary", "head", "prefix"),
    [
        (Nllb(), {"eng_Latn", "swh_Latn"}, ["eng_Latn"], ["swh_Latn"]),
        (M2M100(), {"__en__", "__sw__"}, ["__en__"], ["__sw__"]),
        (Madlad(), {"<2en>", "<2sw>"}, ["<2sw>"], []),
        (Marian("eng", None), {">>swh<<"}, [">>swh<<"], []),
        (Marian("en", "sw"), {"▁a"}, [], []),
    ],
)
def test_languages_are_marked_where_the_family_was_trained_to_find_them(family, vocabulary, head, prefix):
    sw, yo = language("sw"), language("yo")
    assert family.head(ENGLISH, sw, vocabulary) == head
    assert family.prefix(sw, vocabulary) == prefix
    assert family.reads(ENGLISH, vocabulary) and family.writes(sw, vocabulary) and not family.writes(yo, vocabulary)
    assert all(family.is_special(token) for token in (*head, *prefix, "</s>", "<unk>"))
    assert not any(family.is_special(token) for token in ("▁a", "a", "<0x0A>", "48", ">>", "<2"))


def test_a_pair_is_read_in_its_own_direction_only():
    pair = Marian("en", "sw")
    assert pair.reads(ENGLISH, set()) and not pair.reads(language("sw"), set())
    assert not pair.writes(ENGLISH, set())


@pytest.mark.parametrize(
    ("vocabulary", "expected"),
    [
        (["</s>", "eng_Latn"], "nllb"),
        (["</s>", "__en__", "__sw__"], "m2m100"),
        (["</s>", "<2en>", "<2zh_Hant>"], "madlad"),
    ],
)
def test_a_converted_folder_tells_its_family_by_its_vocabulary(tmp_path, vocabulary, expected):
    assert find_family(tmp_path, "m", vocabulary).name == expected


def test_a_vocabulary_without_languages_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"^--model m: its vocabulary holds no language tokens of NLLB, M2M100, MAD"):
        find_family(tmp_path, "m", ["▁a", "</s>", "<extra_id_0>"])


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("Helsinki-NLP/opus-mt-en-sw", {}, ("en", "sw")),
        ("opus-mt-tc-big-en-tr", {}, ("en", "tr")),
        ("opus-mt-en-mul", {}, ("en", None)),
        ("mine", {"source_lang": "eng", "target_lang": "swh"}, ("eng", "swh")),
        ("opus-mt-en-sw", {"source_lang": "en", "target_lang": "th"}, ("en", "th")),
        ("mine", {}, (None, None)),
    ],
)
def test_a_pair_is_told_by_its_settings_or_its_name(tmp_path, name, stated, expected):
    for file in ("source.spm", "target.spm"):
        (tmp_path / file).write_bytes(b"")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(stated))
    family = find_family(tmp_path, name, ["▁a"])
    assert isinstance(family, Marian)
    assert (family.source, family.target) == expected


def test_identities_of_older_families_stay_as_they_were():
    assert Nllb().identity == M2M100().identity == {"text": "1"}
    assert Madlad().identity == {"family": "madlad", "text": "1"}
    assert Marian().identity["family"] == "marian"


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ({"model_type": "bart"}, {}, r"its architecture is bart; expected NLLB, .* \(m2m_100, t5, marian\)"),
        ({"model_type": "t5"}, {}, r"it lacks tokenizer\.json \(MADLAD-400\)"),
        ({"model_type": "t5"}, {"tokenizer.json": {"model": {"vocab": [["▁a", 0]]}}}, "no language tokens of MADLAD"),
        ({"model_type": "marian"}, {"vocab.json": {}}, r"it lacks source\.spm, target\.spm \(OPUS-MT\)"),
        (
            {"model_type": "marian"},
            {"vocab.json": {}, "source.spm": "", "target.spm": "", "tokenizer_config.json": {"separate_vocabs": True}},
            "a vocabulary a side cannot be converted",
        ),
        ({"model_type": "m2m_100"}, {}, r"it lacks tokenizer\.json \(NLLB\) or vocab\.json"),
    ],
)
def test_a_checkpoint_that_cannot_be_converted_faithfully_is_one_line(tmp_path, config, files, expected):
    for name, content in {"config.json": config, **files}.items():
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(UsageError, match=expected) as caught:
        check_checkpoint(tmp_path)
    assert str(caught.value).startswith(f"--model {tmp_path}: ") and "\n" not in str(caught.value)


def test_a_checkpoint_tells_its_family_by_its_config(tmp_path):
    cases: dict[str, tuple[str, dict[str, object]]] = {
        "nllb": ("m2m_100", {"tokenizer.json": {}}),
        "m2m100": ("m2m_100", {"vocab.json": {}}),
        "madlad": ("t5", {"tokenizer.json": {"added_tokens": [{"content": "<2en>"}]}}),
        "marian": ("marian", {"vocab.json": {}, "source.spm": "", "target.spm": ""}),
    }
    for name, (kind, files) in cases.items():
        folder: Path = tmp_path / name
        folder.mkdir()
        for file, content in {"config.json": {"model_type": kind}, **files}.items():
            (folder / file).write_text(json.dumps(content))
        assert checkpoint_family(folder, name).name == name


@pytest.mark.parametrize(
    ("short", "hub_id", "license"),
    [
        ("madlad-3b", "google/madlad400-3b-mt", "apache-2.0"),
        ("opus-mt-en-sw", "Helsinki-NLP/opus-mt-en-sw", "cc-by-4.0"),
        ("opus-mt-en-ROMANCE@abc", "Helsinki-NLP/opus-mt-en-ROMANCE@abc", "cc-by-4.0"),
        ("opus-mt-tc-big-en-tr", "Helsinki-NLP/opus-mt-tc-big-en-tr", "cc-by-4.0"),
        ("opus-mt-sw-en", "opus-mt-sw-en", None),
    ],
)
def test_short_names_and_licences(short, hub_id, license):
    assert hub_id_of(short) == hub_id
    assert known_license(hub_id.partition("@")[0]) == license


def test_opus_mt_without_a_pair_says_how_to_name_one():
    with pytest.raises(UsageError, match="only mlt translate chooses by language"):
        load_engine("opus-mt")


def test_madlad_keeps_punctuation_as_print_has_it():
    assert Madlad().normalise(" “Mei’s”\t3 —\x07 pens\n") == "“Mei’s” 3 —  pens"
    assert Nllb().normalise("“Mei’s” 3") == '"Mei\'s" 3'


@pytest.mark.parametrize("added", [True, False])
def test_a_mark_is_the_pieces_that_the_tokenizer_makes_of_it(tmp_path, added):
    """MADLAD's tokenizer.json may know ``<2sw>`` as a token of its own or as a word of its Unigram model."""
    tokenizers = pytest.importorskip("tokenizers")
    pieces = [("<unk>", 0.0), ("</s>", 0.0), ("<2sw>", -1.0), ("▁", -3.0), ("▁a", -2.0), *((c, -4.0) for c in "a<2sw>")]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(list(dict(pieces).items()), unk_id=0))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    if added:
        tokenizer.add_special_tokens(["<2sw>"])
    as_written = tokenizer.encode("<2sw> a", add_special_tokens=False).tokens
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    loaded = load_tokenization(tmp_path)
    assert loaded.mark("<2sw>") + loaded.encode(["a"])[0] == as_written
    assert "<2sw>" in loaded.mark("<2sw>")


@pytest.mark.parametrize("kind", ["t5", "marian"])
def test_the_hubs_files_of_every_family_are_fetched(kind):
    present = frozenset({"config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5"})
    wanted = hub._what_to_fetch("who/model", present, {"model_type": kind})
    assert {"tokenizer.json", "vocab.json", "source.spm", "target.spm", "model.safetensors"} <= set(wanted)
    assert not {"pytorch_model.bin", "tf_model.h5"} & set(wanted)
