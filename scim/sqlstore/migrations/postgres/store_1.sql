-- Users, groups and other resources, told apart by kind. Times are in
-- microseconds since 1970; data is the resource as JSON, search the same as a
-- document for filters. A key is unique among the rows whose twin is the same: it
-- is empty where a key must be unique, and the id where it need not be.
--
-- No index begins with the tenant or the kind, which a whole customer has in
-- common: a planner without statistics can't take it for a look-up. Lists have the
-- index of the shelf, which is kind and tenant in one and is used for nothing else.
CREATE TABLE IF NOT EXISTS {resources} (
	tenant        text COLLATE "C" NOT NULL,
	kind          text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	shelf         text COLLATE "C" NOT NULL,
	version       bigint NOT NULL,
	created       bigint NOT NULL,
	modified      bigint NOT NULL,
	label         text COLLATE "C" NOT NULL,
	name_key      text COLLATE "C",
	name_twin     text COLLATE "C" NOT NULL,
	external_key  text COLLATE "C",
	external_twin text COLLATE "C" NOT NULL,
	roles         text,
	data          text COLLATE "C" NOT NULL,
	search        jsonb NOT NULL,
	PRIMARY KEY (id, tenant, kind)
);

CREATE INDEX IF NOT EXISTS {prefix}resources_shelf ON {resources} (shelf, id);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}resources_name ON {resources} (name_key, tenant, kind, name_twin);

CREATE UNIQUE INDEX IF NOT EXISTS {prefix}resources_external ON {resources} (external_key, tenant, kind, external_twin);

-- Values of further attributes that must be unique: within a tenant, or among all.
CREATE TABLE IF NOT EXISTS {unique} (
	space  text COLLATE "C" NOT NULL,
	kind   text COLLATE "C" NOT NULL,
	path   text COLLATE "C" NOT NULL,
	key    text COLLATE "C" NOT NULL,
	tenant text COLLATE "C" NOT NULL,
	id     text COLLATE "C" NOT NULL,
	PRIMARY KEY (key, path, kind, space)
);

CREATE INDEX IF NOT EXISTS {prefix}unique_id ON {unique} (id, tenant, kind);

-- Who is a member of which group. The members of a group are found by tenant and
-- group in one, for the same reason, and are in an order that only this index has:
-- a planner with statistics would else walk through the members of all groups in
-- the order of the primary key, to find those of one group on the way.
CREATE TABLE IF NOT EXISTS {members} (
	tenant      text COLLATE "C" NOT NULL,
	group_id    text COLLATE "C" NOT NULL,
	member_id   text COLLATE "C" NOT NULL,
	member_kind text COLLATE "C" NOT NULL,
	PRIMARY KEY (member_id, group_id, tenant)
);

CREATE INDEX IF NOT EXISTS {prefix}members_group ON {members} ((tenant || '/' || group_id), (member_id || ''));
