-- The workspace that the program starts with.

INSERT INTO workspaces (id, name, plan) VALUES ('acme', 'Acme', 6);
INSERT INTO connections (workspace_id, name, creates_groups, sees_all, adopts_groups) VALUES
	('acme', 'entra', TRUE, FALSE, FALSE),
	('acme', 'onelogin', FALSE, TRUE, FALSE);
INSERT INTO permission_groups (workspace_id, group_name, user_type) VALUES ('acme', 'Admins', 'admin');

INSERT INTO members (id, workspace_id, email, first_name, last_name, created_at, updated_at) VALUES
	('5a8f0c1e-6a0b-4a57-9d0e-0f6b1f1f7a01', 'acme', 'root@acme.example', 'Robin', 'Root', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP);
INSERT INTO member_roles (member_id, role, given_by) VALUES ('5a8f0c1e-6a0b-4a57-9d0e-0f6b1f1f7a01', 'Admin', 'hand');

INSERT INTO member_groups (id, workspace_id, name, created_at, updated_at) VALUES
	('9f3c2a44-1f0d-4c1b-8a3e-6d5b7c8e9f01', 'acme', 'Legal', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP);
INSERT INTO contracts (id, workspace_id, title, owner_id, group_id) VALUES
	('c-office', 'acme', 'Office lease', '5a8f0c1e-6a0b-4a57-9d0e-0f6b1f1f7a01', '9f3c2a44-1f0d-4c1b-8a3e-6d5b7c8e9f01');
