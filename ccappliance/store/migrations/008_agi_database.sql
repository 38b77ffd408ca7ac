-- What AGI scripts keep with DATABASE PUT, over calls and restarts.

CREATE TABLE agi_database (
    family TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (family, key)
) WITHOUT ROWID;
