package guides

func entra() Provider {
	return Provider{
		Name: "Microsoft Entra ID",
		File: "entra",
		Summary: "Entra ID pushes users and groups from an enterprise application. You need the role Application Administrator or " +
			"Cloud Application Administrator, and the application's administrator for the URL and the token.",
		Setup: []string{
			"In the Microsoft Entra admin centre open **Enterprise applications** → **New application** → **Create your own application**. " +
				"Give it a name and choose **Integrate any other application you don't find in the gallery (Non-gallery)**.",
			"Open **Provisioning** → **Get started** and set the mode to **Automatic**.",
			"As **Tenant URL** paste `{tenantURL}`, as **Secret Token** the token that the application shows once. Click **Test Connection**, then **Save**.",
			"Under **Mappings** open the mapping of users. Make it the table below and delete every other line. " +
				"`userName` has matching precedence 1. For a target that is not in the list, tick **Show advanced options** → **Edit attribute list** first.",
			"Open the mapping of groups, and make it the second table. Switch the mapping off if you want no groups.",
			"Under **Settings** keep the scope **Sync only assigned users and groups**. Assign users and groups under **Users and groups**.",
			"Try one user by **Provision on demand**. Then set **Provisioning Status** to **On**.",
		},
		Attributes: []Attribute{
			{Source: "userPrincipalName", Target: "userName", Note: "Matching, precedence 1. Use `mail` if people sign in by it.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "objectId", Target: "externalId", Note: "Never changes. The default is `mailNickname`, which may.", Value: "54d3f2a0-6d3b-4a57-9d4a-0a1c5a4b7e11", Changed: "54d3f2a0-6d3b-4a57-9d4a-0a1c5a4b7e12"},
			{Source: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, Target: "active", Note: "An expression. It gives texts, which are read as booleans.", Value: "True", Reads: true},
			{Source: "displayName", Target: "displayName", Value: "Ann Lee", Changed: "Ann Lee-Moss"},
			{Source: "givenName", Target: "name.givenName", Value: "Ann", Changed: "Anne"},
			{Source: "surname", Target: "name.familyName", Value: "Lee", Changed: "Lee-Moss"},
			{Source: "mail", Target: `emails[type eq "work"].value`, Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "telephoneNumber", Target: `phoneNumbers[type eq "work"].value`, Value: "+31 20 555 0100", Changed: "+31 20 555 0101"},
			{Source: "mobile", Target: `phoneNumbers[type eq "mobile"].value`, Value: "+31 6 5550 0100", Changed: "+31 6 5550 0101"},
			{Source: "jobTitle", Target: "title", Value: "Lawyer", Changed: "Senior lawyer"},
			{Source: "preferredLanguage", Target: "preferredLanguage", Value: "nl-NL", Changed: "en-GB"},
			{Source: "extensionAttribute1", Target: "userType", Note: "The role, if the application takes it from here. Any source whose values are roles.", Value: "manager", Changed: "viewer"},
			{Source: "SingleAppRoleAssignment([appRoleAssignments])", Target: `roles[primary eq "True"].value`, Note: "The other way to send a role: an app role. Assign people, not groups, one role each.", Value: "Reviewer", Changed: "Approver"},
			{Source: "employeeId", Target: enterpriseURN + ":employeeNumber", Value: "1042", Changed: "1043"},
			{Source: "department", Target: enterpriseURN + ":department", Value: "Legal", Changed: "Compliance"},
			{Source: "manager", Target: enterpriseURN + ":manager", Note: "Sent once both people are there.", Value: "{manager}", Changed: "{other}", Later: true},
		},
		GroupAttributes: []Attribute{
			{Source: "displayName", Target: "displayName", Note: "Matching, precedence 1."},
			{Source: "objectId", Target: "externalId"},
			{Source: "members", Target: "members", Note: "Members of nested groups are not sent."},
		},
		Base:     `{"schemas":["` + userURN + `","` + enterpriseURN + `"],"meta":{"resourceType":"User"}}`,
		Settings: "entraSettings",
		Wires:    []Wire{entraDefault(), entraFlag()},
		Expect: []string{
			"**Test Connection** asks for a user that can't exist. The right answer is an empty list, not a 404.",
			"The first cycle takes every user and group in scope. After it there is a cycle about every 40 minutes, and the interval is fixed. For one user at once there is **Provision on demand**.",
			"Per user: a query by the matching attribute, then POST, or GET and PATCH with what changed. The manager follows in a PATCH of its own.",
			"Per group: a query by `displayName` without members, a POST without members, then PATCH, often one member per request. A group of 300 may be 300 requests. Entra ID wants 25 requests per second to be answered.",
			"Who leaves the scope, is blocked or is deleted becomes `active` false. About 30 days after the deletion, when Entra ID deletes for good, a DELETE follows. A person who was unassigned before that is not deleted.",
			"Who comes back becomes `active` true. Memberships are not sent again; Muster keeps those of inactive users.",
			"The flag `aadOptscim062020` at the end of the tenant URL makes Entra ID send the second form below. It is not needed. Provision on demand ignores it, so both forms can arrive from one tenant.",
			"**Provision on demand** takes one user, or a group with five of its members at a time. It sends no app roles, and restores nobody who was deleted.",
			"Passwords and members of nested groups are never sent.",
		},
		Symptoms: []Symptom{
			{Trouble: WrongToken, See: "**Test Connection** fails; the provisioning log says `InvalidCredentials`.", Do: "Make a new token in the application and paste it as Secret Token. Save, test, and start provisioning again: a wrong token leads to quarantine."},
			{Trouble: WrongURL, See: "**Test Connection** fails although the token is right.", Do: "Compare the tenant URL with the one that the application shows. It ends where `/Users` would begin."},
			{Trouble: NoUserName, See: "Some users are never created.", Do: "The source of `userName` is empty for these users. Fill it, or map another source."},
			{Trouble: UnknownRole, See: "A user is never created, or the role does not change.", Do: "Correct the value in the source of `userType`. The error names what is allowed."},
			{Trouble: Duplicate, See: "The log says that a user exists already.", Do: "Check that `userName` is the matching attribute. If the application had this user before, its developer can have it linked (`Settings.Linker`)."},
			{Trouble: RenameConflict, See: "A rename fails in each cycle.", Do: "Another user of the application has this `userName`. Rename or remove that one first."},
			{Trouble: GroupExists, See: "A group is not created.", Do: "The application has a group of this name. Rename one of them, or let the developer link it (`Settings.Linker`)."},
			{Trouble: NoGroups, See: "Users arrive, groups do not.", Do: "This connection may not make groups. Switch that on in the application, or switch the mapping of groups off."},
			{Trouble: UnknownMember, See: "A member is missing in a group, and nothing failed.", Do: "The member is not in scope. Muster left it out and did the rest. Assign that user."},
			{Trouble: Gone, See: "An update of one user fails in each cycle.", Do: "The user was deleted in the application. **Restart provisioning** looks for everybody anew."},
			{See: "The job is in **quarantine**.", Do: "Too much failed. Entra ID tries again after 6, 12 and 24 hours, then daily, and gives up after 28 days. Mend the cause and click **Restart provisioning**."},
			{See: "Somebody was removed, and still works in the application.", Do: "Wait for the next cycle, up to 40 minutes, or use **Provision on demand** for this user."},
		},
	}
}

// entraDefault is what Entra ID sends without any flag.
func entraDefault() Wire {
	return Wire{
		Name:   "As it is set up",
		Test:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%226f0f0c52-9b0e-4b8e-8d36-3f0f5a2a0b7e%22"},
		Find:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%22{userName}%22"},
		Create: Request{Method: "POST", Path: "/Users", Body: "{user}"},
		Update: Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"Replace","path":{path},"value":{value}}`)},

		Deactivate: Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"Replace","path":"active","value":"False"}`)},
		Activate:   Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"Replace","path":"active","value":"True"}`)},
		Delete:     Request{Method: "DELETE", Path: "/Users/{id}"},

		FindGroup: Request{Method: "GET", Path: "/Groups?excludedAttributes=members&filter=displayName+eq+%22{groupName}%22"},
		CreateGroup: Request{Method: "POST", Path: "/Groups",
			Body: `{"schemas":["` + groupURN + `","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"8aa1a0c0-e4c3-4bc0-b4a5-2ef676900159","displayName":"{groupName}","meta":{"resourceType":"Group"}}`},
		RenameGroup:  Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"Replace","path":"displayName","value":"Renamed"}`)},
		AddMember:    Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"{member}"}]}`)},
		RemoveMember: Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"{member}"}]}`)},
		DeleteGroup:  Request{Method: "DELETE", Path: "/Groups/{group}"},
	}
}

// entraFlag is what Entra ID sends with the flag aadOptscim062020.
func entraFlag() Wire {
	w := entraDefault()
	w.Name = "With the flag `aadOptscim062020`"
	w.Update.Body = patchOf(`{"op":"replace","value":{{path}:{value}}}`)
	w.UpdateElement = Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"replace","path":{path},"value":{value}}`)}
	w.Deactivate.Body = patchOf(`{"op":"replace","path":"active","value":false}`)
	w.Activate.Body = patchOf(`{"op":"replace","path":"active","value":true}`)
	w.RenameGroup.Body = patchOf(`{"op":"replace","value":{"displayName":"Renamed"}}`)
	w.AddMember.Body = patchOf(`{"op":"add","path":"members","value":[{"value":"{member}"}]}`)
	w.RemoveMember.Body = patchOf(`{"op":"remove","path":"members[value eq \"{member}\"]"}`)
	return w
}
