"""Nodes that ask the caller for something: menu, collect and record."""

from ccappliance.apps.ivr import settings
from ccappliance.apps.ivr.settings import Menu, Record
from ccappliance.apps.ivr.visit import Visit
from ccappliance.call.collect import Collect
from ccappliance.media.ports import Sound

MIN_MESSAGE = 0.05  # seconds of a message still left for which another wait is worth while


async def menu(node: Menu, visit: Visit) -> str:
    """Ask for a key, at most `tries` times; then the way for wrong keys or for silence, by the last try."""
    pressed = ""
    sounds = visit.sounds(node.prompt)
    for _ in range(node.tries):
        pressed, reason = await _key(node, visit, sounds)
        offered = pressed in node.keys
        visit.collected(pressed, reason if offered or not pressed else "invalid")
        if offered:
            return node.keys[pressed]
        sounds = visit.sounds(node.invalid_prompt if pressed else node.timeout_prompt, node.prompt)
    return node.invalid if pressed else node.timeout


async def _key(node: Menu, visit: Visit, sounds: list[Sound]) -> tuple[str, str]:
    """One key of the menu, of one or several digits: complete as soon as no longer key begins with it."""
    pressed = ""
    while True:
        ask = Collect(most=1, terminator="", first=node.between if pressed else node.seconds)
        came = await visit.collect(ask, () if pressed else sounds)
        pressed += came.digits
        longer = any(key != pressed and key.startswith(pressed) for key in node.keys)
        if came.reason == "timeout" or not longer:
            return pressed, came.reason


async def collect(node: settings.Collect, visit: Visit) -> str:
    """Ask for digits, at most `tries` times, and keep them in the variable."""
    ask = Collect(most=node.most, least=node.least, terminator=node.terminator, first=node.seconds,
                  between=node.between, secure=node.secure)
    sounds = visit.sounds(node.prompt)
    for _ in range(node.tries):
        came = await visit.collect(ask, sounds)
        silent = came.reason == "timeout" and not came.digits
        enough = len(came.digits) >= node.least and not (silent and node.least)
        visit.collected(came.digits, came.reason if enough or silent else "invalid", secure=node.secure)
        if enough:
            visit.call.variables[node.variable] = came.digits
            return node.next
        sounds = visit.sounds(node.timeout_prompt if silent else node.invalid_prompt, node.prompt)
    return node.failed


async def record(node: Record, visit: Visit) -> str:
    """Record a message until an end key, the longest time or the caller's end. Other keys do not end it."""
    await visit.play(node.prompt)
    if node.beep:
        await visit.play("beep")
    await visit.call.answer()
    clock = visit.tools.clock
    until = clock.now() + node.most
    visit.call.record("message")
    try:
        while (left := until - clock.now()) > MIN_MESSAGE:
            came = await visit.call.collect(Collect(most=1, terminator=node.end_keys, first=left))
            if came.reason != "complete":
                break
    finally:
        visit.call.stop_recording()
    visit.collected("", came.reason)
    return node.next
