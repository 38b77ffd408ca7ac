"""Facts of customers: whose card was changed, and how. Ids and names of fields only: a journal cannot erase."""

from dataclasses import dataclass, field

from ccappliance.call.fact import Fact


@dataclass(frozen=True, slots=True)
class CustomerChanged(Fact):
    customer: int
    what: str  # "made", "edited", "noted", "ticket_opened", "ticket_solved", "ticket_reopened"
    by: str
    fields: list[str] = field(default_factory=list)  # names of what was set


@dataclass(frozen=True, slots=True)
class CustomerErased(Fact):
    customer: int
    why: str  # as it was asked for; never who the customer was
    by: str
