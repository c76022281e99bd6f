package guides

func google() Provider {
	return Provider{
		Name: "Google Workspace",
		File: "google",
		Summary: "Google Workspace provisions users into applications of its SAML catalogue. There the application's maker has said which attributes there are. " +
			"An application that is not in the catalogue has no field for a SCIM address: use another provider, or ask the application's maker.",
		Setup: []string{
			"Set up single sign-on for the application first: in the Admin console **Apps** → **Web and mobile apps** → **Add app** → **Search for apps**.",
			"Open the application, and in the section **Auto-provisioning** click **Configure auto-provisioning**.",
			"Paste the token as **Access token**. If there is a field **Endpoint URL**, enter `{tenantURL}`. Click **Continue**.",
			"Map the attributes as in the table. Those with a star must be mapped. Click **Continue**.",
			"Choose groups if only their members are to have the application. Click **Continue**.",
			"Choose what happens to users who lose the application, are suspended or are deleted, and after how long: within 24 hours, or after 1, 7 or 21 days. **Finish**.",
			"Turn **Auto-provisioning** on.",
		},
		Attributes: []Attribute{
			{Source: "Basic information > Primary email", Target: "userName", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "(Google's own id)", Target: "externalId", Value: "108211559123456789012", Changed: "108211559123456789013"},
			{Source: "(user status)", Target: "active", Value: true},
			{Source: "Basic information > First name", Target: "name.givenName", Value: "Ann", Changed: "Anne"},
			{Source: "Basic information > Last name", Target: "name.familyName", Value: "Lee", Changed: "Lee-Moss"},
			{Source: "Basic information > Primary email", Target: `emails[type eq "work"].value`, Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "Employee details > Job title", Target: "title", Value: "Lawyer", Changed: "Senior lawyer"},
			{Source: "Contact information > Work phone", Target: `phoneNumbers[type eq "work"].value`, Value: "+31 20 555 0100", Changed: "+31 20 555 0101"},
			{Source: "Employee details > Department", Target: enterpriseURN + ":department", Value: "Legal", Changed: "Compliance"},
		},
		Base:     userBase,
		Settings: "googleSettings",
		Wires: []Wire{{
			Test:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%22nobody%40example.com%22", Assumed: true},
			Find:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%22{userName}%22", Assumed: true},
			Create: Request{Method: "POST", Path: "/Users", Body: "{user}", Assumed: true},
			Update: Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"replace","path":{path},"value":{value}}`), Assumed: true},

			Deactivate: Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"replace","path":"active","value":false}`), Assumed: true},
			Activate:   Request{Method: "PATCH", Path: "/Users/{id}", Body: patchOf(`{"op":"replace","path":"active","value":true}`), Assumed: true},
			Delete:     Request{Method: "DELETE", Path: "/Users/{id}"},
		}},
		Expect: []string{
			"Users are synchronised every few hours. There is no button to do it at once.",
			"Groups only say who is provisioned; no group is sent. Put people into groups of the application there.",
			"Archived users are left out: they are neither made nor removed.",
			"Who loses the application is suspended or deleted after the delay that you chose. A suspension can be followed by a deletion up to 21 days later.",
			"There is no attribute for a role. Everybody begins with the role that the connection has as default; give others in the application.",
			"Google does not publish what it sends. Muster takes the forms below and the other ones of the RFC.",
		},
		Symptoms: []Symptom{
			{Trouble: WrongToken, See: "Auto-provisioning stops: authorization failed.", Do: "Make a new token in the application, and enter it in the section **Auto-provisioning**."},
			{Trouble: WrongURL, See: "Auto-provisioning can't be turned on although the token is right.", Do: "Compare the Endpoint URL with the one that the application shows."},
			{Trouble: NoUserName, See: "No user is made at all.", Do: "Map the primary e-mail address to `userName`."},
			{Trouble: Duplicate, See: "A user is not made: it exists already.", Do: "The application had this user before. Its developer can have it linked (`Settings.Linker`)."},
			{Trouble: RenameConflict, See: "A renamed user keeps the old name.", Do: "Another user of the application has this `userName`. Rename or remove that one first."},
			{Trouble: Gone, See: "A suspension is reported as failed.", Do: "The user was deleted in the application. Nothing is left to do."},
			{See: "Somebody was suspended, and still works in the application.", Do: "Look at the delay that was chosen for deprovisioning. Choose **within 24 hours**, and remove urgent cases in the application."},
		},
	}
}
