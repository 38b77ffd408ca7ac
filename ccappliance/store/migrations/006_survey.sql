-- What callers have answered in surveys, with who served them.

CREATE TABLE survey (
    seq      INTEGER PRIMARY KEY,       -- of SurveyAnswered in the journal
    at       TEXT NOT NULL,             -- ISO 8601, UTC, milliseconds
    call     TEXT NOT NULL,
    flow     TEXT NOT NULL,
    question TEXT NOT NULL,
    answer   TEXT NOT NULL,             -- the key pressed; '' none; 'recorded': a comment, among the call's recordings
    queue    TEXT NOT NULL,             -- in which he was served last; '' in none
    agent    TEXT NOT NULL
);

CREATE INDEX survey_call ON survey (call);
CREATE INDEX survey_agent ON survey (agent, at);
