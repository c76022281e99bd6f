package storetest

import (
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/muster-scim/muster/patch"
	"github.com/muster-scim/muster/scim"
)

// updatesWith replaces the update of groups by one that looks at the write first.
func updatesWith(change func(f *faulty, ctx contextT, t tenantT, id string, w scim.GroupWrite) scim.GroupWrite) func(*faulty) {
	return func(f *faulty) {
		f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
			return f.complete.UpdateGroup(ctx, t, id, change(f, ctx, t, id, w))
		}
	}
}

// resultsWith replaces what updates of groups return.
func resultsWith(change func(res scim.GroupResult, w scim.GroupWrite) scim.GroupResult) func(*faulty) {
	return func(f *faulty) {
		f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
			res, err := f.complete.UpdateGroup(ctx, t, id, w)
			if err != nil {
				return res, err
			}
			return change(res, w), nil
		}
	}
}

// asked returns the ids in Members.Add.
func asked(w scim.GroupWrite) []string {
	var ids []string
	for _, m := range w.Members.Add {
		ids = append(ids, m.ID)
	}
	return ids
}

// idsIn returns the members of a group.
func (s *complete) idsIn(ctx contextT, t tenantT, group string) []string {
	page, _ := s.ListMemberships(ctx, t, scim.MembershipQuery{Groups: []string{group}})
	var ids []string
	for _, e := range page.Edges {
		ids = append(ids, e.Member.ID)
	}
	return ids
}

// known leaves out members that do not exist.
func (s *complete) known(ctx contextT, t tenantT, members []patch.Member) []patch.Member {
	return slices.DeleteFunc(slices.Clone(members), func(m patch.Member) bool {
		_, err := s.GetUser(ctx, t, m.ID)
		_, groupErr := s.GetGroup(ctx, t, m.ID)
		return err != nil && groupErr != nil
	})
}

var groupMutants = []mutant{
	{
		fault: "users and groups are numbered each from 1",
		meant: "Groups/IDsOfUsers",
		also:  "*",
		make: func(f *faulty) {
			f.createGroup = func(ctx contextT, t tenantT, w scim.GroupWrite) (scim.GroupResult, error) {
				res, err := f.complete.CreateGroup(ctx, t, w)
				if users := f.everybody(ctx, t); err == nil && len(users) > 0 {
					res.Group = res.Group.WithMeta(users[0].ID(), res.Group.Meta())
				}
				return res, err
			}
		},
	},
	{
		fault:   "names of groups must differ although the application says they need not",
		meant:   "Groups/NamesMayRepeat",
		options: Options{DuplicateGroupNames: true},
	},
	{
		fault: "a group is read with its members",
		meant: "Groups/NoMembersInside",
		make: func(f *faulty) {
			f.getGroup = func(ctx contextT, t tenantT, id string) (resource, error) {
				r, err := f.complete.GetGroup(ctx, t, id)
				if err != nil {
					return nil, err
				}
				var members []map[string]any
				for _, id := range f.idsIn(ctx, t, id) {
					members = append(members, map[string]any{"value": id})
				}
				return with(r, "members", members), nil
			}
		},
	},
	{
		fault: "a group is created without its members",
		meant: "Groups/CreateMembers",
		also:  "*",
		make: func(f *faulty) {
			f.createGroup = func(ctx contextT, t tenantT, w scim.GroupWrite) (scim.GroupResult, error) {
				w.Members = patch.MemberDelta{}
				return f.complete.CreateGroup(ctx, t, w)
			}
		},
	},
	{
		fault: "a group stays although a member was refused",
		meant: "Groups/CreateMembers",
		make: func(f *faulty) {
			f.createGroup = func(ctx contextT, t tenantT, w scim.GroupWrite) (scim.GroupResult, error) {
				res, err := f.complete.CreateGroup(ctx, t, scim.GroupWrite{Write: w.Write})
				if err != nil || len(w.Members.Add) == 0 {
					return res, err
				}
				return f.complete.UpdateGroup(ctx, t, res.Group.ID(), scim.GroupWrite{Members: w.Members})
			}
		},
	},
	{
		fault: "adding replaces",
		meant: "Groups/Add",
		also:  "EdgesPages Large MembersMoveVersion MembersRace Nested NothingChanges OneStep SameMemberRace",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			if len(w.Members.Add) > 0 {
				w.Members = patch.MemberDelta{Replace: true, Add: w.Members.Add}
			}
			return w
		}),
	},
	{
		fault: "all that were asked for are said to be added",
		meant: "Groups/Add",
		also:  "AddAndRemove DeltaArguments Large Many NothingChanges Replace SameMemberRace",
		make: resultsWith(func(res scim.GroupResult, w scim.GroupWrite) scim.GroupResult {
			if !res.Many {
				res.Added = asked(w)
			}
			return res
		}),
	},
	{
		fault: "F1: removing one removes all",
		meant: "Groups/Remove",
		also:  "AttributesAndMembers EdgesPagesChange Large NothingChanges SameMemberRace",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			if len(w.Members.Remove) > 0 && len(w.Members.Add) == 0 {
				w.Members = patch.MemberDelta{Replace: true}
			}
			return w
		}),
	},
	{
		fault: "F2: removing is ignored, without an error",
		meant: "Groups/Remove",
		also:  "AddAndRemove AttributesAndMembers DeltaArguments EdgesPagesChange Large Many MembersMoveVersion MembersRace OneStep SameMemberRace",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			w.Members.Remove = nil
			return w
		}),
	},
	{
		fault: "removing who is not in is an error",
		meant: "Groups/Remove",
		also:  "AddAndRemove DeltaArguments NothingChanges SameMemberRace",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				if _, err := f.GetGroup(ctx, t, id); err == nil && len(without(w.Members.Remove, f.idsIn(ctx, t, id))) > 0 {
					return scim.GroupResult{}, scim.UnknownMember("")
				}
				return f.complete.UpdateGroup(ctx, t, id, w)
			}
		},
	},
	{
		fault: "replacing only adds",
		meant: "Groups/Replace",
		also:  "Large Many MembersMoveVersion",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			w.Members.Replace = false
			return w
		}),
	},
	{
		fault: "of a delta that adds and removes only one half is done",
		meant: "Groups/AddAndRemove",
		also:  "DeltaArguments MembersRace OneStep",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			if len(w.Members.Add) > 0 {
				w.Members.Remove = nil
			}
			return w
		}),
	},
	{
		fault: "attributes are left alone if members change too",
		meant: "Groups/AddAndRemove",
		also:  "OneStep",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			if !w.Members.IsZero() {
				w.Changed = nil
			}
			return w
		}),
	},
	{
		fault: "each update moves the version, even if nothing changes",
		meant: "Groups/NothingChanges",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				res, err := f.complete.UpdateGroup(ctx, t, id, w)
				if err != nil || res.Many || len(res.Added)+len(res.Removed)+len(w.Changed) > 0 {
					return res, err
				}
				r, _ := f.complete.GetGroup(ctx, t, id)
				for _, v := range []any{"moved", r.ExternalID()} {
					if v == "" {
						v = nil
					}
					res, err = f.complete.UpdateGroup(ctx, t, id, scim.GroupWrite{Write: scim.Write{New: with(r, "externalId", v), Changed: []string{"externalId"}}})
				}
				return res, err
			}
		},
	},
	{
		fault: "a change of members does not move the version",
		meant: "Groups/MembersMoveVersion",
		make: func(f *faulty) {
			var mu sync.Mutex
			frozen := map[string]resource{}
			show := func(r resource) resource {
				mu.Lock()
				defer mu.Unlock()
				if old := frozen[r.ID()]; old != nil {
					return r.WithMeta(r.ID(), old.Meta())
				}
				return r
			}
			f.getGroup = func(ctx contextT, t tenantT, id string) (resource, error) {
				r, err := f.complete.GetGroup(ctx, t, id)
				if err != nil {
					return nil, err
				}
				return show(r), nil
			}
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				old, _ := f.getGroup(ctx, t, id)
				res, err := f.complete.UpdateGroup(ctx, t, id, w)
				if err != nil {
					return res, err
				}
				mu.Lock()
				if len(w.Changed) == 0 {
					frozen[id] = old
				} else {
					delete(frozen, id)
				}
				mu.Unlock()
				res.Group = show(res.Group)
				res.Version = res.Group.Meta().Version
				return res, nil
			}
		},
	},
	{
		fault: "renaming a group empties it",
		meant: "Groups/AttributesAndMembers",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			if slices.Contains(w.Changed, "displayName") && w.Members.IsZero() {
				w.Members.Replace = true
			}
			return w
		}),
	},
	{
		fault: "a change of members writes Write.New too",
		meant: "Groups/AttributesAndMembers",
		make: updatesWith(func(f *faulty, ctx contextT, t tenantT, id string, w scim.GroupWrite) scim.GroupWrite {
			if old, err := f.complete.GetGroup(ctx, t, id); err == nil && w.New != nil && len(w.Changed) == 0 && !w.Members.IsZero() {
				w.Changed = w.New.Changed(old)
			}
			return w
		}),
	},
	{
		fault: "members are changed before attributes, in a step of their own",
		meant: "Groups/OneStep",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				if w.Members.IsZero() || len(w.Changed) == 0 || w.Version != "" {
					return f.complete.UpdateGroup(ctx, t, id, w)
				}
				first, err := f.complete.UpdateGroup(ctx, t, id, scim.GroupWrite{Members: w.Members})
				if err != nil {
					return first, err
				}
				res, err := f.complete.UpdateGroup(ctx, t, id, scim.GroupWrite{Write: w.Write})
				res.Added, res.Removed, res.Many = first.Added, first.Removed, first.Many
				return res, err
			}
		},
	},
	{
		fault: "the version is not compared if only members change",
		meant: "Groups/OneStep",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			if len(w.Changed) == 0 {
				w.Version = ""
			}
			return w
		}),
	},
	{
		fault: "unknown members are left out without an error",
		meant: "Groups/UnknownMember",
		also:  "OneStep",
		make: updatesWith(func(f *faulty, ctx contextT, t tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			w.Members.Add = f.known(ctx, t, w.Members.Add)
			return w
		}),
	},
	{
		fault: "the others are added before an unknown member is an error",
		meant: "Groups/UnknownMember",
		also:  "OneStep",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				if known := f.known(ctx, t, w.Members.Add); len(known) < len(w.Members.Add) {
					_, _ = f.complete.UpdateGroup(ctx, t, id, scim.GroupWrite{Members: patch.MemberDelta{Add: known}})
				}
				return f.complete.UpdateGroup(ctx, t, id, w)
			}
		},
	},
	{
		fault: "an unknown member is an error of the database",
		meant: "Groups/UnknownMember",
		also:  "OneStep",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				res, err := f.complete.UpdateGroup(ctx, t, id, w)
				if isUnknownMember(err) {
					return res, errors.New("violates foreign key constraint")
				}
				return res, err
			}
		},
	},
	{
		fault: "no rows changed is no error",
		meant: "Groups/MembersOfUnknownGroup",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				res, err := f.complete.UpdateGroup(ctx, t, id, w)
				if isNotFound(err) && len(w.Changed) == 0 && len(w.Members.Add) == 0 {
					return scim.GroupResult{}, nil
				}
				return res, err
			}
		},
	},
	{
		fault: "members are read, changed and written back",
		meant: "Groups/MembersRace",
		also:  "OneStep SameMemberRace",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				r, err := f.complete.GetGroup(ctx, t, id)
				if err != nil || w.Members.Replace || w.Members.IsZero() || len(f.known(ctx, t, w.Members.Add)) < len(w.Members.Add) {
					return f.complete.UpdateGroup(ctx, t, id, w)
				}
				w.Version = r.Meta().Version
				pause()
				return f.complete.UpdateGroup(ctx, t, id, w)
			}
		},
	},
	{
		fault: "who was added is looked up before",
		meant: "Groups/SameMemberRace",
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				before := f.idsIn(ctx, t, id)
				pause()
				res, err := f.complete.UpdateGroup(ctx, t, id, w)
				if err == nil && !res.Many && !w.Members.Replace {
					res.Added = without(asked(w), before)
				}
				return res, err
			}
		},
	},
	{
		fault: "however many change, all are listed",
		meant: "Groups/Many",
		also:  "Large",
		make: resultsWith(func(res scim.GroupResult, w scim.GroupWrite) scim.GroupResult {
			if res.Many {
				res.Many, res.Added = false, asked(w)
			}
			return res
		}),
	},
	{
		fault: "just MaxEffective are many",
		meant: "Groups/Many",
		make: resultsWith(func(res scim.GroupResult, _ scim.GroupWrite) scim.GroupResult {
			if len(res.Added)+len(res.Removed) >= scim.MaxEffective {
				return scim.GroupResult{Group: res.Group, Version: res.Version, Many: true}
			}
			return res
		}),
	},
	{
		fault: "a list of members ends after a thousand",
		meant: "Groups/Large",
		make: func(f *faulty) {
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				page.Edges = page.Edges[:min(len(page.Edges), 1000)]
				return page, err
			}
		},
	},
	{
		fault: "each change of members reads all of them",
		meant: "Groups/Large",
		full:  true,
		make: func(f *faulty) {
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				_ = f.idsIn(ctx, t, id)
				return f.complete.UpdateGroup(ctx, t, id, w)
			}
		},
	},
	{
		fault: "all members are users",
		meant: "Groups/Nested",
		make: func(f *faulty) {
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				for i := range page.Edges {
					page.Edges[i].Member.Type = "User"
				}
				return page, err
			}
		},
	},
	{
		fault: "a member that is a group is left out",
		meant: "Groups/Nested",
		make: updatesWith(func(f *faulty, ctx contextT, t tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			w.Members.Add = slices.DeleteFunc(slices.Clone(w.Members.Add), func(m patch.Member) bool {
				_, err := f.complete.GetGroup(ctx, t, m.ID)
				return err == nil
			})
			return w
		}),
	},
	{
		fault: "F15: members to be removed are put in order where they are",
		meant: "Groups/DeltaArguments",
		make: updatesWith(func(_ *faulty, _ contextT, _ tenantT, _ string, w scim.GroupWrite) scim.GroupWrite {
			slices.Sort(w.Members.Remove)
			return w
		}),
	},
	{
		fault: "the list of members that was handed in is the one that is kept",
		meant: "Groups/DeltaArguments",
		make: func(f *faulty) {
			var mu sync.Mutex
			kept := map[string][]patch.Member{}
			f.createGroup = func(ctx contextT, t tenantT, w scim.GroupWrite) (scim.GroupResult, error) {
				res, err := f.complete.CreateGroup(ctx, t, w)
				if err == nil {
					mu.Lock()
					kept[res.Group.ID()] = w.Members.Add
					mu.Unlock()
				}
				return res, err
			}
			f.updateGroup = func(ctx contextT, t tenantT, id string, w scim.GroupWrite) (scim.GroupResult, error) {
				mu.Lock()
				delete(kept, id)
				mu.Unlock()
				return f.complete.UpdateGroup(ctx, t, id, w)
			}
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				mu.Lock()
				defer mu.Unlock()
				for _, id := range q.Groups {
					if slices.Contains(kept[id], patch.Member{}) {
						page.Edges = nil
					}
				}
				return page, err
			}
		},
	},
}

// edgesWith replaces the answer about edges.
func edgesWith(change func(f *faulty, ctx contextT, t tenantT, q scim.MembershipQuery, page scim.MembershipPage) scim.MembershipPage) func(*faulty) {
	return func(f *faulty) {
		f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
			page, err := f.complete.ListMemberships(ctx, t, q)
			if err != nil {
				return page, err
			}
			return change(f, ctx, t, q, page), nil
		}
	}
}

// asksWith replaces the question about edges.
func asksWith(change func(f *faulty, ctx contextT, t tenantT, q scim.MembershipQuery) scim.MembershipQuery) func(*faulty) {
	return func(f *faulty) {
		f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
			return f.complete.ListMemberships(ctx, t, change(f, ctx, t, q))
		}
	}
}

// groupIDs lists the groups of a tenant.
func (s *complete) groupIDs(ctx contextT, t tenantT) []string {
	page, _ := s.Store.ListGroups(ctx, t, scim.Query{StartIndex: 1, Count: 1 << 30})
	return idsOf(page.Resources)
}

var edgeMutants = []mutant{
	{
		fault: "pairs are all groups of the members",
		meant: "Groups/Edges",
		also:  "EdgesOfNobody Large",
		make: asksWith(func(_ *faulty, _ contextT, _ tenantT, q scim.MembershipQuery) scim.MembershipQuery {
			if len(q.Members) > 0 {
				q.Groups = nil
			}
			return q
		}),
	},
	{
		fault: "no ids are all ids",
		meant: "Groups/EdgesOfNobody",
		make: asksWith(func(f *faulty, ctx contextT, t tenantT, q scim.MembershipQuery) scim.MembershipQuery {
			if len(q.Groups)+len(q.Members) == 0 {
				q.Groups = f.groupIDs(ctx, t)
			}
			return q
		}),
	},
	{
		fault: "an unknown group is an error",
		meant: "Groups/EdgesOfNobody",
		also:  "DeleteGroup DeltaArguments EdgesTenants",
		make: func(f *faulty) {
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				for _, id := range q.Groups {
					if _, err := f.complete.GetGroup(ctx, t, id); err != nil {
						return scim.MembershipPage{}, err
					}
				}
				return f.complete.ListMemberships(ctx, t, q)
			}
		},
	},
	{
		fault: "an id that is asked for twice has its edges twice",
		meant: "Groups/EdgesOfMany",
		make: edgesWith(func(_ *faulty, _ contextT, _ tenantT, q scim.MembershipQuery, page scim.MembershipPage) scim.MembershipPage {
			if len(q.Groups) > 1 && len(q.Groups) < 10 && len(slices.Compact(slices.Sorted(slices.Values(q.Groups)))) < len(q.Groups) {
				page.Edges = append(page.Edges, page.Edges...)
			}
			return page
		}),
	},
	{
		fault: "more ids than arguments of a statement are an error",
		meant: "Groups/EdgesOfMany",
		also:  "ListManyIDs",
		make: func(f *faulty) {
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				if len(q.Groups)+len(q.Members) > 32766 {
					return scim.MembershipPage{}, errors.New("too many SQL variables")
				}
				return f.complete.ListMemberships(ctx, t, q)
			}
		},
	},
	{
		fault: "edges that are asked for by members are in their order",
		meant: "Groups/EdgesOrder",
		also:  "EdgesPages",
		make: edgesWith(func(_ *faulty, _ contextT, _ tenantT, q scim.MembershipQuery, page scim.MembershipPage) scim.MembershipPage {
			if len(q.Members) > 0 && q.Limit == 0 {
				slices.SortStableFunc(page.Edges, func(a, b edgeT) int {
					return slices.Index(q.Members, a.Member.ID) - slices.Index(q.Members, b.Member.ID)
				})
			}
			return page
		}),
	},
	{
		fault: "members are in the order in which they joined",
		meant: "Groups/EdgesOrder",
		also:  "EdgesPages",
		make: edgesWith(func(_ *faulty, _ contextT, _ tenantT, q scim.MembershipQuery, page scim.MembershipPage) scim.MembershipPage {
			if len(q.Groups) > 1 && q.Limit == 0 && len(q.Members) == 0 {
				// Any order that differs from group to group.
				for i := 0; i+1 < len(page.Edges); i++ {
					if a, b := page.Edges[i], page.Edges[i+1]; a.GroupID == b.GroupID && a.GroupID == page.Edges[0].GroupID {
						page.Edges[i], page.Edges[i+1] = b, a
					}
				}
			}
			return page
		}),
	},
	{
		fault: "the limit is ignored",
		meant: "Groups/EdgesPages",
		also:  "EdgesPagesChange",
		make: asksWith(func(_ *faulty, _ contextT, _ tenantT, q scim.MembershipQuery) scim.MembershipQuery {
			q.Limit = 0
			return q
		}),
	},
	{
		fault: "there is a next page of edges after every full one",
		meant: "Groups/EdgesPages",
		make: func(f *faulty) {
			last := "zzzzzz.zzzzzz" // behind all
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				if q.After == last {
					return scim.MembershipPage{}, nil
				}
				page, err := f.complete.ListMemberships(ctx, t, q)
				if q.Limit > 0 && len(page.Edges) == q.Limit && page.Next == "" {
					page.Next = last
				}
				return page, err
			}
		},
	},
	{
		fault: "the place in a list of edges is an offset",
		meant: "Groups/EdgesPagesChange",
		make: func(f *faulty) {
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				from, _ := strconv.Atoi(q.After)
				page, err := f.complete.ListMemberships(ctx, t, scim.MembershipQuery{Groups: q.Groups, Members: q.Members})
				rest := page.Edges[min(from, len(page.Edges)):]
				if q.Limit > 0 && q.Limit < len(rest) {
					return scim.MembershipPage{Edges: rest[:q.Limit], Next: strconv.Itoa(from + q.Limit)}, err
				}
				return scim.MembershipPage{Edges: rest}, err
			}
		},
	},
	{
		fault: "an edge has the name that the group had first",
		meant: "Groups/EdgesNames",
		make: func(f *faulty) {
			var mu sync.Mutex
			names := map[string]string{}
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				mu.Lock()
				defer mu.Unlock()
				for i := range page.Edges {
					e := &page.Edges[i]
					if names[e.GroupID] == "" {
						names[e.GroupID] = e.GroupName
					}
					e.GroupName = names[e.GroupID]
				}
				return page, err
			}
		},
	},
	{
		fault: "an edge has the name that the member had first",
		meant: "Groups/EdgesNames",
		make: func(f *faulty) {
			var mu sync.Mutex
			names := map[string]string{}
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				mu.Lock()
				defer mu.Unlock()
				for i := range page.Edges {
					m := &page.Edges[i].Member
					if names[m.ID] == "" {
						names[m.ID] = m.Display
					}
					m.Display = names[m.ID]
				}
				return page, err
			}
		},
	},
	{
		fault: "edges of any tenant are found",
		meant: "Groups/EdgesTenants",
		make: func(f *faulty) {
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				if err == nil && len(page.Edges) == 0 {
					return f.complete.ListMemberships(ctx, "acme", q)
				}
				return page, err
			}
		},
	},
	{
		fault: "memberships of deleted users stay",
		meant: "Groups/DeleteUser",
		make: func(f *faulty) {
			var mu sync.Mutex
			ghosts := []edgeT{}
			f.deleteUser = func(ctx contextT, t tenantT, id, version string) error {
				page, _ := f.complete.ListMemberships(ctx, t, scim.MembershipQuery{Members: []string{id}})
				err := f.complete.DeleteUser(ctx, t, id, version)
				if err == nil {
					mu.Lock()
					ghosts = append(ghosts, page.Edges...)
					mu.Unlock()
				}
				return err
			}
			f.listMemberships = func(ctx contextT, t tenantT, q scim.MembershipQuery) (scim.MembershipPage, error) {
				page, err := f.complete.ListMemberships(ctx, t, q)
				mu.Lock()
				defer mu.Unlock()
				for _, e := range ghosts {
					if slices.Contains(q.Groups, e.GroupID) && q.Members == nil || slices.Contains(q.Members, e.Member.ID) && q.Groups == nil {
						page.Edges = append(page.Edges, e)
					}
				}
				return page, err
			}
		},
	},
	{
		fault: "deleting a group deletes its members, by a cascade too many",
		meant: "Groups/DeleteGroup",
		also:  "EdgesPagesChange Large MembersOfUnknownGroup Nested",
		make: func(f *faulty) {
			f.deleteGroup = func(ctx contextT, t tenantT, id, version string) error {
				members := f.idsIn(ctx, t, id)
				err := f.complete.DeleteGroup(ctx, t, id, version)
				if err == nil {
					for _, m := range members {
						_ = f.complete.DeleteUser(ctx, t, m, "")
					}
				}
				return err
			}
		},
	},
}
