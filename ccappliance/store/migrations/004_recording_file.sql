-- Where the sound of an ended recording is, and what of it was not to be heard or is not there.

ALTER TABLE recording ADD COLUMN file   TEXT NOT NULL DEFAULT '';    -- below the recordings' directory; '' in the segments
ALTER TABLE recording ADD COLUMN form   TEXT NOT NULL DEFAULT '';    -- wav, flac, opus
ALTER TABLE recording ADD COLUMN size   INTEGER NOT NULL DEFAULT 0;  -- bytes of that file
ALTER TABLE recording ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';    -- of that file, hexadecimal
ALTER TABLE recording ADD COLUMN gaps   TEXT NOT NULL DEFAULT '';    -- JSON: [leg, from, to] in samples, after a power cut

CREATE INDEX recording_name ON recording (recording);
