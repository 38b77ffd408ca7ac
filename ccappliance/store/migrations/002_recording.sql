-- Recordings that have ended, however they ended.

CREATE TABLE recording (
    seq        INTEGER PRIMARY KEY,     -- of RecordingEnded in the journal
    recording  TEXT NOT NULL,
    call       TEXT NOT NULL,
    path       TEXT NOT NULL,           -- below the recordings' directory
    ended_at   TEXT NOT NULL,
    seconds    REAL NOT NULL,
    lost       REAL NOT NULL,           -- seconds of it replaced by silence
    state      TEXT NOT NULL            -- complete, failed, refused, interrupted
);

CREATE INDEX recording_call ON recording (call);
