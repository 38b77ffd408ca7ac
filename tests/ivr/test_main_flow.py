"""The shipped flow, as callers use it."""

from pathlib import Path

import pytest
from ivr_world import bind_file, play_call

FLOWS = bind_file(Path(__file__).resolve().parents[2] / "etc/ccappliance/flows/main.yaml")


@pytest.mark.parametrize(("keys", "to", "nodes"), [
    ([(4.0, "1")], "queue:sales", "greeting menu sales"),
    ([(0.5, "2")], "queue:service", "greeting menu service"),
    ([(5.0, "0")], "queue:service", "greeting menu operator"),
    ([(4.0, "9"), (6.0, "1")], "queue:sales", "greeting menu other_language english menu sales"),
    ([(4.0, "9"), (6.0, "9"), (8.0, "2")], "queue:service",
     "greeting menu other_language english menu other_language chinese menu service"),
    ([(4.0, "*"), (6.0, "1")], "queue:sales", "greeting menu menu sales"),
    ([(4.0, "7"), (6.0, "7"), (8.0, "7")], "queue:service", "greeting menu operator"),
    ([], "queue:service", "greeting menu operator")])
def test_main_flow(keys: list[tuple[float, str]], to: str, nodes: str) -> None:
    world, left_to, _ = play_call(FLOWS, keys=keys)
    assert (left_to, " ".join(world.nodes())) == (to, nodes)


def test_a_caller_who_presses_nine_hears_english() -> None:
    world, _, _ = play_call(FLOWS, keys=[(4.0, "9"), (6.0, "1")])
    assert world.played() == ["zh/welcome en/welcome en/for_english", "zh/main_menu", "en/main_menu", "en/please_hold"]
