package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
)

var trashMutants = []mutant{
	{
		fault: "a hidden user is listed if its id is asked for",
		meant: "Trash/Hide",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if err == nil && q.IDs != nil {
					hidden, _ := f.complete.HiddenUsers(ctx, t, q)
					page.Resources = append(slices.Clone(page.Resources), hidden.Resources...)
					page.Total += hidden.Total
				}
				return page, err
			}
		},
	},
	{
		fault: "a hidden user can be updated",
		meant: "Trash/Hide",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.UpdateUser(ctx, t, id, w)
				if isNotFound(err) {
					if page, _ := f.complete.HiddenUsers(ctx, t, scim.Query{IDs: []string{id}, StartIndex: 1, Count: 1}); page.Total == 1 {
						return page.Resources[0], nil
					}
				}
				return r, err
			}
		},
	},
	{
		fault: "hiding nobody is no error",
		meant: "Trash/HideUnknown",
		also:  "Tenants",
		make: func(f *faulty) {
			f.hideUser = func(ctx contextT, t tenantT, id, version string) error {
				if err := f.complete.HideUser(ctx, t, id, version); !isNotFound(err) {
					return err
				}
				return nil
			}
		},
	},
	{
		fault: "hiding does not compare the version",
		meant: "Trash/HideVersion",
		make: func(f *faulty) {
			f.hideUser = func(ctx contextT, t tenantT, id, _ string) error { return f.complete.HideUser(ctx, t, id, "") }
		},
	},
	{
		fault: "the name of a hidden user is in use",
		meant: "Trash/FreesUnique",
		also:  "RestoreTaken",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				page, _ := f.complete.HiddenUsers(ctx, t, scim.Query{StartIndex: 1, Count: 1 << 30})
				for _, r := range page.Resources {
					if r.Get("userName").Key() == w.New.Get("userName").Key() {
						return nil, scim.Taken("userName")
					}
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "F16: the list of hidden users ignores filters",
		meant: "Trash/HiddenUsers",
		make: func(f *faulty) {
			f.hiddenUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				q.Filter = nil
				return f.complete.HiddenUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "the list of hidden users has the others too",
		meant: "Trash/HiddenUsers",
		also:  "FreesUnique HideUnknown HideVersion Restore RestoreTaken RestoreVersion Tenants",
		make: func(f *faulty) {
			f.hiddenUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.HiddenUsers(ctx, t, q)
				if err == nil && !q.ByKey {
					others, _ := f.complete.ListUsers(ctx, t, q)
					page.Resources = append(slices.Clone(page.Resources), others.Resources...)
					page.Total += others.Total
				}
				return page, err
			}
		},
	},
	{
		fault: "a restored user is as it was",
		meant: "Trash/Restore",
		also:  "RestoreTaken",
		make: func(f *faulty) {
			f.restoreUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if page, _ := f.complete.HiddenUsers(ctx, t, scim.Query{IDs: []string{id}, StartIndex: 1, Count: 1}); page.Total == 1 {
					w.New = page.Resources[0]
				}
				return f.complete.RestoreUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "a restored user is a new one",
		meant: "Trash/Restore",
		also:  "Memberships RestoreVersion",
		make: func(f *faulty) {
			f.restoreUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				page, _ := f.complete.HiddenUsers(ctx, t, scim.Query{IDs: []string{id}, StartIndex: 1, Count: 1})
				if page.Total == 0 {
					return nil, scim.ErrNotFound
				}
				if w.Version != "" && w.Version != page.Resources[0].Meta().Version {
					return nil, scim.ErrVersionMismatch
				}
				return f.complete.CreateUser(ctx, t, w)
			}
		},
	},
	{
		fault: "a user is restored although its name is in use",
		meant: "Trash/RestoreTaken",
		make: func(f *faulty) {
			f.restoreUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.RestoreUser(ctx, t, id, w)
				if isTaken(err) {
					w.New = with(w.New, "userName", w.New.Get("userName").String()+"-2")
					return f.complete.RestoreUser(ctx, t, id, w)
				}
				return r, err
			}
		},
	},
	{
		fault: "restoring does not compare the version",
		meant: "Trash/RestoreVersion",
		make: func(f *faulty) {
			f.restoreUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				w.Version = ""
				return f.complete.RestoreUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "hiding erases memberships",
		meant: "Trash/Memberships",
		make: func(f *faulty) {
			f.hideUser = func(ctx contextT, t tenantT, id, version string) error {
				page, _ := f.complete.ListMemberships(ctx, t, scim.MembershipQuery{Members: []string{id}})
				err := f.complete.HideUser(ctx, t, id, version)
				for _, e := range page.Edges {
					w := scim.GroupWrite{}
					w.Members.Remove = []string{id}
					_, _ = f.complete.UpdateGroup(ctx, t, e.GroupID, w)
				}
				return err
			}
		},
	},
	{
		fault: "hidden users are still shown in their groups",
		meant: "Trash/Memberships",
		make: func(f *faulty) {
			var mu sync.Mutex
			hidden := map[string][]edgeT{}
			f.hideUser = func(ctx contextT, t tenantT, id, version string) error {
				page, _ := f.complete.ListMemberships(ctx, t, scim.MembershipQuery{Members: []string{id}})
				mu.Lock()
				hidden[id] = page.Edges
				mu.Unlock()
				return f.complete.HideUser(ctx, t, id, version)
			}
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				mu.Lock()
				defer mu.Unlock()
				for _, id := range q.Members {
					page.Edges = append(page.Edges, hidden[id]...)
				}
				return page, err
			}
		},
	},
	{
		fault: "a hidden user can't be deleted",
		meant: "Trash/Delete",
		also:  "FreesUnique",
		make: func(f *faulty) {
			f.deleteUser = func(ctx contextT, t tenantT, id, version string) error {
				if _, err := f.complete.GetUser(ctx, t, id); err != nil {
					return err
				}
				return f.complete.DeleteUser(ctx, t, id, version)
			}
		},
	},
	{
		fault: "hidden users of any tenant are listed",
		meant: "Trash/Tenants",
		make: func(f *faulty) {
			f.hiddenUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.HiddenUsers(ctx, t, q)
				if err == nil && page.Total == 0 {
					return f.complete.HiddenUsers(ctx, "acme", q)
				}
				return page, err
			}
		},
	},
}

var checkerMutants = []mutant{
	{
		fault: "users are told of in another order than they were asked for",
		meant: "Users/Exist",
		make: func(f *faulty) {
			f.usersExist = func(ctx contextT, t tenantT, ids []string) ([]bool, error) {
				return f.complete.UsersExist(ctx, t, slices.Sorted(slices.Values(ids)))
			}
		},
	},
	{
		fault: "a hidden user exists",
		meant: "Users/Exist",
		make: func(f *faulty) {
			f.usersExist = func(ctx contextT, t tenantT, ids []string) ([]bool, error) {
				exist, err := f.complete.UsersExist(ctx, t, ids)
				for i, id := range ids {
					page, _ := f.complete.HiddenUsers(ctx, t, scim.Query{IDs: []string{id}, StartIndex: 1, Count: 1})
					exist[i] = exist[i] || page.Total == 1
				}
				return exist, err
			}
		},
	},
	{
		fault: "users of all tenants exist",
		meant: "Users/Exist",
		make: func(f *faulty) {
			f.usersExist = func(ctx contextT, t tenantT, ids []string) ([]bool, error) {
				exist, err := f.complete.UsersExist(ctx, t, ids)
				for _, other := range []tenantT{"acme", "globex"} {
					there, _ := f.complete.UsersExist(ctx, other, ids)
					for i := range ids {
						exist[i] = exist[i] || there[i]
					}
				}
				return exist, err
			}
		},
	},
}

var roleMutants = []mutant{
	{
		fault: "roles are only added",
		meant: "Roles/Exactly",
		also:  "KeepGrants Others",
		make: func(f *faulty) {
			f.setUserRoles = func(ctx contextT, t tenantT, id string, roles []string) error {
				old, _ := f.UserRoles(ctx, t, id)
				return f.complete.SetUserRoles(ctx, t, id, slices.Concat(old, roles))
			}
		},
	},
	{
		fault: "roles that were given by hand are taken",
		meant: "Roles/KeepGrants",
		make: func(f *faulty) {
			f.setUserRoles = func(ctx contextT, t tenantT, id string, roles []string) error {
				f.complete.mu.Lock()
				delete(f.byHand, string(t)+"/"+id)
				f.complete.mu.Unlock()
				return f.complete.SetUserRoles(ctx, t, id, roles)
			}
		},
	},
	{
		fault: "a role that is provisioned too is no longer one that was given by hand",
		meant: "Roles/KeepGrants",
		make: func(f *faulty) {
			f.setUserRoles = func(ctx contextT, t tenantT, id string, roles []string) error {
				f.complete.mu.Lock()
				key := string(t) + "/" + id
				f.byHand[key] = without(f.byHand[key], roles)
				f.complete.mu.Unlock()
				return f.complete.SetUserRoles(ctx, t, id, roles)
			}
		},
	},
	{
		fault: "an update of a user takes its roles",
		meant: "Roles/Others",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				r, err := f.complete.UpdateUser(ctx, t, id, w)
				if err == nil {
					_ = f.complete.SetUserRoles(ctx, t, id, nil)
				}
				return r, err
			}
		},
	},
	{
		fault: "roles of nobody are no error",
		meant: "Roles/Unknown",
		make: func(f *faulty) {
			f.setUserRoles = func(ctx contextT, t tenantT, id string, roles []string) error {
				if err := f.complete.SetUserRoles(ctx, t, id, roles); !isNotFound(err) {
					return err
				}
				return nil
			}
		},
	},
}

var txMutants = []mutant{
	{
		fault: "a transaction is undone although all went well",
		meant: "Tx/Commit",
		also:  "FailedCall Panic Race Twice",
		make: func(f *faulty) {
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				err := f.complete.InTx(ctx, func(ctx contextT) error {
					if err := do(ctx); err != nil {
						return err
					}
					return errAgain
				})
				if errors.Is(err, errAgain) {
					return nil
				}
				return err
			}
		},
	},
	{
		fault: "nothing is undone",
		meant: "Tx/Undo",
		also:  "Panic Race Twice Unseen",
		make: func(f *faulty) {
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error { return do(ctx) }
		},
	},
	{
		fault: "records are put outside of the transaction",
		meant: "Tx/Undo",
		also:  "Panic Twice",
		make: func(f *faulty) {
			other := newComplete(memstore.Options{})
			f.listState, f.putState, f.claimState = other.ListState, other.PutState, other.ClaimState
		},
	},
	{
		fault: "roles are given outside of the transaction",
		meant: "Tx/Undo",
		make: func(f *faulty) {
			type key struct{}
			f.setUserRoles = func(ctx contextT, t tenantT, id string, names []string) error {
				if given, ok := ctx.Value(key{}).(map[string][]string); ok {
					given[id] = names
				}
				return f.complete.SetUserRoles(ctx, t, id, names)
			}
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				given := map[string][]string{}
				err := f.complete.InTx(context.WithValue(ctx, key{}, given), do)
				if err != nil {
					for id, names := range given {
						_ = f.complete.SetUserRoles(ctx, "acme", id, names)
					}
				}
				return err
			}
		},
	},
	{
		fault: "the error of the function is swallowed",
		meant: "Tx/Undo",
		also:  "*",
		make: func(f *faulty) {
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				_ = f.complete.InTx(ctx, do)
				return nil
			}
		},
	},
	{
		fault: "what was undone once stays undone: a name stays in use",
		meant: "Tx/Twice",
		make: func(f *faulty) {
			var mu sync.Mutex
			lost := map[string]bool{}
			var made []string
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				name := w.New.Get("userName").String()
				mu.Lock()
				defer mu.Unlock()
				if lost[name] {
					return nil, scim.Taken("userName")
				}
				made = append(made, name)
				return f.complete.CreateUser(ctx, t, w)
			}
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				mu.Lock()
				made = nil
				mu.Unlock()
				err := f.complete.InTx(ctx, do)
				mu.Lock()
				defer mu.Unlock()
				for _, name := range made {
					lost[name] = err != nil
				}
				return err
			}
		},
	},
	{
		fault: "after an error nothing can be done in a transaction, as in PostgreSQL",
		meant: "Tx/FailedCall",
		make: func(f *faulty) {
			type key struct{}
			aborted := func(ctx contextT) *bool { b, _ := ctx.Value(key{}).(*bool); return b }
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				return f.complete.InTx(ctx, func(ctx contextT) error { return do(context.WithValue(ctx, key{}, new(bool))) })
			}
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				if b := aborted(ctx); b != nil && *b {
					return nil, errors.New("current transaction is aborted")
				}
				r, err := f.complete.CreateUser(ctx, t, w)
				if b := aborted(ctx); b != nil && err != nil {
					*b = true
				}
				return r, err
			}
		},
	},
	{
		fault: "a panic leaves what was done",
		meant: "Tx/Panic",
		make: func(f *faulty) {
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				var p any
				err := f.complete.InTx(ctx, func(ctx contextT) error {
					defer func() { p = recover() }()
					return do(ctx)
				})
				if p != nil {
					panic(p)
				}
				return err
			}
		},
	},
	{
		fault: "others see what is not done yet",
		meant: "Tx/Unseen",
		also:  "Panic Race Twice Undo",
		make: func(f *faulty) {
			// It is done at once, and undone one by one after an error.
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error {
				before := f.everybody(ctx, "acme")
				err := do(ctx)
				if err != nil {
					for _, r := range f.everybody(ctx, "acme") {
						if !slices.Contains(before, r) {
							_ = f.complete.DeleteUser(ctx, "acme", r.ID(), "")
						}
					}
				}
				return err
			}
		},
	},
	{
		fault: "within a transaction versions are not compared, and it locks nobody out",
		meant: "Tx/Race",
		also:  "FailedCall Panic Twice Undo Unseen",
		make: func(f *faulty) {
			f.inTx = func(ctx contextT, do func(ctx contextT) error) error { return do(ctx) }
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				w.Version = ""
				pause()
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
}
