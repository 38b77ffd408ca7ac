-- What is left of calls, and how far in the journal each reader's rows reach.

CREATE TABLE cdr (
    seq          INTEGER PRIMARY KEY,   -- of CallEnded in the journal
    call         TEXT NOT NULL,
    direction    TEXT NOT NULL,         -- in, internal, out
    line         TEXT NOT NULL,
    calling      TEXT NOT NULL,
    called       TEXT NOT NULL,
    name         TEXT NOT NULL,
    destination  TEXT NOT NULL,
    queue        TEXT NOT NULL,
    agent        TEXT NOT NULL,
    partner      TEXT NOT NULL,
    partner_line TEXT NOT NULL,
    started_at   TEXT NOT NULL,         -- instants: ISO 8601, UTC, milliseconds
    answered_at  TEXT,
    ended_at     TEXT NOT NULL,
    wait         REAL NOT NULL,         -- lengths: seconds
    ring         REAL NOT NULL,
    talk         REAL NOT NULL,
    duration     REAL NOT NULL,
    billable     REAL NOT NULL,
    disposition  TEXT NOT NULL,
    cause        INTEGER NOT NULL,      -- Q.850
    ended_by     TEXT NOT NULL,
    transfers    INTEGER NOT NULL,
    recordings   TEXT NOT NULL          -- JSON list of paths
);

CREATE INDEX cdr_call ON cdr (call);
CREATE INDEX cdr_started ON cdr (started_at);

CREATE TABLE reader (
    name        TEXT PRIMARY KEY,
    applied     INTEGER NOT NULL,       -- the last journal entry whose row is stored
    replay_from INTEGER NOT NULL        -- what was open then began here
) WITHOUT ROWID;
