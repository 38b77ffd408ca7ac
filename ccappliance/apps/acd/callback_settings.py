"""What an owner can say of callbacks: whether, who is called first, how often, how long, on which lines."""

from dataclasses import dataclass

from ccappliance.config.keys import Report, key

# Mobile numbers, local numbers of 7 and 8 digits, and numbers with an area code: the rate at home. China, YD/T 1015.
NUMBERS = ("1[3-9]XXXXXXXXX", "01[3-9]XXXXXXXXX", "[2-8]XXXXXX", "[2-8]XXXXXXX", "010XXXXXXXX", "02XXXXXXXXX",
           "0[3-9]XXXXXXXXX", "0[3-9]XXXXXXXXXX")


@dataclass(frozen=True, kw_only=True)
class CallbackRetry:
    """What happens when the customer is not reached."""

    times: int = key(2, least=0, most=20, doc="How often he is tried again.")
    every: float = key(120.0, unit="s", least=10, most=86_400,
                       doc="Seconds until he is tried again; he keeps his place meanwhile.")


@dataclass(frozen=True, kw_only=True)
class CallbackSettings:
    """Callbacks of one queue."""

    enabled: bool = key(False, doc="Offer waiting callers to call them back.")
    after: float = key(60.0, unit="s", least=0, most=3600, doc="Seconds of waiting after which it is offered.")
    order: str = key("agent-first", choices=("agent-first", "caller-first"),
                     doc="Who is called first: the agent, who then hears the customer's telephone ring; or the "
                         "customer, who then holds until the agent, kept for him, has answered.")
    group: str = key("", doc="Trunk group on whose lines customers are called.")
    ring: float = key(40.0, unit="s", least=10, most=180,
                      doc="Seconds from dialling until a customer who does not answer is given up.")
    confirm: bool = key(False, doc="With caller-first: the customer must press 1, so that no answering machine is "
                                   "put through.")
    retry: CallbackRetry = key(factory=CallbackRetry, doc="What happens when the customer is not reached.")
    expires: float = key(14_400.0, unit="s", least=60, most=604_800,
                         doc="Seconds after which a promise is given up; only opening hours count.")
    closed: str = key("wait", choices=("wait", "end"),
                      doc="When the queue closes: promises wait until it opens again, or end.")
    most: int = key(100, least=1, most=10_000, doc="Promises that may wait at once; beyond, none is offered.")
    key: str = key("1", pattern="[0-9*#]", doc="The key with which a caller takes the offer.")

    def check(self, report: Report, path: str) -> None:
        if self.enabled and not self.group:
            report.error(f"{path}.group", "names no trunk group", "name one on whose lines customers are called")
