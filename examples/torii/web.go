package main

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token"
)

// demoOrg is the customer whose people sign in here. A product with many has a host name
// or a path for each.
const demoOrg = "acme"

// connection is that of the one identity provider that a customer has here.
const connection = "entra"

// cookie holds the session.
const cookie = "torii_session"

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages.html"))

// mux is the product: its pages, and SCIM beside them.
func (a *app) mux() http.Handler {
	web := http.NewServeMux()
	web.HandleFunc("GET /login", a.loginPage)
	web.HandleFunc("POST /login", a.login)
	web.HandleFunc("GET /{$}", a.signedIn(a.home))
	web.HandleFunc("POST /licences", a.admin(a.giveLicence))
	web.HandleFunc("GET /admin/members", a.admin(a.memberList))
	web.HandleFunc("GET /admin/provisioning", a.admin(a.provisioning))
	web.HandleFunc("POST /admin/keys", a.admin(a.makeKey))
	web.HandleFunc("POST /admin/keys/{id}/revoke", a.admin(a.revokeKey))
	web.HandleFunc("POST /admin/roles", a.admin(a.makeRole))

	mux := http.NewServeMux()
	mux.Handle(basePath+"/", a.scim)
	mux.Handle("/", http.NewCrossOriginProtection().Handler(web))
	return mux
}

// page is what every page may show.
type page struct {
	Visitor visitor
	Error   string

	Licences []string // of the visitor
	Spend    []usage

	Members   []member
	Employees int

	TenantURL string
	Keys      []key
	Secret    string // of a key that has just been made
	Roles     []role
}

// key is an API key as the page lists it.
type key struct {
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

// refuse tells why something is not done, if it is for the visitor to know.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, err error) {
	why, ok := errors.AsType[refusal](err)
	if !ok {
		a.fail(w, r, err)
		return
	}
	http.Error(w, why.Error(), http.StatusBadRequest)
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

func (a *app) loginPage(w http.ResponseWriter, r *http.Request) {
	a.show(w, r, http.StatusOK, "login", page{})
}

// login believes everybody: it stands where the product's own sign-in would be.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	session, err := a.signIn(r.Context(), demoOrg, r.FormValue("email"))
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

// home shows everybody their licences, and what all of them cost to those who may know.
func (a *app) home(w http.ResponseWriter, r *http.Request, v visitor) {
	p := page{Visitor: v}
	var err error
	if p.Licences, err = a.licencesOf(r.Context(), v.ID); err == nil && v.SeesSpend {
		p.Spend, err = a.spend(r.Context(), v.Org)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, http.StatusOK, "home", p)
}

func (a *app) giveLicence(w http.ResponseWriter, r *http.Request, v visitor) {
	if err := a.assign(r.Context(), v.Org, r.FormValue("app"), r.FormValue("email")); err != nil {
		a.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) memberList(w http.ResponseWriter, r *http.Request, v visitor) {
	p := page{Visitor: v}
	var err error
	if p.Members, p.Employees, err = a.members(r.Context(), v.Org); err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, http.StatusOK, "members", p)
}

func (a *app) provisioning(w http.ResponseWriter, r *http.Request, v visitor) {
	a.showProvisioning(w, r, http.StatusOK, page{Visitor: v})
}

func (a *app) showProvisioning(w http.ResponseWriter, r *http.Request, status int, p page) {
	ctx, org := r.Context(), p.Visitor.Org
	p.TenantURL = a.scimURL
	keys, err := a.keys.List(ctx, scim.Tenant(org))
	if err == nil {
		p.Roles, err = a.roles(ctx, org)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	for _, k := range slices.Backward(keys) {
		p.Keys = append(p.Keys, key{k, k.Live(a.now())})
	}
	a.show(w, r, status, "provisioning", p)
}

// makeKey shows a new key this once.
func (a *app) makeKey(w http.ResponseWriter, r *http.Request, v visitor) {
	_, secret, err := a.keys.Issue(r.Context(), scim.Tenant(v.Org), token.Issue{
		Description: r.FormValue("description"), Connection: connection, Lifetime: r.FormValue("expires"),
	})
	if bad, ok := errors.AsType[*token.LifetimeError](err); ok {
		err = refusal(bad.Error())
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.showProvisioning(w, r, http.StatusOK, page{Visitor: v, Secret: secret.Reveal()})
}

func (a *app) revokeKey(w http.ResponseWriter, r *http.Request, v visitor) {
	if err := a.keys.Revoke(r.Context(), scim.Tenant(v.Org), r.PathValue("id")); err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/provisioning", http.StatusSeeOther)
}

func (a *app) makeRole(w http.ResponseWriter, r *http.Request, v visitor) {
	if err := a.addRole(r.Context(), v.Org, role{Name: r.FormValue("name"), SeesSpend: r.FormValue("spend") != ""}); err != nil {
		a.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/provisioning", http.StatusSeeOther)
}
