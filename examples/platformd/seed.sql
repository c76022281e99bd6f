-- The customer that the program starts with.

INSERT INTO orgs (id, name) VALUES ('acme', 'Acme');
INSERT INTO connectors (org_id) VALUES ('acme');

INSERT INTO accounts (id, org_id, email, first_name, last_name, licence, login, created_at, updated_at) VALUES
	('4a1f8a52-6f0f-4a0c-9a35-0d6a4c1f7b10', 'acme', 'root@acme.example', 'Robin', 'Root', 'Standard', 'built-in', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP);
INSERT INTO web_access (account_id, role, given_by) VALUES ('4a1f8a52-6f0f-4a0c-9a35-0d6a4c1f7b10', 'EnterpriseAdmin', 'hand');

INSERT INTO folders (id, org_id, external_id, name) VALUES
	('7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d001', 'acme', 'onboarding', 'Onboarding'),
	('7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d002', 'acme', 'sales', 'Sales'),
	('7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d003', 'acme', 'safety', 'Safety');
INSERT INTO courses (id, folder_id, name, premium) VALUES
	('c1', '7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d001', 'Your first week', FALSE),
	('c2', '7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d002', 'The price list', FALSE),
	('c3', '7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d002', 'Negotiating', TRUE),
	('c4', '7c9d2a44-30f5-4b1e-8a0e-93a3a8f6d003', 'Fire and first aid', FALSE);
