package schema_test

import (
	"fmt"
	"log"

	"github.com/muster-scim/muster/schema"
)

// A user as an identity provider sends it: read, looked at, and what was made to
// fit told about.
func ExampleDecode() {
	user := schema.MustCompile(schema.TypeConfig{
		Name:       "User",
		Schema:     schema.User(),
		Extensions: []schema.Extension{{Schema: schema.EnterpriseUser()}},
	})
	body := []byte(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"UserName": "bjensen",
		"password": "t1meMa$heen",
		"active": "True",
		"emails": {"value": "bjensen@example.com", "type": "WORK"},
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": "26118915"}
	}`)

	doc, err := schema.Decode(user, body, schema.Decoding{})
	if err != nil {
		log.Fatal(err)
	}
	if err := user.Validate(doc.Resource); err != nil {
		log.Fatal(err)
	}
	u := schema.AsUser(doc.Resource)
	fmt.Println(u.UserName(), u.Active(), u.Email(), u.Get("emails.type"), u.Manager())
	fmt.Println("password:", doc.Password, doc.Password.IsSet())
	for _, n := range doc.Notes {
		fmt.Println(n.Path+":", n.Rule)
	}

	_, err = schema.Decode(user, body, schema.StrictDecoding())
	fmt.Println(err)
	// Output:
	// bjensen true bjensen@example.com work 26118915
	// password: [redacted] true
	// active: string taken as boolean
	// emails: single value taken as a list
	// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager: string taken as "value"
	// active: is a boolean, not a string
}

// A change makes another resource; the one it starts from stays as it is.
func ExampleResource_Edit() {
	user := schema.MustCompile(schema.TypeConfig{Name: "User", Schema: schema.User()})
	old, err := schema.New(user).
		Set("userName", "bjensen").
		Set("name.givenName", "Barbara").
		Set("emails", []map[string]any{{"value": "bjensen@example.com", "primary": true}}).
		Build()
	if err != nil {
		log.Fatal(err)
	}

	changed, err := old.Edit().
		Set("name.familyName", "Jensen").
		Set("active", false).
		Set("emails", nil).
		Build()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(old)
	fmt.Println(changed)
	fmt.Println(changed.Changed(old))

	_, err = old.Edit().Set("active", "no").Set("nope", 1).Build()
	fmt.Println(err)
	// Output:
	// {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","name":{"givenName":"Barbara"},"emails":[{"value":"bjensen@example.com","primary":true}]}
	// {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","name":{"familyName":"Jensen","givenName":"Barbara"},"active":false}
	// [name active emails]
	// active: is a boolean, not a string
	// nope: there is no such attribute
}

// A type with an extension of one's own, and an open one for keys that nobody knows
// in advance. Mistakes are reported all at once.
func ExampleCompile() {
	config := schema.TypeConfig{
		Name:   "User",
		Schema: schema.User(),
		Extensions: []schema.Extension{
			{Schema: schema.Schema{
				ID: "urn:example:params:scim:schemas:extension:billing:2.0:User",
				Attributes: []schema.Attribute{
					{Name: "plan", Required: true, Canonical: []string{"free", "team"}},
					{Name: "seats", Type: schema.Integer},
				},
			}},
			{Schema: schema.Schema{
				ID:   "urn:example:params:scim:schemas:extension:Metadata",
				Open: &schema.Attribute{},
			}},
		},
	}
	user, err := schema.Compile(config)
	if err != nil {
		log.Fatal(err)
	}
	doc, err := schema.Decode(user, []byte(`{
		"userName": "bjensen",
		"urn:example:params:scim:schemas:extension:billing:2.0:User": {"plan": "Team", "seats": 5},
		"urn:example:params:scim:schemas:extension:Metadata": {"costUnit": 4711}
	}`), schema.Decoding{})
	if err != nil {
		log.Fatal(err)
	}
	seats, _ := doc.Resource.Get("urn:example:params:scim:schemas:extension:billing:2.0:User:seats").Int()
	fmt.Println(seats, doc.Resource.Get("urn:example:params:scim:schemas:extension:Metadata:costUnit"))

	config.Endpoint = "users"
	config.Extensions[0].Schema.Attributes[1].Name = "2nd"
	_, err = schema.Compile(config)
	fmt.Println(err)
	// Output:
	// 5 4711
	// schema: type User: endpoint "users" must be a path such as "/Users"
	// schema: schema urn:example:params:scim:schemas:extension:billing:2.0:User: attribute urn:example:params:scim:schemas:extension:billing:2.0:User:2nd: "2nd" is no attribute name: a letter, then letters, digits, "-", "_" and "$"
}
