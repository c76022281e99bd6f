package storetest

import (
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

// otherUserType says the same as the type that is handed in, but is another one.
var otherUserType = userType()

// converted returns r as a resource of another type.
func converted(r resource, t *schema.Type) resource {
	d, err := schema.Decode(t, []byte(r.String()), schema.Decoding{})
	if err != nil {
		panic(err)
	}
	return d.Resource.WithMeta(r.ID(), r.Meta())
}

// onlyChanged leaves of a write the paths that a function wants.
func onlyChanged(w scim.Write, wants func(path string) bool) scim.Write {
	w.Changed = slices.DeleteFunc(slices.Clone(w.Changed), func(path string) bool { return !wants(path) })
	return w
}

// seconds gives r its time in seconds as its version.
func seconds(r resource) resource {
	m := r.Meta()
	m.Version = strconv.FormatInt(m.LastModified.Unix(), 10)
	return r.WithMeta(r.ID(), m)
}

// pause lets others run between two steps.
func pause() {
	runtime.Gosched()
	time.Sleep(200 * time.Microsecond)
}

var writeMutants = []mutant{
	{
		fault: "lastModified is read from the clock a second time",
		meant: "Users/Create",
		also:  "Bystanders Cancel Tenants TenantsUnique Unique UniqueUpdate Update Values VersionsAreNew",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if err != nil {
					return nil, err
				}
				m := r.Meta()
				m.LastModified = m.LastModified.Add(time.Millisecond)
				return r.WithMeta(r.ID(), m), nil
			}
		},
	},
	{
		fault: "ids are made of bulkId",
		meant: "Users/Create",
		also:  "*",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if err != nil {
					return nil, err
				}
				return r.WithMeta("bulkId:"+r.ID(), r.Meta()), nil
			}
		},
	},
	{
		fault: "F4: of several e-mail addresses only one is kept",
		meant: "Users/Values",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				for e := range w.New.Get("emails").Elems() {
					w.New = with(w.New, "emails", []schema.Value{e})
					break
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "a missing displayName is made of the userName, wanted or not",
		meant: "Users/CreateUnassigned",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				if w.New.Get("displayName").IsZero() {
					w.New = with(w.New, "displayName", w.New.Get("userName").String())
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "quotes are escaped twice",
		meant: "Users/Text",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				if title := w.New.Get("title").String(); title != "" {
					w.New = with(w.New, "title", strings.ReplaceAll(title, "'", "''"))
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "emoji are replaced, as in a table of three bytes a character",
		meant: "Users/Text",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if title := w.New.Get("title").String(); title != "" {
					w.New = with(w.New, "title", strings.Map(func(r rune) rune {
						if r > 0xffff {
							return '?'
						}
						return r
					}, title))
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "lists have resources of a type of their own",
		meant: "Users/Type",
		also:  "ListIDs",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if q.Count < maxAll && q.SortBy == nil && q.Filter == nil {
					page.Resources = slices.Clone(page.Resources)
					for i, r := range page.Resources {
						page.Resources[i] = converted(r, otherUserType)
					}
				}
				return page, err
			}
		},
	},
	{
		fault: "an id that is no UUID is an error of the database",
		meant: "Users/GetUnknown",
		make: func(f *faulty) {
			f.getUser = func(ctx contextT, t tenantT, id string) (resource, error) {
				if len(id) != 36 {
					return nil, errors.New("pq: invalid input syntax for type uuid")
				}
				return f.complete.GetUser(ctx, t, id)
			}
		},
	},
	{
		fault: "the last id is used again after it was deleted, as SQLite does",
		meant: "Users/IDsAreNew",
		also:  "KeyOrderChange",
		make: func(f *faulty) {
			var mu sync.Mutex
			free := map[tenantT]string{}
			f.deleteUser = func(ctx contextT, t tenantT, id, version string) error {
				err := f.complete.HideUser(ctx, t, id, version)
				if err == nil {
					mu.Lock()
					free[t] = id
					mu.Unlock()
				}
				return err
			}
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				mu.Lock()
				id := free[t]
				delete(free, t)
				mu.Unlock()
				if id != "" {
					return f.complete.RestoreUser(ctx, t, id, w)
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "F17: an account with the same e-mail address is taken over",
		meant: "Users/CreateNeverOverwrites",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				for _, r := range f.everybody(ctx, t) {
					for e := range w.New.Get("emails").Elems() {
						if address := e.Get("value").String(); strings.Contains(r.Get("emails").Get("value").String(), address) {
							return f.complete.UpdateUser(ctx, t, r.ID(), scim.Write{New: w.New, Changed: w.New.Changed(r)})
						}
					}
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "a POST with a known externalId updates, and is answered with the old account",
		meant: "Users/CreateNeverOverwrites",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				for _, r := range f.everybody(ctx, t) {
					if id := w.New.ExternalID(); id != "" && id == r.ExternalID() {
						return f.complete.UpdateUser(ctx, t, r.ID(), scim.Write{New: w.New, Changed: w.New.Changed(r)})
					}
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "an update sets created",
		meant: "Users/Update",
		also:  "Arguments DeleteVersion UpdateVersion",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.UpdateUser(ctx, t, id, w)
				if err != nil {
					return nil, err
				}
				m := r.Meta()
				m.Created = m.LastModified
				return r.WithMeta(id, m), nil
			}
		},
	},
	{
		fault: "F3: an update of anything but \"active\" panics",
		meant: "Users/UpdateValues",
		also:  "*",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if !slices.Contains(w.Changed, "active") {
					panic("nil pointer dereference")
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "F7: an update of several attributes is a 400",
		meant: "Users/UpdateValues",
		also:  "Active Arguments UniqueUpdate UpdateUnassigns",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if len(w.Changed) > 1 {
					return nil, scim.Invalid("PATCH", "has too many operations")
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "F8: of an update only \"active\" and \"title\" are written",
		meant: "Users/UpdateValues",
		also:  "UniqueRace UniqueUpdate UpdateUnassigns",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				return f.complete.UpdateUser(ctx, t, id, onlyChanged(w, func(path string) bool { return path == "active" || path == "title" }))
			}
		},
	},
	{
		fault: "F14: the last part of a path with a URN is lost, so that extensions are not written",
		meant: "Users/UpdateValues",
		also:  "UpdateUnassigns",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				return f.complete.UpdateUser(ctx, t, id, onlyChanged(w, func(path string) bool { return !strings.Contains(path, ":") }))
			}
		},
	},
	{
		fault: "an update of a list adds to it",
		meant: "Users/UpdateValues",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				old, err := f.complete.GetUser(ctx, t, id)
				if err == nil && slices.Contains(w.Changed, "emails") && !w.New.Get("emails").IsZero() {
					var both []schema.Value
					for _, r := range []resource{old, w.New} {
						both = slices.AppendSeq(both, r.Get("emails").Elems())
					}
					w.New = with(w.New, "emails", both)
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "what is unassigned is not written",
		meant: "Users/UpdateUnassigns",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				return f.complete.UpdateUser(ctx, t, id, onlyChanged(w, func(path string) bool { return !w.New.Get(path).IsZero() }))
			}
		},
	},
	{
		fault: "an update writes the whole resource",
		meant: "Users/UpdateKeepsRest",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if old, err := f.complete.GetUser(ctx, t, id); err == nil {
					w.Changed = w.New.Changed(old)
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "a PUT to an unknown id creates it",
		meant: "Users/UpdateUnknown",
		also:  "Delete Tenants",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.UpdateUser(ctx, t, id, w)
				if isNotFound(err) {
					return f.complete.CreateUser(ctx, t, w)
				}
				return r, err
			}
		},
	},
	{
		fault: "versions are seconds",
		meant: "Users/VersionsAreNew",
		also:  "DeleteVersion List ListIDs Update UpdateRace UpdateVersion",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if err != nil {
					return nil, err
				}
				return seconds(r), nil
			}
			f.getUser = func(ctx contextT, t tenantT, id string) (resource, error) {
				r, err := f.complete.GetUser(ctx, t, id)
				if err != nil {
					return nil, err
				}
				return seconds(r), nil
			}
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.GetUser(ctx, t, id)
				if err != nil {
					return nil, err
				}
				if w.Version != "" && w.Version != seconds(r).Meta().Version {
					return nil, scim.ErrVersionMismatch
				}
				if w.Version != "" {
					w.Version = r.Meta().Version
				}
				if r, err = f.complete.UpdateUser(ctx, t, id, w); err != nil {
					return nil, err
				}
				return seconds(r), nil
			}
			f.deleteUser = func(ctx contextT, t tenantT, id, version string) error {
				r, err := f.complete.GetUser(ctx, t, id)
				if err != nil {
					return err
				}
				if version != "" && version != seconds(r).Meta().Version {
					return scim.ErrVersionMismatch
				}
				return f.complete.DeleteUser(ctx, t, id, "")
			}
		},
	},
	{
		fault: "F13: versions are not compared",
		meant: "Users/UpdateVersion",
		also:  "UpdateRace",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				w.Version = ""
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "F13: the version is compared before, not with, the write",
		meant: "Users/UpdateRace",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if w.Version != "" {
					r, err := f.complete.GetUser(ctx, t, id)
					if err != nil {
						return nil, err
					}
					if r.Meta().Version != w.Version {
						return nil, scim.ErrVersionMismatch
					}
					pause()
					w.Version = ""
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "an update has no WHERE for other tables than the first",
		meant: "Users/Bystanders",
		also:  "Concurrency KeyOrderChange",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.UpdateUser(ctx, t, id, w)
				if err == nil && slices.Contains(w.Changed, "title") {
					for _, other := range f.everybody(ctx, t) {
						if other.ID() != id {
							f.edit(ctx, t, other.ID(), "title", w.New.Get("title").String())
						}
					}
				}
				return r, err
			}
		},
	},
	{
		fault: "DELETE only sets active to false",
		meant: "Users/Delete",
		also:  "Concurrency DeleteRace DeleteVersion Exist UpdateUnknown",
		make: func(f *faulty) {
			f.deleteUser = func(ctx contextT, t tenantT, id, version string) error {
				r, err := f.complete.GetUser(ctx, t, id)
				if err != nil {
					return err
				}
				if version != "" && r.Meta().Version != version {
					return scim.ErrVersionMismatch
				}
				f.edit(ctx, t, id, "active", false)
				return nil
			}
		},
	},
	{
		fault: "a deletion does not compare the version",
		meant: "Users/DeleteVersion",
		make: func(f *faulty) {
			f.deleteUser = func(ctx contextT, t tenantT, id, _ string) error { return f.complete.DeleteUser(ctx, t, id, "") }
		},
	},
	{
		fault: "a deletion of nothing is no error",
		meant: "Users/DeleteRace",
		also:  "Delete Tenants UpdateUnknown",
		make: func(f *faulty) {
			f.deleteUser = func(ctx contextT, t tenantT, id, version string) error {
				if err := f.complete.DeleteUser(ctx, t, id, version); !isNotFound(err) {
					return err
				}
				return nil
			}
		},
	},
	{
		fault: "F12: active false is not written, as omitempty does",
		meant: "Users/Active",
		also:  "Values",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				if active, ok := w.New.Get("active").Bool(); ok && !active {
					w.New = with(w.New, "active", nil)
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "F3: an update does not know \"active\"",
		meant: "Users/Active",
		also:  "UpdateValues",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				return f.complete.UpdateUser(ctx, t, id, onlyChanged(w, func(path string) bool { return path != "active" }))
			}
		},
	},
	{
		fault: "a user of whom nothing is said is inactive, as a bool of Go is",
		meant: "Users/Active",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				if w.New.Get("active").IsZero() {
					w.New = with(w.New, "active", false)
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "a write of the password alone is refused",
		meant: "Users/Password",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if len(w.Changed) == 0 {
					return nil, errors.New("UPDATE without SET")
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "the password is kept as an attribute",
		meant: "Users/Password",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				if w.Password.IsSet() {
					w.New = with(w.New, "nickName", w.Password.Reveal())
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
}

// takenAs stores a user under another name if its own is in use, and shows the
// name that was asked for.
func (s *complete) takenAs(ctx contextT, t tenantT, w scim.Write) (resource, error) {
	name := w.New.Get("userName").String()
	w.New = with(w.New, "userName", name+"-"+strconv.Itoa(int(time.Now().UnixNano())))
	return s.Store.CreateUser(ctx, t, w)
}

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 }) }

var uniqueMutants = []mutant{
	{
		fault: "names are compared with their case",
		meant: "Users/Unique",
		also:  "UniqueRace UniqueUnicode",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				name := w.New.Get("userName").String()
				if isTaken(err) && !slices.ContainsFunc(f.everybody(ctx, t), func(r resource) bool { return r.Get("userName").String() == name }) {
					return f.takenAs(ctx, t, w)
				}
				return r, err
			}
		},
	},
	{
		fault: "a name in use is an error of the database",
		meant: "Users/Unique",
		also:  "UniqueRace UniqueUnicode",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if isTaken(err) {
					return nil, errors.New("UNIQUE constraint failed: users.user_name")
				}
				return r, err
			}
		},
	},
	{
		fault: "a refused creation leaves a row behind",
		meant: "Users/Unique",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if isTaken(err) {
					_, _ = f.takenAs(ctx, t, w)
				}
				return r, err
			}
		},
	},
	{
		fault: "case is folded in ASCII only",
		meant: "Users/UniqueUnicode",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if isTaken(err) && !isASCII(w.New.Get("userName").String()) {
					return f.takenAs(ctx, t, w)
				}
				return r, err
			}
		},
	},
	{
		fault: "an update to a name in use is done, but for the name",
		meant: "Users/UniqueUpdate",
		also:  "UniqueRace",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.UpdateUser(ctx, t, id, w)
				if isTaken(err) {
					return f.complete.UpdateUser(ctx, t, id, onlyChanged(w, func(path string) bool { return path != "userName" }))
				}
				return r, err
			}
		},
	},
	{
		fault: "a user's own name in another case is in use",
		meant: "Users/UniqueUpdate",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if slices.Contains(w.Changed, "userName") {
					name := w.New.Get("userName").String()
					for _, r := range f.everybody(ctx, t) {
						if old := r.Get("userName").String(); old != name && strings.EqualFold(old, name) {
							return nil, scim.Taken("userName")
						}
					}
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault:    "two users without an externalId have the same one",
		meant:    "Users/UniqueAbsent",
		also:     "UpdateUnassigns",
		memstore: memstore.Options{UniqueExternalID: true},
		options:  Options{Users: Kind{Unique: []string{"externalId"}}},
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if slices.Contains(w.Changed, "externalId") && w.New.ExternalID() == "" {
					for _, r := range f.everybody(ctx, t) {
						if r.ID() != id && r.ExternalID() == "" {
							return nil, scim.Taken("externalId")
						}
					}
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "whether a name is in use is looked up before it is written",
		meant: "Users/UniqueRace",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				name := w.New.Get("userName")
				for _, r := range f.everybody(ctx, t) {
					if r.Get("userName").Key() == name.Key() {
						return nil, scim.Taken("userName")
					}
				}
				pause()
				r, err := f.complete.CreateUser(ctx, t, w)
				if isTaken(err) {
					return f.takenAs(ctx, t, w)
				}
				return r, err
			}
		},
	},
	{
		fault: "names are unique across tenants",
		meant: "Users/TenantsUnique",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				for _, other := range []tenantT{"acme", "globex"} {
					for _, r := range f.everybody(ctx, other) {
						if other != t && r.Get("userName").Key() == w.New.Get("userName").Key() {
							return nil, scim.Taken("userName")
						}
					}
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
}
