"""What a site may tell an E&M span: how a call begins, how numbers come, which bits mean on-hook and off-hook."""

from dataclasses import dataclass

from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class EmSettings:
    """An E1 span with E&M signalling: each end is on-hook or off-hook, and that is all."""

    start: str = key("wink", choices=("wink", "immediate"),
                     doc="Whether a seizure is answered by a short off-hook (wink) before the number is sent.")
    dialling: str = key("dtmf", choices=("dtmf", "mf", "none"),
                        doc="How numbers come and go: DTMF, multi-frequency (R1: KP, digits, ST), or not at all.")
    digits: int = key(0, least=0, most=32,
                      doc="How many called digits come; 0: as many as the routes for lines ask for.")
    on_hook: str = key("1101", pattern="[01]{4}", doc="Bits ABCD of an idle end.")
    off_hook: str = key("0101", pattern="[01]{4}", doc="Bits ABCD of an end that has seized or answered.")
    between_digits: float = key(4.0, unit="s", least=1.0, most=20.0,
                                doc="Pause after which the digits that came are the whole number.")
    first_digit: float = key(10.0, unit="s", least=1.0, most=30.0, doc="How long the first digit is waited for.")
    wink: float = key(0.2, unit="s", least=0.14, most=0.29, doc="Length of our wink (0.14 to 0.29 s are understood).")
    wink_wait: float = key(5.0, unit="s", least=0.5, most=10.0, doc="How long the other end's wink is waited for.")
    before_digits: float = key(0.1, unit="s", least=0.07, most=2.0,
                               doc="Pause between the wink, or an immediate seizure, and the first digit we send.")
    digit_on: float = key(0.1, unit="s", least=0.05, most=1.0, doc="Length of a DTMF digit we send.")
    digit_off: float = key(0.1, unit="s", least=0.05, most=1.0, doc="Pause between DTMF digits we send.")
    tones: bool = key(True, doc="Play ringback, busy and congestion to callers.")
    debounce: float = key(0.03, unit="s", least=0.0, most=0.1, doc="How long bits must stand before they are believed.")
    release_wait: float = key(30.0, unit="s", least=1.0, most=300.0,
                              doc="How long the other end may stay off-hook after a call until it is an alarm.")
    guard: float = key(0.5, unit="s", least=0.0, most=5.0, doc="Pause between two calls on a circuit.")
    recovery: float = key(4.0, unit="s", least=0.0, most=5.0,
                          doc="How long an alarm must be over before a circuit is used; a flapping one waits 10 s.")
    retest: float = key(300.0, unit="s", least=10.0, most=3600.0,
                        doc="How long a circuit that failed is left alone before it is used again.")

    def check(self, report: Report, path: str) -> None:
        if self.on_hook == self.off_hook:
            report.error(f"{path}.off_hook", "on-hook and off-hook are the same bits",
                         'E1: "1101" and "0101"; T1 and many PBXs: "0000" and "1111"')
