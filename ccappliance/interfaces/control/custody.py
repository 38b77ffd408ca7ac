"""Recordings in custody, as the doors ask for them: begin and end on demand, hear, hold and delete, and who has."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Protocol

from ccappliance.apps.recording.custody import Custody
from ccappliance.base.errors import Refused
from ccappliance.call.switch import Switch
from ccappliance.interfaces.control.registry import Operations
from ccappliance.service.aside import Aside

CHUNK = 256 * 1024  # bytes of sound in one item: in base64 a third of MAX_CONTROL_LINE


class Recordings(Protocol):
    """What a door can ask. All raise Refused with the codes of apps/recording/custody.py and call/recorded.py."""

    def start(self, call: str, by: str) -> None: ...

    def stop(self, call: str, by: str) -> None: ...

    def give(self, call: str, recording: str, what: str, by: str, why: str) -> AsyncIterator[dict[str, Any]]:
        """First {recording, call, size, rule}, then {data} in base64: the bytes of a WAV."""
        ...

    async def hold(self, call: str, why: str, by: str) -> None: ...

    async def release(self, call: str, why: str, by: str, holder: str) -> None: ...

    async def delete(self, call: str, why: str, by: str) -> list[str]: ...

    async def heard(self, call: str) -> list[dict[str, Any]]: ...

    async def transcript(self, call: str, recording: str, by: str, why: str) -> dict[str, Any]: ...


class HouseRecordings:
    """Of a house."""

    def __init__(self, custody: Custody, switch: Switch, aside: Aside) -> None:
        self._custody = custody
        self._switch = switch
        self._aside = aside

    def start(self, call: str, by: str) -> None:
        self._alive(call).recording.demand(by)

    def stop(self, call: str, by: str) -> None:
        self._alive(call).recording.release(by)

    async def give(self, call: str, recording: str, what: str, by: str, why: str
                   ) -> AsyncGenerator[dict[str, Any], None]:
        one, sound = await self._custody.give(call, recording, what, by, why)
        try:
            yield {"recording": one.recording, "call": one.call, "size": sound.size, "rule": one.rule}
            for offset in range(0, sound.size, CHUNK):
                data = await self._aside.do(lambda at=offset: sound.read(at, CHUNK))  # type: ignore[misc]
                yield {"data": base64.b64encode(data).decode("ascii")}
        finally:
            sound.close()

    async def hold(self, call: str, why: str, by: str) -> None:
        await self._custody.hold(call, why, by)

    async def release(self, call: str, why: str, by: str, holder: str) -> None:
        await self._custody.release(call, why, by, holder)

    async def delete(self, call: str, why: str, by: str) -> list[str]:
        return await self._custody.delete(call, why, by)

    async def heard(self, call: str) -> list[dict[str, Any]]:
        return await self._custody.heard(call)

    async def transcript(self, call: str, recording: str, by: str, why: str) -> dict[str, Any]:
        return await self._custody.transcript(call, recording, by, why)

    def _alive(self, call: str) -> Any:
        if call not in self._switch.calls:
            raise Refused("no_such_call", f"there is no call {call}; `ccappliance calls list` shows those alive")
        return self._switch.calls[call]


def custody_operations(operations: Operations, recordings: Recordings) -> None:
    """Add them."""
    @operations.operation("recordings.start")
    async def recordings_start(call: str, by: str) -> dict[str, str]:
        """Record a conversation from now on, where a rule does not forbid it."""
        recordings.start(call, by)
        return {"call": call}

    @operations.operation("recordings.stop")
    async def recordings_stop(call: str, by: str) -> dict[str, str]:
        """End a recording that was begun on demand."""
        recordings.stop(call, by)
        return {"call": call}

    @operations.operation("recordings.play")
    async def recordings_play(call: str, by: str, recording: str = "", why: str = "") -> AsyncGenerator[Any, None]:
        """The sound of a call's recording (the first, if none is named): its size, then a WAV in base64."""
        async for item in recordings.give(call, recording, "played", by, why):
            yield item

    @operations.operation("recordings.export")
    async def recordings_export(call: str, why: str, by: str, recording: str = "") -> AsyncGenerator[Any, None]:
        """The same, to be taken away; `why` goes into the journal."""
        async for item in recordings.give(call, recording, "exported", by, why):
            yield item

    @operations.operation("recordings.hold")
    async def recordings_hold(call: str, why: str, by: str) -> dict[str, str]:
        """Let nothing of a call be deleted until who asks lets it go."""
        await recordings.hold(call, why, by)
        return {"call": call}

    @operations.operation("recordings.release")
    async def recordings_release(call: str, why: str, by: str, holder: str = "") -> dict[str, str]:
        """Let go what one holds oneself, or what `holder` does."""
        await recordings.release(call, why, by, holder)
        return {"call": call}

    @operations.operation("recordings.delete")
    async def recordings_delete(call: str, why: str, by: str) -> dict[str, Any]:
        """Delete all recordings of a call for good."""
        return {"call": call, "recordings": await recordings.delete(call, why, by)}

    @operations.operation("recordings.heard")
    async def recordings_heard(call: str) -> Any:
        """Who has played, exported, held, released or deleted recordings of a call, oldest first."""
        return await recordings.heard(call)

    @operations.operation("recordings.transcript")
    async def recordings_transcript(call: str, by: str, recording: str = "", why: str = "") -> Any:
        """What was said in a call's recording (the first, if none is named), line by line, with times and legs."""
        return await recordings.transcript(call, recording, by, why)
