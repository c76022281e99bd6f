-- The customer that the program starts with.

INSERT INTO orgs (id, name) VALUES ('acme', 'Acme');

INSERT INTO roles (org_id, name, sees_spend, is_admin) VALUES
	('acme', 'Employee', FALSE, FALSE),
	('acme', 'App Owner', TRUE, FALSE),
	('acme', 'Finance', TRUE, FALSE),
	('acme', 'Admin', TRUE, TRUE);

INSERT INTO people (id, org_id, email, first_name, last_name, created_at, updated_at) VALUES
	('0b1d2c3e-9a61-4c0e-8f5d-6a2f4f1c7e01', 'acme', 'root@acme.example', 'Robin', 'Root', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP);
INSERT INTO person_roles (person_id, role, given_by) VALUES ('0b1d2c3e-9a61-4c0e-8f5d-6a2f4f1c7e01', 'Admin', 'hand');

INSERT INTO apps (id, org_id, name, seat_price) VALUES
	('figma', 'acme', 'Figma', 540),
	('jira', 'acme', 'Jira', 96),
	('salesforce', 'acme', 'Salesforce', 1980);
INSERT INTO licences (app_id, person_id) VALUES ('jira', '0b1d2c3e-9a61-4c0e-8f5d-6a2f4f1c7e01');
