-- Records of Muster's own. seq is the order in which keys were stored first; due
-- is in microseconds since 1970. As in the other tables, look-ups have indexes that
-- begin with a key, and lists one of their own.
CREATE TABLE IF NOT EXISTS {state} (
	seq     INTEGER PRIMARY KEY AUTOINCREMENT,
	kind    TEXT NOT NULL,
	tenant  TEXT NOT NULL,
	key     TEXT NOT NULL,
	lane    TEXT NOT NULL,
	due     INTEGER,
	version INTEGER NOT NULL,
	refs    TEXT NOT NULL,
	data    BLOB NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}state_key ON {state} (key, tenant, kind);

CREATE INDEX IF NOT EXISTS {prefix}state_list ON {state} ((kind || '/' || tenant), key);

CREATE INDEX IF NOT EXISTS {prefix}state_due ON {state} (kind, due, seq) WHERE due IS NOT NULL;

CREATE INDEX IF NOT EXISTS {prefix}state_lane ON {state} (kind, tenant, lane, seq) WHERE due IS NOT NULL;

CREATE TABLE IF NOT EXISTS {refs} (
	kind   TEXT NOT NULL,
	tenant TEXT NOT NULL,
	ref    TEXT NOT NULL,
	key    TEXT NOT NULL,
	PRIMARY KEY (ref, tenant, kind, key)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS {prefix}refs_key ON {refs} (key, tenant, kind);
