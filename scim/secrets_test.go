package scim_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// A secret is a way to put one into a request. In path, body and headers, MARK stands
// for it, ID for the id of a user and GROUP for that of a group. Headers come in pairs.
type secret struct {
	name, method, path, body string
	headers                  []string
}

func filtered(filter string) string { return "?filter=" + url.QueryEscape(filter) }

func op(op string) string { return `{"schemas":["` + patchURN + `"],"Operations":[` + op + `]}` }

func bulk(op string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + op + `]}`
}

// secrets are the places where a client can put one.
var secrets = []secret{
	{"password of a POST", "POST", "/Users", `{"userName":"a","password":"MARK"}`, nil},
	{"of a POST that is refused", "POST", "/Users", `{"password":"MARK"}`, nil},
	{"of a POST that is a duplicate", "POST", "/Users", `{"userName":"bjensen","password":"MARK"}`, nil},
	{"with a control character", "POST", "/Users", `{"userName":"b","password":"MARK\u0007"}`, nil},
	{"in another case", "POST", "/Users", `{"userName":"c","PassWord":"MARK"}`, nil},
	{"by its URN", "POST", "/Users", `{"userName":"d","` + userURN + `:password":"MARK"}`, nil},
	{"by its URN as an object", "POST", "/Users", `{"userName":"e","` + userURN + `":{"password":"MARK"}}`, nil},
	{"twice", "POST", "/Users", `{"userName":"f","password":"MARK","password":"MARK"}`, nil},
	{"as a list", "POST", "/Users", `{"userName":"g","password":["MARK"]}`, nil},
	{"as an object", "POST", "/Users", `{"userName":"h","password":{"value":"MARK"}}`, nil},
	{"of a group", "POST", "/Groups", `{"displayName":"x","password":"MARK"}`, nil},
	{"below another attribute", "POST", "/Users", `{"userName":"i","name":{"password":"MARK"}}`, nil},
	{"an attribute that is never returned", "POST", "/Users", `{"userName":"j","urn:example:ext":{"pin":"MARK"}}`, nil},
	{"a sub-attribute that is never returned", "POST", "/Users", `{"userName":"k","urn:example:ext":{"key":{"id":"k","secret":"MARK"}}}`, nil},
	{"an unknown attribute", "POST", "/Users", `{"userName":"l","apiKey":"MARK"}`, nil},
	{"an unknown extension", "POST", "/Users", `{"userName":"m","urn:x:y":{"apiKey":"MARK"}}`, nil},
	{"the wrong type", "POST", "/Users", `{"userName":"n","active":"MARK"}`, nil},
	{"an unknown schema", "POST", "/Users", `{"schemas":["MARK"],"userName":"o"}`, nil},
	{"JSON that ends", "POST", "/Users", `{"userName":"p","password":"MARK`, nil},
	{"JSON that is broken", "POST", "/Users", `{"userName":"p","password":"MARK" "x"}`, nil},
	{"JSON that is no JSON", "POST", "/Users", `MARK`, nil},
	{"a form", "POST", "/Users", `userName=p&password=MARK`, nil},
	{"text behind the JSON", "POST", "/Users", `{"userName":"p"} MARK`, nil},
	{"not UTF-8", "POST", "/Users", "{\"userName\":\"p\",\"password\":\"MARK\xff\"}", nil},

	{"password of a PUT", "PUT", "/Users/ID", `{"userName":"bjensen","password":"MARK"}`, nil},
	{"of a PUT to nobody", "PUT", "/Users/nobody", `{"userName":"x","password":"MARK"}`, nil},
	{"of a PUT that is refused", "PUT", "/Users/ID", `{"userName":"","password":"MARK"}`, nil},
	{"never returned, by PUT", "PUT", "/Users/ID", `{"userName":"bjensen","urn:example:ext":{"pin":"MARK","key":{"secret":"MARK"}}}`, nil},

	{"PATCH by path", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password","value":"MARK"}`), nil},
	{"PATCH by another op", "PATCH", "/Users/ID", op(`{"op":"Add","path":"PASSWORD","value":"MARK"}`), nil},
	{"PATCH by URN", "PATCH", "/Users/ID", op(`{"op":"replace","path":"` + userURN + `:password","value":"MARK"}`), nil},
	{"PATCH without a path", "PATCH", "/Users/ID", op(`{"op":"replace","value":{"password":"MARK"}}`), nil},
	{"PATCH without a path, as a string", "PATCH", "/Users/ID", op(`{"op":"replace","value":"{\"password\":\"MARK\"}"}`), nil},
	{"PATCH of a list", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password","value":["MARK"]}`), nil},
	{"PATCH of an object", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password","value":{"value":"MARK"}}`), nil},
	{"PATCH below it", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password.value","value":"MARK"}`), nil},
	{"PATCH by a filter", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password[value eq \"MARK\"]","value":"x"}`), nil},
	{"PATCH by a filter of another", "PATCH", "/Users/ID", op(`{"op":"replace","path":"emails[password eq \"MARK\"].value","value":"x"}`), nil},
	{"PATCH by a filter of something unknown", "PATCH", "/Users/ID", op(`{"op":"replace","path":"apiKeys[value eq \"MARK\"].value","value":"x"}`), nil},
	{"PATCH by a filter of what is never returned", "PATCH", "/Users/ID", op(`{"op":"replace","path":"urn:example:ext:key[secret eq \"MARK\"].id","value":"x"}`), nil},
	{"PATCH by a filter that is broken", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password[value eq \"MARK\"","value":"x"}`), nil},
	{"PATCH by a filter without quotes", "PATCH", "/Users/ID", op(`{"op":"replace","path":"emails[value eq MARK]","value":"x"}`), nil},
	{"PATCH where the path has it", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password=MARK"}`), nil},
	{"PATCH of something unknown", "PATCH", "/Users/ID", op(`{"op":"replace","path":"apiKey","value":"MARK"}`), nil},
	{"PATCH of something unknown without a path", "PATCH", "/Users/ID", op(`{"op":"replace","value":{"apiKey":"MARK"}}`), nil},
	{"PATCH of what is never returned", "PATCH", "/Users/ID", op(`{"op":"replace","path":"urn:example:ext:pin","value":"MARK"}`), nil},
	{"PATCH of a sub-attribute that is never returned", "PATCH", "/Users/ID", op(`{"op":"replace","path":"urn:example:ext:key.secret","value":"MARK"}`), nil},
	{"PATCH of both, without a path", "PATCH", "/Users/ID", op(`{"op":"add","value":{"urn:example:ext":{"pin":"MARK","key":{"secret":"MARK"}}}}`), nil},
	{"PATCH by dotted keys", "PATCH", "/Users/ID", op(`{"op":"add","value":{"urn:example:ext:pin":"MARK","urn:example:ext:key.secret":"MARK"}}`), nil},
	{"PATCH with a wrong type", "PATCH", "/Users/ID", op(`{"op":"replace","path":"active","value":"MARK"}`), nil},
	{"PATCH that is refused later", "PATCH", "/Users/ID", op(`{"op":"replace","path":"password","value":"MARK"},{"op":"remove","path":"userName"}`), nil},
	{"PATCH with an unknown op", "PATCH", "/Users/ID", op(`{"op":"set","path":"password","value":"MARK"}`), nil},
	{"PATCH where the op is it", "PATCH", "/Users/ID", op(`{"op":"MARK","path":"password"}`), nil},
	{"PATCH that ends", "PATCH", "/Users/ID", `{"Operations":[{"op":"replace","path":"password","value":"MARK`, nil},
	{"PATCH that has no operations", "PATCH", "/Users/ID", `{"password":"MARK"}`, nil},
	{"PATCH of a group", "PATCH", "/Groups/GROUP", op(`{"op":"add","path":"password","value":"MARK"}`), nil},

	{"filter", "GET", "/Users" + filtered(`password eq "MARK"`), "", nil},
	{"filter in another case", "GET", "/Users" + filtered(`PASSWORD SW "MARK"`), "", nil},
	{"filter by URN", "GET", "/Users" + filtered(userURN+`:password eq "MARK"`), "", nil},
	{"filter without quotes", "GET", "/Users" + filtered(`password eq MARK`), "", nil},
	{"filter that ends", "GET", "/Users" + filtered(`password eq "MARK`), "", nil},
	{"filter with a rest", "GET", "/Users" + filtered(`password eq "MARK" x`), "", nil},
	{"filter with an unknown operator", "GET", "/Users" + filtered(`password is "MARK"`), "", nil},
	{"filter where the operator is it", "GET", "/Users" + filtered(`password MARK "x"`), "", nil},
	{"filter in single quotes", "GET", "/Users" + filtered(`password eq 'MARK'`), "", nil},
	{"filter with an equals sign", "GET", "/Users" + filtered(`password=MARK`), "", nil},
	{"filter with an equals sign and quotes", "GET", "/Users" + filtered(`password="MARK"`), "", nil},
	{"filter with a quote in the middle", "GET", "/Users" + filtered(`password eq "x"MARK"`), "", nil},
	{"filter with a blank in the middle", "GET", "/Users" + filtered(`password eq x MARK`), "", nil},
	{"filter without an operator", "GET", "/Users" + filtered(`password MARK`), "", nil},
	{"filter with a value for pr", "GET", "/Users" + filtered(`password pr MARK`), "", nil},
	{"filter with the wrong type", "GET", "/Users" + filtered(`active eq "MARK"`), "", nil},
	{"filter by a wrong date", "GET", "/Users" + filtered(`meta.created gt "MARK"`), "", nil},
	{"filter of something unknown", "GET", "/Users" + filtered(`apiKey eq "MARK"`), "", nil},
	{"filter with brackets", "GET", "/Users" + filtered(`password[value eq "MARK"]`), "", nil},
	{"filter with too many brackets", "GET", "/Users" + filtered(`(password eq "MARK"))`), "", nil},
	{"filter of what is never returned", "GET", "/Users" + filtered(`urn:example:ext:pin eq "MARK" or urn:example:ext:key.secret eq "MARK"`), "", nil},
	{"filter of all types", "GET", "/" + filtered(`password eq "MARK"`), "", nil},
	{"filter of groups", "GET", "/Groups" + filtered(`password eq "MARK"`), "", nil},
	{"order", "GET", "/Users?sortBy=MARK", "", nil},
	{"cursor", "GET", "/Users?cursor=MARK", "", nil},
	{"count", "GET", "/Users?count=MARK&startIndex=MARK", "", nil},
	{"attributes", "GET", "/Users/ID?attributes=MARK", "", nil},
	{"a query that is broken", "GET", "/Users?filter=%zzMARK", "", nil},
	{"a token in the URL", "GET", "/Users?access_token=MARK", "", nil},
	{"a token in the URL of a write", "POST", "/Users?access_token=MARK", `{"userName":"q"}`, nil},
	{"a token in the URL of nothing", "GET", "/Nothing?access_token=MARK", "", nil},
	{"search", "POST", "/Users/.search", `{"filter":"password eq \"MARK\""}`, nil},
	{"search that is broken", "POST", "/Users/.search", `{"filter":"password eq \"MARK`, nil},
	{"search with another member", "POST", "/.search", `{"filter":"userName pr","password":"MARK"}`, nil},
	{"search with a wrong type", "POST", "/Users/.search", `{"count":"MARK","filter":["MARK"]}`, nil},

	{"bulk POST", "POST", "/Bulk", bulk(`{"method":"POST","path":"/Users","bulkId":"1","data":{"userName":"r","password":"MARK","apiKey":"MARK"}}`), nil},
	{"bulk PATCH", "POST", "/Bulk", bulk(`{"method":"PATCH","path":"/Users/ID","data":` + op(`{"op":"replace","path":"password","value":"MARK"}`) + `}`), nil},
	{"bulk that is refused", "POST", "/Bulk", bulk(`{"method":"PUT","path":"/Users/ID","data":{"password":"MARK"}}`), nil},
	{"bulk with a query", "POST", "/Bulk", bulk(`{"method":"DELETE","path":"/Users/nobody?access_token=MARK"}`), nil},
	{"bulk with a version", "POST", "/Bulk", bulk(`{"method":"DELETE","path":"/Users/ID","version":"MARK"}`), nil},
	{"bulk with another member", "POST", "/Bulk", bulk(`{"method":"DELETE","path":"/Users/nobody","password":"MARK"}`), nil},
	{"bulk without a bulkId", "POST", "/Bulk", bulk(`{"method":"POST","path":"/Users","data":{"password":"MARK"}}`), nil},
	{"bulk that ends", "POST", "/Bulk", `{"Operations":[{"method":"POST","path":"/Users","bulkId":"1","data":{"password":"MARK`, nil},

	{"If-Match", "PUT", "/Users/ID", `{"userName":"bjensen"}`, []string{"If-Match", `W/"MARK"`}},
	{"If-None-Match", "GET", "/Users/ID", "", []string{"If-None-Match", `"MARK"`}},
	{"bearer", "GET", "/Users", "", []string{"Authorization", "Bearer MARK"}},
	{"bearer of a write", "POST", "/Users", `{"userName":"s"}`, []string{"Authorization", "Bearer MARK"}},
	{"bearer of nothing", "GET", "/Nothing", "", []string{"Authorization", "Bearer MARK"}},
	{"basic", "GET", "/Users", "", []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("scim:MARK"))}},
	{"basic that is plain", "GET", "/Users", "", []string{"Authorization", "Basic scim:MARK"}},
	{"another scheme", "GET", "/Users", "", []string{"Authorization", "MARK"}},
	{"cookie", "GET", "/Users", "", []string{"Cookie", "session=MARK"}},
	{"another header", "GET", "/Users", "", []string{"X-Api-Key", "MARK"}},
	{"content type", "POST", "/Users", `{"userName":"t"}`, []string{"Content-Type", "text/MARK"}},
	{"method override", "POST", "/Users", `{"userName":"u"}`, []string{"X-HTTP-Method-Override", "MARK"}},
	{"Prefer", "PATCH", "/Users/ID", op(`{"op":"replace","path":"title","value":"x"}`), []string{"Prefer", "MARK"}},
	{"Accept", "GET", "/Users", "", []string{"Accept", "application/MARK"}},
}

// sink is a place where no secret may be.
type sink struct {
	mu sync.Mutex
	bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Buffer.Write(p)
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.String()
}

// keeping is a state that also writes all it is given into a sink.
type keeping struct {
	scim.StateStore
	sink *sink
}

func (k keeping) PutState(ctx context.Context, t scim.Tenant, s ...scim.State) error {
	for _, r := range s {
		fmt.Fprintf(k.sink, "%s %s %v %s %s\n", r.Kind, r.Key, r.Refs, r.Lane, r.Data)
	}
	return k.StateStore.PutState(ctx, t, s...)
}

// failingUsers fails each write with an error that the application's log shows.
type failingUsers struct{ scim.UserStore }

func (failingUsers) UpdateUser(context.Context, scim.Tenant, string, scim.Write) (*schema.Resource, error) {
	return nil, fmt.Errorf("database is down")
}

// TestNoSecretGetsOut puts a secret into every place of a request that there is, and
// looks for it in everything that is written: the provisioning log, the application's
// log, answers, events, and what is kept in the StateStore.
func TestNoSecretGetsOut(t *testing.T) {
	whole := func(s scim.UserStore) scim.UserStore { return s }
	for _, run := range []struct {
		name     string
		settings scim.Settings
		users    func(scim.UserStore) scim.UserStore
	}{
		{"tolerant", scim.Settings{}, whole},
		{"strict", scim.Settings{Dialect: scim.Strict()}, whole},
		{"failing", scim.Settings{}, func(s scim.UserStore) scim.UserStore { return failingUsers{s} }},
		{"with policies", scim.Settings{Roles: testRoles{}, OnDelete: scim.Suspend}, whole},
	} {
		t.Run(run.name, func(t *testing.T) {
			var slogged, state, told, answers sink
			store := memstore.New()
			run.settings.KeepLog = time.Hour
			s, c := prepare(t)
			c.Users, c.Groups, c.UserType = run.users(store), store, userType
			c.State, c.MaxBulkOperations = keeping{store, &state}, 10
			_, c.StateInTx = c.Users.(scim.Transactor)
			c.Settings = scim.Fixed(run.settings)
			c.Logger = slog.New(slog.NewTextHandler(&slogged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c.Record = func(e scim.Entry) { fmt.Fprintf(&told, "%+v\n", e) }
			c.Events = func(_ context.Context, e scim.Event) error {
				told.WriteString("event ")
				return json.NewEncoder(&told).Encode(e)
			}
			h, err := scim.New(c)
			require.NoError(t, err)
			s.serve(h)
			id, group := s.user("bjensen"), s.group("Guides")
			for i, c := range secrets {
				mark := fmt.Sprintf("sEcReT%03d", i)
				fill := strings.NewReplacer("MARK", mark, "ID", id, "GROUP", group).Replace
				var headers []string
				for i := 0; i < len(c.headers); i += 2 {
					value := fill(c.headers[i+1])
					if basic, ok := strings.CutPrefix(c.headers[i+1], "Basic c2"); ok {
						plain, _ := base64.StdEncoding.DecodeString("c2" + basic)
						value = "Basic " + base64.StdEncoding.EncodeToString([]byte(fill(string(plain))))
					}
					headers = append(headers, c.headers[i], value)
				}
				r := s.do(c.method, fill(c.path), fill(c.body), headers...)
				fmt.Fprintf(&answers, "%s %v\n", r.text, r.header)
			}
			fmt.Fprint(&answers, s.get("/Users/"+id).text, s.get("/Users").text, s.get("/Groups").text)
			require.NoError(t, h.RunOnce(t.Context()))
			require.Contains(t, told.text(), "event {")
			page, err := scim.NewLog(store).List(context.Background(), "t", scim.LogQuery{Limit: 1000})
			require.NoError(t, err)
			kept, err := json.Marshal(page.Entries)
			require.NoError(t, err)
			require.Greater(t, len(page.Entries), len(secrets)-10, "the log has the requests")
			for where, text := range map[string]string{
				"the provisioning log": string(kept), "the application's log": slogged.text(), "the state": state.text(),
				"what is told": told.text(), "answers": answers.text(),
			} {
				require.NotEmpty(t, text, where)
				for i, c := range secrets {
					mark := fmt.Sprintf("sEcReT%03d", i)
					for form, mark := range map[string]string{
						"": mark, "in lower case": strings.ToLower(mark), "as base64": base64.StdEncoding.EncodeToString([]byte("scim:" + mark)),
					} {
						assert.NotContains(t, excerpt(text, mark), mark, "%s: %q is in %s %s", run.name, c.name, where, form)
					}
				}
			}
		})
	}
}

// excerpt returns what is around a mark, so that a failure can be read.
func excerpt(text, mark string) string {
	i := strings.Index(text, mark)
	if i < 0 {
		return ""
	}
	return text[max(0, i-300):min(len(text), i+100)]
}
