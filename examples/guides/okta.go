package guides

func okta() Provider {
	return Provider{
		Name: "Okta",
		File: "okta",
		Summary: "Okta pushes users that are assigned to an application, and groups that are chosen on its tab Push Groups. " +
			"You need an administrator of Okta who may edit applications.",
		Setup: []string{
			"In the Admin Console open **Applications** → **Applications**. Either **Create App Integration** with SAML 2.0, or add **SCIM 2.0 Test App (OAuth Bearer Token)** from the catalogue. That one begins at its tab Provisioning with **Configure API Integration**.",
			"For one of your own: on the tab **General** edit **App Settings** and set **Provisioning** to **SCIM**. A tab **Provisioning** appears.",
			"On **Provisioning** → **Integration** enter the **SCIM connector base URL** `{tenantURL}` and the **Unique identifier field for users** `userName`. " +
				"Tick **Push New Users**, **Push Profile Updates** and **Push Groups**. As **Authentication Mode** choose **HTTP Header** and paste the token. Click **Test Connector Configuration**, then **Save**.",
			"On **Provisioning** → **To App** enable **Create Users**, **Update User Attributes** and **Deactivate Users**. Leave **Sync Password** off.",
			"Below it make the mappings those of the table. An attribute that is missing is added in the **Profile Editor**, with its SCIM name as **External name** and the schema's URN as **External namespace**.",
			"Assign people or groups on the tab **Assignments**. Choose groups on the tab **Push Groups**. Take different groups for the two: Okta does not support one group for both.",
		},
		Attributes: []Attribute{
			{Source: "Application username format", Target: "userName", Note: "On the tab Sign On. Okta finds people by it.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "(Okta's own id)", Target: "externalId", Note: "Always sent; it is in no mapping.", Value: "00u1a2b3c4d5e6f7g8h9", Changed: "00u1a2b3c4d5e6f7g8h0"},
			{Source: "(assignment)", Target: "active", Note: "True while the person is assigned and active in Okta.", Value: true},
			{Source: "user.displayName", Target: "displayName", Value: "Ann Lee", Changed: "Ann Lee-Moss"},
			{Source: "user.firstName", Target: "name.givenName", Value: "Ann", Changed: "Anne"},
			{Source: "user.lastName", Target: "name.familyName", Value: "Lee", Changed: "Lee-Moss"},
			{Source: "user.email", Target: `emails[type eq "work"].value`, Note: "External name `emails.^[primary==true].value`.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "user.title", Target: "title", Value: "Lawyer", Changed: "Senior lawyer"},
			{Source: "user.primaryPhone", Target: `phoneNumbers[type eq "work"].value`, Note: "External name `phoneNumbers.^[primary==true].value`.", Value: "+31 20 555 0100", Changed: "+31 20 555 0101"},
			{Source: "user.userType", Target: "userType", Note: "The role, if the application takes it from here.", Value: "manager", Changed: "viewer"},
			{Source: "user.preferredLanguage", Target: "preferredLanguage", Value: "nl-NL", Changed: "en-GB"},
			{Source: "user.locale", Target: "locale", Value: "nl-NL", Changed: "en-GB"},
			{Source: "user.employeeNumber", Target: enterpriseURN + ":employeeNumber", Value: "1042", Changed: "1043"},
			{Source: "user.department", Target: enterpriseURN + ":department", Value: "Legal", Changed: "Compliance"},
			{Source: "user.managerId", Target: enterpriseURN + ":manager.value", Note: "Whatever Okta has as the manager's id; it need not be a user of the application.", Value: "E-0007", Changed: "E-0008"},
		},
		GroupAttributes: []Attribute{
			{Source: "group name", Target: "displayName", Note: "Okta finds groups by it."},
			{Source: "members", Target: "members", Note: "Those that are assigned to the application."},
		},
		Base:     `{"schemas":["` + userURN + `","` + enterpriseURN + `"],"emails":[{"type":"work","primary":true}],"groups":[],"password":"1mz050nq"}`,
		Echo:     `{"id":"{id}","meta":{"resourceType":"User","created":"04-12-2018 00:00:00"}}`,
		Settings: "oktaSettings",
		Wires:    []Wire{oktaOwn(), oktaCatalogue()},
		Expect: []string{
			"The test of the connection reads two users and the first 100 groups. It passes if they are lists.",
			"Changes are pushed when they happen: on assignment, on a change of the profile, on **Push now**. There is no interval. What failed waits under **Dashboard** → **Tasks** until somebody retries it.",
			"Per user: a query by `userName`, then POST. An update is a GET and a PUT of the whole user. An application of the catalogue sends a PATCH for `active`; one of your own a PUT.",
			"Okta never sends DELETE for users. Who is unassigned becomes `active` false. Who is assigned again is found by `userName` and becomes active.",
			"A random password is in every POST, even with Sync Password off. Muster takes it off at the door; it is neither kept nor logged unless the application asks for it.",
			"Groups of an application of your own are sent by PUT, with all members; those of the catalogue by PATCH. **Push now** sends all members.",
			"Okta waits 60 seconds for an answer.",
		},
		Symptoms: []Symptom{
			{Trouble: WrongToken, See: "The test of the connection fails: error authenticating.", Do: "Paste the token again. Okta puts the word `Bearer` before it itself: paste the token alone. Only the test application with Header Auth sends what you paste as it stands."},
			{Trouble: WrongURL, See: "The test of the connection fails although the token is right.", Do: "Compare the base URL with the one that the application shows. It ends where `/Users` would begin, and its host has no underscore."},
			{Trouble: NoUserName, See: "A task says that the creation failed.", Do: "Set the **Application username format** on the tab Sign On to something that everybody has."},
			{Trouble: UnknownRole, See: "A task says that the creation or the update failed.", Do: "Correct `userType` in the person's profile, then retry the task. The error names what is allowed."},
			{Trouble: Duplicate, See: "A task says that the user exists already.", Do: "Check that the **Unique identifier field for users** is `userName`, and retry. Okta then finds the user and takes it."},
			{Trouble: RenameConflict, See: "An update fails after a change of the username.", Do: "Another user of the application has this `userName`. Rename or remove that one, then retry."},
			{Trouble: GroupExists, See: "A pushed group has the state Error.", Do: "Link it on **Push Groups** instead of creating it: **Link Group**. The application has a group of this name."},
			{Trouble: NoGroups, See: "Every pushed group has the state Error.", Do: "This connection may not make groups. Switch that on in the application, or link groups that it has."},
			{Trouble: UnknownMember, See: "A member is missing in a pushed group, and nothing failed.", Do: "The member is not assigned to the application. Muster left it out and did the rest. Assign it, then **Push now**."},
			{Trouble: Gone, See: "An update or a deactivation of one person fails.", Do: "The user was deleted in the application. Unassign and assign the person: Okta makes it anew."},
			{See: "People who left are still listed in the application, as inactive.", Do: "Okta does not delete. The developer can have them erased after a time, see the settings below."},
		},
	}
}

// oktaOwn is what Okta sends for an integration that the customer made.
func oktaOwn() Wire {
	put := Request{Method: "PUT", Path: "/Users/{id}", Body: "{user}"}
	group := func(members string) Request {
		return Request{Method: "PUT", Path: "/Groups/{group}", Body: `{` + groupBase + `,"id":"{group}","displayName":"{groupName}","members":[` + members + `]}`}
	}
	return Wire{
		Name:   "An integration of your own",
		Test:   Request{Method: "GET", Path: "/Users?startIndex=1&count=2"},
		Find:   Request{Method: "GET", Path: "/Users?filter=userName%20eq%20%22{userName}%22&startIndex=1&count=100"},
		Create: Request{Method: "POST", Path: "/Users", Body: "{user}"},
		Update: put,

		Deactivate: put,
		Activate:   put,

		FindGroup:    Request{Method: "GET", Path: "/Groups?filter=displayName%20eq%20%22{groupName}%22&startIndex=1&count=100"},
		CreateGroup:  Request{Method: "POST", Path: "/Groups", Body: `{` + groupBase + `,"displayName":"{groupName}","members":[]}`},
		RenameGroup:  Request{Method: "PUT", Path: "/Groups/{group}", Body: `{` + groupBase + `,"id":"{group}","displayName":"Renamed","members":[]}`},
		AddMember:    group(`{"value":"{member}","display":"ann@example.com"}`),
		RemoveMember: group(``),
		DeleteGroup:  Request{Method: "DELETE", Path: "/Groups/{group}"},
	}
}

// oktaCatalogue is what Okta sends for an integration of its catalogue.
func oktaCatalogue() Wire {
	w := oktaOwn()
	patch := func(operations string) Request {
		return Request{Method: "PATCH", Path: "/Groups/{group}", Body: patchOf(operations)}
	}
	w.Name = "An integration of the catalogue"
	w.Deactivate = Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"replace","value":{"active":false}}`)}
	w.Activate = Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"replace","value":{"active":true}}`)}
	w.RenameGroup = patch(`{"op":"replace","value":{"id":"{group}","displayName":"Renamed"}}`)
	w.AddMember = patch(`{"op":"add","path":"members","value":[{"value":"{member}","display":"ann@example.com"}]}`)
	w.RemoveMember = patch(`{"op":"remove","path":"members[value eq \"{member}\"]"}`)
	w.ClearMembers = patch(`{"op":"replace","path":"members","value":[]}`)
	return w
}
