"""How well menu phrases are understood: espeak-ng's voices in noise through A-law → docs/accuracy/speech.md."""

import argparse
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ccappliance.base.clock import SystemClock
from ccappliance.base.units import RATE, amplitude
from ccappliance.media.accuracy.speakers import LEVEL, Speakers
from ccappliance.media.dsp import through_alaw
from ccappliance.media.endpoint import Endpointer
from ccappliance.media.polish import from_pcm, little_endian, to_pcm
from ccappliance.media.speech_settings import DEFAULT_MODELS
from ccappliance.media.sphinx import Decoder

PHRASES = ("sales", "support", "billing", "accounts", "technical support", "opening hours", "speak to an agent", "yes",
           "no", "help", "account balance", "report a fault", "cancel", "main menu", "repeat")
LONG = tuple(phrase for phrase in PHRASES if len(phrase) > 8)
OTHERS = ("what is the weather today", "hello hello", "i do not know", "well let me think", "banana", "good morning",
          "wait a moment please", "my name is peter", "television", "can you hear me")
SNRS = (40, 15)  # dB below active speech
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

HEAD = """# Speech: how well menu phrases are understood

Made by `.venv/bin/python tools/speech.py docs/accuracy/speech.md --seed {seed}`: {voices} voices of espeak-ng speak
English phrases and other words in white noise (SNR against active speech at {level:g} dBm0), through A-law; the
endpointer cuts them out, pocketsphinx with Debian's en-us model decides. The model was trained on people at 16 kHz,
and hears a synthesiser at 8 kHz here: take the figures as an order of magnitude, and set the threshold by your callers.
The confidence curve was set on these voices and phrases, not on others: nothing here was held out.

*right*: the phrase that was said, taken. *wrong*: another phrase taken. *asked again*: not sure enough, so the menu
asks again or keys are pressed. *other words taken*: something that is no phrase was taken for one.
"""


@dataclass
class Trial:
    """One thing said, and what was understood."""

    said: str
    snr: int
    phrase: str  # "": none
    confidence: float
    took: float


def utterance(pcm: bytes, snr: float, chance: random.Random) -> bytes | None:
    """What the endpointer cuts out of a call in which this is said in white noise; None: it heard no speech."""
    sigma = amplitude(LEVEL - snr) / math.sqrt(2)
    speech = from_pcm(pcm)
    line = [chance.gauss(0.0, sigma) for _ in range(2 * RATE + len(speech))]
    for index, sample in enumerate(speech):
        line[RATE + index] += sample
    mono = from_pcm(through_alaw(to_pcm(line)))
    both = mono + mono
    both[0::2], both[1::2] = mono, from_pcm(bytes(2 * len(mono)))
    ends = Endpointer()
    ends.feed(little_endian(both))
    return ends.said


def trials(decoder: Decoder, speakers: Speakers, phrases: tuple[str, ...], seed: int) -> Iterator[Trial]:
    clock, chance = SystemClock(), random.Random(seed)
    for speaker in speakers.of["en"]:
        for said in (*phrases, *OTHERS):
            for snr in SNRS:
                cut = utterance(speakers.says(speaker, said), snr, chance)
                began = clock.now()
                number, confidence = decoder.understand(phrases, cut) if cut else (None, 0.0)
                yield Trial(said, snr, "" if number is None else phrases[number], confidence, clock.now() - began)


def page(menus: dict[str, list[Trial]], voices: int, seed: int) -> str:
    lines = [HEAD.format(seed=seed, voices=voices, level=LEVEL)]
    for title, found in menus.items():
        for snr in SNRS:
            inside = [one for one in found if one.snr == snr and one.said not in OTHERS]
            outside = [one for one in found if one.snr == snr and one.said in OTHERS]
            forced = sum(one.phrase == one.said for one in inside) / len(inside)
            lines += [f"## {title}, {snr} dB SNR", "",
                      f"{len(inside)} phrases, {len(outside)} other words. The likeliest phrase is the right one in "
                      f"{forced:.1%}, whatever its confidence.", "",
                      "| threshold | right | wrong | asked again | other words taken |", "|---|---|---|---|---|"]
            for threshold in THRESHOLDS:
                taken = [one for one in inside if one.confidence >= threshold]
                right = sum(one.phrase == one.said for one in taken)
                other = sum(one.confidence >= threshold for one in outside) / len(outside)
                lines.append(f"| {threshold} | {right / len(inside):.1%} | {(len(taken) - right) / len(inside):.1%} | "
                             f"{1 - len(taken) / len(inside):.1%} | {other:.1%} |")
            lines.append("")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    model = DEFAULT_MODELS["en"]
    decoder = Decoder(model.acoustic, model.dictionary, model.rate)
    speakers = Speakers({"en": "espeak-ng -v en-us --stdin --stdout"})
    menus = {"A menu of 15 phrases, some of one word": list(trials(decoder, speakers, PHRASES, options.seed)),
             f"A menu of {len(LONG)} longer phrases": list(trials(decoder, speakers, LONG, options.seed))}
    options.out.write_text(page(menus, len(speakers.of["en"]), options.seed), encoding="utf-8")
    took = sorted(one.took for found in menus.values() for one in found)
    print(f"decoding took {took[len(took) // 2]:.3f} s at the median, {took[-1]:.3f} s at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
