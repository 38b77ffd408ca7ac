"""Why an agent was not chosen: as data, as the journal writes it, and in a supervisor's words in two languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

STATES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "logged_out": ("未签入", "not logged in"), "ready": ("空闲", "free"), "reserved": ("预占", "reserved"),
    "ringing": ("振铃", "ringing"), "talking": ("通话", "talking"), "hold": ("保持", "has a caller on hold"),
    "wrapup": ("话后整理", "wrap-up"), "paused": ("小休/示忙", "paused"), "line_fault": ("线路故障", "line fault")})
_ZH = "zh"


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is a state, or idle tried rests kept tier skills; `detail` what it is about; `seconds` a count."""

    code: str
    detail: str = ""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """As OfferMade has it (Standing.excluded, Agent.reason)."""
        match self.code:
            case "idle":
                return f"idle {self.seconds:.1f} s"
            case "tried":
                return "did not answer this call"
            case "rests":
                return "it rests"
            case "kept":
                return f"kept for {self.detail}"
            case "tier":
                return f"tier {self.detail}"
            case "skills":
                return f"skills: {self.detail}"
            case "reserved" | "ringing":
                return f"{self.code} by {self.detail}" if self.detail else self.code
            case "wrapup":
                return f"wrapup {self.seconds:.1f} s left"
            case "paused" | "line_fault":
                return f"{self.code}: {self.detail}"
            case _:
                return self.code

    def words(self, language: str) -> str:
        """For a supervisor."""
        chinese = language == _ZH
        match self.code:
            case "idle":
                return f"空闲 {self.seconds:.1f} 秒" if chinese else f"idle {self.seconds:.1f} s"
            case "rests":
                return "暂缓外呼" if chinese else "the callback rests"
            case "tried":
                return "未接此来电" if chinese else "did not answer this call"
            case "kept":
                return f"保留给 {self.detail}" if chinese else f"kept for {self.detail}"
            case "tier":
                return f"属第 {self.detail} 梯队" if chinese else f"in tier {self.detail}"
            case "skills":
                return f"技能不符: {self.detail}" if chinese else f"has not the skills {self.detail}"
            case "wrapup":
                left = f"还剩 {self.seconds:.0f} 秒" if chinese else f"{self.seconds:.0f} s left"
                return f"{state_words(self.code, language)} {left}"
            case "reserved" | "ringing" if self.detail:
                by = self.detail.partition("-")[0]
                name = state_words(self.code, language)
                return f"{name}(通话 {by})" if chinese else f"{name} for call {by}"
            case _:
                name = state_words(self.code, language)
                return f"{name}: {self.detail}" if self.detail else name


def state_words(state: str, language: str) -> str:
    """An agent's state for people."""
    both = STATES.get(state)
    return state if both is None else both[0 if language == _ZH else 1]
