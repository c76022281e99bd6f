package guides

func jumpCloud() Provider {
	put := Request{Method: "PUT", Path: "/Users/{id}", Body: "{user}"}
	return Provider{
		Name: "JumpCloud",
		File: "jumpcloud",
		Summary: "JumpCloud pushes the users and groups that an application is bound to. SCIM is part of an SSO application there. " +
			"Its mapping is fixed: it sends what the table says.",
		Setup: []string{
			"In the Admin Portal open **SSO Applications** and open your SAML application, or add a **Custom Application**.",
			"On the tab **Identity Management** choose **SCIM 2.0** and, if asked, the bearer token as authentication. Enter the **Base URL** `{tenantURL}`, the **Token Key** and a **Test User Email** in a domain that the application accepts.",
			"Tick **Enable management of User Groups and Group Membership in this application** if you want groups.",
			"Click **Test Connection**, then **Activate**, then **Save**.",
			"On the tab **User Groups** choose the groups whose members get the application.",
		},
		Attributes: []Attribute{
			{Source: "username or email", Target: "userName", Note: "JumpCloud finds people by it.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "(JumpCloud's own id)", Target: "externalId", Value: "664447f5c0c418f2d05e5318", Changed: "664447f5c0c418f2d05e5319"},
			{Source: "(binding)", Target: "active", Value: true},
			{Source: "displayname", Target: "displayName", Value: "Ann Lee", Changed: "Ann Lee-Moss"},
			{Source: "firstname", Target: "name.givenName", Value: "Ann", Changed: "Anne"},
			{Source: "lastname", Target: "name.familyName", Value: "Lee", Changed: "Lee-Moss"},
			{Source: "email", Target: `emails[type eq "work"].value`, Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "phone number", Target: `phoneNumbers[type eq "work"].value`, Note: "As `tel:` and the number.", Value: "tel:+31-20-555-0100", Changed: "tel:+31-20-555-0101"},
			{Source: "jobTitle", Target: "title", Value: "Lawyer", Changed: "Senior lawyer"},
			{Source: "preferred language", Target: "preferredLanguage", Value: "nl-NL", Changed: "en-GB"},
			{Source: "locale", Target: "locale", Value: "nl-NL", Changed: "en-GB"},
			{Source: "department", Target: enterpriseURN + ":department", Value: "Legal", Changed: "Compliance"},
		},
		GroupAttributes: []Attribute{
			{Source: "name", Target: "displayName"},
			{Source: "members", Target: "members"},
		},
		Base:     `{"schemas":["` + enterpriseURN + `","` + userURN + `"],"emails":[{"type":"work","primary":true}]}`,
		Echo:     `{"id":"{id}","addresses":[]}`,
		Settings: "jumpCloudSettings",
		Wires: []Wire{{
			Test:   Request{Method: "GET", Path: "/Users"},
			Find:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%22{userName}%22", Assumed: true},
			Create: Request{Method: "POST", Path: "/Users", Body: "{user}"},
			Update: put,

			Deactivate: put,
			Activate:   put,
			Delete:     Request{Method: "DELETE", Path: "/Users/{id}"},

			FindGroup:    Request{Method: "GET", Path: "/Groups?filter=displayName+eq+%22{groupName}%22", Assumed: true},
			CreateGroup:  Request{Method: "POST", Path: "/Groups", Body: `{` + groupBase + `,"displayName":"{groupName}"}`},
			RenameGroup:  Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"replace","value":{"displayName":"Renamed"}}`)},
			AddMember:    Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"add","path":"members","value":[{"value":"{member}"}]}`)},
			RemoveMember: Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"remove","path":"members","value":[{"value":"{member}"}]}`), Assumed: true},
			DeleteGroup:  Request{Method: "DELETE", Path: "/Groups/{group}"},
		}},
		Expect: []string{
			"**Activate** makes a test user and a test group and deletes both. The test user has the address that you entered. If the application counts seats or sends invitations, it sees this user, too.",
			"Changes are pushed when they happen, a few minutes later at most. There is no cycle to wait for.",
			"Per user: POST, then PUT of the whole user. Lists that are empty arrive as `[]` or as null, and both mean no value.",
			"A user whose last group is unbound from the application becomes `active` false. A user who is bound again becomes active.",
			"Empty groups are not made. A group of the application with the same name is taken over by JumpCloud, if the application lets it (`Settings.Linker`).",
			"A group that is unbound stays in the application as it is. One that is deleted in JumpCloud is deleted.",
			"There is no attribute for a role. Give roles by groups.",
		},
		Symptoms: []Symptom{
			{Trouble: WrongToken, See: "**Test Connection** fails.", Do: "Paste the token again as Token Key. Deactivate the integration first if the field is closed."},
			{Trouble: WrongURL, See: "**Test Connection** fails although the token is right.", Do: "Compare the Base URL with the one that the application shows."},
			{Trouble: Duplicate, See: "**Activate** fails, or a user is not made: it exists already.", Do: "For **Activate**, take a Test User Email that nobody in the application has. Otherwise the application had this user before: its developer can have it linked (`Settings.Linker`)."},
			{Trouble: NoUserName, See: "A user is not made.", Do: "The user has no username or e-mail address in JumpCloud."},
			{Trouble: RenameConflict, See: "A renamed user keeps the old name.", Do: "Another user of the application has this `userName`. Rename or remove that one first."},
			{Trouble: GroupExists, See: "A group is not made.", Do: "The application has a group of this name. Rename one of them, or let the developer link it (`Settings.Linker`)."},
			{Trouble: NoGroups, See: "Users arrive, groups do not.", Do: "This connection may not make groups. Switch that on in the application, or untick the management of groups in JumpCloud."},
			{Trouble: UnknownMember, See: "A member is missing in a group, and nothing failed.", Do: "The user is not in the application. Bind it, then change the group once so that JumpCloud sends it."},
			{Trouble: Gone, See: "Updates of one user fail.", Do: "The user was deleted in the application. Unbind and bind the user."},
		},
	}
}
