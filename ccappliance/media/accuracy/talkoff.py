"""What the ears for tones tell of speech, in which there is nothing to tell: readings by every voice there is."""

from ccappliance.base.units import RATE
from ccappliance.media import dsp
from ccappliance.media.accuracy import fax, progress, signals
from ccappliance.media.accuracy.figures import NOWHERE, OURS, Picture, number
from ccappliance.media.accuracy.peers import SPANDSP, Spandsp
from ccappliance.media.accuracy.signals import Stretch
from ccappliance.media.accuracy.speakers import LEVEL, Speakers
from ccappliance.media.accuracy.trials import Size
from ccappliance.media.accuracy.words import READINGS
from ccappliance.media.tones import Zone

EAR = "dtmf"


def measure(size: Size, speakers: Speakers, zone: Zone, peer: Spandsp | None) -> Picture:
    """Digits, tones, signals and messages told in speech: readings of every speaker, at three levels."""
    seconds, told = 0.0, dict.fromkeys(("digits", "tones", "signals", "messages"), 0)
    theirs = 0
    peers_ear = None if peer is None else peer.dtmf()
    for language, names in sorted(speakers.of.items()):
        for speaker in names if size.name == "full" else names[:2]:
            said = speakers.says(speaker, READINGS.get(language, READINGS["en"]))
            for level in (-10.0, -16.0, -28.0):
                stretch = Stretch(len(said) // 2)
                stretch.lay(said, 10.0 ** ((level - LEVEL) / 20.0), 0)
                pcm = signals.line(stretch)
                seconds += stretch.n / RATE
                told["digits"] += len(dsp.DtmfEar().hear(pcm))
                told["tones"] += len(progress.told(zone, pcm))
                told["signals"] += len(fax.told(pcm))
                told["messages"] += len(dsp.FskEar().hear(pcm))
                theirs += 0 if peers_ear is None else len(peers_ear(pcm))
    lines = [number(f"{OURS}: {what} told", float(count)) for what, count in told.items()]
    if peers_ear is not None:
        lines.append(number(f"{SPANDSP}: digits told", float(theirs), ""))
    return Picture("dtmf-speech", EAR, "Talk-off: what is told of speech", "numbers", NOWHERE, NOWHERE, tuple(lines),
                   f"{seconds:.0f} s: a reading by every voice at -10, -16 and -28 dBm0, through A-law. Asked: none.",
                   source=speakers.fingerprint)
