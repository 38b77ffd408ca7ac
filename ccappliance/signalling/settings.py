"""What a site may tell the analog lines: sections to embed in its list of lines. Every timing has its reason."""

from dataclasses import dataclass

from ccappliance.config.keys import Report, key

DISCONNECTS = ("polarity", "loop_break", "busy_tone", "dial_tone")


@dataclass(frozen=True, kw_only=True)
class FxoSettings:
    """A line from the exchange."""

    caller_id: str = key("both", choices=("both", "fsk", "dtmf", "none"),
                         doc="How the exchange tells who calls; none offers a call at its first ring.")
    caller_id_wait: float = key(1.5, unit="s", least=0.0, most=1.5,
                                doc="How long after the begin of the second ring caller ID is waited for.")
    caller_id_pause: float = key(0.5, unit="s", least=0.2, most=2.0,
                                 doc="Silence that ends a DTMF caller ID which has no end digit.")
    caller_id_early: float = key(6.0, unit="s", least=1.0, most=20.0,
                                 doc="How long caller ID sent before the first ring is kept for that ring.")
    ring_lost: float = key(2.0, unit="s", least=0.5, most=10.0,
                           doc="The caller has given up when no ring comes for the country's ring pause and this long.")
    answer: str = key("any", choices=("any", "polarity", "inferred"),
                      doc="How an answer is known: polarity reversal, inferred by ear (voice, ringback stops), or any.")
    answer_after: float = key(30.0, unit="s", least=5.0, most=300.0,
                              doc="Without ringback, voice and reversal a call counts as answered after this time.")
    disconnect: tuple[str, ...] = key(DISCONNECTS, choices=DISCONNECTS,
                                      doc="Which signs from the exchange mean that the far end has hung up.")
    dialling: str = key("dtmf", choices=("dtmf", "pulse"), doc="How numbers are dialled.")
    digit_on: float = key(0.1, unit="s", least=0.05, most=1.0,
                          doc="Length of a DTMF digit we send (Q.24 asks exchanges to take 40 ms).")
    digit_off: float = key(0.1, unit="s", least=0.05, most=1.0, doc="Pause between DTMF digits we send.")
    dial_tone_wait: float = key(5.0, unit="s", least=1.0, most=20.0,
                                doc="How long a dial tone is waited for; then the line counts as faulty.")
    dial_pause: float = key(0.3, unit="s", least=0.0, most=5.0,
                            doc="Pause between hearing dial tone and the first digit.")
    retest: float = key(300.0, unit="s", least=10.0, most=3600.0,
                        doc="How often a line without dial tone is tried again.")
    guard: float = key(1.5, unit="s", least=0.5, most=10.0,
                       doc="How long a line stays on-hook before it is used again, so that the exchange has let it go.")
    recovery: float = key(4.0, unit="s", least=0.0, most=5.0,
                          doc="How long an alarm must be over before the line is used; a flapping line waits 10 s.")

    def check(self, report: Report, path: str) -> None:
        if not self.disconnect:
            report.error(f"{path}.disconnect", "no sign of the far end hanging up is enabled, so calls would never end",
                         f"give at least one of {', '.join(DISCONNECTS)}")


@dataclass(frozen=True, kw_only=True)
class FxsSettings:
    """A telephone."""

    caller_id: str = key("mdmf", choices=("mdmf", "sdmf", "dtmf", "none"),
                         doc="How the telephone is told who calls, after its first ring: FSK with number and name "
                             "(mdmf) or number only (sdmf), or DTMF.")
    caller_id_delay: float = key(0.5, unit="s", least=0.5, most=1.5,
                                 doc="Pause between the end of the first ring and caller ID "
                                     "(EN 300 659-1: 0.5 to 1.5 s).")
    name_alphabet: str = key("gb2312", choices=("gb2312", "gbk", "utf-8", "ascii"),
                             doc="How the caller's name is written for the telephone's display.")
    first_digit: float = key(10.0, unit="s", least=2.0, most=60.0,
                             doc="How long dial tone waits for the first digit.")
    between_digits: float = key(4.0, unit="s", least=1.0, most=30.0,
                                doc="Pause after which what was dialled is the whole number.")
    howler_after: float = key(60.0, unit="s", least=10.0, most=600.0,
                              doc="How long a telephone left off-hook hears busy or congestion tone before the howler.")
    howler: float = key(60.0, unit="s", least=0.0, most=600.0,
                        doc="How long the howler sounds; then silence until the telephone is hung up.")
    retest: float = key(300.0, unit="s", least=10.0, most=3600.0,
                        doc="How long a telephone port that failed is left alone before it is used again.")
    recovery: float = key(4.0, unit="s", least=0.0, most=5.0,
                          doc="How long an alarm must be over before the telephone is used; a flapping one waits 10 s.")
