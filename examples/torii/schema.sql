-- The tables of the application. None of them is made for SCIM.

CREATE TABLE IF NOT EXISTS orgs (
	id               TEXT PRIMARY KEY,
	name             TEXT NOT NULL,
	settings_version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE IF NOT EXISTS roles (
	org_id     TEXT NOT NULL REFERENCES orgs (id),
	name       TEXT NOT NULL,
	sees_spend BOOLEAN NOT NULL,
	is_admin   BOOLEAN NOT NULL,
	PRIMARY KEY (org_id, name)
);

CREATE TABLE IF NOT EXISTS people (
	id         TEXT PRIMARY KEY,
	org_id     TEXT NOT NULL REFERENCES orgs (id),
	email      TEXT NOT NULL,
	first_name TEXT NOT NULL DEFAULT '',
	last_name  TEXT NOT NULL DEFAULT '',
	user_type  TEXT NOT NULL DEFAULT '',
	active     BOOLEAN NOT NULL DEFAULT TRUE,
	version    BIGINT NOT NULL DEFAULT 1,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS people_email ON people (org_id, lower(email));

CREATE TABLE IF NOT EXISTS person_roles (
	person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
	role      TEXT NOT NULL,
	given_by  TEXT NOT NULL, -- "scim", or "hand"
	PRIMARY KEY (person_id, role, given_by)
);

CREATE TABLE IF NOT EXISTS sessions (
	token     TEXT PRIMARY KEY,
	person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE
);

-- What the product is about: the software that a company pays for, and who has a licence.
CREATE TABLE IF NOT EXISTS apps (
	id          TEXT PRIMARY KEY,
	org_id      TEXT NOT NULL REFERENCES orgs (id),
	name        TEXT NOT NULL,
	seat_price  BIGINT NOT NULL -- dollars a year
);
CREATE TABLE IF NOT EXISTS licences (
	app_id    TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
	person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
	PRIMARY KEY (app_id, person_id)
);
