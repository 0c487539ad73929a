"""Faults that come and go, the same for the same seed."""

from random import Random

from tests.support.sandbox import stage

from mobility_bridge.sandbox.weather import Shift, Weather


def forecast(seed: int) -> list[list[Shift]]:
    weather, rng = Weather(switch=lambda _: None), Random(seed)
    return [weather.step(rng) for _ in range(50)]


def test_the_same_seed_makes_the_same_weather():
    assert forecast(7) == forecast(7)
    assert forecast(7) != forecast(8)


def test_faults_come_and_go_on_the_stage_and_all_go_in_the_end():
    played = stage()
    weather = Weather(switch=lambda shift: played.switch(shift.partner, shift.fault, on=shift.on))
    rng = Random(1)
    seen = set()
    for _ in range(60):
        weather.step(rng)
        seen |= {name for names in played.fault_names.values() for name in names}

    weather.clear()

    assert len(seen) > 5
    assert played.fault_names == {}
