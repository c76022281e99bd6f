// Package mapping makes an application's own struct and its own repository into the
// stores that package scim works with. One table of bindings says which attribute
// stands for which field:
//
//	users, err := mapping.Users(
//		mapping.ID(func(u *User) *int64 { return &u.ID }),
//		mapping.Field("userName", func(u *User) *string { return &u.Email }),
//		mapping.Field("name.givenName", func(u *User) *string { return &u.First }),
//		mapping.Field("active", func(u *User) *bool { return &u.Disabled }).Not(),
//		mapping.Field(`phoneNumbers[type eq "work"].value`, func(u *User) *string { return &u.Phone }),
//		mapping.Modified(func(u *User) *time.Time { return &u.Updated }),
//	)
//	…
//	scim.Config{Users: mapping.UserStore(users, repository), …}
//
// or struct tags do, see [Tags]. Everything follows from the table: how a row is shown
// and written, what /Schemas lists, what can be filtered and sorted by, and which SQL
// columns hold it. Renaming a field is a change in one place.
//
// # What is written, and what is not
//
// Only fields of attributes that a request changes are written. Fields without a
// binding never are: a PUT replaces what SCIM shows, not the row. What clients send
// that has no field is dropped, kept in one field ([Rest]), or refused ([RefuseRest]).
//
// [Repository.Update] takes a function that the application runs on the row it has
// locked. The version is compared there, with the row as it is then; the values were
// decoded and checked before. A table needs no version: without one it follows from
// the content, so that a row which somebody else has changed is another version.
//
// # Lists
//
// A repository does as much of a query as it likes. Rows that it lists as [Candidates]
// are filtered, ordered and paged here, so that a repository which can do nothing but
// list everything gives right answers, and one that can look up a name is quick where
// it counts. Nothing is ever left out of a filter: what a repository calls [Exact] it
// has done itself, and [scim.ErrNotImplemented] and [scim.Unsupported] say that it has
// not.
//
// # Goroutines
//
// Tables and stores may be used from many goroutines at once, and the functions of
// bindings are called so. They must not keep the rows they are given.
//
// # How it works
//
// Bindings know the Go type of a field when they are made; types are looked at by
// reflection when the table is. From then on values move through pointers whose types
// are known: codec*.go and tags.go have the unsafe code that this takes.
package mapping
