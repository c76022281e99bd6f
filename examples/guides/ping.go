package guides

func ping() Provider {
	put := Request{Method: "PUT", Path: "/Users/{id}", Body: "{user}"}
	return Provider{
		Name: "Ping Identity",
		File: "ping",
		Summary: "PingOne pushes users and groups by a provisioning connection and a rule; PingFederate does the same by its SCIM connector. " +
			"The steps are PingOne's. In PingFederate the same values go into the outbound provisioning of an SP connection.",
		Setup: []string{
			"In PingOne open **Integrations** → **Provisioning**, click **+** and **New Connection** → **Identity Store** → **SCIM Outbound**. Give it a name.",
			"Enter the **SCIM Base URL** `{tenantURL}`, the **Users Resource** `/Users`, the **Groups Resource** `/Groups`, the **SCIM Version** 2.0. " +
				"As **Authentication Method** choose **OAuth 2 Bearer Token** and paste the token, with **Auth Type Header** Bearer. Click **Test Connection**.",
			"As **User Filter Expression** enter `userName Eq \"%s\"`. Choose the actions: allow create, update, disable; on deprovisioning **Disable** or **Remove**. **Save** and enable the connection.",
			"Click **+** → **New Rule** with PingOne as source and the connection as target. Set the **User Filter**, and choose groups under **Group Provisioning**.",
			"Under **Attribute Mapping** make the mapping that of the table. Enable the rule.",
		},
		Attributes: []Attribute{
			{Source: "Username", Target: "userName", Note: "Ping finds people by it.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "User ID", Target: "externalId", Value: "0b6b3c1e-7d5e-4a3e-9a53-5f2f0f6c7a10", Changed: "0b6b3c1e-7d5e-4a3e-9a53-5f2f0f6c7a11"},
			{Source: "Enabled", Target: "active", Value: true},
			{Source: "Formatted", Target: "displayName", Value: "Ann Lee", Changed: "Ann Lee-Moss"},
			{Source: "Given Name", Target: "name.givenName", Value: "Ann", Changed: "Anne"},
			{Source: "Family Name", Target: "name.familyName", Value: "Lee", Changed: "Lee-Moss"},
			{Source: "Email Address", Target: `emails[type eq "work"].value`, Note: "`workEmail` in Ping. Map no second e-mail address: if one is empty, Ping fills both and calls both primary.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "Primary Phone", Target: `phoneNumbers[type eq "work"].value`, Note: "`workPhone` in Ping.", Value: "+31 20 555 0100", Changed: "+31 20 555 0101"},
			{Source: "Title", Target: "title", Value: "Lawyer", Changed: "Senior lawyer"},
			{Source: "Type", Target: "userType", Note: "The role, if the application takes it from here.", Value: "manager", Changed: "viewer"},
			{Source: "Locality", Target: `addresses[type eq "work"].locality`, Note: "`workCity` in Ping.", Value: "Utrecht", Changed: "Delft"},
			{Source: "Country Code", Target: `addresses[type eq "work"].country`, Note: "`workCountry` in Ping.", Value: "NL", Changed: "BE"},
		},
		GroupAttributes: []Attribute{
			{Source: "group name", Target: "displayName"},
			{Source: "members", Target: "members"},
		},
		Base:     `{"schemas":["` + userURN + `","` + enterpriseURN + `"],"emails":[{"type":"work","primary":true}]}`,
		Echo:     `{"id":"{id}"}`,
		Settings: "pingSettings",
		Wires: []Wire{{
			Test:   Request{Method: "GET", Path: "/Users?filter=userName+Eq+%22nobody%40example.com%22", Assumed: true},
			Find:   Request{Method: "GET", Path: "/Users?filter=userName+Eq+%22{userName}%22"},
			Create: Request{Method: "POST", Path: "/Users", Body: "{user}"},
			Update: put,

			Deactivate: put,
			Activate:   put,
			Delete:     Request{Method: "DELETE", Path: "/Users/{id}"},

			FindGroup:    Request{Method: "GET", Path: "/Groups"},
			CreateGroup:  Request{Method: "POST", Path: "/Groups", Body: `{` + groupBase + `,"displayName":"{groupName}"}`, Assumed: true},
			RenameGroup:  Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"replace","path":"displayName","value":"Renamed"}`), Assumed: true},
			AddMember:    Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"add","path":"members","value":[{"value":"{member}"}]}`), Assumed: true},
			RemoveMember: Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"remove","path":"members[value eq \"{member}\"]"}`), Assumed: true},
			ClearMembers: Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(`{"op":"replace","path":"members","value":[]}`)},
			DeleteGroup:  Request{Method: "DELETE", Path: "/Groups/{group}"},
		}},
		Expect: []string{
			"Changes are pushed when they happen. A new rule starts with everybody whom its filter finds.",
			"Per user: a query by `userName`, then POST, or PUT of the whole user. Ping sends no PATCH for users.",
			"Per group: Ping reads all groups to find one, and changes it by PATCH.",
			"Ping can't clear an attribute: a value that becomes empty in PingOne stays in the application.",
			"There is one value per type: one work e-mail address, one work phone.",
			"Who leaves the filter is disabled (`active` false) or deleted, as the connection says. Users who are disabled in PingOne can be provisioned, too.",
		},
		Symptoms: []Symptom{
			{Trouble: WrongToken, See: "**Test Connection** fails.", Do: "Paste the token again as OAuth Access Token, and set Auth Type Header to Bearer."},
			{Trouble: WrongURL, See: "**Test Connection** fails although the token is right.", Do: "Compare the SCIM Base URL with the one that the application shows. `/Users` belongs into Users Resource, not into the URL."},
			{Trouble: NoUserName, See: "A user is reported as failed.", Do: "Map Username to `userName`."},
			{Trouble: UnknownRole, See: "A user is reported as failed after a change of Type.", Do: "Correct the Type of the user. The error names what is allowed."},
			{Trouble: Duplicate, See: "A user is reported as failed: exists already.", Do: "Check the User Filter Expression: Ping did not find the user by it. If the application had this user before, its developer can have it linked (`Settings.Linker`)."},
			{Trouble: RenameConflict, See: "A renamed user keeps the old name.", Do: "Another user of the application has this `userName`. Rename or remove that one first."},
			{Trouble: GroupExists, See: "A group is not made.", Do: "The application has a group of this name. Rename one of them, or let the developer link it (`Settings.Linker`)."},
			{Trouble: NoGroups, See: "Users arrive, groups do not.", Do: "This connection may not make groups. Switch that on in the application, or leave groups out of the rule."},
			{Trouble: UnknownMember, See: "A member is missing in a group, and nothing failed.", Do: "The user is outside of the rule's User Filter."},
			{Trouble: Gone, See: "Updates of one user fail.", Do: "The user was deleted in the application. Disable and enable the user in PingOne, or restart the rule."},
			{See: "A value was emptied in PingOne and is still there in the application.", Do: "Ping does not send that. Empty it in the application."},
		},
	}
}
