package main

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim/token"
)

// connection is that of the one identity provider that an installation has.
const connection = "azure"

// cookie holds the session.
const cookie = "tim_session"

//go:embed pages.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"join": strings.Join}).ParseFS(files, "pages.html"))

// mux is the product: its pages, and SCIM beside them.
func (a *app) mux() http.Handler {
	web := http.NewServeMux()
	web.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { a.show(w, r, http.StatusOK, "login", page{}) })
	web.HandleFunc("POST /login", a.login)
	web.HandleFunc("GET /{$}", a.signedIn(a.home))
	web.HandleFunc("POST /processes/{id}", a.signedIn(a.start))
	web.HandleFunc("GET /admin", a.admin(a.overview))
	web.HandleFunc("POST /admin/tokens", a.admin(a.makeToken))
	web.HandleFunc("POST /admin/tokens/{id}/revoke", a.admin(a.revokeToken))
	web.HandleFunc("POST /admin/groups/{id}/delete", a.admin(a.removeGroup))

	mux := http.NewServeMux()
	mux.Handle(basePath+"/", a.scim)
	mux.Handle("/", http.NewCrossOriginProtection().Handler(web))
	return mux
}

// page is what every page may show.
type page struct {
	Visitor visitor
	Error   string

	Processes []process
	Runs      int

	TenantURL string
	Config    config
	Tokens    []shownToken
	Secret    string // of a token that has just been made
	Users     []listed
	Groups    []listed
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
	session, err := a.signIn(r.Context(), r.FormValue("name"))
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
	p := page{Visitor: v}
	var err error
	if p.Processes, err = a.processesFor(r.Context(), v.ID); err == nil {
		p.Runs, err = a.runsOf(r.Context(), v.ID)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, http.StatusOK, "home", p)
}

func (a *app) start(w http.ResponseWriter, r *http.Request, v visitor) {
	err := a.startProcess(r.Context(), v.ID, r.PathValue("id"))
	switch {
	case errors.Is(err, errNotAllowed):
		a.show(w, r, http.StatusForbidden, "refused", page{Visitor: v})
	case err != nil:
		a.fail(w, r, err)
	default:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (a *app) overview(w http.ResponseWriter, r *http.Request, v visitor) {
	a.showOverview(w, r, http.StatusOK, page{Visitor: v})
}

func (a *app) showOverview(w http.ResponseWriter, r *http.Request, status int, p page) {
	ctx := r.Context()
	p.TenantURL, p.Config = a.scimURL, a.config
	tokens, err := a.tokens.List(ctx, "")
	if err == nil {
		p.Users, err = a.users(ctx)
	}
	if err == nil {
		p.Groups, err = a.groups(ctx)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	for _, t := range slices.Backward(tokens) {
		p.Tokens = append(p.Tokens, shownToken{t, t.Live(a.now())})
	}
	a.show(w, r, status, "admin", p)
}

// issue makes a token of the system user, which lives as long as is configured.
func (a *app) issue(ctx context.Context, description string) (token.Token, schema.Secret, error) {
	return a.tokens.Issue(ctx, "", token.Issue{Description: description, UserName: systemUser, Connection: connection})
}

// makeToken shows a new token this once.
func (a *app) makeToken(w http.ResponseWriter, r *http.Request, v visitor) {
	_, secret, err := a.issue(r.Context(), r.FormValue("description"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.showOverview(w, r, http.StatusOK, page{Visitor: v, Secret: secret.Reveal()})
}

func (a *app) revokeToken(w http.ResponseWriter, r *http.Request, _ visitor) {
	if err := a.tokens.Revoke(r.Context(), "", r.PathValue("id")); err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin", http.StatusSeeOther)
}

func (a *app) removeGroup(w http.ResponseWriter, r *http.Request, _ visitor) {
	if err := a.deleteGroup(r.Context(), r.PathValue("id")); err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin", http.StatusSeeOther)
}
