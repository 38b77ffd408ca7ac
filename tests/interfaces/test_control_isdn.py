"""ISDN spans at the doors: what `pri status` and `pri trace` answer of a span that lives."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "signalling"))
from pri_rig import answering, bench

from ccappliance.base.causes import Cause
from ccappliance.base.errors import Refused
from ccappliance.interfaces.control.isdn import Isdn


def test_the_rows_and_the_detail_of_a_span():
    async def story(b):
        isdn = Isdn({"pri/1": b.near.span}, b.clock)
        b.on_offer = answering
        b.far.seize(3, "6123")
        await b.run(0.2)
        row = isdn.rows()[0]
        assert (row["span"], row["state"], row["channels"], row["idle"], row["in_use"], row["blocked"], row["words"]) \
            == ("pri/1", "up", 30, 29, 1, 0, "")
        assert row["helper"] == b.near.span.helper.pid
        detail = await isdn.detail("pri/1")
        assert detail["states"] == {"idle": 29, "connected": 1}
        assert detail["received"]["I"] > 30
        assert "Total active-calls:1" in detail["library"]
        b.cable.cut_data()
        await b.run(20)
        assert isdn.rows()[0]["state"] == "down"
        assert "no signalling" in isdn.rows()[0]["words"]
    bench(story)


def test_a_trace_is_decoded_only_while_somebody_follows():
    async def story(b):
        isdn = Isdn({"pri/1": b.near.span}, b.clock)
        b.on_offer = answering
        heard = []
        hear = heard.append

        async def follow():
            async for line in isdn.trace("pri/1", last=10, follow=True, everything=False):
                hear(line["line"])
        following = asyncio.get_running_loop().create_task(follow())
        await b.run(0.1)
        b.far.seize(3, "6123")
        await b.run(0.2)
        following.cancel()
        await b.run(0.1)
        messages = [line.split("Message Type: ")[1] for line in heard if "Message Type: " in line]
        assert messages[0] == "SETUP (5)"
        assert "CONNECT (7)" in messages
        told = len(b.near.span.trace.lines)
        b.far.circuits[3].clear(Cause.NORMAL)
        await b.run(0.2)
        assert len(b.near.span.trace.lines) == told
        kept = [line async for line in isdn.trace("pri/1", last=5, follow=False, everything=False)]
        assert len(kept) == 5
    bench(story)


def test_a_span_there_is_not_is_refused():
    async def story(b):
        isdn = Isdn({"pri/1": b.near.span}, b.clock)
        with pytest.raises(Refused) as refused:
            await isdn.detail("pri/9")
        assert "pri/1" in str(refused.value)
    bench(story)
