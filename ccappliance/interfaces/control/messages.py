"""Voicemail as the doors see it: the messages in the mailboxes, and what can be asked of them."""

from typing import Any, Protocol, TypedDict

from ccappliance.apps.voicemail.mailroom import Mailroom
from ccappliance.base.errors import Refused
from ccappliance.call.routes import Routed
from ccappliance.call.switch import Switch
from ccappliance.interfaces.control.registry import Operations


class MessageRow(TypedDict):
    """One message."""

    message: str
    mailbox: str
    owner: str
    left_at: str
    calling: str
    name: str
    seconds: float
    state: str  # "new", "old", "saved"
    notice: str  # of the e-mail: "", "sent", "failed"
    call: str
    path: str  # "" if no sound is kept


class Messages(Protocol):
    """What a door can see and ask."""

    def rows(self, mailbox: str = "") -> list[Any]:
        """Messages, oldest first; "": of all mailboxes. Refused("no_mailbox")."""
        ...

    def find(self, message: str) -> Any:
        """Refused("no_message")."""
        ...

    def delete(self, message: str, by: str) -> None:
        """For good. Refused("no_message")."""
        ...

    def play(self, message: str, station: str, by: str) -> str:
        """Ring a station and play the message there; the call. Refused: no_message, no_station, busy."""
        ...


class HouseMessages:
    """Messages of a house."""

    def __init__(self, mailroom: Mailroom, switch: Switch) -> None:
        self._mailroom = mailroom
        self._switch = switch

    def rows(self, mailbox: str = "") -> list[Any]:
        return self._mailroom.rows(mailbox)

    def find(self, message: str) -> Any:
        found = [row for row in self._mailroom.rows() if row["message"] == message]
        if not found:
            raise Refused("no_message", f"there is no message {message!r}; `ccappliance voicemail list` shows them")
        return found[0]

    def delete(self, message: str, by: str) -> None:
        self._mailroom.delete(message, by)

    def play(self, message: str, station: str, by: str) -> str:
        row = self.find(message)
        routed = Routed(f"mailbox:{row['mailbox']}/{message}", f"ordered by {by}")
        return self._switch.ring(station, row["calling"], routed).id


def voicemail_operations(operations: Operations, messages: Messages) -> None:
    """Add them."""
    @operations.operation("voicemail.list")
    async def voicemail_list(mailbox: str = "") -> Any:
        """The messages of a mailbox, or of all, oldest first."""
        return messages.rows(mailbox)

    @operations.operation("voicemail.show")
    async def voicemail_show(message: str) -> Any:
        """One message, with the path of its sound."""
        return messages.find(message)

    @operations.operation("voicemail.play")
    async def voicemail_play(message: str, station: str, by: str) -> dict[str, str]:
        """Ring a station and play a message there; it stays as new as it was."""
        return {"message": message, "call": messages.play(message, station, by)}

    @operations.operation("voicemail.delete")
    async def voicemail_delete(message: str, by: str) -> dict[str, str]:
        """Delete a message for good."""
        messages.delete(message, by)
        return {"message": message}
