"""What a site may tell about the sound of its lines: sections to embed in its list of lines, and learned tones."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccappliance.config.keys import Report, key, required
from ccappliance.media.ports import Treatment
from ccappliance.media.tones import Recognised, Zone

AGC_LEVEL = -16.0  # dBm0: the mean talker on a line without loss (media/levels.py)
COMFORT_LEVEL = -60.0  # dBm0: a quiet line's own noise; loud enough to be alive, below every ear's floor


@dataclass(frozen=True, kw_only=True)
class PatternSettings:
    """A tone that is recognised, as `ccappliance dsp learn` writes it."""

    hz: tuple[float, ...] = required(least=100, most=3600, doc="One or two frequencies, in Hz.")
    on_ms: int = required(least=1, most=60_000, doc="How long it sounds, in ms; of a continuous tone, when it is told.")
    off_ms: int = required(least=0, most=60_000, doc="How long it pauses, in ms; 0: it is continuous.")

    def check(self, report: Report, path: str) -> None:
        if not 1 <= len(self.hz) <= 2:
            report.error(f"{path}.hz", f"a tone has one or two frequencies, not {len(self.hz)}",
                         "learn it with `ccappliance dsp learn`")


Tones = Mapping[str, PatternSettings]


@dataclass(frozen=True, kw_only=True)
class SoundSettings:
    """How the sound of a line is mended."""

    gain_in: float = key(0.0, unit="dB", least=-24, most=18, reload=False,
                         doc="Gain of what arrives; ears hear it too, so it makes up for a long line.")
    gain_out: float = key(0.0, unit="dB", least=-24, most=18, reload=False, doc="Gain of what is sent.")
    agc: bool = key(False, reload=False, doc="Automatic gain: bring the speech of whoever is at the line to one level.")
    agc_level: float = key(AGC_LEVEL, unit="dBm0", least=-40, most=-3, reload=False,
                           doc="The level of speech that automatic gain brings it to.")
    echo: bool = key(False, reload=False,
                     doc="Cancel the line's echo in software, 32 ms. Off unless asked for: a short loop to a "
                         "telephone has none to speak of, cards often cancel it, and it costs as much as all ears.")
    echo_delay: float = key(0.04, unit="s", least=0.02, most=0.16, reload=False,
                            doc="How long after it is sent an echo comes at the earliest: the card's buffers, one "
                                "frame each way unless it has more.")
    comfort_noise: bool = key(False, reload=False,
                              doc="Send the noise of a quiet line while nobody in the conversation has a sound, so "
                                  "that silence is not taken for a dead line. Analog parties bring their own.")
    comfort_level: float = key(COMFORT_LEVEL, unit="dBm0", least=-75, most=-40, reload=False,
                               doc="Level of that noise.")

    def treatment(self, tones: Zone | None = None) -> Treatment:
        """What the line's port is opened with."""
        return Treatment(gain_in=self.gain_in, gain_out=self.gain_out, agc=self.agc_level if self.agc else None,
                         comfort=self.comfort_level if self.comfort_noise else None,
                         echo=self.echo_delay if self.echo else None, tones=tones)


def learned_zone(zone: Zone, tones: Tones) -> Zone:
    """`zone` as an exchange speaks it that has these tones. ValueError if they cannot be told apart."""
    return zone.learned([Recognised(name, one.hz, one.on_ms, one.off_ms) for name, one in tones.items()])
