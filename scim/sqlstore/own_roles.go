package sqlstore

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/muster-scim/muster/scim"
)

// Roles says where the application has the roles of its users: in a column, or in a
// table with a row for each.
type Roles struct {
	// Column is a column of the users' table with a JSON list of the roles that
	// provisioning gives, of type text or jsonb.
	Column string

	// Schema and Name are those of a table of roles; User, Role and Tenant, if there is
	// one, its columns.
	Schema, Name       string
	User, Role, Tenant string

	// Origin is a column of that table that tells who gave the role: rows that have Given
	// there are provisioning's, and all others are left alone. Given is "scim" if it is
	// empty. Without the column all roles are provisioning's.
	Origin, Given string
}

// SetUserRoles gives a user exactly these provisioned roles, see [Table.Roles].
func (r *Repository[T]) SetUserRoles(ctx context.Context, t scim.Tenant, id string, roles []string) error {
	switch places := r.table.Roles; {
	case places.Column != "":
		return r.setRoleColumn(ctx, t, id, roles)
	case places.Name != "":
		return r.d.inTx(ctx, func(ctx context.Context) error {
			if _, err := r.read(ctx, t, id, r.locked()); err != nil {
				return err
			}
			key, err := r.key(id)
			if err != nil {
				return err
			}
			return places.set(ctx, r.d, t, key, roles)
		})
	}
	return scim.ErrNotImplemented
}

func (r *Repository[T]) setRoleColumn(ctx context.Context, t scim.Tenant, id string, roles []string) error {
	text, err := json.Marshal(append([]string{}, roles...))
	if err != nil {
		return err
	}
	a := &args{d: r.d}
	set := quote(r.table.Roles.Column) + " = " + a.bind(string(text))
	where, err := r.one(t, id, a)
	if err != nil {
		return err
	}
	return r.d.alone(ctx, func(ctx context.Context) error {
		n, err := r.d.execText(ctx, "UPDATE "+r.name+" AS "+alias+" SET "+set+" WHERE "+where, a.all)
		if err == nil && n == 0 {
			err = scim.ErrNotFound
		}
		return err
	})
}

// RolesByHand reports whether a user has a role that somebody else than provisioning has
// given, as [Roles.Origin] tells: whom no identity provider should take over.
//
//	scim.LinkByUserName(users, accounts.RolesByHand)
//
// It is part of the transaction in ctx, if there is one. Without a table of roles that has
// an Origin it can't be told, which is an error.
func (r *Repository[T]) RolesByHand(ctx context.Context, t scim.Tenant, id string) (byHand bool, err error) {
	p := r.table.Roles
	if p.Name == "" || p.Origin == "" {
		return false, errors.New("sqlstore: RolesByHand needs a Table.Roles with Name and Origin")
	}
	key, err := r.key(id)
	if errors.Is(err, errNoKey) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	a := &args{d: r.d}
	where, origin := p.of(t, key, a, false), quote(p.Origin)
	err = r.d.queryText(ctx, func(Rows) error { byHand = true; return nil },
		"SELECT 1 FROM "+qualified(p.Schema, p.Name)+" WHERE "+where+" AND ("+origin+" IS NULL OR "+origin+" <> "+a.bind(p.given())+") LIMIT 1", a.all)
	return byHand, err
}

// of is the condition on the roles of a user that provisioning has given.
func (p Roles) of(t scim.Tenant, user any, a *args, given bool) string {
	where := quote(p.User) + " = " + a.bind(user)
	if p.Tenant != "" {
		where += " AND " + quote(p.Tenant) + " = " + a.bind(string(t))
	}
	if given && p.Origin != "" {
		where += " AND " + quote(p.Origin) + " = " + a.bind(p.given())
	}
	return where
}

func (p Roles) given() string { return cmpOr(p.Given, "scim") }

// set removes the other provisioned roles of a user and adds those that are missing.
func (p Roles) set(ctx context.Context, d *database, t scim.Tenant, user any, roles []string) error {
	name := qualified(p.Schema, p.Name)
	a := &args{d: d}
	where := p.of(t, user, a, true)
	text := "DELETE FROM " + name + " WHERE " + where + " AND NOT (CAST(" + quote(p.Role) + " AS text) " + d.among(a.bind(jsonList(roles))) + ")"
	if _, err := d.execText(ctx, text, a.all); err != nil {
		return err
	}
	for _, role := range roles {
		if err := p.give(ctx, d, t, user, role); err != nil {
			return err
		}
	}
	return nil
}

// give adds a role unless the user has it already. One that somebody else has given is
// left as it is.
func (p Roles) give(ctx context.Context, d *database, t scim.Tenant, user any, role string) error {
	name := qualified(p.Schema, p.Name)
	a := &args{d: d}
	columns, values := quote(p.User)+", "+quote(p.Role), a.bind(user)+", "+a.bind(role)
	if p.Tenant != "" {
		columns, values = columns+", "+quote(p.Tenant), values+", "+a.bind(string(t))
	}
	if p.Origin != "" {
		columns, values = columns+", "+quote(p.Origin), values+", "+a.bind(p.given())
	}
	check := &args{d: d}
	has := false
	err := d.queryText(ctx, func(Rows) error { has = true; return nil },
		"SELECT 1 FROM "+name+" WHERE "+p.of(t, user, check, true)+" AND "+quote(p.Role)+" = "+check.bind(role), check.all)
	if err != nil || has {
		return err
	}
	_, err = d.execText(ctx, "INSERT INTO "+name+" ("+columns+") VALUES ("+values+") ON CONFLICT DO NOTHING", a.all)
	return err
}

// forget deletes all roles of a user who is erased.
func (p Roles) forget(ctx context.Context, d *database, t scim.Tenant, user any) error {
	if p.Name == "" {
		return nil
	}
	a := &args{d: d}
	_, err := d.execText(ctx, "DELETE FROM "+qualified(p.Schema, p.Name)+" WHERE "+p.of(t, user, a, false), a.all)
	return err
}
