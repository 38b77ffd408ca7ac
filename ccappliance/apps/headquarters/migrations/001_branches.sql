-- What many branches have told: every row belongs to a branch, and is named by the number of its journal's entry.
-- A branch that was restored from a backup begins another life: its numbers begin again after the backup's last.

CREATE TABLE ccappliance.branch (
    branch      text PRIMARY KEY,
    box         text NOT NULL UNIQUE,      -- who it is: no other box may take its name
    life        integer NOT NULL,
    site        text NOT NULL,
    timezone    text NOT NULL,             -- of its hours and days
    program     text NOT NULL,             -- version
    applied     bigint NOT NULL,           -- the last entry that was told; in the same transaction as its rows
    replay_from bigint NOT NULL,           -- what was open then began here
    line        text NOT NULL,             -- SHA-256 of that entry, so that no other journal goes on from it
    state       text NOT NULL,             -- JSON: what its reader knew at that entry
    told_at     timestamptz NOT NULL,
    entry_at    timestamptz                -- of that entry
);

CREATE TABLE ccappliance.call (            -- as cdr of the box
    branch       text NOT NULL REFERENCES ccappliance.branch ON UPDATE CASCADE,
    life         integer NOT NULL,
    seq          bigint NOT NULL,          -- of CallEnded
    call         text NOT NULL,
    direction    text NOT NULL,
    line         text NOT NULL,
    calling      text NOT NULL,
    called       text NOT NULL,
    name         text NOT NULL,
    destination  text NOT NULL,
    queue        text NOT NULL,
    agent        text NOT NULL,
    partner      text NOT NULL,
    partner_line text NOT NULL,
    started_at   timestamptz NOT NULL,
    answered_at  timestamptz,
    ended_at     timestamptz NOT NULL,
    wait         double precision NOT NULL, -- lengths: seconds
    ring         double precision NOT NULL,
    talk         double precision NOT NULL,
    duration     double precision NOT NULL,
    billable     double precision NOT NULL,
    disposition  text NOT NULL,
    cause        integer NOT NULL,
    ended_by     text NOT NULL,
    transfers    integer NOT NULL,
    recordings   text NOT NULL,            -- JSON
    variables    text NOT NULL,            -- JSON
    PRIMARY KEY (branch, life, seq)
);
CREATE INDEX call_started ON ccappliance.call (started_at);
CREATE INDEX call_call ON ccappliance.call (branch, call);

CREATE TABLE ccappliance.leg (
    branch      text NOT NULL REFERENCES ccappliance.branch ON UPDATE CASCADE,
    life        integer NOT NULL,
    seq         bigint NOT NULL,           -- of the entry with which it ended
    call        text NOT NULL,
    leg         text NOT NULL,
    line        text NOT NULL,
    party       text NOT NULL,
    began_at    timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at    timestamptz NOT NULL,
    why         text NOT NULL,
    PRIMARY KEY (branch, life, seq, leg)
);
CREATE INDEX leg_ended ON ccappliance.leg (ended_at);
CREATE INDEX leg_call ON ccappliance.leg (branch, call);

CREATE TABLE ccappliance.queue_event (
    branch   text NOT NULL REFERENCES ccappliance.branch ON UPDATE CASCADE,
    life     integer NOT NULL,
    seq      bigint NOT NULL,
    at       timestamptz NOT NULL,
    call     text NOT NULL,
    queue    text NOT NULL,
    event    text NOT NULL,                -- entered, left, offered, offer_ended
    kind     text NOT NULL,                -- of an entry: call, callback
    agent    text NOT NULL,
    outcome  text NOT NULL,
    position integer,
    seconds  double precision,             -- waited, rang
    PRIMARY KEY (branch, life, seq)
);
CREATE INDEX queue_event_at ON ccappliance.queue_event (at);

CREATE TABLE ccappliance.agent_state (
    branch  text NOT NULL REFERENCES ccappliance.branch ON UPDATE CASCADE,
    life    integer NOT NULL,
    seq     bigint NOT NULL,
    at      timestamptz NOT NULL,
    agent   text NOT NULL,
    was     text NOT NULL,
    seconds double precision,              -- in that state; NULL: not known, the box began anew
    state   text NOT NULL,
    why     text NOT NULL,
    call    text NOT NULL,
    station text NOT NULL,
    PRIMARY KEY (branch, life, seq)
);
CREATE INDEX agent_state_at ON ccappliance.agent_state (at);

CREATE TABLE ccappliance.survey (
    branch   text NOT NULL REFERENCES ccappliance.branch ON UPDATE CASCADE,
    life     integer NOT NULL,
    seq      bigint NOT NULL,
    at       timestamptz NOT NULL,
    call     text NOT NULL,
    flow     text NOT NULL,
    question text NOT NULL,
    answer   text NOT NULL,
    queue    text NOT NULL,
    agent    text NOT NULL,
    PRIMARY KEY (branch, life, seq)
);
CREATE INDEX survey_at ON ccappliance.survey (at);

CREATE TABLE ccappliance.rollup (          -- as rollup of the box; a restored one's lives add up
    branch  text NOT NULL REFERENCES ccappliance.branch ON UPDATE CASCADE,
    life    integer NOT NULL,
    grain   text NOT NULL,                 -- hour, day, month, year
    subject text NOT NULL,                 -- all, direction, disposition, line, number, queue, agent
    start   text NOT NULL,                 -- of the branch's own time
    name    text NOT NULL,
    figure  text NOT NULL,                 -- one that begins with max_ is the greatest, any other a sum
    value   double precision NOT NULL,
    PRIMARY KEY (branch, life, grain, subject, start, name, figure)
);
CREATE INDEX rollup_start ON ccappliance.rollup (grain, subject, start);
