package dev

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"

	"github.com/tillit/tillit/internal/demo"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/*
var assetFiles embed.FS

// playground is a client that anyone at this machine can steer.
type playground struct {
	Config
	pages map[string]*template.Template
	runs  *runs
}

func newPlayground(c Config) (*playground, error) {
	p := &playground{Config: c, pages: map[string]*template.Template{}, runs: newRuns()}
	for _, name := range []string{"index", "result", "message", "reference", "delegations"} {
		t, err := template.New("layout.html").ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("playground: %w", err)
		}
		p.pages[name] = t
	}
	return p, nil
}

func (p *playground) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.index)
	mux.HandleFunc("GET /callback", p.callback)
	mux.HandleFunc("POST /dev/start", p.start)
	mux.HandleFunc("GET /dev/result", p.result)
	mux.HandleFunc("POST /dev/refresh", p.refresh)
	mux.HandleFunc("POST /dev/revoke", p.revoke)
	mux.HandleFunc("POST /dev/sign-out", p.signOut)
	mux.HandleFunc("GET /dev/signed-out", p.signedOut)
	mux.HandleFunc("GET /dev/assets/{name}", p.asset)
	mux.HandleFunc("GET /dev/reference/{realm}", p.reference)
	mux.HandleFunc("GET /dev/reference/{realm}/graph.svg", p.graph)
}

// A page is what every template gets.
type page struct {
	Title      string
	Stylesheet string // of the provider's pages, or ""
	Model      any
}

// contentPolicy allows nothing but the page's own style, script and forms.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (p *playground) render(w http.ResponseWriter, status int, name, title string, model any) {
	var body bytes.Buffer
	if err := p.pages[name].Execute(&body, page{Title: title, Stylesheet: p.Stylesheet, Model: model}); err != nil {
		http.Error(w, "playground: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body.Bytes()) //nolint:errcheck // the browser has gone; there is nobody to tell
}

// message is a page that says one thing.
type message struct{ Heading, Text, Code string }

func (p *playground) tell(w http.ResponseWriter, status int, m message) {
	p.render(w, status, "message", m.Heading, m)
}

// fault tells what went wrong on our side or the provider's.
func (p *playground) fault(w http.ResponseWriter, what string, err error) {
	p.tell(w, http.StatusBadGateway, message{Heading: what, Text: err.Error()})
}

func (p *playground) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, err := assetFiles.ReadFile(path.Join("assets", path.Base(name)))
	kind, known := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}[path.Ext(name)]
	if err != nil || !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(content) //nolint:errcheck // the browser has gone; there is nobody to tell
}

// realm finds the fixtures of a realm, and those of all.
func (p *playground) realm(name string) (demo.FixtureRealm, []demo.FixtureRealm, error) {
	all, err := p.Fixtures()
	if err != nil {
		return demo.FixtureRealm{}, nil, err
	}
	for _, realm := range all.Realms {
		if realm.Name == name {
			return realm, all.Realms, nil
		}
	}
	return demo.FixtureRealm{}, all.Realms, nil
}

// client finds a demo client of a realm.
func (p *playground) client(realm, id string) (demo.FixtureRealm, demo.FixtureClient, error) {
	found, _, err := p.realm(realm)
	if err != nil {
		return found, demo.FixtureClient{}, err
	}
	for _, c := range found.Clients {
		if string(c.ID) == id {
			return found, c, nil
		}
	}
	return found, demo.FixtureClient{}, fmt.Errorf("realm %q has no demo client %q", realm, id)
}
