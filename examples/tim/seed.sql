-- What the program starts with.

INSERT INTO users (id, user_name, is_system, must_change, created_at, updated_at) VALUES
	('c1c8a2b0-3f1d-4f0e-9d53-0a1b2c3d4e01', 'sys.scim', TRUE, FALSE, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP);
INSERT INTO users (id, user_name, email, first_name, last_name, must_change, created_at, updated_at) VALUES
	('c1c8a2b0-3f1d-4f0e-9d53-0a1b2c3d4e02', 'root@acme.example', 'root@acme.example', 'Robin', 'Root', FALSE, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP);
INSERT INTO user_roles (user_id, role, given_by) VALUES ('c1c8a2b0-3f1d-4f0e-9d53-0a1b2c3d4e02', 'clientadmin', 'hand');

INSERT INTO processes (id, name, role) VALUES
	('travel', 'Request a journey', 'user'),
	('invoice', 'Approve an invoice', 'approver'),
	('deploy', 'Put a new process online', 'processmanager');
