-- The legs of calls; and how recordings are kept: why they were made, until when, who heard, holds or deleted them.

CREATE TABLE cdr_leg (
    cdr         INTEGER NOT NULL,      -- seq of its CDR
    number      INTEGER NOT NULL,      -- in the order in which they came, from 1
    leg         TEXT NOT NULL,
    role        TEXT NOT NULL,         -- anchor, partner, consulted, returned, supervisor
    line        TEXT NOT NULL,
    party       TEXT NOT NULL,
    began_at    TEXT NOT NULL,         -- instants: ISO 8601, UTC, milliseconds
    answered_at TEXT,
    ended_at    TEXT NOT NULL,
    ended       TEXT NOT NULL,         -- why, in words
    transfer_by TEXT NOT NULL,         -- the leg that consulted this one; '' none
    transfer    TEXT NOT NULL,         -- what came of it: attended, blind, conference, returned, failed, held_left, abandoned
    PRIMARY KEY (cdr, number)
) WITHOUT ROWID;

CREATE TABLE recording_decided (
    seq    INTEGER PRIMARY KEY,        -- of RecordingDecided in the journal
    call   TEXT NOT NULL,
    record TEXT NOT NULL,              -- yes, no, on demand
    rule   TEXT NOT NULL,
    why    TEXT NOT NULL,
    queue  TEXT NOT NULL,
    agent  TEXT NOT NULL,
    least  REAL NOT NULL,              -- days
    days   REAL NOT NULL
);
CREATE INDEX recording_decided_call ON recording_decided (call);

CREATE TABLE recording_kept (
    recording TEXT PRIMARY KEY,
    seq       INTEGER NOT NULL,        -- of its RecordingStarted in the journal
    call      TEXT NOT NULL,
    path      TEXT NOT NULL,           -- under which it can be heard until it is archived
    rule      TEXT NOT NULL,
    least     REAL NOT NULL,           -- days promised when it was made
    days      REAL NOT NULL,
    ended_at  TEXT NOT NULL DEFAULT '',
    file      TEXT NOT NULL DEFAULT '',  -- '' until it is archived
    gone_at   TEXT NOT NULL DEFAULT '',
    gone_by   TEXT NOT NULL DEFAULT '',
    gone_why  TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX recording_kept_call ON recording_kept (call);
CREATE INDEX recording_kept_ended ON recording_kept (ended_at, seq) WHERE gone_at = '' AND file != '';
CREATE INDEX recording_kept_gone ON recording_kept (gone_at) WHERE gone_at != '';

CREATE TABLE recording_hold (
    call TEXT NOT NULL,
    by   TEXT NOT NULL,
    why  TEXT NOT NULL,
    at   TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (call, by)
) WITHOUT ROWID;

CREATE TABLE recording_access (
    seq       INTEGER PRIMARY KEY,     -- of the fact in the journal
    call      TEXT NOT NULL,
    recording TEXT NOT NULL,           -- '' all of the call
    at        TEXT NOT NULL,
    what      TEXT NOT NULL,           -- played, exported, held, released, deleted
    by        TEXT NOT NULL,
    why       TEXT NOT NULL
);
CREATE INDEX recording_access_call ON recording_access (call);
