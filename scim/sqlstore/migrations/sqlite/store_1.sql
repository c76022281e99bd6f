-- Users, groups and other resources, told apart by kind. Times are in
-- microseconds since 1970; data is the resource as JSON, search the same as a
-- document for filters. A key is unique among the rows whose twin is the same: it
-- is empty where a key must be unique, and the id where it need not be.
--
-- No index begins with the tenant or the kind, which a whole customer has in
-- common: a planner without statistics can't take it for a look-up. Lists have the
-- index of the shelf, which is kind and tenant in one and is used for nothing else.
CREATE TABLE IF NOT EXISTS {resources} (
	tenant        TEXT NOT NULL,
	kind          TEXT NOT NULL,
	id            TEXT NOT NULL,
	shelf         TEXT NOT NULL,
	version       INTEGER NOT NULL,
	created       INTEGER NOT NULL,
	modified      INTEGER NOT NULL,
	label         TEXT NOT NULL,
	name_key      TEXT,
	name_twin     TEXT NOT NULL,
	external_key  TEXT,
	external_twin TEXT NOT NULL,
	roles         TEXT,
	data          TEXT NOT NULL,
	search        TEXT NOT NULL,
	PRIMARY KEY (id, tenant, kind)
);

CREATE INDEX IF NOT EXISTS {prefix}resources_shelf ON {resources} (shelf, id);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}resources_name ON {resources} (name_key, tenant, kind, name_twin);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}resources_external ON {resources} (external_key, tenant, kind, external_twin);

-- Values of further attributes that must be unique: within a tenant, or among all.
CREATE TABLE IF NOT EXISTS {unique} (
	space  TEXT NOT NULL,
	kind   TEXT NOT NULL,
	path   TEXT NOT NULL,
	key    TEXT NOT NULL,
	tenant TEXT NOT NULL,
	id     TEXT NOT NULL,
	PRIMARY KEY (key, path, kind, space)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS {prefix}unique_id ON {unique} (id, tenant, kind);

-- Who is a member of which group. The members of a group are found by tenant and
-- group in one, for the same reason, and are in an order that only this index has:
-- a planner with statistics would else walk through the members of all groups in
-- the order of the primary key, to find those of one group on the way.
CREATE TABLE IF NOT EXISTS {members} (
	tenant      TEXT NOT NULL,
	group_id    TEXT NOT NULL,
	member_id   TEXT NOT NULL,
	member_kind TEXT NOT NULL,
	PRIMARY KEY (member_id, group_id, tenant)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS {prefix}members_group ON {members} ((tenant || '/' || group_id), (member_id || ''));
