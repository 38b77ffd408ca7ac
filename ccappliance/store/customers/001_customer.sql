-- Customers: their cards, numbers, notes and tickets. The only copy: the journal has ids and names of fields, no text.

CREATE TABLE customer (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,   -- never given again, also after an erasure
    name       TEXT NOT NULL,
    company    TEXT NOT NULL,
    email      TEXT NOT NULL,
    address    TEXT NOT NULL,
    language   TEXT NOT NULL,                       -- zh, en, '' not known
    class      TEXT NOT NULL,                       -- value class, '' none
    made_at    TEXT NOT NULL,                       -- ISO 8601, UTC, milliseconds
    changed_at TEXT NOT NULL
);

CREATE TABLE customer_number (
    normal   TEXT PRIMARY KEY,                      -- as call/numbers.py has it, with ;ext= if it has an extension
    customer INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,                      -- order on his card
    shown    TEXT NOT NULL                          -- as it was written
) WITHOUT ROWID;

CREATE INDEX customer_number_customer ON customer_number (customer);

CREATE TABLE customer_note (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    customer INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    at       TEXT NOT NULL,
    by       TEXT NOT NULL,
    text     TEXT NOT NULL
);

CREATE INDEX customer_note_customer ON customer_note (customer);

CREATE TABLE customer_ticket (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    customer  INTEGER NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
    opened_at TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    subject   TEXT NOT NULL,
    call      TEXT NOT NULL,                        -- about which call, '' none
    solved_at TEXT NOT NULL,                        -- '' it is open
    solved_by TEXT NOT NULL
);

CREATE INDEX customer_ticket_customer ON customer_ticket (customer, solved_at);
