"""After the agent has hung up: who goes on to the survey, and how many of them."""

import asyncio

import pytest
from acd_world import World, queue_settings, settings

from ccappliance.apps.acd.settings import AfterCall
from ccappliance.sim.loop import run_virtual

CALLS = 60


def asked(share: float, *, by_agent: bool = True) -> int:
    """Of CALLS customers who are answered and hung up on, how many are asked."""
    async def story() -> int:
        world = World(settings({"sales": queue_settings(survey=AfterCall(to="hangup:asked", share=share), wrapup=0.0)},
                               ["1001"]))
        world.login("1001")
        world.answer_after = lambda station: 1.0
        calls = []
        for number in range(CALLS):
            call = world.offer("sales", f"1380000{number:04d}")
            await asyncio.sleep(3)
            assert call.served.agent == "1001"
            (world.legs["8001"] if by_agent else call.anchor).hang_up()
            await asyncio.sleep(3)
            calls.append(call)
        count = sum(call.variables.get("ended") == "asked" for call in calls)
        await world.close()
        return count
    return run_virtual(story())


@pytest.mark.parametrize(("share", "least", "most"), [(100.0, CALLS, CALLS), (50.0, 20, 40), (0.0, 0, 0)])
def test_the_share_of_customers_is_asked(share: float, least: int, most: int) -> None:
    assert least <= asked(share) <= most


def test_who_hangs_up_himself_is_not_asked() -> None:
    assert asked(100.0, by_agent=False) == 0
