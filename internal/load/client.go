package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// client talks to one SCIM server on this machine.
type client struct {
	http *http.Client
	base string
	auth string
}

func newClient(base, token string, workers int) *client {
	dialer := net.Dialer{}
	return &client{
		base: base, auth: "Bearer " + token,
		http: &http.Client{Transport: &http.Transport{
			MaxIdleConnsPerHost: workers,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if err := checkLoopback(addr); err != nil {
					return nil, err
				}
				return dialer.DialContext(ctx, network, addr)
			},
		}},
	}
}

// checkLoopback refuses every address but those of this machine: load is for one's own.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is not an address of this machine, such as 127.0.0.1", host)
	}
	return nil
}

// call is one request.
type call struct {
	method, path string
	body         []byte
}

// do sends a request and returns the body of its answer, which must be a 2xx.
func (c *client) do(ctx context.Context, r call) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", c.auth)
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", r.method, r.path, resp.StatusCode, body[:min(len(body), 300)])
	}
	return body, err
}

// create sends a POST and returns the id.
func (c *client) create(ctx context.Context, endpoint string, body []byte) (string, error) {
	answer, err := c.do(ctx, call{"POST", endpoint, body})
	if err != nil {
		return "", err
	}
	var doc struct{ ID string }
	err = json.Unmarshal(answer, &doc)
	return doc.ID, err
}

const (
	userFormat = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User",` +
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],` +
		`"externalId":"00u%07[1]d","userName":"user%07[1]d@acme.com",` +
		`"name":{"givenName":"Ada","familyName":"Jensen"},"title":"Lead","active":true,` +
		`"emails":[{"value":"user%07[1]d@acme.com","type":"work","primary":true},` +
		`{"value":"u%07[1]d@home.org","type":"home"}],` +
		`"phoneNumbers":[{"value":"+15550100199","type":"work"}],` +
		`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":` +
		`{"employeeNumber":"%07[1]d","department":"Sales",` +
		`"manager":{"value":"26118915-6090-4610-87e4-49d8ca9f808d"}}}`
	groupFormat = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[]}`
	patchFormat = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`
)

func userBody(i int) []byte { return fmt.Appendf(nil, userFormat, i) }

func groupBody(i int) []byte { return fmt.Appendf(nil, groupFormat, fmt.Sprintf("group %d", i)) }

func byUserName(i int) string {
	return "/Users?filter=" + url.QueryEscape(fmt.Sprintf(`userName eq "user%07d@acme.com"`, i))
}

func patchActive(active bool) []byte {
	return fmt.Appendf(nil, patchFormat, fmt.Sprintf(`{"op":"replace","path":"active","value":%t}`, active))
}

// addMembers is a PATCH that adds members, as Entra sends it.
func addMembers(ids []string) []byte {
	var list bytes.Buffer
	for i, id := range ids {
		if i > 0 {
			list.WriteByte(',')
		}
		fmt.Fprintf(&list, `{"value":%q}`, id)
	}
	return fmt.Appendf(nil, patchFormat, `{"op":"add","path":"members","value":[`+list.String()+`]}`)
}

func removeMember(id string) []byte {
	return fmt.Appendf(nil, patchFormat, fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, id))
}
