-- Transcripts of recordings: what is to be made, was made or was given up; and the words of those that are found by them.

CREATE TABLE transcript (
    recording TEXT PRIMARY KEY,
    seq       INTEGER NOT NULL,             -- of its RecordingEnded in the journal
    call      TEXT NOT NULL,
    seconds   REAL NOT NULL,
    file      TEXT NOT NULL DEFAULT '',     -- of the sound; '' not yet archived
    text      TEXT NOT NULL DEFAULT '',     -- file of the transcript; '' not yet made
    tries     INTEGER NOT NULL DEFAULT 0,   -- that have failed
    why       TEXT NOT NULL DEFAULT '',     -- the last one did
    state     TEXT NOT NULL DEFAULT 'due'   -- due, made, given up, gone
) WITHOUT ROWID;
CREATE INDEX transcript_due ON transcript (tries, seq) WHERE state = 'due' AND file != '';

CREATE TABLE call_transcript (              -- of recordings that are not sealed
    recording TEXT PRIMARY KEY,
    call      TEXT NOT NULL,
    folded    TEXT NOT NULL,                -- in the one form that is searched
    pieces    TEXT NOT NULL                 -- JSON: its grams, to be taken out of call_gram again
) WITHOUT ROWID;
CREATE INDEX call_transcript_call ON call_transcript (call);
