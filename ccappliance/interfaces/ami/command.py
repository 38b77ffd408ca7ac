"""AMI's Command: a few words of Asterisk's console that only show something, answered from what every door sees."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ccappliance.interfaces.ami.action import Client, action
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.messages import Answer
from ccappliance.interfaces.ami.wire import Asked


def _version(desk: Desk, rest: str) -> list[str]:
    return [f"ccappliance {desk.view.status()['version']} (an AMI as of Asterisk 22)"]


def _uptime(desk: Desk, rest: str) -> list[str]:
    minutes, seconds = divmod(int(desk.view.status()["uptime"]), 60)
    return [f"System uptime: {minutes // 60} hours, {minutes % 60} minutes, {seconds} seconds"]


def _channels(desk: Desk, rest: str) -> list[str]:
    channels = list(desk.ear.channels)
    rows = [f"{one.name:<24} {one.exten}@{one.context:<16} {one.block()[2][1]:<8} {one.number}" for one in channels]
    return ["Channel                  Location                  State    Number", *rows,
            f"{len(channels)} active channels", f"{len(desk.ear.channels.calls)} active calls"]


def _queues(desk: Desk, rest: str) -> list[str]:
    said: list[str] = []
    for row in desk.view.queues():
        if rest in ("", row["name"]):
            said.append(f"{row['name']} has {row['waiting']} calls in '{row['strategy']}' strategy "
                        f"({int(row['average_wait'] or 0)}s holdtime), C:{row['answered']}, A:{row['abandoned']}, "
                        f"SL:{(row['service_level'] or 0.0) * 100:.1f}%")
            detail = desk.view.queue(row["name"])
            said += ["   Members:", *(f"      {one['name']} (Agent/{one['agent']}) ({one['state']})"
                                      for one in detail["members"])]
            said.append("   Callers:" if detail["entries"] else "   No Callers")
            said += [f"      {one['position']}. {one['calling']} (wait: {int(one['waited'])} s)"
                     for one in detail["entries"]]
    return said or [f"No such queue: {rest}"]


def _agents(desk: Desk, rest: str) -> list[str]:
    return [f"{row['number']} ({row['name']}) {row['state']} {row['station']}".rstrip() for row in desk.view.agents()]


def _lines(desk: Desk, rest: str) -> list[str]:
    return [f"{row['number']:>4} {row['name']:<12} {row['kind']:<4} {row['state']} {row['alarm']}".rstrip()
            for row in desk.view.channels()]


def _spans(desk: Desk, rest: str) -> list[str]:
    return [f"{row['number']:>3} {row['name']:<20} {row['alarm'] or 'OK'}" for row in desk.view.spans()]


def _pri(desk: Desk, rest: str) -> list[str]:
    return [f"PRI span {row['span']}: {row['state']} {row['words']}".rstrip() for row in desk.view.isdn.rows()] or \
        ["No PRI running"]


_SHOW: Mapping[str, Callable[[Desk, str], list[str]]] = MappingProxyType({
    "core show version": _version, "core show uptime": _uptime, "core show channels": _channels,
    "queue show": _queues, "agent show all": _agents, "agent show": _agents, "dahdi show channels": _lines,
    "dahdi show status": _spans, "pri show spans": _pri})


def command(desk: Desk, client: Client, asked: Asked) -> Answer:
    """Nothing of it is given to a shell, and nothing is changed."""
    written = " ".join(asked.get("command").split())
    found = next((name for name in _SHOW if written.lower() == name or written.lower().startswith(f"{name} ")), None)
    if found is None:
        return Answer("Error", "Command output follows", output=[
            f"No such command '{written[:80]}': here are {', '.join(_SHOW)}"])
    return Answer(message="Command output follows", output=_SHOW[found](desk, written[len(found):].strip()))


COMMAND = action("Command", "command", command, "Execute Asterisk CLI Command.", "Command")
