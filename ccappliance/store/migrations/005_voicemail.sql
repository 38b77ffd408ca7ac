-- Messages in mailboxes, from their beginning on, and what owners have changed of their mailboxes.

CREATE TABLE voicemail (
    message TEXT PRIMARY KEY,           -- the id of its recording
    seq     INTEGER NOT NULL,           -- of VoicemailBegun in the journal
    call    TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    calling TEXT NOT NULL,
    name    TEXT NOT NULL,
    left_at TEXT NOT NULL,              -- ISO 8601, UTC, milliseconds: when it was begun
    seconds REAL NOT NULL,
    source  TEXT NOT NULL,              -- its recording, below the recordings' directory
    path    TEXT NOT NULL,              -- below the voicemail directory
    state   TEXT NOT NULL,              -- begun, ended (not in the mailbox yet), new, old, saved, deleted
    notice  TEXT NOT NULL               -- of the e-mail: '' not sent yet, sent, failed
) WITHOUT ROWID;

CREATE INDEX voicemail_mailbox ON voicemail (mailbox);

CREATE TABLE mailbox (
    mailbox  TEXT PRIMARY KEY,
    pin      TEXT NOT NULL,             -- hash of the PIN its owner has chosen; '' the configured one
    greeting TEXT NOT NULL              -- recorded greeting, below the voicemail directory; '' the configured one
) WITHOUT ROWID;
