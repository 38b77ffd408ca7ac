-- What flows have learnt of a caller, with his CDR and with the promise to call him back: a JSON mapping of texts.

ALTER TABLE cdr ADD COLUMN variables TEXT NOT NULL DEFAULT '{}';
ALTER TABLE callback ADD COLUMN variables TEXT NOT NULL DEFAULT '{}';
