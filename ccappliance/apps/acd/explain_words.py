"""An explained call in a supervisor's words, in Chinese and English: one line for each event, details below it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any

from ccappliance.apps.acd.explain import Event, Explainer
from ccappliance.apps.acd.reasons import Reason

MOST = 6  # states of one agent told of one span: the last ones
_OUTCOMES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "answered": ("已接听", "answered"), "abandoned": ("客户放弃", "the caller gave up"),
    "short_abandoned": ("客户很快放弃", "the caller gave up at once"), "timed_out": ("等待超时", "waited too long"),
    "exit_key": ("按键退出", "left by a key"), "empty": ("无人值守", "nobody serves"),
    "full": ("队列已满", "the queue is full"),
    "closed": ("非服务时间", "closed"), "callback_taken": ("改为回拨", "took a callback"),
    "withdrawn": ("被移出", "taken out"), "no_answer": ("未接", "did not answer"), "busy": ("话机忙", "telephone busy"),
    "caller_gone": ("客户已离开", "the caller had gone"), "lost": ("他人先接", "another was first"),
    "fault": ("线路故障", "line fault"), "not_reached": ("未打通客户", "the customer was not reached")})
_KINDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "CallOffered": ("来电 {calling} {name} → {called},线路 {line}", "call from {calling} {name} to {called} on {line}"),
    "CallRouted": ("转到 {destination}(依据 {rule})", "sent to {destination} by {rule}"),
    "CallAnswered": ("应答", "answered by the system"),
    "CallEnded": ("通话结束,原因 {cause},由 {by}", "the call ended, cause {cause}, by {by}"),
    "FlowEntered": ("进入流程 {flow}", "entered flow {flow}"),
    "QueueAnnounced": ("告知客户位置: 第 {position} 位", "the caller was told position {position}"),
    "ConversationStarted": ("开始通话", "conversation began"),
    "ConversationEnded": ("通话 {seconds:.1f} 秒,由 {by} 结束", "conversation over after {seconds:.1f} s, by {by}"),
    "TransferStarted": ("转接到 {target}", "transfer to {target} began"),
    "TransferEnded": ("转接到 {target}: {outcome}", "transfer to {target}: {outcome}"),
    "HandedOver": ("交换机已直接接通双方,线路已释放", "the exchange has joined the two itself, our lines are free"),
    "RecordingDecided": ("录音: {record}({why})", "recording: {record} ({why})"),
    "RecordingPurged": ("录音已删除: {why},由 {by}", "recording deleted: {why}, by {by}"),
    "RecordingStarted": ("开始录音 {path}", "recording {path} began"),
    "RecordingEnded": ("录音结束,{seconds:.1f} 秒", "recording over, {seconds:.1f} s")})


def lines(explained: Explainer, language: str) -> Iterator[str]:
    """The call's story. `language`: "zh" or "en"."""
    for event in explained.events:
        yield from lines_of(event, explained.zone, language)


def lines_of(event: Event, zone: tzinfo, language: str) -> list[str]:
    """One event, with the clock of the site."""
    chinese, told = language == "zh", event.told
    if "until" in told:
        told = told | {"until": _clock(told["until"], zone)}
    tell = _TELLERS.get(event.what)
    first, *rest = tell(told, chinese) if tell is not None else [_plain(event, chinese)]
    return [f"{_clock(event.at, zone)}  {first}", *(f"{'':14}{line}" for line in rest)]


def plain(event: Event) -> dict[str, Any]:
    """The same as data."""
    return {"at": _utc(event.at), "now": event.now, "what": event.what,
            **{name: _utc(value) if isinstance(value, datetime) else value for name, value in event.told.items()}}


def _clock(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).strftime("%H:%M:%S.%f")[:12]


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"


def _plain(event: Event, chinese: bool) -> str:
    both = _KINDS.get(event.what)
    if both is not None:
        return " ".join(both[0 if chinese else 1].format(**event.told).split())
    told = " ".join(f"{name}={value}" for name, value in event.told.items() if name != "call" and value not in ("", []))
    return f"{event.what} {told}".rstrip()  # a fact that has no sentence of its own is told as it is written


def _entered(told: Mapping[str, Any], chinese: bool) -> list[str]:
    demand = _demand(told, chinese)
    extra = (f", {'级别' if chinese else 'class'} {told['order_class']}" if told["order_class"] else "") + \
            (f", {'加权' if chinese else 'boost'} {told['boost']:g} s" if told["boost"] else "") + \
            ((", 回拨" if chinese else ", a callback") if told["kind"] == "callback" else "")
    if chinese:
        return [f"进入队列 {told['queue']},第 {told['position']} 位{extra};可接: {demand}"]
    return [f"entered queue {told['queue']} at position {told['position']}{extra}; may be taken by {demand}"]


def _demand(told: Mapping[str, Any], chinese: bool) -> str:
    parts = [(f"仅 {told['wanted']}" if chinese else f"{told['wanted']} alone") if told["wanted"] else "",
             (f"第 {told['tier']} 梯队以内" if chinese else f"tiers up to {told['tier']}") if told["tier"] > 1 else "",
             (f"技能 {told['require']}" if chinese else f"skills {told['require']}") if told["require"] else ""]
    return ", ".join(part for part in parts if part) or ("全部坐席" if chinese else "everybody")


def _changed(told: Mapping[str, Any], chinese: bool) -> list[str]:
    by = (f"(由 {told['by']})" if chinese else f" by {told['by']}") if told["by"] else ""
    place = f"{'级别' if chinese else 'class'} {told['order_class']}, " \
            f"{'加权' if chinese else 'boost'} {told['boost']:g} s"
    now = "现在可接" if chinese else "may now be taken by"
    return [f"{'变更' if chinese else 'changed'}{by}: {told['why']}", f"{now} {_demand(told, chinese)}; {place}"]


def _decision(told: Mapping[str, Any], chinese: bool) -> list[str]:
    who = ", ".join(told["agents"])
    free = ", ".join(f"{one['agent']} ({one['figure']})" if one["figure"] else one["agent"]
                     for one in told["candidates"])
    first = f"分配给 {who},规则 {told['rule']}" if chinese else f"offered to {who} by the rule {told['rule']}"
    found = [first, f"{'候选' if chinese else 'candidates'}: {free or '-'}"]
    found += _why(told["excluded"], chinese)
    if not told["recomputed"]:
        found.append("日志不足,未能重算" if chinese else "not recomputed: the journal begins later than the daemon")
    elif not told["differs"]:
        found.append("重算一致" if chinese else "recomputed: the same")
    return found + [f"{'!! 重算不一致' if chinese else '!! recomputed differs'}: {words}" for words in told["differs"]]


def _waited(told: Mapping[str, Any], chinese: bool) -> list[str]:
    seconds = told["seconds"]
    first = (f"至 {told['until']}({seconds:.1f} 秒)无人可接:" if chinese else
             f"until {told['until']} ({seconds:.1f} s) nobody could:")
    return [first, *(_why(told["excluded"], chinese) or ["没有坐席" if chinese else "nobody serves this queue"])]


def _why(reasons: Mapping[str, list[Mapping[str, Any]]], chinese: bool) -> list[str]:
    language = "zh" if chinese else "en"
    return [f"{number}: " + ("… → " if len(seen) > MOST else "")
            + " → ".join(Reason(**one).words(language) for one in seen[-MOST:]) for number, seen in reasons.items()]


def _offer_ended(told: Mapping[str, Any], chinese: bool) -> list[str]:
    outcome = _outcome(told, chinese)
    return [f"{told['agent']} {outcome},振铃 {told['rang']:.1f} 秒" if chinese else
            f"{told['agent']}: {outcome}, rang {told['rang']:.1f} s"]


def _left(told: Mapping[str, Any], chinese: bool) -> list[str]:
    outcome, agent = _outcome(told, chinese), told["agent"]
    if chinese:
        return [f"离开队列 {told['queue']}: {outcome}{f'({agent})' if agent else ''},等待 {told['waited']:.1f} 秒"]
    return [f"left queue {told['queue']}: {outcome}{f' by {agent}' if agent else ''}, waited {told['waited']:.1f} s"]


def _outcome(told: Mapping[str, Any], chinese: bool) -> str:
    both = _OUTCOMES.get(told["outcome"])
    return str(told["outcome"]) if both is None else both[0 if chinese else 1]


_TELLERS: Mapping[str, Callable[[Mapping[str, Any], bool], list[str]]] = MappingProxyType({
    "QueueEntered": _entered, "EntryChanged": _changed, "Decision": _decision, "Waited": _waited,
    "OfferEnded": _offer_ended, "QueueLeft": _left})
