-- The tables of the application. None of them is made for SCIM.

CREATE TABLE IF NOT EXISTS orgs (
	id   TEXT PRIMARY KEY,
	name TEXT NOT NULL
);

-- How a customer's identity provider is connected: what is provisioned, and who signs in.
CREATE TABLE IF NOT EXISTS connectors (
	org_id        TEXT PRIMARY KEY REFERENCES orgs (id),
	licence       TEXT NOT NULL DEFAULT '', -- of users who come without one; '' refuses them
	issuer        TEXT NOT NULL DEFAULT '',
	client_id     TEXT NOT NULL DEFAULT '',
	client_secret TEXT NOT NULL DEFAULT '',
	version       BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE IF NOT EXISTS accounts (
	id          TEXT PRIMARY KEY,
	org_id      TEXT NOT NULL REFERENCES orgs (id),
	external_id TEXT,
	email       TEXT NOT NULL,
	first_name  TEXT NOT NULL,
	last_name   TEXT NOT NULL,
	active      BOOLEAN NOT NULL DEFAULT TRUE,
	licence     TEXT NOT NULL,
	login       TEXT NOT NULL DEFAULT 'external', -- or 'built-in', as an administrator chooses
	app_roles   TEXT,                             -- JSON, as the identity provider sends them
	folders     TEXT,                             -- the same; what they mean is in account_folders
	metadata    TEXT,
	version     BIGINT NOT NULL DEFAULT 1,
	created_at  TIMESTAMPTZ NOT NULL,
	updated_at  TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS accounts_email ON accounts (org_id, lower(email));
CREATE INDEX IF NOT EXISTS accounts_external ON accounts (org_id, external_id);

-- Who may use the product's web pages and not only its app.
CREATE TABLE IF NOT EXISTS web_access (
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	role       TEXT NOT NULL,
	given_by   TEXT NOT NULL, -- "scim", or "hand"
	PRIMARY KEY (account_id, role, given_by)
);

CREATE TABLE IF NOT EXISTS sessions (
	token      TEXT PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS teams (
	id          TEXT PRIMARY KEY,
	org_id      TEXT NOT NULL REFERENCES orgs (id),
	external_id TEXT,
	name        TEXT NOT NULL,
	version     BIGINT NOT NULL DEFAULT 1,
	created_at  TIMESTAMPTZ NOT NULL,
	updated_at  TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS teams_name ON teams (org_id, lower(name));

CREATE TABLE IF NOT EXISTS team_members (
	team_id    TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	PRIMARY KEY (team_id, account_id)
);

-- What the product is about: courses in folders, which people and teams are given.
CREATE TABLE IF NOT EXISTS folders (
	id          TEXT PRIMARY KEY, -- a GUID
	org_id      TEXT NOT NULL REFERENCES orgs (id),
	external_id TEXT NOT NULL,
	name        TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS courses (
	id        TEXT PRIMARY KEY,
	folder_id TEXT NOT NULL REFERENCES folders (id),
	name      TEXT NOT NULL,
	premium   BOOLEAN NOT NULL
);
CREATE TABLE IF NOT EXISTS account_folders (
	account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	folder_id  TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
	PRIMARY KEY (account_id, folder_id)
);
CREATE TABLE IF NOT EXISTS team_folders (
	team_id   TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
	folder_id TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
	PRIMARY KEY (team_id, folder_id)
);
