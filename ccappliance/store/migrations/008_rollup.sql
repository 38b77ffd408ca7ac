-- Sums by hour, day, month and year of the site's time: what reports are read from, however many calls there were.

CREATE TABLE rollup (
    grain   TEXT NOT NULL,   -- hour, day, month, year
    subject TEXT NOT NULL,   -- all, direction, disposition, line, number, queue, agent
    start   TEXT NOT NULL,   -- 2026-11-22T08, 2026-11-22, 2026-11, 2026
    name    TEXT NOT NULL,   -- of the queue, agent …; '' of all
    figure  TEXT NOT NULL,   -- docs/reports.md; one that begins with max_ is the greatest, any other a sum
    value   REAL NOT NULL,
    PRIMARY KEY (grain, subject, start, name, figure)
) WITHOUT ROWID;

CREATE TABLE rollup_state (
    name  TEXT PRIMARY KEY,
    state TEXT NOT NULL      -- JSON: what the reader knew at the last entry whose sums are stored
) WITHOUT ROWID;
