-- The tables of the application. None of them is made for SCIM.

CREATE TABLE IF NOT EXISTS users (
	id              TEXT PRIMARY KEY,
	user_name       TEXT NOT NULL,
	email           TEXT NOT NULL DEFAULT '',
	external_id     TEXT,
	first_name      TEXT NOT NULL DEFAULT '',
	last_name       TEXT NOT NULL DEFAULT '',
	phone           TEXT NOT NULL DEFAULT '',
	mobile          TEXT NOT NULL DEFAULT '',
	employee_number TEXT NOT NULL DEFAULT '',
	organization    TEXT NOT NULL DEFAULT '',
	department      TEXT NOT NULL DEFAULT '',
	manager_id      TEXT,
	active          BOOLEAN NOT NULL DEFAULT TRUE,
	is_system       BOOLEAN NOT NULL DEFAULT FALSE, -- as sys.scim: nobody's account
	language        TEXT NOT NULL DEFAULT 'en',     -- of no interest to Azure
	password        TEXT,                           -- its hash
	must_change     BOOLEAN NOT NULL DEFAULT TRUE,
	version         BIGINT NOT NULL DEFAULT 1,
	created_at      TIMESTAMPTZ NOT NULL,
	updated_at      TIMESTAMPTZ NOT NULL,
	deleted_at      TIMESTAMPTZ
);
CREATE UNIQUE INDEX IF NOT EXISTS users_name ON users (lower(user_name)) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS users_email ON users (lower(email));
CREATE INDEX IF NOT EXISTS users_external ON users (external_id);

CREATE TABLE IF NOT EXISTS user_roles (
	user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	role     TEXT NOT NULL,
	given_by TEXT NOT NULL, -- "scim", or "hand"
	PRIMARY KEY (user_id, role, given_by)
);

CREATE TABLE IF NOT EXISTS sessions (
	token   TEXT PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS user_groups (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL,
	external_id TEXT,
	version     BIGINT NOT NULL DEFAULT 1,
	created_at  TIMESTAMPTZ NOT NULL,
	updated_at  TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS user_groups_name ON user_groups (lower(name));

CREATE TABLE IF NOT EXISTS group_users (
	group_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
	user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	PRIMARY KEY (group_id, user_id)
);
CREATE TABLE IF NOT EXISTS group_groups (
	outer_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
	inner_id TEXT NOT NULL REFERENCES user_groups (id) ON DELETE CASCADE,
	PRIMARY KEY (outer_id, inner_id)
);

-- What the product is about: processes, each of which needs a role to be started.
CREATE TABLE IF NOT EXISTS processes (
	id   TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	role TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS runs (
	id         TEXT PRIMARY KEY,
	process_id TEXT NOT NULL REFERENCES processes (id),
	started_by TEXT REFERENCES users (id) ON DELETE SET NULL,
	started_at TIMESTAMPTZ NOT NULL
);
