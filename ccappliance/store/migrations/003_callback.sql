-- Promises to call somebody back, kept over restarts; ended ones as well, for reports.

CREATE TABLE callback (
    callback    TEXT PRIMARY KEY,
    seq         INTEGER NOT NULL,       -- of CallbackPromised in the journal
    call        TEXT NOT NULL,          -- in which it was promised
    queue       TEXT NOT NULL,
    number      TEXT NOT NULL,
    name        TEXT NOT NULL,
    language    TEXT NOT NULL,
    promised_at TEXT NOT NULL,          -- instants: ISO 8601, UTC, milliseconds; '' never
    entered_at  TEXT NOT NULL,          -- when he first began to wait
    order_class INTEGER NOT NULL,
    boost       REAL NOT NULL,
    require     TEXT NOT NULL,
    low         REAL,                   -- seconds he was told
    high        REAL,
    attempts    INTEGER NOT NULL,       -- that count
    trying      TEXT NOT NULL,          -- the call in which he is being dialled
    tried_at    TEXT NOT NULL,
    again_at    TEXT NOT NULL,
    joined_at   TEXT NOT NULL,          -- since when its entry stands in line; '' it does not
    offer       TEXT NOT NULL,          -- the offer under way
    agent       TEXT NOT NULL,          -- to whom
    answered    INTEGER NOT NULL,       -- its entry has left as answered
    ended_at    TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    why         TEXT NOT NULL,
    waited      REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX callback_ended ON callback (ended_at);
