"""What an owner of mailboxes can be told: frozen, bounded settings."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from ccappliance.base.limits import MAX_MESSAGES
from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """One mailbox; its key is the number its owner enters."""

    owner: str = key("", doc="Whose it is, for people and in notices.")
    pin: str = key("", secret=True, pattern=r"([0-9]{4,12})?", doc="Digits its owner enters; he may change them by "
                                                                   "keypad. Empty: nobody hears it by keypad.")
    greeting: str | Mapping[str, str] = key("voicemail_greeting", doc=(
        "What callers hear: a prompt by name, or a text per language {zh: …, en: …}. A greeting that the owner has "
        "recorded by keypad stands before it."))
    station: str = key("", doc="Telephone that is told that messages wait: its dial tone begins stuttering.")
    email: str = key("", pattern=r"([^\s@,<>]+@[^\s@,<>]+)?", doc="Where notices of new messages go; empty: nowhere.")
    attach: bool = key(True, doc="Whether the notice carries the message as a WAV file.")
    most: float = key(180.0, unit="s", least=5, most=1800, doc="Longest message.")
    least: float = key(2.0, unit="s", least=0, most=60, doc="A shorter message is dropped: nobody spoke.")
    keep: float = key(30.0, unit="days", least=1, most=3650, doc="Days after which a message is deleted, unless its "
                                                                 "owner has saved it.")
    capacity: int = key(100, least=1, most=MAX_MESSAGES, doc="Messages it holds; then callers are told that it is "
                                                             "full.")
    language: str = key("", choices=("", "zh", "en"), doc="Language of its owner on the keypad; empty: the call's.")


@dataclass(frozen=True, kw_only=True)
class VoicemailSettings:
    """What all mailboxes share."""

    mail: str = key("", doc='Command that sends an e-mail given on its standard input, such as "sendmail -t"; empty: '
                            'no notices are sent.')
    sender: str = key("ccappliance@localhost", pattern=r"[^\s@,<>]+@[^\s@,<>]+", doc="Sender of the notices.")
    timeout: float = key(30.0, unit="s", least=1, most=600, doc="Time after which the command is stopped and the "
                                                                "notice tried again.")
    group: str = key("", doc="Trunk group on which an owner may call back who left a message (only numbers that "
                             "callback_numbers allows, and only from a telephone of the house); empty: none.")

    def check(self, report: Report, path: str) -> None:
        try:
            shlex.split(self.mail)
        except ValueError as error:
            report.error(f"{path}.mail", f"the command cannot be split into words: {error}", "close the quotes")
