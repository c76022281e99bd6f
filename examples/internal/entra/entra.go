// Package entra plays Microsoft Entra ID's provisioning service in the tests of the
// examples: the requests that it makes, in the forms that it makes them, one by one. What
// it is answered is for the test to judge.
package entra

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Client is one provisioning job.
type Client struct {
	t    testing.TB
	base string
	auth string
	http *http.Client
}

// New returns a job with a tenant URL and a secret token.
func New(t testing.TB, tenantURL, secretToken string) *Client {
	return WithAuthorization(t, tenantURL, "Bearer "+secretToken)
}

// WithAuthorization returns a job that sends another Authorization header.
func WithAuthorization(t testing.TB, tenantURL, authorization string) *Client {
	// The proxy of a test has a certificate that nobody has signed.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{t, tenantURL, authorization, &http.Client{Transport: transport}}
}

// For returns the job with a subtest's t.
func (c *Client) For(t testing.TB) *Client {
	other := *c
	other.t = t
	return &other
}

// Reply is what the server answers.
type Reply struct {
	Status int
	Header http.Header
	Text   string
	Body   map[string]any
}

// ID is the id of the resource in the answer.
func (r Reply) ID() string {
	id, _ := r.Body["id"].(string)
	return id
}

// Detail is the text of an error.
func (r Reply) Detail() string {
	detail, _ := r.Body["detail"].(string)
	return detail
}

// Resources are those of a list.
func (r Reply) Resources() (all []map[string]any) {
	list, _ := r.Body["Resources"].([]any)
	for _, e := range list {
		resource, _ := e.(map[string]any)
		all = append(all, resource)
	}
	return all
}

// Do sends a request with the headers that Entra sends. body is marshalled, or sent as it
// is if it is a string; nil is none.
func (c *Client) Do(method, path string, body any, header ...string) Reply {
	c.t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		require.NoError(c.t, err)
		content = strings.NewReader(string(text))
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, content)
	require.NoError(c.t, err)
	req.Header.Set("Authorization", c.auth)
	req.Header.Set("Accept", "application/scim+json")
	if body != nil {
		req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	r := Reply{Status: resp.StatusCode, Header: resp.Header, Text: string(text)}
	if len(text) > 0 {
		require.NoError(c.t, json.Unmarshal(text, &r.Body), r.Text)
	}
	return r
}

// TestConnection is the button of that name: it asks for somebody who can't be there.
func (c *Client) TestConnection() Reply {
	c.t.Helper()
	return c.Find("userName", strings.ToLower(rand.Text()))
}

// Find asks for users by a matching attribute, before each write.
func (c *Client) Find(attribute, value string) Reply {
	c.t.Helper()
	return c.Do(http.MethodGet, "/Users?filter="+url.QueryEscape(attribute+` eq "`+value+`"`), nil)
}

// FindGroup asks for groups by name, without members.
func (c *Client) FindGroup(name string) Reply {
	c.t.Helper()
	return c.Do(http.MethodGet, "/Groups?excludedAttributes=members&filter="+url.QueryEscape(`displayName eq "`+name+`"`), nil)
}

// Object is a JSON object.
type Object = map[string]any

// Create posts a user, who must come in, and returns its id.
func (c *Client) Create(user Object) (id string) {
	c.t.Helper()
	r := c.Post(user)
	require.Equal(c.t, http.StatusCreated, r.Status, r.Text)
	require.NotEmpty(c.t, r.ID())
	return r.ID()
}

// Post posts a user, with the schemas and the meta that Entra sends.
func (c *Client) Post(user Object) Reply {
	c.t.Helper()
	body := Object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"},
		"meta":    Object{"resourceType": "User"},
	}
	for k, v := range user {
		body[k] = v
	}
	return c.Do(http.MethodPost, "/Users", body)
}

// Op is one operation of a PATCH.
type Op struct {
	Op    string `json:"op"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

// Add is an operation of that kind, spelled with a capital as Entra does.
func Add(path string, value any) Op { return Op{"Add", path, value} }

// Replace is as Add.
func Replace(path string, value any) Op { return Op{"Replace", path, value} }

// Remove is as Add, without a value.
func Remove(path string) Op { return Op{"Remove", path, nil} }

// Patch reads a resource and then changes it, as Entra does before every write.
func (c *Client) Patch(path string, ops ...Op) Reply {
	c.t.Helper()
	query := ""
	if strings.HasPrefix(path, "/Groups") {
		query = "?excludedAttributes=members"
	}
	if r := c.Do(http.MethodGet, path+query, nil); r.Status != http.StatusOK {
		return r
	}
	return c.Do(http.MethodPatch, path, Object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops,
	})
}

// Disable is what a user's going out of scope is.
func (c *Client) Disable(id string) Reply {
	c.t.Helper()
	return c.Patch("/Users/"+id, Replace("active", "False"))
}

// Restore is what coming back into scope is.
func (c *Client) Restore(id string) Reply {
	c.t.Helper()
	return c.Patch("/Users/"+id, Replace("active", "True"))
}

// CreateGroup posts a group without members, which must be made, and returns its id.
func (c *Client) CreateGroup(name, externalID string) (id string) {
	c.t.Helper()
	r := c.Do(http.MethodPost, "/Groups", Object{
		"schemas":    []string{"urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"},
		"externalId": externalID, "displayName": name, "members": []any{}, "meta": Object{"resourceType": "Group"},
	})
	require.Equal(c.t, http.StatusCreated, r.Status, r.Text)
	return r.ID()
}

// AddMember puts one user into a group.
func (c *Client) AddMember(group, user string) Reply {
	c.t.Helper()
	return c.Patch("/Groups/"+group, Add("members", []Object{{"$ref": nil, "value": user}}))
}

// RemoveMember takes one user out of a group.
func (c *Client) RemoveMember(group, user string) Reply {
	c.t.Helper()
	return c.Patch("/Groups/"+group, Op{"Remove", "members", []Object{{"value": user}}})
}
