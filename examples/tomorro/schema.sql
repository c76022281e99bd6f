-- The tables of the application. None of them is made for SCIM.

CREATE TABLE IF NOT EXISTS workspaces (
	id               TEXT PRIMARY KEY,
	name             TEXT NOT NULL,
	plan             BIGINT NOT NULL,               -- the pricing plan: 4, 5, 6, …
	substitute_id    TEXT,                          -- who inherits what leavers owned
	groups_locked    BOOLEAN NOT NULL DEFAULT FALSE, -- only identity providers edit groups
	settings_version BIGINT NOT NULL DEFAULT 1
);

-- The identity providers of a workspace, and what each may do.
CREATE TABLE IF NOT EXISTS connections (
	workspace_id   TEXT NOT NULL REFERENCES workspaces (id),
	name           TEXT NOT NULL,    -- "entra", "onelogin"
	creates_groups BOOLEAN NOT NULL, -- or else fills those that are made here
	sees_all       BOOLEAN NOT NULL, -- groups that are made here too
	adopts_groups  BOOLEAN NOT NULL, -- takes over a group of the same name
	PRIMARY KEY (workspace_id, name)
);

-- Groups that give a role. All others are for access to contracts only.
CREATE TABLE IF NOT EXISTS permission_groups (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	group_name   TEXT NOT NULL,
	user_type    TEXT NOT NULL, -- as in the table of roles
	PRIMARY KEY (workspace_id, group_name)
);

CREATE TABLE IF NOT EXISTS members (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	email        TEXT NOT NULL,
	external_id  TEXT,
	first_name   TEXT NOT NULL DEFAULT '',
	last_name    TEXT NOT NULL DEFAULT '',
	user_type    TEXT NOT NULL DEFAULT '',
	active       BOOLEAN NOT NULL DEFAULT TRUE,
	signature    TEXT NOT NULL DEFAULT '', -- of no interest to identity providers
	version      BIGINT NOT NULL DEFAULT 1,
	created_at   TIMESTAMPTZ NOT NULL,
	updated_at   TIMESTAMPTZ NOT NULL,
	deleted_at   TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS members_email ON members (workspace_id, lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS members_external ON members (workspace_id, external_id);

CREATE TABLE IF NOT EXISTS member_roles (
	member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
	role      TEXT NOT NULL,
	given_by  TEXT NOT NULL, -- "scim", or "hand"
	PRIMARY KEY (member_id, role, given_by)
);

CREATE TABLE IF NOT EXISTS sessions (
	token     TEXT PRIMARY KEY,
	member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE
);

-- Two groups may have one name: one that is made here, and one of an identity provider.
CREATE TABLE IF NOT EXISTS member_groups (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	name         TEXT NOT NULL,
	external_id  TEXT,
	version      BIGINT NOT NULL DEFAULT 1,
	created_at   TIMESTAMPTZ NOT NULL,
	updated_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS member_groups_name ON member_groups (workspace_id, lower(name));

CREATE TABLE IF NOT EXISTS group_members (
	group_id  TEXT NOT NULL REFERENCES member_groups (id) ON DELETE CASCADE,
	member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
	PRIMARY KEY (group_id, member_id)
);

-- What the product is about. None of it may go with a member who leaves, so that no row of
-- members can be deleted while one here names it.
CREATE TABLE IF NOT EXISTS contracts (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	title        TEXT NOT NULL,
	owner_id     TEXT NOT NULL REFERENCES members (id),
	group_id     TEXT REFERENCES member_groups (id) ON DELETE SET NULL -- whose members may read it
);
CREATE TABLE IF NOT EXISTS templates (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	title        TEXT NOT NULL,
	owner_id     TEXT NOT NULL -- of a member, though the database does not hold it
);
CREATE TABLE IF NOT EXISTS approval_steps (
	id           TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	contract_id  TEXT NOT NULL REFERENCES contracts (id),
	title        TEXT NOT NULL,
	owner_id     TEXT NOT NULL REFERENCES members (id)
);
