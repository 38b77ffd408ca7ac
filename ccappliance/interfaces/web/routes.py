"""The route table: every operation of the house as a resource, with the right it needs. There is no other way in.

tests/interfaces/test_web_routes.py proves that every operation is here, and every route with every role.
"""

from typing import Any

from ccappliance.interfaces.control import configuring, customers, floor, isdn, messages, past, view
from ccappliance.interfaces.web import account_operations as accounts
from ccappliance.interfaces.web.answers import (
    ConsoleSession,
    Explained,
    FigureRow,
    FoundCall,
    HungUp,
    Named,
    Reached,
    Thresholds,
    Waveform,
)
from ccappliance.interfaces.web.route import STREAM, Route

_FOLLOW, _PAST = {"follow": True}, {"follow": False}

LINES = (
    Route("GET", "/status", "status", "status:read", view.Status),
    Route(STREAM, "/streams/status", "status.watch", "status:read", view.Status),
    Route("GET", "/spans", "spans.list", "lines:read", list[view.SpanRow]),
    Route("GET", "/spans/{span}", "spans.show", "lines:read", view.SpanDetail),
    Route("GET", "/channels", "channels.list", "lines:read", list[view.ChannelRow]),
    Route("GET", "/channels/{channel}", "channels.show", "lines:read", view.ChannelDetail),
    Route("GET", "/isdn", "pri.list", "lines:read", list[isdn.PriRow]),
    Route("GET", "/isdn/{span}", "pri.show", "lines:read", isdn.PriDetail),
    Route("GET", "/isdn/{span}/trace", "pri.trace", "lines:trace", list[isdn.TraceLine], fixed=_PAST),
    Route(STREAM, "/streams/isdn/{span}/trace", "pri.trace", "lines:trace", isdn.TraceLine, fixed=_FOLLOW),
)
CALLS = (
    Route("GET", "/calls", "calls.list", "calls:read", list[view.CallRow]),
    Route("POST", "/calls", "calls.originate", "calls:write", view.CallRow, own="station"),
    Route("GET", "/calls/{call}", "calls.show", "history:read", FoundCall, own="call"),
    Route("POST", "/calls/{call}/hangup", "calls.hangup", "calls:write", HungUp, own="call"),
    Route("POST", "/calls/{call}/release", "calls.release", "calls:write", HungUp),
    Route("POST", "/calls/{call}/listeners", "calls.monitor", "calls:listen", view.CallRow),
    Route("POST", "/calls/{call}/notes", "calls.note", "calls:write", Named, own="call"),
    Route("POST", "/calls/{call}/tags", "calls.tag", "calls:write", Named, own="call"),
    Route("GET", "/calls/{call}/explanation", "explain.call", "history:read", list[Explained]),
    Route("GET", "/history/calls", "calls.search", "history:read", list[past.PastCallRow], account=True),
    Route("GET", "/history/recordings", "recordings.find", "recordings:read", list[past.PastCallRow], account=True),
    Route("POST", "/prompts/{name}/play", "prompts.play", "prompts:write", view.CallRow),
)
AGENTS = (
    Route("GET", "/agents", "agents.list", "agents:read", list[view.AgentRow]),
    Route("GET", "/agents/{agent}", "agents.show", "agents:write", view.AgentDetail, own="agent"),
    Route("POST", "/agents/{agent}/state", "agents.set", "agents:write", view.AgentRow, own="agent"),
    Route("POST", "/agents/{agent}/force", "agents.force", "agents:write", Reached),
    Route("PUT", "/agents/{agent}/skills", "agents.skills", "agents:write", Named),
    Route("GET", "/queues", "queues.list", "queues:read", list[view.QueueRow]),
    Route("GET", "/queues/{queue}", "queues.show", "queues:entries", view.QueueDetail),
    Route(STREAM, "/streams/queues/{queue}", "queues.watch", "queues:entries", view.QueueDetail),
    Route("PUT", "/queues/{queue}/playlist", "queues.playlist", "queues:write", view.QueueDetail),
    Route("PUT", "/queues/{queue}/strategy", "queues.strategy", "queues:write", view.QueueDetail),
    Route("POST", "/entries/{call}/move", "queues.move", "queues:write", Named),
    Route("POST", "/entries/{call}/assign", "queues.assign", "queues:write", Named),
    Route("POST", "/entries/{call}/priority", "queues.prioritise", "queues:write", Named),
    Route("POST", "/entries/{call}/pull", "queues.pull", "queues:write", Named),
    Route("GET", "/floor", "floor.show", "floor:read", floor.Floor),
    Route(STREAM, "/streams/floor", "floor.watch", "floor:read", floor.Floor),
    Route("GET", "/wallboard", "web.wallboard", "queues:read", Thresholds),
    Route("GET", "/callbacks", "callbacks.list", "callbacks:read", list[view.CallbackRow]),
    Route("GET", "/history/callbacks", "callbacks.ended", "callbacks:read", list[view.EndedCallbackRow]),
    Route("GET", "/reports/callbacks", "callbacks.report", "callbacks:read", list[view.CallbackReportRow]),
    Route("POST", "/callbacks/{callback}/cancel", "callbacks.cancel", "callbacks:write", Named),
    Route("POST", "/callbacks/{callback}/retry", "callbacks.retry", "callbacks:write", Named),
)
CUSTOMERS = (
    Route("POST", "/customers", "customers.make", "customers:card", customers.CustomerCard, personal=True),
    Route("GET", "/customers/by-number/{number}", "customers.by-number", "customers:read", customers.CustomerCard),
    Route("GET", "/customers/{customer}", "customers.show", "customers:read", customers.CustomerCard),
    Route("PUT", "/customers/{customer}", "customers.edit", "customers:card", customers.CustomerCard, personal=True),
    Route("DELETE", "/customers/{customer}", "customers.erase", "customers:erase", Named, personal=True),
    Route("POST", "/customers/{customer}/notes", "customers.note", "customers:card", customers.CustomerCard,
          personal=True),
    Route("POST", "/customers/{customer}/tickets", "customers.ticket", "customers:card", customers.CustomerCard,
          personal=True),
    Route("PUT", "/customers/{customer}/tickets/{ticket}", "customers.solve", "customers:card",
          customers.CustomerCard),
)
RECORDS = (
    Route("GET", "/recordings", "recordings.list", "recordings:read", list[view.RecordingRow]),
    Route("GET", "/recordings/{recording}/sound", "recordings.sound", "recordings:play", bytes, account=True),
    Route("GET", "/recordings/{recording}/peaks", "recordings.peaks", "recordings:play", Waveform),
    Route("POST", "/calls/{call}/recording/pause", "recordings.pause", "recordings:write", HungUp, own="call"),
    Route("POST", "/calls/{call}/recording/resume", "recordings.resume", "recordings:write", HungUp, own="call"),
    Route("POST", "/calls/{call}/recording/start", "recordings.start", "recordings:write", Named, own="call"),
    Route("POST", "/calls/{call}/recording/stop", "recordings.stop", "recordings:write", Named, own="call"),
    Route("GET", "/calls/{call}/transcript", "recordings.transcript", "recordings:play", dict[str, Any], account=True),
    Route(STREAM, "/streams/calls/{call}/sound", "recordings.play", "recordings:play", dict[str, Any], account=True),
    Route(STREAM, "/streams/calls/{call}/export", "recordings.export", "recordings:export", dict[str, Any],
          account=True),
    Route("POST", "/calls/{call}/recordings/hold", "recordings.hold", "recordings:hold", Named),
    Route("POST", "/calls/{call}/recordings/release", "recordings.release", "recordings:hold", Named),
    Route("POST", "/calls/{call}/recordings/delete", "recordings.delete", "recordings:delete", dict[str, Any]),
    Route("GET", "/calls/{call}/recordings/heard", "recordings.heard", "recordings:read", list[dict[str, Any]]),
    Route("GET", "/voicemail", "voicemail.list", "voicemail:read", list[messages.MessageRow]),
    Route("GET", "/voicemail/{message}", "voicemail.show", "voicemail:read", messages.MessageRow),
    Route("POST", "/voicemail/{message}/play", "voicemail.play", "voicemail:write", Named),
    Route("DELETE", "/voicemail/{message}", "voicemail.delete", "voicemail:write", Named),
    Route("GET", "/reports/{report}", "reports.show", "reports:read", list[dict[str, Any]], account=True),
    Route("GET", "/reports/{report}/figures", "reports.figures", "reports:read", list[FigureRow]),
    Route("GET", "/reports/{report}/file", "reports.file", "reports:read", bytes, account=True),
    Route("GET", "/journal", "journal.tail", "journal:read", list[dict[str, Any]], fixed=_PAST, account=True),
    Route(STREAM, "/streams/journal", "journal.tail", "journal:read", dict[str, Any], fixed=_FOLLOW, account=True),
    Route("GET", "/audit", "audit", "audit:read", dict[str, Any]),
    Route("GET", "/audit/decisions", "explain.check", "audit:read", dict[str, Any]),
)
CONFIG = (
    Route("GET", "/config", "config.show", "config:read", list[view.KeyRow]),
    # A directory of the caller's choice would let him read files: only the daemon's own is checked here.
    Route("POST", "/config/check", "config.check", "config:read", configuring.ConfigVerdict, fixed={"directory": ""}),
    Route("GET", "/config/plan", "config.plan", "config:read", configuring.Plan),
    Route("POST", "/config/reload", "config.reload", "config:write", configuring.ReloadOutcome),
    Route("POST", "/config/apply", "config.apply", "config:write", configuring.ReloadOutcome),
    Route("GET", "/config/history", "config.history", "config:read", list[configuring.HistoryRow]),
    Route("POST", "/config/history/{entry}/restoring", "config.restoring", "config:write", configuring.Restoring),
    # Neither path nor passphrase: what a browser names must not become a file of the machine.
    Route("POST", "/backups", "backup", "backups:write", list[dict[str, Any]], fixed={"path": "", "passphrase": ""}),
    Route("GET", "/headquarters", "hq.status", "status:read", dict[str, Any]),
    Route("GET", "/operations", "operations.list", "", list[dict[str, Any]]),
)
ACCOUNTS = (
    Route("GET", "/users", "users.list", "users:read", list[accounts.UserRow]),
    Route("POST", "/users", "users.add", "users:write", accounts.UserRow),
    Route("GET", "/users/{user}", "users.show", "users:read", accounts.UserRow, own="user"),
    Route("DELETE", "/users/{user}", "users.remove", "users:write", Named),
    Route("PUT", "/users/{user}/role", "users.role", "users:write", Named),
    Route("PUT", "/users/{user}/agent", "users.agent", "users:write", Named),
    Route("PUT", "/users/{user}/disabled", "users.disable", "users:write", Named),
    Route("PUT", "/users/{user}/password", "users.password", "users:write", Named),
    Route("POST", "/users/{user}/code", "users.code", "users:write", accounts.Code),
    Route("GET", "/users/{user}/sessions", "users.sessions", "users:read", list[accounts.SessionRow], own="user"),
    Route("DELETE", "/users/{user}/sessions", "users.sign-out", "users:write", Named, own="user"),
    Route("POST", "/setup-code", "users.setup-code", "users:write", accounts.Code),
    Route("GET", "/roles", "users.roles", "users:read", list[accounts.RoleRow]),
    Route("GET", "/tokens", "tokens.list", "users:read", list[accounts.TokenRow]),
    Route("POST", "/tokens", "tokens.create", "users:write", accounts.MadeToken),
    Route("DELETE", "/tokens/{token}", "tokens.revoke", "users:write", Named),
    Route("GET", "/certificate", "web.certificate", "status:read", dict[str, Any]),
)
# Handlers of the web door itself, for they deal in cookies, bytes and connections (door.py, sound.py, feed.py).
DOOR = (
    Route("GET", "/session", "session.show", "", ConsoleSession, open=True),
    Route("POST", "/session", "session.begin", "", ConsoleSession, open=True),
    Route("POST", "/session/code", "session.code", "", ConsoleSession, open=True),
    Route("DELETE", "/session", "session.end", "", ConsoleSession),
    Route("PUT", "/session/password", "session.password", "", ConsoleSession),
    Route("GET", "/openapi.json", "web.openapi", "", dict[str, Any]),
    Route(STREAM, "/feed", "feed", "", dict[str, Any]),
)
ROUTES: tuple[Route, ...] = (*LINES, *CALLS, *AGENTS, *CUSTOMERS, *RECORDS, *CONFIG, *ACCOUNTS, *DOOR)
