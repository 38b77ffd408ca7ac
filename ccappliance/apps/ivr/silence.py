"""What is too long a silence for a caller: what `config check` warns of."""

from ccappliance.config.keys import Report

LONG_SILENCE = 20.0  # seconds; callers take a longer one for a broken line, and many hang up


def warn_of_silence(report: Report, path: str, seconds: float, between: float) -> None:
    """Of times a caller is given in which he hears nothing."""
    for key_name, silent in (("seconds", seconds), ("between", between)):
        if silent > LONG_SILENCE:
            report.warning(f"{path}.{key_name}", f"for {silent:g} s the caller hears nothing and takes the line for "
                           "dead",
                           f"at most {LONG_SILENCE:g} s; ask again instead, see tries")
