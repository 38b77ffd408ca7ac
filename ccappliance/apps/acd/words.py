"""States of agents as people read them, by language: for every screen."""

from collections.abc import Mapping

STATES: Mapping[str, Mapping[str, str]] = {
    "en": {"logged_out": "logged out", "ready": "ready", "reserved": "reserved", "ringing": "ringing",
           "talking": "talking", "hold": "hold", "wrapup": "wrap-up", "paused": "paused", "line_fault": "line fault"},
    "zh": {"logged_out": "未签入", "ready": "空闲", "reserved": "预占", "ringing": "振铃", "talking": "通话",
           "hold": "保持", "wrapup": "话后整理", "paused": "小休/示忙", "line_fault": "线路故障"},
}


def state_words(state: str, language: str) -> str:
    """A state's name; in an unknown language English, and a state nobody knows as it is."""
    return STATES.get(language, STATES["en"]).get(state, state)
