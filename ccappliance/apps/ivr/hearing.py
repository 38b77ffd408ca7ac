"""Keys and speech at once: whichever comes first decides, and what is not understood is left to the keys."""

import asyncio
from collections.abc import Sequence

from ccappliance.apps.ivr.visit import Visit
from ccappliance.call import facts
from ccappliance.call.collect import Collect, Collected
from ccappliance.media.ports import Sound
from ccappliance.media.speech import Phrase, Recognised, Recognition

SPOKEN, UNSURE = "spoken", "unsure"  # reasons of an input: it was said · something was said, but not understood
AT_ONCE = 0.1  # s that who has not begun to speak when his time for a key is over still has to begin


async def key_or_phrase(visit: Visit, ask: Collect, sounds: Sequence[Sound], phrases: Sequence[Phrase],
                        confidence: float) -> Collected:
    """Ask for a key as `Visit.collect` does; a phrase understood with enough confidence counts as its intent.

    The caller's first word stops the prompt, as a key does. Without a recogniser, or when it fails, there are the keys.
    """
    call, speech = visit.call, visit.tools.speech
    if visit.has_key or not phrases or speech.refusal(call.language):
        return await visit.collect(ask, sounds)
    await call.answer()
    recognition = speech.listen(call.anchor.port, phrases, call.language, first=AT_ONCE)
    recognition.on_speech(lambda: None if recognition.ended else call.anchor.port.silence())
    collecting = asyncio.ensure_future(visit.collect(ask, sounds))
    try:
        await _either(collecting, recognition)
        if collecting.done():
            came = collecting.result()
            if came.digits or came.reason != "timeout":
                return came
            recognition.prompt_over()  # nobody waits any longer for who has not begun to speak by now
        heard = await recognition.wait()
        _tell(visit, heard)
        if heard.matched and heard.confidence >= confidence:
            return Collected(heard.intent, SPOKEN)
        if heard.outcome in ("matched", "unsure"):
            return Collected("", UNSURE)
        return await collecting
    finally:
        recognition.cancel()
        await _end(collecting)


async def _either(collecting: asyncio.Future[Collected], recognition: Recognition) -> None:
    """Until one of them has ended."""
    ended = asyncio.get_running_loop().create_future()

    def tell(_: object) -> None:
        if not ended.done():
            ended.set_result(None)
    collecting.add_done_callback(tell)
    recognition.on_end(tell)
    await ended


async def _end(collecting: asyncio.Future[Collected]) -> None:
    """The next collect may begin only when this one has let go of the leg."""
    collecting.cancel()
    await asyncio.wait([collecting])
    if not collecting.cancelled():
        collecting.exception()  # the caller has left: who waits for the call is told by its task


def _tell(visit: Visit, heard: Recognised) -> None:
    if heard.outcome != "silence":
        visit.tools.journal.write(facts.SpeechHeard(visit.call.id, visit.node, heard.outcome, heard.text, heard.intent,
                                                    round(heard.confidence, 3), heard.seconds, heard.why))
