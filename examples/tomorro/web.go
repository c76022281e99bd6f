package main

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token"
)

// demoWorkspace is the customer whose people sign in here. A product with many has a host
// name or a path for each.
const demoWorkspace = "acme"

// cookie holds the session.
const cookie = "tomorro_session"

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages.html"))

// mux is the product: its pages, and SCIM beside them.
func (a *app) mux() http.Handler {
	web := http.NewServeMux()
	web.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { a.show(w, r, http.StatusOK, "login", page{}) })
	web.HandleFunc("POST /login", a.login)
	web.HandleFunc("GET /{$}", a.signedIn(a.home))
	web.HandleFunc("POST /contracts", a.signedIn(a.makeContract))
	web.HandleFunc("GET /admin/groups", a.admin(a.groupList))
	web.HandleFunc("POST /admin/groups", a.admin(a.editGroups))
	web.HandleFunc("GET /admin/provisioning", a.admin(a.provisioning))
	web.HandleFunc("POST /admin/settings", a.admin(a.saveSettings))
	web.HandleFunc("POST /admin/connections/{name}", a.admin(a.saveConnection))
	web.HandleFunc("POST /admin/tokens", a.admin(a.makeToken))
	web.HandleFunc("POST /admin/tokens/{id}/revoke", a.admin(a.revokeToken))

	mux := http.NewServeMux()
	mux.Handle(basePath+"/", a.scim)
	mux.Handle("/", http.NewCrossOriginProtection().Handler(web))
	return mux
}

// page is what every page may show.
type page struct {
	Visitor visitor
	Error   string

	Contracts []contract

	Workspace   workspace
	Members     []listed
	Groups      []groupPage
	TenantURL   string
	Connections []connection
	Tokens      []shownToken
	Secret      string // of a token that has just been made
	Roles       []role
	Waiting     []waiting
	Substitute  string // the address
}

// waiting is what a member owned who has left, and nobody has yet.
type waiting struct {
	Of         string
	Counts     map[string]int
	PassedOver []string
}

// shownToken is a token as the page lists it.
type shownToken struct {
	token.Token
	Usable bool
}

func (a *app) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, p); err != nil {
		a.log.WarnContext(r.Context(), "A page could not be shown.", "page", name, "error", err)
	}
}

func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.log.ErrorContext(r.Context(), "A page failed.", "path", r.URL.Path, "error", err)
	http.Error(w, "Something went wrong.", http.StatusInternalServerError)
}

// handler is a page for somebody who is signed in.
type handler func(w http.ResponseWriter, r *http.Request, v visitor)

func (a *app) signedIn(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session := ""
		if c, err := r.Cookie(cookie); err == nil {
			session = c.Value
		}
		switch v, err := a.visitorOf(r.Context(), session); {
		case errors.Is(err, errRefused):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case err != nil:
			a.fail(w, r, err)
		default:
			h(w, r, v)
		}
	}
}

func (a *app) admin(h handler) http.HandlerFunc {
	return a.signedIn(func(w http.ResponseWriter, r *http.Request, v visitor) {
		if !v.IsAdmin {
			a.show(w, r, http.StatusForbidden, "refused", page{Visitor: v})
			return
		}
		h(w, r, v)
	})
}

// login believes everybody: it stands where the product's own sign-in would be.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	session, err := a.signIn(r.Context(), demoWorkspace, r.FormValue("email"))
	if errors.Is(err, errRefused) {
		a.show(w, r, http.StatusForbidden, "login", page{Error: errRefused.Error()})
		return
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(a.scimURL, "https:"),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) home(w http.ResponseWriter, r *http.Request, v visitor) {
	contracts, err := a.contractsFor(r.Context(), v)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, http.StatusOK, "home", page{Visitor: v, Contracts: contracts})
}

func (a *app) makeContract(w http.ResponseWriter, r *http.Request, v visitor) {
	if !v.Creates {
		a.show(w, r, http.StatusForbidden, "refused", page{Visitor: v})
		return
	}
	if _, err := a.addContract(r.Context(), v, r.FormValue("title")); err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) groupList(w http.ResponseWriter, r *http.Request, v visitor) {
	a.showGroups(w, r, http.StatusOK, page{Visitor: v})
}

func (a *app) showGroups(w http.ResponseWriter, r *http.Request, status int, p page) {
	var err error
	if p.Groups, err = a.groups(r.Context(), p.Visitor.Workspace); err == nil {
		p.Members, err = a.members(r.Context(), p.Visitor.Workspace)
	}
	if err == nil {
		p.Workspace, err = a.workspace(r.Context(), p.Visitor.Workspace)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, status, "groups", p)
}

func (a *app) editGroups(w http.ResponseWriter, r *http.Request, v visitor) {
	ctx, id := r.Context(), r.FormValue("group")
	var err error
	switch r.FormValue("do") {
	case "create":
		_, err = a.createGroup(ctx, v.Workspace, r.FormValue("name"))
	case "rename":
		err = a.renameGroup(ctx, v.Workspace, id, r.FormValue("name"))
	case "delete":
		err = a.deleteGroup(ctx, v.Workspace, id)
	case "add":
		err = a.putIn(ctx, v.Workspace, id, r.FormValue("member"))
	case "remove":
		err = a.takeOut(ctx, v.Workspace, id, r.FormValue("member"))
	case "clear":
		err = a.clearGroups(ctx, v.Workspace)
	default:
		err = refusal("there is nothing to do")
	}
	why, refused := errors.AsType[refusal](err)
	switch {
	case errors.Is(err, scim.ErrGroupsManaged):
		a.showGroups(w, r, http.StatusForbidden, page{Visitor: v, Error: "Groups are managed by your identity provider. Make the change there, or lift the restriction."})
	case refused:
		a.showGroups(w, r, http.StatusBadRequest, page{Visitor: v, Error: why.Error()})
	case err != nil:
		a.fail(w, r, err)
	default:
		http.Redirect(w, r, "/admin/groups", http.StatusSeeOther)
	}
}

func (a *app) provisioning(w http.ResponseWriter, r *http.Request, v visitor) {
	a.showProvisioning(w, r, http.StatusOK, page{Visitor: v})
}

func (a *app) showProvisioning(w http.ResponseWriter, r *http.Request, status int, p page) {
	if err := a.loadProvisioning(r, &p); err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, status, "provisioning", p)
}

func (a *app) loadProvisioning(r *http.Request, p *page) (err error) {
	ctx, id := r.Context(), p.Visitor.Workspace
	p.TenantURL = a.scimURL
	if p.Workspace, err = a.workspace(ctx, id); err != nil {
		return err
	}
	p.Roles = rolesOf(p.Workspace.Plan)
	if p.Connections, err = a.connections(ctx, id); err != nil {
		return err
	}
	if p.Members, err = a.members(ctx, id); err != nil {
		return err
	}
	for _, m := range p.Members {
		if m.ID == p.Workspace.Substitute {
			p.Substitute = m.Email
		}
	}
	if p.Waiting, err = a.waiting(ctx, id); err != nil {
		return err
	}
	tokens, err := a.tokens.List(ctx, scim.Tenant(id))
	for _, t := range slices.Backward(tokens) {
		p.Tokens = append(p.Tokens, shownToken{t, t.Live(a.now())})
	}
	return err
}

// waiting lists what waits for a substitute.
func (a *app) waiting(ctx context.Context, workspaceID string) (all []waiting, err error) {
	parked, err := a.offboard.Parked(ctx, scim.Tenant(workspaceID))
	for _, h := range parked {
		w := waiting{PassedOver: h.PassedOver}
		forecast, err := a.offboard.Preview(ctx, scim.Tenant(workspaceID), h.UserID)
		if err != nil {
			return nil, err
		}
		w.Counts = forecast.Counts
		if err := a.db.QueryRowContext(ctx, `SELECT email FROM members WHERE id = $1`, h.UserID).Scan(&w.Of); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, err
}

// done goes back to the page, or says on it what is wrong.
func (a *app) done(w http.ResponseWriter, r *http.Request, v visitor, err error) {
	why, refused := errors.AsType[refusal](err)
	switch {
	case refused:
		a.showProvisioning(w, r, http.StatusBadRequest, page{Visitor: v, Error: why.Error()})
	case err != nil:
		a.fail(w, r, err)
	default:
		http.Redirect(w, r, "/admin/provisioning", http.StatusSeeOther)
	}
}

func (a *app) saveSettings(w http.ResponseWriter, r *http.Request, v visitor) {
	ctx := r.Context()
	plan, err := strconv.Atoi(r.FormValue("plan"))
	if err != nil || plan < 4 {
		err = refusal("there is no plan V" + r.FormValue("plan"))
	}
	if err == nil {
		err = a.setSubstitute(ctx, v.Workspace, r.FormValue("substitute"))
	}
	if err == nil {
		err = a.setPlan(ctx, v.Workspace, plan)
	}
	if err == nil {
		err = a.lockGroups(ctx, v.Workspace, r.FormValue("lock") != "")
	}
	a.done(w, r, v, err)
}

func (a *app) saveConnection(w http.ResponseWriter, r *http.Request, v visitor) {
	a.done(w, r, v, a.setConnection(r.Context(), v.Workspace, connection{
		Name: r.PathValue("name"), CreatesGroups: r.FormValue("creates") != "", SeesAll: r.FormValue("sees") != "", AdoptsGroups: r.FormValue("adopts") != "",
	}))
}

// makeToken shows a new token this once.
func (a *app) makeToken(w http.ResponseWriter, r *http.Request, v visitor) {
	_, secret, err := a.tokens.Issue(r.Context(), scim.Tenant(v.Workspace), token.Issue{
		Description: r.FormValue("description"), Connection: r.FormValue("connection"), Lifetime: r.FormValue("expires"),
	})
	if bad, ok := errors.AsType[*token.LifetimeError](err); ok {
		err = refusal(bad.Error())
	}
	if err != nil {
		a.done(w, r, v, err)
		return
	}
	a.showProvisioning(w, r, http.StatusOK, page{Visitor: v, Secret: secret.Reveal()})
}

func (a *app) revokeToken(w http.ResponseWriter, r *http.Request, v visitor) {
	a.done(w, r, v, a.tokens.Revoke(r.Context(), scim.Tenant(v.Workspace), r.PathValue("id")))
}
