"""The facts of the house: everything that changes state, each written once to the journal before it is acted on.

A fact is a frozen dataclass; its class name is its kind in the journal, its fields are strings, numbers, booleans,
None, or lists and mappings of them. Past participles. `call`, `leg`, `agent`, `queue` are ids, never objects.
A kind is defined in the module of its subject (facts_*.py), which is all it takes to be known.
Readers (CDR, statistics, feeds, digests) know facts only from here; docs/journal.md explains each (tests/test_docs.py).
"""

from typing import ClassVar

from ccappliance.call.fact import Fact as Fact
from ccappliance.call.facts_callbacks import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_calls import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_conference import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_customers import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_daemon import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_ivr import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_keeping import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_outside import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_queue import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_recording import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_voicemail import *  # noqa: F403 - every kind of the subject is a name of this module
from ccappliance.call.facts_web import *  # noqa: F403 - every kind of the subject is a name of this module


def _all_kinds() -> dict[str, type[Fact]]:
    return {kind.__name__: kind for kind in Fact.__subclasses__()}


class Kinds:
    """The registry: a journal line's kind → its class."""

    BY_NAME: ClassVar[dict[str, type[Fact]]] = _all_kinds()
