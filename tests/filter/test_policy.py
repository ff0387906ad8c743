"""The policy: the shipped one, a user's file over it, and everything that is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlt.filter.policy import DEFAULT, Threshold, load_policy
from mlt.filter.registry import check_class, check_names
from mlt.toolkit.errors import DataError, UsageError


def test_shipped_policy_names_every_check_and_nothing_else() -> None:
    assert tuple(yaml.safe_load(DEFAULT.read_text())["checks"]) == check_names()


def test_vetoes_are_asked_before_scores() -> None:
    hard = [check_class(name).hard for name in check_names()]
    assert hard == sorted(hard, reverse=True)
    assert any(hard) and not all(hard)


@pytest.mark.parametrize("name", check_names())
def test_check_declares_itself(name: str) -> None:
    cls = check_class(name)
    assert cls.name == name
    assert cls.direction in ("low", "high", "both")
    assert cls.version >= 1
    assert cls.summary
    assert cls.Settings() == cls.Settings()


def test_every_enabled_score_is_bounded_on_its_bad_side() -> None:
    for rule in load_policy().enabled:
        cls = check_class(rule.name)
        bounds = rule.threshold
        assert bounds.max is not None or cls.direction == "low", rule.name
        assert bounds.min is not None or cls.direction == "high", rule.name


def test_file_changes_only_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("checks:\n  language: {min: 0.25}\n  names: {enabled: false}\n")
    shipped, changed = load_policy(), load_policy(path)
    assert changed["language"].threshold == Threshold(min=0.25)
    assert changed["language"].settings == shipped["language"].settings
    assert not changed["names"].enabled
    assert [rule for rule in changed.rules if rule.name not in ("language", "names")] == [
        rule for rule in shipped.rules if rule.name not in ("language", "names")
    ]


def test_language_overrides_one_bound_and_keeps_the_other() -> None:
    policy = load_policy({"checks": {"length": {"min": -2, "max": 2, "languages": {"Yoruba": {"max": 4}}}}})
    assert policy["length"].threshold_for("yo") == Threshold(-2.0, 4.0)
    assert policy["length"].threshold_for("sw") == Threshold(-2.0, 2.0)


def test_null_sets_no_bound() -> None:
    assert load_policy({"checks": {"language": {"min": None}}})["language"].threshold == Threshold(None, None)


def test_policy_written_in_full_reads_back_the_same(tmp_path: Path) -> None:
    policy = load_policy({"checks": {"language": {"languages": {"yo": {"min": 0.2}}}}})
    path = tmp_path / "full.yaml"
    path.write_text(yaml.safe_dump(policy.to_json()))
    assert load_policy(path) == policy


REFUSED: list[tuple[Any, str]] = [
    ({}, "expected the one key `checks`"),
    ({"check": {}}, "expected the one key `checks`"),
    ({"checks": {}, "order": []}, "expected the one key `checks`"),
    ({"checks": []}, "expected the one key `checks`"),
    ({"checks": {"lenght": {"max": 2}}}, "unknown check 'lenght'"),
    ({"checks": {"length": {"maximum": 2}}}, "unknown key 'maximum'"),
    ({"checks": {"length": 3}}, "must be a mapping"),
    ({"checks": {"length": {"max": "2"}}}, "'2' is no number"),
    ({"checks": {"length": {"max": True}}}, "True is no number"),
    ({"checks": {"length": {"enabled": "yes"}}}, "neither true nor false"),
    ({"checks": {"language": {"max": 0.9}}}, "max means nothing"),
    ({"checks": {"repetition": {"min": 0.9}}}, "min means nothing"),
    ({"checks": {"numbers": {"max": 2}}}, "is a veto and takes no max"),
    ({"checks": {"numbers": {"languages": {"yo": {"max": 2}}}}}, "is a veto and takes no languages"),
    ({"checks": {"language": {"languages": {"yo": 0.3}}}}, "expected min or max"),
    ({"checks": {"language": {"languages": {"yo": {"mim": 0.3}}}}}, "unknown key 'mim'"),
    ({"checks": {"language": {"languages": {"Klingon": {"min": 0.3}}}}}, "unknown language 'Klingon'"),
    ({"checks": {"language": {"languages": ["yo"]}}}, "expected a mapping of language"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_a_policy_may_not_hold_is_named_in_one_line(values: Any, message: str) -> None:
    with pytest.raises(UsageError) as error:
        load_policy(values)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_file_and_broken_yaml_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        load_policy(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("checks: [unclosed\nlength: {")
    with pytest.raises(DataError, match="is no YAML") as error:
        load_policy(broken)
    assert "\n" not in str(error.value)


def test_user_file_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("checks: {length: {maximum: 2}}")
    with pytest.raises(UsageError, match=r"mine\.yaml: length: unknown key 'maximum'"):
        load_policy(path)


def test_option_enables_a_check_and_sets_its_models() -> None:
    policy = load_policy().with_settings("qe", models=["some/model"])
    assert policy["qe"].enabled and policy["qe"].settings.models == ["some/model"]
    assert not load_policy()["qe"].enabled
