from __future__ import annotations

from dataclasses import replace

import pytest

from bench.scaling import Stated, simulate

CALM = Stated(languages=10, gpus=5, spread=0.0, hours_between_deaths=1e12)


def test_without_accidents_the_workers_are_never_idle() -> None:
    run = simulate(CALM, shard_s=60, shards=50)
    assert run.hours == pytest.approx(10 * 50 * 60 / 5 / 3600)
    assert (run.useful, run.deaths, run.aside) == (pytest.approx(1), 0, 0)


def test_fewer_languages_than_workers_cost_the_wait_for_each_first_shard() -> None:
    run = simulate(replace(CALM, languages=1), shard_s=60, shards=51)
    assert run.hours == pytest.approx((1 + 10) * 60 / 3600)


def test_deaths_cost_what_was_begun_and_the_start() -> None:
    run = simulate(replace(CALM, hours_between_deaths=1), shard_s=600, shards=50)
    assert run.deaths > 10
    assert 0.7 < run.useful < 0.97
    assert run.hours > 10 * 50 * 600 / 5 / 3600


def test_a_shard_that_takes_longer_than_workers_live_is_set_aside() -> None:
    run = simulate(replace(CALM, hours_between_deaths=0.01), shard_s=3600, shards=2)
    assert run.aside == 20
