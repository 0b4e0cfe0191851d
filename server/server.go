// Package server is the OpenID Provider over HTTP: one file per endpoint, one
// per grant type. What may be given is decided by package tillit; this package
// reads requests, gathers facts, asks, and carries out the answer.
//
//	authorize ─▶ checks ─▶ gather ─▶ Decide ─┬─ needs ─▶ interact (a page) ─┐
//	                 ▲                       ├─ refused ─▶ answer           │
//	                 └───────────────────────┼──────────────────────────────┘
//	                                         └─ answer (code)
//	token ─▶ client ─▶ grant type ─▶ Decide ─▶ fill ─▶ mint ─▶ one commit ─▶ answer
//
// It never looks into a database, knows no provider by name, and never filters
// scopes or claims by itself.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// A Provider serves the OpenID Connect and OAuth 2.0 endpoints of every realm.
// All fields but those that say what nil means must be set before Handler is called.
type Provider struct {
	Base     string            // base URL without a trailing slash, e.g. https://id.example
	Issuers  map[string]string // realm → issuer, where it is not {Base}/{realm}
	Catalogs Catalogs
	Store    Store
	Keys     Keys
	Login    Login
	Sources  Sources
	Pages    Pages
	// Secret gives a secret of a realm that is made once and kept: "pairwise",
	// "code", "account".
	Secret func(ctx context.Context, realm, name string) ([]byte, error)
	Now    func() time.Time
	Log    *slog.Logger
	Needs  map[tillit.NeedKind]NeedPage // acts beyond signing in and consent; nil: none
	// Service gives the base URL of a resource server that answers in this
	// process, "" for none.
	Service  func(realm, server string) string
	Secrets  *token.ClientSecrets
	Dev      bool            // offers demo people on the sign-in page
	Assets   string          // address of the stylesheet
	Off      map[string]bool // named checks switched off, by tests alone; nil: none
	Metrics  Metrics         // nil: nothing is counted
	Attempts Attempts        // of secrets and codes got wrong; nil: none is too many
	// Organizations judge certificates of organizations; nil: none is taken.
	Organizations Organizations
	// Span is told of parts of a request, and called back at their end; nil: nobody.
	Span func(ctx context.Context, name string) (context.Context, func(error))
	// Messenger tells clients of logouts; nil: nobody is told.
	Messenger Messenger
	// Ended is called when a session has ended, so that TellLogouts is called soon;
	// nil: whoever calls it looks by the clock alone.
	Ended func()
	// MutualTLS says how clients show certificates; nil: they cannot.
	MutualTLS *MutualTLS
	// RemoteKeys reads keys at the addresses that clients register; nil: only
	// keys by value are known.
	RemoteKeys RemoteKeys
	// ReadAddress reads what stands at an address that a client registered; nil:
	// nothing is read.
	ReadAddress func(ctx context.Context, address string) ([]byte, error)
	// OpenSecret opens the kept secret of a client that makes HMACs with it; nil:
	// no such client authenticates.
	OpenSecret func(registry string, client tillit.ClientID, kept tillit.SecretHash) (string, error)
	// SealSecret keeps such a secret, for clients that register themselves.
	SealSecret func(registry string, client tillit.ClientID, secret string) (tillit.SecretHash, error)
	// Transaction is told of every sign-in at a client, before the request goes
	// on; nil: nobody is.
	Transaction func(ctx context.Context, t *tillit.Transaction) error
	// Address gives where a request came from, for Attempts and Transaction alone; nil: from the
	// other end of the connection.
	Address func(*http.Request) netip.Addr

	documents *sync.Map // made by Handler; name of a realm → *discoveryDocument
}

// A handler answers one request of a realm. What it returns is told by fail.
type handler func(w http.ResponseWriter, r *http.Request, realm *realm) error

// audience says who reads the answer of an endpoint, and so how errors are told.
type audience int

const (
	forPerson   audience = iota // pages
	forClient                   // JSON (RFC 6749 §5.2)
	forResource                 // WWW-Authenticate (RFC 6750 §3)
)

// A route is one line of the only list of endpoints.
type route struct {
	pattern string // method and path below the realm
	to      audience
	cors    bool // readable by scripts of other origins
	serve   handler
}

func (p *Provider) routes() []route {
	return []route{
		{"GET /.well-known/openid-configuration", forClient, true, p.discovery},
		{"GET /jwks", forClient, true, p.jwks},
		{"GET /authorize", forPerson, false, p.authorize},
		{"POST /authorize", forPerson, false, p.authorize},
		{"GET /interact/{id}", forPerson, false, p.interact},
		{"POST /interact/{id}", forPerson, false, p.interact},
		{"GET /interact/{id}/files/{name}", forPerson, false, p.actFile},
		{"POST /par", forClient, false, p.pushedAuthorization},
		{"POST /token", forClient, true, p.token},
		{"GET /errors/{code}", forPerson, false, p.ownError},
		{"GET /userinfo", forResource, true, p.userinfo},
		{"POST /userinfo", forResource, true, p.userinfo},
		{"POST /introspect", forClient, false, p.introspect},
		{"POST /revoke", forClient, true, p.revoke},
		{"POST /register", forResource, false, p.register},
		{"GET /register/{client}", forResource, false, p.manageClient},
		{"PUT /register/{client}", forResource, false, p.manageClient},
		{"DELETE /register/{client}", forResource, false, p.manageClient},
		{"GET /logout", forPerson, false, p.endSession},
		{"POST /logout", forPerson, false, p.endSession},
		{"GET /account", forPerson, false, p.account},
		{"POST /account", forPerson, false, p.account},
	}
}

// Handler gives the provider's endpoints.
func (p *Provider) Handler() http.Handler {
	p.documents = new(sync.Map)
	mux := http.NewServeMux()
	preflight := map[string]bool{}
	for _, rt := range p.routes() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		mux.HandleFunc(method+" /{realm}"+path, p.wrap(rt))
		if rt.cors && !preflight[path] {
			preflight[path] = true
			mux.HandleFunc("OPTIONS /{realm}"+path, p.preflight)
		}
	}
	mux.HandleFunc("GET /.well-known/oauth-authorization-server/{realm}", p.wrap(route{to: forClient, cors: true, serve: p.discovery}))
	mux.HandleFunc("GET /{realm}/.well-known/oauth-authorization-server", p.wrap(route{to: forClient, cors: true, serve: p.discovery})) // where clients look that append it
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", p.ready)
	return mux
}

// A realm is what one request needs to know of its realm. The catalog is the
// realm's own dialect; a request may pick another.
type realm struct {
	name    string
	issuer  string
	catalog *tillit.Catalog
	secure  bool // the issuer is https: cookies are Secure and __Host-
}

func (p *Provider) realmOf(name string) *realm {
	catalog := p.Catalogs.Catalog(name, "")
	if catalog == nil {
		return nil
	}
	issuer := p.Issuer(name)
	return &realm{name: name, issuer: issuer, catalog: catalog, secure: strings.HasPrefix(issuer, "https:")}
}

// Issuer gives the issuer identifier of a realm.
func (p *Provider) Issuer(realm string) string {
	if issuer := p.Issuers[realm]; issuer != "" {
		return issuer
	}
	if !p.on("each realm is an issuer of its own") {
		return p.Base
	}
	return p.Base + "/" + realm
}

// dialect gives the catalog a grant or request speaks.
func (p *Provider) dialect(realm, dialect string) *tillit.Catalog {
	if c := p.Catalogs.Catalog(realm, dialect); c != nil {
		return c
	}
	return p.Catalogs.Catalog(realm, "")
}

func (p *Provider) wrap(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		realm := p.realmOf(r.PathValue("realm"))
		if realm == nil {
			http.NotFound(w, r)
			return
		}
		p.headers(w, rt)
		if rt.cors && r.Header.Get("Origin") != "" && p.on("scripts read what clients ask for") {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce")
		}
		if len(r.Header.Values("Authorization")) > 1 {
			p.fail(w, r, realm, rt.to, refuse("invalid_request", "the header Authorization stands more than once"))
			return
		}
		if err := p.giveNonce(w, r, realm); err != nil {
			p.fail(w, r, realm, rt.to, err)
			return
		}
		if err := rt.serve(w, r, realm); err != nil {
			p.fail(w, r, realm, rt.to, err)
		}
	}
}

// headers that every answer has; pages add their content security policy.
func (p *Provider) headers(w http.ResponseWriter, rt route) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if rt.to == forPerson {
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}

// preflight answers CORS preflights of the endpoints scripts may use; no
// credentials are ever allowed.
func (p *Provider) preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// fail is the only place that turns an error into an answer.
func (p *Provider) fail(w http.ResponseWriter, r *http.Request, realm *realm, to audience, err error) {
	e := asError(err)
	if to == forClient {
		e = realm.traced(e)
	}
	p.log(r, realm, e)
	switch to {
	case forPerson:
		p.errorPage(w, r, realm, e)
	case forResource:
		challenge(w, realm, e)
	default:
		if e.Code == "invalid_client" && e.Basic {
			w.Header().Set("WWW-Authenticate", `Basic realm="`+realm.name+`", charset="UTF-8"`)
		}
		if e.Code == "temporarily_unavailable" {
			w.Header().Set("Retry-After", "1")
		}
		if e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(e.RetryAfter, 10))
		}
		body := map[string]any{"error": e.Code, "error_description": e.Description}
		if e.URI != "" {
			body["error_uri"] = e.URI
		}
		writeJSON(w, e.status(), body)
	}
}

// log writes what a stranger must not learn: the cause. Refusals are counted at
// a lower level than our own faults.
func (p *Provider) log(r *http.Request, realm *realm, e *Error) {
	if e.Cause != nil && errors.Is(e.Cause, context.Canceled) {
		return
	}
	p.metrics().Told(realm.name, e.Code)
	if e.Reason != "" {
		p.metrics().Refused(realm.name, string(e.Reason))
	}
	level := slog.LevelInfo
	if e.status() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []any{"realm", realm.name, "endpoint", r.Pattern, "error", e.Code}
	if e.Reason != "" {
		attrs = append(attrs, "reason", string(e.Reason))
	}
	if e.Trace != "" {
		attrs = append(attrs, "trace", e.Trace)
	}
	if e.Cause != nil {
		attrs = append(attrs, "cause", e.Cause.Error())
	}
	p.Log.Log(r.Context(), level, "refused", attrs...)
}

func (p *Provider) ready(w http.ResponseWriter, r *http.Request) {
	if err := p.Store.Ready(r.Context()); err != nil {
		p.Log.Error("not ready", "cause", err.Error())
		writeText(w, http.StatusServiceUnavailable, "store out of reach\n")
		return
	}
	writeText(w, http.StatusOK, "ready\n")
}

// decide asks the one question. It is a part of the request that is seen by those
// who watch.
func (p *Provider) decide(ctx context.Context, c *tillit.Catalog, client *tillit.Client, ask *tillit.Ask, facts *tillit.Facts) tillit.Decision {
	if p.Span == nil {
		return tillit.Decide(c, client, ask, facts)
	}
	_, ended := p.Span(ctx, "decide")
	defer ended(nil)
	return tillit.Decide(c, client, ask, facts)
}

func (p *Provider) now() int64 { return p.Now().Unix() }

// on reports whether a named check is switched on; tests switch checks off to
// show that they are what makes a fact true.
func (p *Provider) on(check string) bool { return !p.Off[check] }

// newID makes a 128-bit random identifier.
func newID() string { return rand.Text() }

// endpoint gives the address of one of the realm's endpoints.
func (realm *realm) endpoint(path string) string { return realm.issuer + path }

// withQuery adds parameters to an address.
func withQuery(address string, values url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	query := u.RawQuery
	if query != "" && len(values) > 0 {
		query += "&"
	}
	u.RawQuery = query + values.Encode()
	return u.String()
}
