"""AMI's actions on the box: settings and status, the database, mailboxes, extensions, lines and spans, user events."""

from datetime import datetime, timedelta

from ccappliance.interfaces.ami.action import Client, action
from ccappliance.interfaces.ami.desk import Desk
from ccappliance.interfaces.ami.messages import ACTION_ID, Answer, Event, Listed, failed, listing, success
from ccappliance.interfaces.ami.station_state import station_state
from ccappliance.interfaces.ami.wire import Asked, is_name

NOT_FOUND = "Database entry not found"
VERSION = "11.0.0"  # AMI's, of the Asterisk release whose messages these are
NAMES = {"app_queue", "app_agent_pool", "chan_dahdi", "app_dial", "app_mixmonitor", "app_voicemail", "app_confbridge",
         "res_agi", "cdr_csv", "cdr_manager"}  # modules whose work is done here
MAX_EVENT_FIELDS = 64


def ping(desk: Desk, client: Client, asked: Asked) -> Answer:
    return success("", ("Ping", "Pong"), ("Timestamp", f"{desk.clock.wall().timestamp():.6f}"))


def core_settings(desk: Desk, client: Client, asked: Asked) -> Answer:
    status = desk.view.status()
    return success("", ("AMIversion", VERSION), ("AsteriskVersion", f"22.0.0-ccappliance-{status['version']}"),
                   ("SystemName", status["site"]), ("CoreMaxCalls", "0"), ("CoreMaxLoadAvg", "0.000000"),
                   ("CoreRunUser", ""), ("CoreRunGroup", ""), ("CoreMaxFilehandles", "0"),
                   ("CoreRealTimeEnabled", "No"),
                   ("CoreCDRenabled", "Yes"), ("CoreHTTPenabled", "No"), ("SoundsSearchCustomDir", "No"))


def started(desk: Desk) -> datetime:
    return desk.clock.wall().astimezone(desk.ear.zone) - timedelta(seconds=desk.view.status()["uptime"])


def core_status(desk: Desk, client: Client, asked: Asked) -> Answer:
    status, at = desk.view.status(), started(desk)
    date, time = at.strftime("%Y-%m-%d"), at.strftime("%H:%M:%S")
    return success("", ("CoreStartupDate", date), ("CoreStartupTime", time), ("CoreReloadDate", date),
                   ("CoreReloadTime", time), ("CoreCurrentCalls", str(status["calls"])),
                   ("CoreProcessedCalls", str(int(status["today"].get("offered", 0)))))


async def reload(desk: Desk, client: Client, asked: Asked) -> Answer:
    outcome = await desk.view.config_reload(client.by)
    if outcome["applied"]:
        return success("Module Reloaded")
    return failed("The configuration was not applied; `ccappliance config check` says why")


def module_check(desk: Desk, client: Client, asked: Asked) -> Answer:
    if asked.get("module").removesuffix(".so") in NAMES:
        return success("", ("Version", ""))
    return failed("Module not loaded")


def user_event(desk: Desk, client: Client, asked: Asked) -> Answer:
    """To everybody who may be told of user events; names that a client's parser would fall over are left out."""
    fields = [(name.title().replace("_", ""), value) for name, value in asked.fields
              if name not in ("action", "actionid", "userevent") and is_name(name)][:MAX_EVENT_FIELDS]
    ours = [("ActionID", asked.action_id)] if asked.action_id else []
    event = Event("UserEvent", "user", [("UserEvent", asked.get("userevent")), *ours, *fields])
    return Answer(message="Event Sent", events=[event])


# ---- the database of scripts ----

def db_get(desk: Desk, client: Client, asked: Asked) -> Answer:
    family, key = asked.get("family"), asked.get("key")
    value = desk.database.get(family, key)
    if value is None:
        return failed(NOT_FOUND)
    row: Listed = ("DBGetResponse", [("Family", family), ("Key", key), ("Val", value), ACTION_ID])
    return listing("Result will follow", [row], "DBGetComplete")


def db_put(desk: Desk, client: Client, asked: Asked) -> Answer:
    desk.database.put(asked.get("family"), asked.get("key"), asked.get("val"))
    return success("Updated database successfully")


def db_del(desk: Desk, client: Client, asked: Asked) -> Answer:
    return success("Key deleted successfully") if desk.database.delete(asked.get("family"), asked.get("key")) \
        else failed(NOT_FOUND)


def db_del_tree(desk: Desk, client: Client, asked: Asked) -> Answer:
    gone = desk.database.delete_tree(asked.get("family"), asked.get("key"))
    return success("Key tree deleted successfully") if gone else failed(NOT_FOUND)


# ---- telephones and mailboxes ----

def extension_state(desk: Desk, client: Client, asked: Asked) -> Answer:
    exten = asked.get("exten")
    status, words = station_state(desk.ear.channels, exten)
    return success("Extension Status", ("Exten", exten), ("Context", asked.get("context") or "default"),
                   ("Hint", f"DAHDI/{exten}" if status >= 0 else ""), ("Status", str(status)), ("StatusText", words))


def _messages(desk: Desk, written: str) -> tuple[int, int]:
    """New, and old ones; none, as Asterisk says, in a mailbox there is not."""
    box = written.partition("@")[0]
    states = [row["state"] for row in desk.view.messages.rows() if row["mailbox"] == box]
    return states.count("new"), len(states) - states.count("new")


def mailbox_status(desk: Desk, client: Client, asked: Asked) -> Answer:
    written = asked.get("mailbox")
    return success("Mailbox Status", ("Mailbox", written), ("Waiting", "1" if _messages(desk, written)[0] else "0"))


def mailbox_count(desk: Desk, client: Client, asked: Asked) -> Answer:
    written = asked.get("mailbox")
    new, old = _messages(desk, written)
    return success("Mailbox Message Count", ("Mailbox", written), ("UrgMessages", "0"), ("NewMessages", str(new)),
                   ("OldMessages", str(old)))


def parked_calls(desk: Desk, client: Client, asked: Asked) -> Answer:
    """Nobody is parked here: callers wait in queues."""
    return listing("Parked calls will follow", [], "ParkedCallsComplete", ("Total", "0"))


# ---- lines and spans ----

def dahdi_channels(desk: Desk, client: Client, asked: Asked) -> Answer:
    wanted = asked.get("dahdichannel")
    rows: list[Listed] = []
    for row in desk.view.channels():
        if wanted not in ("", "0", str(row["number"])):
            continue
        channel = desk.ear.channels.find(row["name"]) if row["call"] else None
        block = [("Channel", channel.name), ("Uniqueid", channel.uniqueid), ("AccountCode", "")] if channel else []
        signalling = {"fxo": "FXS Kewlstart", "fxs": "FXO Kewlstart", "pri": "ISDN PRI"}.get(row["kind"], row["kind"])
        rows.append(("DAHDIShowChannels", [
            ("DAHDIChannel", str(row["number"])), *block, ("Signalling", signalling), ("SignallingCode", "0"),
            ("Context", "stations" if row["station"] else "lines"), ("DND", "Disabled"),
            ("Alarm", row["alarm"] or "No Alarm"), ("Description", row["name"]), ACTION_ID]))
    return listing("DAHDI channels will follow", rows, "DAHDIShowChannelsComplete", ("Items", str(len(rows))))


def dahdi_status(desk: Desk, client: Client, asked: Asked) -> Answer:
    rows: list[Listed] = [("DAHDIShowStatus", [
        ("Span", str(row["number"])), ("Description", row["description"] or row["name"]),
        ("Alarms", row["alarm"] or "OK"), ("IRQ", "0"), ("bpviol", "0"), ("CRC4", "0"), ACTION_ID])
        for row in desk.view.spans()]
    return listing("DAHDI spans will follow", rows, "DAHDIShowStatusComplete", ("Items", str(len(rows))))


def dahdi_hangup(desk: Desk, client: Client, asked: Asked) -> Answer:
    number = asked.get("dahdichannel")
    found = next((row for row in desk.view.channels() if str(row["number"]) == number), None)
    if found is None:
        return failed("No such channel")
    desk.hang_up(desk.leg(found["name"]), 0, client.by)
    return success("DAHDIHangup")


def dnd(desk: Desk, client: Client, asked: Asked) -> Answer:
    return failed("Do not disturb is an agent's pause here: ask for QueuePause")


def pri_spans(desk: Desk, client: Client, asked: Asked) -> Answer:
    rows: list[Listed] = []
    for number, row in enumerate(desk.view.isdn.rows(), start=1):
        up = row["state"] == "up"
        rows.append(("PRIShowSpans", [
            ("Span", str(number)), ("DChannel", "16"), ("Order", "Primary"), ("Active", "Yes" if up else "No"),
            ("Alarm", "No Alarm" if up else row["words"] or "Red Alarm"), ("Up", "Yes" if up else "No"), ACTION_ID]))
    return listing("PRI spans will follow", rows, "PRIShowSpansComplete", ("Items", str(len(rows))))


SYSTEM_ACTIONS = (
    action("Ping", "", ping, "Keepalive command."),
    action("CoreSettings", "system reporting", core_settings, "Show PBX core settings (version etc)."),
    action("CoreStatus", "system reporting", core_status, "Show PBX core status variables."),
    action("Reload", "system config", reload, "Send a reload event."),
    action("ModuleCheck", "system", module_check, "Check if module is loaded.", "Module"),
    action("UserEvent", "user", user_event, "Send an arbitrary event.", "UserEvent"),
    action("DBGet", "system reporting", db_get, "Get DB Entry.", "Family Key"),
    action("DBPut", "system", db_put, "Put DB entry.", "Family Key"),
    action("DBDel", "system", db_del, "Delete DB entry.", "Family Key"),
    action("DBDelTree", "system", db_del_tree, "Delete DB Tree.", "Family"),
    action("ExtensionState", "call reporting", extension_state, "Check Extension Status.", "Exten"),
    action("MailboxStatus", "call reporting", mailbox_status, "Check mailbox.", "Mailbox"),
    action("MailboxCount", "call reporting", mailbox_count, "Check Mailbox Message Count.", "Mailbox"),
    action("ParkedCalls", "call", parked_calls, "List parked calls."),
    action("DAHDIShowChannels", "system reporting", dahdi_channels, "Show status of DAHDI channels."),
    action("DAHDIShowStatus", "system reporting", dahdi_status, "Show status of DAHDI spans."),
    action("DAHDIHangup", "call", dahdi_hangup, "Hangup DAHDI Channel.", "DAHDIChannel"),
    action("DAHDIDNDon", "call", dnd, "Toggle DAHDI channel Do Not Disturb status ON.", "DAHDIChannel"),
    action("DAHDIDNDoff", "call", dnd, "Toggle DAHDI channel Do Not Disturb status OFF.", "DAHDIChannel"),
    action("PRIShowSpans", "system reporting", pri_spans, "Show status of PRI spans."),
)
