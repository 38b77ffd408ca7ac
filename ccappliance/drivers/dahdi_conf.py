"""/etc/dahdi/system.conf out of our spans.yaml: what dahdi_cfg needs to know, in DAHDI's words."""

from collections.abc import Mapping, Sequence

from ccappliance.drivers.dahdi_settings import AnalogSpan, E1Span, SoundSettings, SpanSettings

# DAHDI names what the far end is: an FXO port of ours is signalled to as its exchange would be, "fxs".
ANALOG = {("fxo", "kewl"): "fxsks", ("fxo", "loop"): "fxsls", ("fxo", "ground"): "fxsgs",
          ("fxs", "kewl"): "fxoks", ("fxs", "loop"): "fxols", ("fxs", "ground"): "fxogs"}
HEAD = """\
# Written by `ccappliance cards system-conf` from spans.yaml: change that, not this.
# To put it in force: dahdi_cfg -v, then restart ccappliance.
"""


def system_conf(spans: Mapping[str, SpanSettings], zone: str) -> str:
    """The whole file. `zone`: the country of the tones, for which DAHDI must have a zone of the same name."""
    lines = [HEAD]
    for name, span in sorted(spans.items(), key=lambda item: item[1].number):
        lines.append(f"# {name}")
        lines += _analog(span) if isinstance(span, AnalogSpan) else _e1(span)
        lines.append("")
    return "\n".join([*lines, f"loadzone={zone}", f"defaultzone={zone}", ""])


def _analog(span: AnalogSpan) -> list[str]:
    lines = []
    for ports in span.ports:
        channels = ranges_of(ports.numbers)
        lines += [f"{ANALOG[ports.port, ports.start]}={channels}", f"alaw={channels}",
                  *_canceller(ports.sound, channels)]
    return lines


def _e1(span: E1Span) -> list[str]:
    framing = [span.real_framing, span.coding, *(["crc4"] if span.crc4 else [])]
    lines = [f"span={span.number},{span.timing},{span.build_out},{','.join(framing)}"]
    channels = ranges_of(span.voices)
    if span.signalling == "pri":
        lines += [f"bchan={channels}", f"dchan={span.data}"]
    else:
        lines.append(f"cas={channels}:{span.idle_bits}")
    return [*lines, *_canceller(span.sound, channels)]


def _canceller(sound: SoundSettings, channels: str) -> list[str]:
    return [] if sound.canceller == "none" else [f"echocanceller={sound.canceller},{channels}"]


def ranges_of(numbers: Sequence[int]) -> str:
    """(1, 2, 3, 7) as "1-3,7"."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)
