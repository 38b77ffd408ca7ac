"""What a site may tell an R2 span: what the exchange wants besides its variant's signals, and how long it may take."""

from dataclasses import dataclass

from ccappliance.config.keys import key


@dataclass(frozen=True, kw_only=True)
class R2Settings:
    """An E1 span with MFC/R2: line signals in bits, numbers in compelled multi-frequency signals (Q.400 to Q.490)."""

    calling: str = key("first", choices=("first", "last", "none"),
                       doc="When callers' numbers are asked for: after the first called digit, after the last, not.")
    digits: int = key(0, least=0, most=32,
                      doc="How many called digits the exchange sends; 0: as many as the routes for lines ask for.")
    between_digits: float = key(5.0, unit="s", least=1.0, most=20.0,
                                doc="Silence after which no further digit will come (Q.476 allows 8 to 24 s for a "
                                    "register to give up; a number without an end signal costs so long).")
    decide: float = key(2.0, unit="s", least=0.2, most=10.0,
                        doc="How long an incoming call may wait for its first fate (rung, answered, refused) until the "
                            "exchange is told that the line is free; refusals after that are told by a tone.")
    category: int = key(1, least=1, most=15,
                        doc="Our callers' category: group II of Q.441, KA in China; 1 is an ordinary subscriber.")
    call_type: int = key(3, least=1, most=15, doc="Kind of our calls where the variant asks (China's KD): 3 is local.")
    caller_number: str = key("", pattern=r"[0-9]{0,20}", doc="The number we show when a call has none of its own.")
    tones: bool = key(True, doc="Play ringback, busy and congestion to callers: the called end does so in R2.")
    charging_pulses: bool = key(False, doc="The exchange sends charging pulses (short clear-backs) while we talk.")
    charging_pulse: float = key(0.4, unit="s", least=0.1, most=1.0,
                                doc="A clear-back must last so long if there are charging pulses (they are 150 ms).")
    forced_release: bool = key(False, doc="End answered incoming calls by forced release, not clear-back, so that "
                                          "callers cannot hold the line.")
    debounce: float = key(0.02, unit="s", least=0.0, most=0.1,
                          doc="How long bits must stand before they are believed (Q.412: 20 ms, 7 more or less).")
    acknowledge_wait: float = key(2.0, unit="s", least=0.2, most=10.0,
                                  doc="How long the acknowledgement of a seizure may take.")
    release_wait: float = key(10.0, unit="s", least=1.0, most=60.0,
                              doc="How long the exchange may take to release a cleared circuit before it is blocked.")
    guard: float = key(0.1, unit="s", least=0.0, most=5.0, doc="Pause between two calls on a circuit.")
    recovery: float = key(4.0, unit="s", least=0.0, most=5.0,
                          doc="How long an alarm must be over before a circuit is used; a flapping one waits 10 s.")
    retest: float = key(300.0, unit="s", least=10.0, most=3600.0,
                        doc="How long a circuit that failed is left alone before it is used again.")
