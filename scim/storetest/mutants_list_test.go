package storetest

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/muster-scim/muster/filter"
	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
)

// listsWith replaces the list of users by one that looks at the query first.
func listsWith(change func(q scim.Query) scim.Query) func(*faulty) {
	return func(f *faulty) {
		f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
			return f.complete.ListUsers(ctx, t, change(q))
		}
	}
}

// ordersBy replaces the order of users.
func ordersBy(order func(a, b resource, q scim.Query) int) func(*faulty) {
	return func(f *faulty) {
		f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
			if q.SortBy == nil || q.ByKey {
				return f.complete.ListUsers(ctx, t, q)
			}
			page := f.selected(ctx, t, scim.Query{IDs: q.IDs, StartIndex: 1, Count: 1 << 30}, q.Filter.Match)
			slices.SortStableFunc(page.Resources, func(a, b resource) int { return order(a, b, q) })
			q.SortBy = nil
			return scim.PageOf(page.Resources, q)
		}
	}
}

// sorted turns an order if it is descending.
func turned(order int, q scim.Query) int {
	if q.Descending {
		return -order
	}
	return order
}

var listMutants = []mutant{
	{
		fault: "lists come from a cache that updates do not reach",
		meant: "Users/List",
		also:  "FilterTypes",
		make: func(f *faulty) {
			var mu sync.Mutex
			first := map[string]resource{}
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(ctx, t, w)
				if err == nil {
					mu.Lock()
					first[r.ID()] = r
					mu.Unlock()
				}
				return r, err
			}
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				page.Resources = slices.Clone(page.Resources)
				mu.Lock()
				defer mu.Unlock()
				for i, r := range page.Resources {
					page.Resources[i] = first[r.ID()]
				}
				return page, err
			}
		},
	},
	{
		fault: "F10: the total is the length of the page",
		meant: "Users/ListPages",
		also:  "FilterPages KeyOrder KeyPages ListCountZero ListIDs SortPages",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				page.Total = len(page.Resources)
				return page, err
			}
		},
	},
	{
		fault: "StartIndex is counted from 0",
		meant: "Users/ListPages",
		also:  "*",
		make: listsWith(func(q scim.Query) scim.Query {
			if !q.ByKey {
				q.StartIndex++
			}
			return q
		}),
	},
	{
		fault: "Count 0 is no limit",
		meant: "Users/ListCountZero",
		also:  "FilterPages",
		make: listsWith(func(q scim.Query) scim.Query {
			if q.Count == 0 {
				q.Count = 1 << 30
			}
			return q
		}),
	},
	{
		fault: "without an order rows come as they were written last, as in PostgreSQL",
		meant: "Users/ListOrder",
		also:  "Cancel",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if q.SortBy != nil || q.Filter != nil || q.IDs != nil || q.ByKey {
					return f.complete.ListUsers(ctx, t, q)
				}
				all := slices.Clone(f.everybody(ctx, t))
				slices.SortStableFunc(all, func(a, b resource) int { return a.Meta().LastModified.Compare(b.Meta().LastModified) })
				return scim.PageOf(all, q)
			}
		},
	},
	{
		fault: "ids are ignored",
		meant: "Users/ListIDs",
		also:  "FilterIDs KeyPages ListCountZero",
		make:  listsWith(func(q scim.Query) scim.Query { q.IDs = nil; return q }),
	},
	{
		fault: "an empty list of ids is no list",
		meant: "Users/ListIDs",
		also:  "FilterIDs",
		make: listsWith(func(q scim.Query) scim.Query {
			if len(q.IDs) == 0 {
				q.IDs = nil
			}
			return q
		}),
	},
	{
		fault: "more ids than arguments of a statement are an error",
		meant: "Users/ListManyIDs",
		also:  "EdgesOfMany",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if len(q.IDs) > 65535 {
					return scim.Page{}, errors.New("pq: got 70000 parameters but PostgreSQL only supports 65535 parameters")
				}
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "byte order instead of folded text",
		meant: "Users/SortText",
		also:  "SortPages SortTies",
		make: ordersBy(func(a, b resource, q scim.Query) int {
			x, y := a.SortValue(q.SortBy), b.SortValue(q.SortBy)
			if q.SortBy.Type != schema.String || x.IsZero() || y.IsZero() || x.String() == y.String() {
				return scim.Compare(a, b, q)
			}
			return turned(strings.Compare(x.String(), y.String()), q)
		}),
	},
	{
		fault: "upper case instead of folded text, so that _ stands elsewhere",
		meant: "Users/SortText",
		make: ordersBy(func(a, b resource, q scim.Query) int {
			x, y := a.SortValue(q.SortBy), b.SortValue(q.SortBy)
			if q.SortBy.Type != schema.String || x.IsZero() || y.IsZero() || x.Key() == y.Key() {
				return scim.Compare(a, b, q)
			}
			return turned(strings.Compare(strings.ToUpper(x.Key()), strings.ToUpper(y.Key())), q)
		}),
	},
	{
		fault: "descending is ascending read backwards, ties too",
		meant: "Users/SortTies",
		also:  "SortAbsent SortElements SortPages SortText SortTypes",
		make: ordersBy(func(a, b resource, q scim.Query) int {
			q2 := q
			q2.Descending = false
			return turned(scim.Compare(a, b, q2), q)
		}),
	},
	{
		fault: "absent values are always last",
		meant: "Users/SortAbsent",
		also:  "SortElements SortPages SortTies SortTypes",
		make: ordersBy(func(a, b resource, q scim.Query) int {
			if x, y := a.SortValue(q.SortBy).IsZero(), b.SortValue(q.SortBy).IsZero(); x != y {
				return boolInt(x) - boolInt(y)
			}
			return scim.Compare(a, b, q)
		}),
	},
	{
		fault: "an order by a time is ignored",
		meant: "Users/SortTypes",
		make: ordersBy(func(a, b resource, q scim.Query) int {
			if q.SortBy.Type == schema.DateTime {
				return strings.Compare(a.ID(), b.ID())
			}
			return scim.Compare(a, b, q)
		}),
	},
	{
		fault: "of several addresses the first counts, primary or not",
		meant: "Users/SortElements",
		make: ordersBy(func(a, b resource, q scim.Query) int {
			if q.SortBy.Path() != "emails.value" {
				return scim.Compare(a, b, q)
			}
			x, y := a.Get("emails.value"), b.Get("emails.value")
			if order := schema.Compare(x, y); order != 0 {
				return turned(order, q)
			}
			return strings.Compare(a.ID(), b.ID())
		}),
	},
	{
		fault: "each page is ordered on its own",
		meant: "Users/SortPages",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if q.SortBy == nil || q.ByKey {
					return f.complete.ListUsers(ctx, t, q)
				}
				plain := q
				plain.SortBy = nil
				page, err := f.complete.ListUsers(ctx, t, plain)
				page.Resources = slices.Clone(page.Resources)
				slices.SortFunc(page.Resources, func(a, b resource) int { return scim.Compare(a, b, q) })
				return page, err
			}
		},
	},
}

// like matches text with the wildcards of SQL.
func like(pattern, text string) bool {
	p := regexp.QuoteMeta(strings.ToLower(pattern))
	p = strings.NewReplacer("%", ".*", "_", ".").Replace(p)
	return regexp.MustCompile("(?s)^" + p + "$").MatchString(strings.ToLower(text))
}

var parens = regexp.MustCompile(`[()]`)

var filterMutants = []mutant{
	{
		fault: "F16: filters are ignored, everybody is returned",
		meant: "Users/FilterEquality",
		also:  "FilterAbsent FilterAttributes FilterElements FilterIDs FilterLogic FilterOperators FilterPages FilterTypes FilterUnicode FilterWildcards KeyOrder SortPages",
		make:  listsWith(func(q scim.Query) scim.Query { q.Filter = nil; return q }),
	},
	{
		fault: "F5: userName and e-mail address are the same column",
		meant: "Users/FilterEquality",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if path, e := comparison(q.Filter); path == "userName" && e.Operator == filter.EQ {
					value, _ := e.CompareValue.(string)
					return f.selected(ctx, t, q, func(r resource) bool {
						return strings.EqualFold(r.Get("userName").String(), value) || strings.EqualFold(r.Get("emails.value").String(), value)
					}), nil
				}
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "F11: what is not userName eq finds nobody, without an error",
		meant: "Users/FilterAttributes",
		also:  "*",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if path, e := comparison(q.Filter); q.Filter != nil && (path != "userName" || e.Operator != filter.EQ) {
					return scim.Page{}, nil
				}
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "F14: attributes of extensions are looked for in vain",
		meant: "Users/FilterAttributes",
		also:  "FilterAbsent",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if path, e := comparison(q.Filter); e != nil && strings.Contains(path, ":") {
					return scim.Page{}, nil
				}
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "F6: an operator that is not known panics",
		meant: "Users/FilterOperators",
		also:  "FilterUnicode FilterWildcards",
		make: func(f *faulty) {
			f.rewritten(func(text string) string {
				if strings.Contains(text, " ew ") {
					panic("unsupported filter param")
				}
				return text
			})
		},
	},
	{
		fault: "co is taken for sw",
		meant: "Users/FilterOperators",
		also:  "FilterElements FilterPages FilterUnicode FilterWildcards",
		make: func(f *faulty) {
			f.rewritten(func(text string) string { return strings.ReplaceAll(text, " co ", " sw ") })
		},
	},
	{
		fault: "F5: % and _ in values are wildcards",
		meant: "Users/FilterWildcards",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				path, e := comparison(q.Filter)
				if e == nil || !slices.Contains([]filter.CompareOperator{filter.CO, filter.SW, filter.EW}, e.Operator) {
					return f.complete.ListUsers(ctx, t, q)
				}
				value, _ := e.CompareValue.(string)
				if !strings.ContainsAny(value, "%_") {
					return f.complete.ListUsers(ctx, t, q)
				}
				pattern := map[filter.CompareOperator]string{filter.CO: "%" + value + "%", filter.SW: value + "%", filter.EW: "%" + value}[e.Operator]
				return f.selected(ctx, t, q, func(r resource) bool { return like(pattern, r.Get(path).String()) }), nil
			}
		},
	},
	{
		fault: "F5: parentheses are lost",
		meant: "Users/FilterLogic",
		make: func(f *faulty) {
			f.rewritten(func(text string) string {
				if strings.Contains(text, "not ") || strings.Contains(text, "[") {
					return text
				}
				return parens.ReplaceAllString(text, "")
			})
		},
	},
	{
		fault: "F5: not is lost",
		meant: "Users/FilterLogic",
		also:  "FilterAbsent FilterElements FilterIDs FilterTypes KeyOrder SortPages",
		make: func(f *faulty) {
			f.rewritten(func(text string) string { return strings.ReplaceAll(text, "not (", "(") })
		},
	},
	{
		fault: "who has no value is not unequal, as in SQL",
		meant: "Users/FilterAbsent",
		also:  "FilterElements FilterOperators FilterTypes",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				path, e := comparison(q.Filter)
				if e != nil && e.Operator == filter.NE && e.CompareValue != nil {
					q.Filter = q.Filter.And(checked(path+" pr", q.Filter.Type()))
				}
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "what stands within brackets may be of several elements",
		meant: "Users/FilterElements",
		make: func(f *faulty) {
			f.rewritten(func(text string) string {
				return strings.ReplaceAll(text, `emails[type eq "work" and value eq "a@example.com"]`, `emails.type eq "work" and emails.value eq "a@example.com"`)
			})
		},
	},
	{
		fault: "times are compared as text",
		meant: "Users/FilterTypes",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				path, e := comparison(q.Filter)
				if path != "meta.created" {
					return f.complete.ListUsers(ctx, t, q)
				}
				value, _ := e.CompareValue.(string)
				return f.selected(ctx, t, q, func(r resource) bool {
					order := strings.Compare(schema.FormatTime(r.Meta().Created), value)
					switch e.Operator {
					case filter.EQ:
						return order == 0
					case filter.NE:
						return order != 0
					case filter.GT:
						return order > 0
					case filter.GE:
						return order >= 0
					case filter.LT:
						return order < 0
					}
					return order <= 0
				}), nil
			}
		},
	},
	{
		fault: "eq folds case in ASCII only",
		meant: "Users/FilterUnicode",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				path, e := comparison(q.Filter)
				if e == nil || e.Operator != filter.EQ || path != "title" {
					return f.complete.ListUsers(ctx, t, q)
				}
				value, _ := e.CompareValue.(string)
				if isASCII(value) {
					return f.complete.ListUsers(ctx, t, q)
				}
				return f.selected(ctx, t, q, func(r resource) bool { return r.Get(path).String() == value }), nil
			}
		},
	},
	{
		fault: "F18: the total counts what does not match too",
		meant: "Users/FilterPages",
		also:  "FilterAbsent FilterAttributes FilterElements FilterEquality FilterIDs FilterLogic FilterOperators FilterTypes FilterUnicode FilterWildcards KeyOrder SortPages",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if q.Filter != nil && err == nil {
					page.Total = len(f.everybody(ctx, t))
				}
				return page, err
			}
		},
	},
	{
		fault: "pages are cut before they are filtered",
		meant: "Users/FilterPages",
		also:  "SortPages",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if q.Filter == nil || q.ByKey {
					return f.complete.ListUsers(ctx, t, q)
				}
				matching, err := f.complete.ListUsers(ctx, t, scim.Query{Filter: q.Filter, IDs: q.IDs, StartIndex: 1, Count: 1 << 30})
				if err != nil {
					return matching, err
				}
				plain := q
				plain.Filter = nil
				page, err := f.complete.ListUsers(ctx, t, plain)
				page.Resources = slices.DeleteFunc(slices.Clone(page.Resources), func(r resource) bool { return !q.Filter.Match(r) })
				page.Total = matching.Total
				return page, err
			}
		},
	},
	{
		fault: "with a filter ids are ignored",
		meant: "Users/FilterIDs",
		make: listsWith(func(q scim.Query) scim.Query {
			if q.Filter != nil {
				q.IDs = nil
			}
			return q
		}),
	},
}

// keyed replaces the list of users by key.
func keyed(list func(all []resource, total int, q scim.Query) scim.Page) func(*faulty) {
	return func(f *faulty) {
		f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
			if !q.ByKey {
				return f.complete.ListUsers(ctx, t, q)
			}
			all := q
			all.ByKey, all.StartIndex, all.Count = false, 1, 1<<30
			page, err := f.complete.ListUsers(ctx, t, all)
			if err != nil {
				return page, err
			}
			return list(page.Resources, page.Total, q), nil
		}
	}
}

var keyMutants = []mutant{
	{
		fault: "there is a next page after every full one",
		meant: "Users/KeyPages",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if n := len(page.Resources); q.ByKey && n == q.Count && n > 0 && page.Next == "" {
					page.Next = scim.PlaceOf(page.Resources[n-1], q)
				}
				return page, err
			}
		},
	},
	{
		fault: "a page by key begins with the last of the one before",
		meant: "Users/KeyPages",
		also:  "KeyOrder KeyPagesChange",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if n := len(page.Resources); page.Next != "" && n > 2 {
					page.Next = scim.PlaceOf(page.Resources[n-2], q)
				}
				return page, err
			}
		},
	},
	{
		fault: "the total by key is that of the page",
		meant: "Users/KeyPages",
		also:  "KeyOrder",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if q.ByKey {
					page.Total = len(page.Resources)
				}
				return page, err
			}
		},
	},
	{
		fault: "a key is an offset",
		meant: "Users/KeyPagesChange",
		also:  "KeyOrderChange",
		make: keyed(func(all []resource, total int, q scim.Query) scim.Page {
			from, _ := strconv.Atoi(q.After)
			from = min(from, len(all))
			page := scim.Page{Resources: all[from:min(from+q.Count, len(all))], Total: total}
			if from+q.Count < len(all) {
				page.Next = strconv.Itoa(from + q.Count)
			}
			return page
		}),
	},
	{
		fault: "a key is a value without the id",
		meant: "Users/KeyOrder",
		also:  "KeyOrderChange",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if _, value, ok := strings.Cut(q.After, "\n"); ok {
					q.After = "~\n" + value // behind every id
				}
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "a key is an id that is looked up again",
		meant: "Users/KeyOrderChange",
		also:  "KeyPagesChange",
		make: keyed(func(all []resource, total int, q scim.Query) scim.Page {
			from := 0
			if q.After != "" {
				from = slices.Index(idsOf(all), q.After) + 1
				if from == 0 {
					from = len(all)
				}
			}
			page := scim.Page{Resources: all[from:min(from+q.Count, len(all))], Total: total}
			if n := len(page.Resources); n > 0 && from+n < len(all) {
				page.Next = page.Resources[n-1].ID()
			}
			return page
		}),
	},
}

var isolationMutants = []mutant{
	{
		fault: "an id is found in any tenant",
		meant: "Users/Tenants",
		also:  "Cancel TenantsAtOnce",
		make: func(f *faulty) {
			f.getUser = func(ctx contextT, t tenantT, id string) (resource, error) {
				for _, tenant := range []tenantT{t, "acme", "globex"} {
					if r, err := f.complete.GetUser(ctx, tenant, id); err == nil {
						return r, nil
					}
				}
				return nil, scim.ErrNotFound
			}
		},
	},
	{
		fault: "a list with ids is not restricted to the tenant",
		meant: "Users/Tenants",
		also:  "KeyPages",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				if q.IDs == nil {
					return f.complete.ListUsers(ctx, t, q)
				}
				var all []resource
				for _, tenant := range []tenantT{"acme", "globex"} {
					all = append(all, f.selected(ctx, tenant, scim.Query{IDs: q.IDs, StartIndex: 1, Count: 1 << 30}, q.Filter.Match).Resources...)
				}
				return scim.PageOf(all, q)
			}
		},
	},
	{
		fault: "F9: the tenant of a call is kept in the store",
		meant: "Users/TenantsAtOnce",
		make: func(f *faulty) {
			var mu sync.Mutex
			var current tenantT
			set := func(t tenantT) { mu.Lock(); current = t; mu.Unlock() }
			get := func() tenantT { mu.Lock(); defer mu.Unlock(); return current }
			f.getUser = func(ctx contextT, t tenantT, id string) (resource, error) {
				set(t)
				pause()
				return f.complete.GetUser(ctx, get(), id)
			}
		},
	},
	{
		fault: "F15: the ids of a query are put in order where they are",
		meant: "Users/Arguments",
		make: func(f *faulty) {
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				slices.Sort(q.IDs)
				return f.complete.ListUsers(ctx, t, q)
			}
		},
	},
	{
		fault: "F15: Write.Changed is turned round where it is",
		meant: "Users/Arguments",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				slices.Reverse(w.Changed)
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "a list is the slice that the store goes on with",
		meant: "Users/Results",
		make: func(f *faulty) {
			var mu sync.Mutex
			pages := map[string]scim.Page{}
			f.listUsers = func(ctx contextT, t tenantT, q scim.Query) (scim.Page, error) {
				page, err := f.complete.ListUsers(ctx, t, q)
				if q.Filter == nil || err != nil {
					return page, err
				}
				// A cache that is good as long as nothing changes.
				mu.Lock()
				defer mu.Unlock()
				key := string(t) + q.Filter.String() + strconv.Itoa(q.StartIndex) + "/" + strconv.Itoa(q.Count) + strings.Join(q.IDs, " ")
				for _, r := range page.Resources {
					key += r.Meta().Version + " "
				}
				if kept, ok := pages[key]; ok && q.SortBy == nil && !q.ByKey {
					return kept, nil
				}
				page.Resources = slices.Clone(page.Resources)
				pages[key] = page
				return page, nil
			}
		},
	},
	{
		fault: "a context that has ended is an error of the connection",
		meant: "Users/Cancel",
		make: func(f *faulty) {
			f.updateUser = func(ctx contextT, t tenantT, id string, w scim.Write) (resource, error) {
				if ctx.Err() != nil {
					return nil, errors.New("driver: bad connection")
				}
				return f.complete.UpdateUser(ctx, t, id, w)
			}
		},
	},
	{
		fault: "a context that has ended is looked at after the work",
		meant: "Users/Cancel",
		make: func(f *faulty) {
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				r, err := f.complete.CreateUser(context.WithoutCancel(ctx), t, w)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				return r, err
			}
		},
	},
	{
		fault: "of two creations at once one is lost",
		meant: "Users/Concurrency",
		make: func(f *faulty) {
			var mu sync.Mutex
			running := 0
			f.createUser = func(ctx contextT, t tenantT, w scim.Write) (resource, error) {
				mu.Lock()
				running++
				alone := running == 1
				mu.Unlock()
				pause()
				r, err := f.complete.CreateUser(ctx, t, w)
				if err == nil && !alone {
					_ = f.complete.DeleteUser(ctx, t, r.ID(), "")
				}
				mu.Lock()
				running--
				mu.Unlock()
				return r, err
			}
		},
	},
}
