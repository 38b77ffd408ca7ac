"""AMI's actions on queues and agents."""

from collections.abc import Mapping
from types import MappingProxyType

from ccappliance.interfaces.ami.action import Client, action
from ccappliance.interfaces.ami.channels import UNKNOWN
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.events_queues import NOT_IN_USE
from ccappliance.interfaces.ami.messages import ACTION_ID, Answer, Listed, failed, listing, success, truth, whole
from ccappliance.interfaces.ami.wire import Asked, Field
from ccappliance.interfaces.control.view import QueueRow

_STRATEGIES: Mapping[str, str] = MappingProxyType({  # Asterisk's names for those of ours that are the same
    "longest-idle": "leastrecent", "ring-all": "ringall", "fewest-calls": "fewestcalls", "round-robin": "rrmemory",
    "random": "random", "linear": "linear", "weighted-random": "wrandom"})
_AGENT_STATUS = {"logged_out": "AGENT_LOGGEDOFF", "talking": "AGENT_ONCALL", "hold": "AGENT_ONCALL"}


def _chosen(desk: Desk, asked: Asked) -> list[QueueRow]:
    wanted = asked.get("queue")
    return [row for row in desk.view.queues() if wanted in ("", row["name"])]


def _known(desk: Desk, queue: str) -> bool:
    return any(row["name"] == queue for row in desk.view.queues())


def queue_status(desk: Desk, client: Client, asked: Asked) -> Answer:
    wanted = asked.get("member")
    rows: list[Listed] = []
    for row in _chosen(desk, asked):
        settings = desk.acd.settings.queues.get(row["name"])
        level = row["service_level"] or 0.0
        rows.append(("QueueParams", [
            ("Queue", row["name"]), ("Max", str(settings.max_len.n if settings else 0)),
            ("Strategy", _STRATEGIES.get(row["strategy"], row["strategy"])), ("Calls", str(row["waiting"])),
            ("Holdtime", str(int(row["average_wait"] or 0))), ("TalkTime", "0"), ("Completed", str(row["answered"])),
            ("Abandoned", str(row["abandoned"])), ("ServiceLevel", f"{settings.service_level if settings else 0:.0f}"),
            ("ServicelevelPerf", f"{level * 100:.1f}"), ("ServicelevelPerf2", f"{level * 100:.1f}"), ("Weight", "0"),
            ACTION_ID]))
        wrapup = int(settings.wrapup) if settings else 0
        for agent, tier in desk.ear.queues.seats.get(row["name"], {}).items():
            member = desk.ear.queues.member(agent)
            if wanted in ("", member.interface):
                rows.append(("QueueMember", [
                    ("Queue", row["name"]), ("Name", member.name), ("Location", member.interface),
                    ("StateInterface", member.interface),
                    *(one for one in member.fields(row["name"], tier - 1, wrapup) if one[0] != "Ringinuse"),
                    ACTION_ID]))
        if not wanted:
            rows += _entries(desk, row["name"])
    return listing("Queue status will follow", rows, "QueueStatusComplete")


def _entries(desk: Desk, queue: str) -> list[Listed]:
    rows: list[Listed] = []
    for entry in desk.view.queue(queue)["entries"]:
        channel = desk.ear.channels.anchor(entry["call"])
        rows.append(("QueueEntry", [
            ("Queue", queue), ("Position", str(entry["position"])),
            ("Channel", channel.name if channel else entry["call"]),
            ("Uniqueid", channel.uniqueid if channel else entry["call"]), ("CallerIDNum", entry["calling"] or UNKNOWN),
            ("CallerIDName", entry["name"] or UNKNOWN), ("ConnectedLineNum", UNKNOWN), ("ConnectedLineName", UNKNOWN),
            ("Wait", str(int(entry["waited"]))), ("Priority", str(entry["order_class"])), ACTION_ID]))
    return rows


def queue_summary(desk: Desk, client: Client, asked: Asked) -> Answer:
    rows: list[Listed] = []
    for row in _chosen(desk, asked):
        members = [desk.ear.queues.member(agent) for agent in desk.ear.queues.seats.get(row["name"], {})]
        here = [member for member in members if member.state != "logged_out"]
        free = [member for member in here if member.device == NOT_IN_USE and member.state != "paused"]
        rows.append(("QueueSummary", [
            ("Queue", row["name"]), ("LoggedIn", str(len(here))), ("Available", str(len(free))),
            ("Callers", str(row["waiting"])), ("HoldTime", str(int(row["average_wait"] or 0))), ("TalkTime", "0"),
            ("LongestHoldTime", str(int(row["longest_wait"]))), ACTION_ID]))
    return listing("Queue summary will follow", rows, "QueueSummaryComplete")


# ---- members ----

def queue_add(desk: Desk, client: Client, asked: Asked) -> Answer:
    """An agent whose queue it is by the configuration comes to work in it; if he is logged out he is logged in at
    StateInterface (`DAHDI/8001`), or his own station.
    """
    queue, agent = asked.get("queue"), desk.agent(asked.get("interface"))
    if not _known(desk, queue):
        return failed("Unable to add interface to queue: No such queue")
    if agent in desk.ear.queues.seats.get(queue, {}) and desk.view.agent(agent)["state"] != "logged_out":
        return failed("Unable to add interface: Already there")
    if desk.view.agent(agent)["state"] == "logged_out":
        _, _, rest = (asked.get("stateinterface") or asked.get("interface")).partition("/")
        station = rest.partition("@")[0]
        desk.view.agent_set(agent, "login", station=station if desk.switch.has_station(station) else "", reason="",
                            by=client.by)
    if agent not in desk.ear.queues.seats.get(queue, {}):
        desk.acd.sit(agent, queue, True, client.by)
    if truth(asked.get("paused")):
        desk.view.agent_set(agent, "pause", station="", reason=asked.get("reason"), by=client.by)
    return success("Added interface to queue")


def queue_remove(desk: Desk, client: Client, asked: Asked) -> Answer:
    queue, agent = asked.get("queue"), desk.agent(asked.get("interface"))
    if not _known(desk, queue):
        return failed("Unable to remove interface from queue: No such queue")
    if agent not in desk.ear.queues.seats.get(queue, {}):
        return failed("Unable to remove interface: Not there")
    desk.acd.sit(agent, queue, False, client.by)
    return success("Removed interface from queue")


def queue_pause(desk: Desk, client: Client, asked: Asked) -> Answer:
    """A pause is of the agent, in all his queues. `Reason`: one of those configured; without one, the first."""
    agent, paused = desk.agent(asked.get("interface")), truth(asked.get("paused"))
    state = desk.view.agent(agent)["state"]
    if not paused and state != "paused":
        return success("Interface unpaused successfully")  # as Asterisk, which unpauses who is not paused
    reasons = {one.name.lower(): one.name for one in desk.acd.settings.pause_reasons}
    reason = asked.get("reason")
    desk.view.agent_set(agent, "pause" if paused else "resume", station="", reason=reasons.get(reason.lower(), reason),
                        by=client.by)
    return success("Interface paused successfully" if paused else "Interface unpaused successfully")


def queue_penalty(desk: Desk, client: Client, asked: Asked) -> Answer:
    """Only what is so already: a tier is the configuration's."""
    agent, penalty = desk.agent(asked.get("interface")), whole(asked.get("penalty"), -1)
    queues = [asked.get("queue")] if asked.get("queue") else list(desk.ear.queues.seats)
    tiers = [seats[agent] for queue in queues if agent in (seats := desk.ear.queues.seats.get(queue, {}))]
    if not tiers or penalty < 0:
        return failed("Invalid interface, queuename or penalty")
    if any(tier - 1 != penalty for tier in tiers):
        return failed("A penalty is the member's tier in the queue's configuration: change it there, and reload")
    return success("Interface penalty set successfully")


def ring_in_use(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.agent(asked.get("interface"))
    if truth(asked.get("ringinuse")):
        return failed("An agent who talks is never rung here")
    return success("Interface ringinuse set successfully")


# ---- callers ----

def change_priority(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.view.supervisor.prioritise(desk.call(asked.get("caller")).id, whole(asked.get("priority"), 0), None, client.by,
                                    "QueueChangePriorityCaller")
    return success("Priority change for caller on queue")


def withdraw(desk: Desk, client: Client, asked: Asked) -> Answer:
    """There is no dialplan he could go back to: WithdrawInfo says where he goes."""
    to = asked.get("withdrawinfo")
    if not to:
        return failed("Say in WithdrawInfo where the caller goes: flow:NAME, queue:NAME, hangup, …")
    desk.view.supervisor.pull(desk.call(asked.get("caller")).id, to, client.by, "QueueWithdrawCaller")
    return success("Withdraw requested successfully")


async def queue_reload(desk: Desk, client: Client, asked: Asked) -> Answer:
    outcome = await desk.view.config_reload(client.by)
    return success("Queue reloaded successfully") if outcome["applied"] else failed(
        "The configuration was not applied; `ccappliance config check` says why")


def queue_reset(desk: Desk, client: Client, asked: Asked) -> Answer:
    return failed("Figures are counted from the journal, and begin anew at midnight")


def queue_log(desk: Desk, client: Client, asked: Asked) -> Answer:
    return failed("The queue_log is made from the journal alone: a UserEvent is told to everybody")


# ---- agents ----

def agents(desk: Desk, client: Client, asked: Asked) -> Answer:
    rows: list[Listed] = []
    for row in desk.view.agents():
        member = desk.ear.queues.member(row["number"])
        on_it = desk.ear.channels.find(f"DAHDI/{row['station']}") if row["station"] else None
        other = desk.ear.channels.partner(on_it) if on_it is not None else None
        talks = row["state"] in ("talking", "hold")
        fields: list[Field] = [
            ("Agent", row["number"]), ("Name", row["name"]), ("Status", _AGENT_STATUS.get(row["state"], "AGENT_IDLE"))]
        if talks and other is not None:
            fields += [("TalkingToChan", other.name), ("CallStarted", str(int(
                desk.clock.wall().timestamp() - max(0.0, desk.clock.now() - (other.answered or desk.clock.now())))))]
        rows.append(("Agents", [*fields, ("LoggedInTime", str(member.login)), *(on_it.block() if on_it else ()),
                                ACTION_ID]))
    return listing("Agents will follow", rows, "AgentsComplete")


def agent_logoff(desk: Desk, client: Client, asked: Asked) -> Answer:
    """Soft or not, a call under way is finished first: nobody's customer is cut off."""
    number = asked.get("agent")
    if number not in [row["number"] for row in desk.view.agents()]:
        return failed("No such agent")
    desk.view.agent_set(number, "logout", station="", reason="", by=client.by)
    return success("Agent logged out")


QUEUE_ACTIONS = (
    action("QueueStatus", "", queue_status, "Show queue status."),
    action("QueueSummary", "", queue_summary, "Show queue summary."),
    action("QueueAdd", "agent", queue_add, "Add interface to queue.", "Queue Interface"),
    action("QueueRemove", "agent", queue_remove, "Remove interface from queue.", "Queue Interface"),
    action("QueuePause", "agent", queue_pause, "Makes a queue member temporarily unavailable.", "Interface Paused"),
    action("QueuePenalty", "agent", queue_penalty, "Set the penalty for a queue member.", "Interface Penalty"),
    action("QueueMemberRingInUse", "agent", ring_in_use, "Set the ringinuse value for a queue member.",
           "Interface RingInUse"),
    action("QueueChangePriorityCaller", "agent", change_priority, "Change priority of a caller on queue.",
           "Queue Caller Priority"),
    action("QueueWithdrawCaller", "agent", withdraw, "Request to withdraw a caller from the queue.", "Queue Caller"),
    action("QueueReload", "system config", queue_reload, "Reload a queue, queues, or any sub-section of them."),
    action("QueueLog", "agent", queue_log, "Adds custom entry in queue_log.", "Queue Event"),
    action("QueueReset", "agent", queue_reset, "Reset queue statistics."),
    action("Agents", "agent", agents, "Lists agents and their status."),
    action("AgentLogoff", "agent", agent_logoff, "Sets an agent as no longer logged in.", "Agent"),
)
