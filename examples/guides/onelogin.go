package guides

import _ "embed"

//go:embed onelogin.json
var oneLoginTemplate string

func oneLogin() Provider {
	put := Request{Method: "PUT", Path: "/Users/{id}?", Body: "{user}"}
	return Provider{
		Name: "OneLogin",
		File: "onelogin",
		Summary: "OneLogin sends users by a JSON template that you paste, and puts them into groups of the application by rules. " +
			"It need not make groups: they are made in the application, and OneLogin reads them.",
		Setup: []string{
			"In the administration open **Applications** → **Add App**. Look for SCIM and choose **SCIM Provisioner with SAML (SCIM v2 Enterprise)**, or **(SCIM v2 Core)** if the template has no enterprise attributes.",
			"On the tab **Configuration** enter the **SCIM Base URL** `{tenantURL}`, paste the template below as **SCIM JSON Template**, and the token as **SCIM Bearer Token**.",
			"As **Custom Headers** enter `Content-Type: application/scim+json`. Under **API Connection** click **Enable**. **Save**.",
			"On the tab **Parameters** set **scimusername** to **Email**. The role is in the user's field **Title**.",
			"On the tab **Provisioning** tick **Enable provisioning**. Choose what needs an administrator's approval, and what a deletion does: **Delete**, or **Suspend**. **Save**.",
			"For groups: make them in the application. On **Provisioning** click **Refresh** under **Entitlements**: OneLogin reads them. On **Parameters** open **Groups** and tick **Include in User Provisioning**.",
			"On the tab **Rules** add a rule with the action **Set Groups in** the application. Then give users access on the tab **Access**, or by roles.",
		},
		Attributes: []Attribute{
			{Source: "{$parameters.scimusername}", Target: "userName", Note: "The parameter; set it to Email.", Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "{$user.active}", Target: "active", Note: "Arrives as a text, which is read as a boolean.", Value: "true", Reads: true},
			{Source: "{$user.display_name}", Target: "displayName", Value: "Ann Lee", Changed: "Ann Lee-Moss"},
			{Source: "{$user.firstname}", Target: "name.givenName", Value: "Ann", Changed: "Anne"},
			{Source: "{$user.lastname}", Target: "name.familyName", Value: "Lee", Changed: "Lee-Moss"},
			{Source: "{$user.email}", Target: `emails[type eq "work"].value`, Value: "ann@example.com", Changed: "ann.lee@example.com"},
			{Source: "{$user.phone}", Target: `phoneNumbers[type eq "work"].value`, Value: "+31 20 555 0100", Changed: "+31 20 555 0101"},
			{Source: "{$user.title}", Target: "userType", Note: "The role: the user's Title.", Value: "manager", Changed: "viewer"},
			{Source: "{$user.department}", Target: enterpriseURN + ":department", Value: "Legal", Changed: "Compliance"},
		},
		GroupAttributes: []Attribute{
			{Source: "rule Set Groups in the application", Target: "members", Note: "Groups themselves are made in the application."},
		},
		Template: oneLoginTemplate,
		Settings: "oneLoginSettings",
		Wires: []Wire{{
			Test:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%22nobody-2f6c%22&"},
			Find:   Request{Method: "GET", Path: "/Users?filter=userName+eq+%22{userName}%22&"},
			Create: Request{Method: "POST", Path: "/Users", Body: "{user}"},
			Update: put,

			Deactivate: put,
			Activate:   put,
			Delete:     Request{Method: "DELETE", Path: "/Users/{id}?"},

			FindGroup:    Request{Method: "GET", Path: "/Groups"},
			CreateGroup:  Request{Method: "POST", Path: "/Groups", Body: `{` + groupBase + `,"displayName":"{groupName}"}`, Assumed: true},
			AddMember:    Request{Method: "PATCH", Path: "/Groups/{group}?", Body: patchOf(`{"op":"add","path":"members","value":[{"value":"{member}"}]}`)},
			RemoveMember: Request{Method: "PATCH", Path: "/Groups/{group}?", Body: patchOf(`{"op":"remove","path":"members[value eq \"{member}\"]"}`), Assumed: true},
		}},
		Expect: []string{
			"**Enable** looks for a user that does not exist. The right answer is an empty list.",
			"Changes are pushed when they happen. Those that need approval wait under **Users** → **Provisioning**.",
			"Per user: a query by `userName`, then POST, or PUT of the whole template. A `&` or `?` at the end of the address is normal.",
			"OneLogin says that the order of its requests may vary.",
			"A value that a user does not have arrives as an empty text. It means no value.",
			"Groups: **Refresh** is one GET of all groups. A rule then adds and removes single members.",
			"A user who is removed is suspended (`active` false) or deleted, as the tab Provisioning says.",
			"Coming from groups that were filled by hand: empty them in the application, refresh, and let the rules fill them. Nobody is in a group twice. Then forbid edits of groups in the application (`Settings.GroupsManaged`).",
		},
		Symptoms: []Symptom{
			{Trouble: WrongToken, See: "**Enable** fails, or users have the state Failed: unauthorized.", Do: "Paste the token again as SCIM Bearer Token and click Enable."},
			{Trouble: WrongURL, See: "**Enable** fails although the token is right.", Do: "Compare the SCIM Base URL with the one that the application shows."},
			{Trouble: NoUserName, See: "A user has the state Failed.", Do: "The parameter **scimusername** is empty for this user. Set it to Email on the tab Parameters, and give the user an e-mail address."},
			{Trouble: BadValue, See: "Every user has the state Failed after an edit of the template.", Do: "Paste the template below again. A macro without its braces is sent as it stands."},
			{Trouble: UnknownRole, See: "A user has the state Failed after a change of Title.", Do: "Correct the Title. The error names what is allowed."},
			{Trouble: Duplicate, See: "A user has the state Failed: exists already.", Do: "Refresh the user on **Users** → **Provisioning**: OneLogin looks for it by `userName` and takes it."},
			{Trouble: NoGroups, See: "A rule that makes groups fails.", Do: "This connection may not make groups. Make the group in the application, click Refresh, and let the rule set it."},
			{Trouble: UnknownMember, See: "A member is missing in a group, and nothing failed.", Do: "The user is not in the application. Provision it first, then reapply the rules."},
			{Trouble: Gone, See: "Updates of one user fail.", Do: "The user was deleted in the application. Remove the user's access and give it again."},
			{See: "The application's groups are not offered in a rule.", Do: "Click **Refresh** under Entitlements and wait until it has ended. Tick **Include in User Provisioning** at the parameter Groups."},
		},
	}
}
