package main

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/token"
)

// demoOrg is the customer whose people sign in here. A product with many has a host name
// or a path for each.
const demoOrg = "acme"

// The connection of the one identity provider that a customer has here, and the user name
// that goes with its password.
const (
	connection    = "azure"
	connectorUser = "azure-connector"
)

// sessionCookie holds the session.
const sessionCookie = "platformd_session"

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages.html"))

// mux is the product: its pages, and SCIM beside them.
func (a *app) mux() http.Handler {
	web := http.NewServeMux()
	web.HandleFunc("GET /login", a.loginPage)
	web.HandleFunc("POST /login", a.login)
	web.HandleFunc("GET /sso/start", a.startSSO)
	web.HandleFunc("GET "+callbackPath, a.endSSO)
	web.HandleFunc("GET /{$}", a.signedIn(a.home))
	web.HandleFunc("GET /web", a.allowed(person.HasWeb, a.overview))
	web.HandleFunc("GET /admin/connector", a.allowed(person.IsAdmin, a.connectorPage))
	web.HandleFunc("POST /admin/connector", a.allowed(person.IsAdmin, a.saveConnector))
	web.HandleFunc("POST /admin/password", a.allowed(person.IsAdmin, a.makePassword))
	web.HandleFunc("POST /admin/accounts/{id}/login", a.allowed(person.IsAdmin, a.chooseLogin))
	web.HandleFunc("POST /admin/teams/{id}/folders", a.allowed(person.IsAdmin, a.giveFolder))

	mux := http.NewServeMux()
	mux.Handle(basePath+"/", a.scim)
	mux.Handle("/", http.NewCrossOriginProtection().Handler(web))
	return mux
}

// page is what every page may show.
type page struct {
	Visitor person
	Error   string
	Courses []course

	People  []person
	Teams   []teamRow
	Folders []folder

	SCIMURL, UserName, Password string
	Redirect                    string
	Connector                   connector
	Tokens                      []token.Token
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

func (a *app) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(a.url, "https:"),
	}
}

// handler is a page for somebody who is signed in.
type handler func(w http.ResponseWriter, r *http.Request, p person)

func (a *app) signedIn(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session := ""
		if c, err := r.Cookie(sessionCookie); err == nil {
			session = c.Value
		}
		switch p, err := a.find(r.Context(), `p.id = (SELECT account_id FROM sessions WHERE token = $1)`, session); {
		case errors.Is(err, errRefused):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case err != nil:
			a.fail(w, r, err)
		default:
			h(w, r, p)
		}
	}
}

func (a *app) allowed(may func(person) bool, h handler) http.HandlerFunc {
	return a.signedIn(func(w http.ResponseWriter, r *http.Request, p person) {
		if !may(p) {
			a.show(w, r, http.StatusForbidden, "refused", page{Visitor: p})
			return
		}
		h(w, r, p)
	})
}

func (a *app) loginPage(w http.ResponseWriter, r *http.Request) {
	a.show(w, r, http.StatusOK, "login", page{})
}

// login is the built-in login. It believes everybody: it stands where the product's own
// would be.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	p, err := a.find(r.Context(), `p.org_id = $1 AND lower(p.email) = lower($2)`, demoOrg, r.FormValue("email"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	a.enter(w, r, p, builtIn)
}

// enter begins a session.
func (a *app) enter(w http.ResponseWriter, r *http.Request, p person, login string) {
	session, err := a.signIn(r.Context(), p, login)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	http.SetCookie(w, a.cookie(sessionCookie, session, 0))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// refuse shows the login page with the reason, if it is one for visitors.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, err error) {
	why, ok := errors.AsType[refusal](err)
	if !ok {
		a.fail(w, r, err)
		return
	}
	a.log.InfoContext(r.Context(), "A sign-in was refused.", "reason", err)
	a.show(w, r, http.StatusForbidden, "login", page{Error: why.Error()})
}

// home is the app: courses, for everybody.
func (a *app) home(w http.ResponseWriter, r *http.Request, p person) {
	courses, err := a.courses(r.Context(), p.ID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, http.StatusOK, "home", page{Visitor: p, Courses: courses})
}

// overview is what web access is for: people, teams and folders.
func (a *app) overview(w http.ResponseWriter, r *http.Request, p person) {
	ctx := r.Context()
	out := page{Visitor: p}
	var err error
	if out.People, err = a.people(ctx, p.Org); err == nil {
		out.Teams, err = a.teams(ctx, p.Org)
	}
	if err == nil {
		out.Folders, err = a.folders(ctx, p.Org)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, http.StatusOK, "overview", out)
}

func (a *app) connectorPage(w http.ResponseWriter, r *http.Request, p person) {
	a.showConnector(w, r, http.StatusOK, page{Visitor: p})
}

func (a *app) showConnector(w http.ResponseWriter, r *http.Request, status int, p page) {
	var err error
	p.SCIMURL, p.UserName, p.Redirect = a.url+basePath, connectorUser, a.url+callbackPath
	if p.Connector, err = a.connector(r.Context(), p.Visitor.Org); err == nil {
		p.Tokens, err = a.tokens.List(r.Context(), scim.Tenant(p.Visitor.Org))
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, status, "connector", p)
}

func (a *app) saveConnector(w http.ResponseWriter, r *http.Request, p person) {
	err := a.setConnector(r.Context(), p.Org, connector{
		Licence: r.FormValue("licence"), Issuer: r.FormValue("issuer"), ClientID: r.FormValue("client"), ClientSecret: r.FormValue("secret"),
	})
	if why, ok := errors.AsType[refusal](err); ok {
		a.showConnector(w, r, http.StatusBadRequest, page{Visitor: p, Error: why.Error()})
		return
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/connector", http.StatusSeeOther)
}

// makePassword replaces the connector's password and shows the new one this once.
func (a *app) makePassword(w http.ResponseWriter, r *http.Request, p person) {
	ctx, tenant := r.Context(), scim.Tenant(p.Org)
	if _, err := a.tokens.RevokeConnection(ctx, tenant, connection); err != nil {
		a.fail(w, r, err)
		return
	}
	_, secret, err := a.tokens.Issue(ctx, tenant, token.Issue{Description: "Azure connector", Connection: connection, UserName: connectorUser})
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.showConnector(w, r, http.StatusOK, page{Visitor: p, Password: secret.Reveal()})
}

func (a *app) chooseLogin(w http.ResponseWriter, r *http.Request, p person) {
	if err := a.setLogin(r.Context(), p.Org, r.PathValue("id"), r.FormValue("login")); err != nil {
		a.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/web", http.StatusSeeOther)
}

func (a *app) giveFolder(w http.ResponseWriter, r *http.Request, p person) {
	if err := a.giveTeam(r.Context(), p.Org, r.PathValue("id"), r.FormValue("folder")); err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/web", http.StatusSeeOther)
}
