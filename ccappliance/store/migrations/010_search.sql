-- What calls are found by: postings of grams, notes, tags, and between which CDRs a day lies.

CREATE TABLE call_gram (
    gram TEXT NOT NULL,       -- a kind and what is to be found: call/grams.py
    cdr  INTEGER NOT NULL,    -- its CDR's seq
    PRIMARY KEY (gram, cdr)
) WITHOUT ROWID;

CREATE TABLE call_note (
    seq    INTEGER PRIMARY KEY,   -- of CallNoted in the journal
    call   TEXT NOT NULL,
    at     TEXT NOT NULL,         -- ISO 8601, UTC, milliseconds
    by     TEXT NOT NULL,
    text   TEXT NOT NULL,
    folded TEXT NOT NULL          -- in the one form that is searched
);

CREATE INDEX call_note_call ON call_note (call);

CREATE TABLE call_tag (
    call TEXT NOT NULL,
    tag  TEXT NOT NULL,
    seq  INTEGER NOT NULL,        -- of CallTagged in the journal
    by   TEXT NOT NULL,
    PRIMARY KEY (call, tag)
) WITHOUT ROWID;

CREATE TABLE call_day (
    day   TEXT PRIMARY KEY,       -- UTC, of the calls' beginnings
    first INTEGER NOT NULL,       -- least and greatest seq of its CDRs: a clock that stepped makes days overlap
    last  INTEGER NOT NULL
) WITHOUT ROWID;
