package patch_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/schema"
)

// What Entra ID sends to disable a user and to set a first e-mail address.
func ExampleApply() {
	user := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	alice, err := schema.New(user).Set("userName", "alice").Set("active", true).Build()
	if err != nil {
		log.Fatal(err)
	}
	req, err := patch.Decode(user, []byte(`{
		"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations": [
			{"op": "Replace", "path": "active", "value": "False"},
			{"op": "Add", "path": "emails[type eq \"work\"].value", "value": "alice@example.com"}
		]
	}`), patch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := patch.Apply(alice, req.Ops, patch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Resource)
	fmt.Println(result.Changed)
	for _, n := range req.Notes {
		fmt.Printf("%s: %s\n", n.Path, n.Rule)
	}
	// Output:
	// {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"alice","active":false,"emails":[{"value":"alice@example.com","type":"work"}]}
	// [active emails]
	// op: case of op ignored
	// active: string taken as boolean
}

// Three ways to write a change of one member, and a change of the group itself.
func ExampleSplit() {
	group := schema.MustCompile(schema.TypeConfig{Name: "Group", Schema: schema.Group()})
	req, err := patch.Decode(group, []byte(`{
		"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
		"Operations": [
			{"op": "remove", "path": "members[value eq \"u1\"]"},
			{"op": "Remove", "path": "members", "value": [{"value": "u2"}]},
			{"op": "replace", "path": "displayName", "value": "Guides"},
			{"op": "add", "value": {"members": [{"value": "u3", "display": "Carol"}]}}
		]
	}`), patch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	members, _ := group.Attr("members")
	rest, delta, err := patch.Split(req.Ops, members)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("add", delta.Add, "remove", delta.Remove)
	fmt.Println("for Apply:", rest[0].Path)
	// Output:
	// add [{u3  Carol}] remove [u1 u2]
	// for Apply: displayName
}

func ExampleDiff() {
	user := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	before, err := schema.New(user).Set("userName", "alice").Set("name.givenName", "Alice").Set("title", "Guide").Build()
	if err != nil {
		log.Fatal(err)
	}
	after, err := before.Edit().Set("name.familyName", "Smith").Set("title", nil).Build()
	if err != nil {
		log.Fatal(err)
	}
	for _, op := range patch.Diff(before, after) {
		text, err := json.Marshal(op)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(text))
	}
	// Output:
	// {"op":"replace","path":"name.familyName","value":"Smith"}
	// {"op":"remove","path":"title"}
}
