package aml

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/reply"
)

// MonitorStore keeps monitors. Every verb is done whole or not at all, and of
// several processes that want the same thing one gets it.
type MonitorStore interface {
	AddMonitor(ctx context.Context, m *tillit.Monitor, most int64, record *tillit.AuditRecord) error
	Monitors(ctx context.Context, realm, server string, client tillit.ClientID) ([]tillit.Monitor, error)
	Monitor(ctx context.Context, realm, server, id string) (*tillit.Monitor, error)
	MonitoringClients(ctx context.Context, realm, server string) ([]tillit.ClientID, error)
	RemoveMonitor(ctx context.Context, realm, server, id string, record *tillit.AuditRecord) error
	RemoveMonitors(ctx context.Context, realm, server string, client tillit.ClientID) error
	Watch(ctx context.Context, m *tillit.Monitor, all []tillit.Watched, most int64) error
	Unwatch(ctx context.Context, m *tillit.Monitor, kind string, ids []string) error
	Alerts(ctx context.Context, m *tillit.Monitor, limit int) (list []tillit.Alert, open int64, err error)
	OpenAlerts(ctx context.Context, realm, server, monitor string) (int64, error)
	ReceiveAlert(ctx context.Context, m *tillit.Monitor, id string, at int64) error
	TakeMonitors(ctx context.Context, realm, server, template, state string, at, lease int64, limit int) ([]tillit.Monitor, error)
	Uncompared(ctx context.Context, m *tillit.Monitor, state string, limit int) ([]tillit.Watched, error)
	KeepCompared(ctx context.Context, m *tillit.Monitor, names []string, state string, all []tillit.Compared, lease int64) error
	ReleaseMonitor(ctx context.Context, m *tillit.Monitor) error
	FinishComparing(ctx context.Context, m *tillit.Monitor, state, notice string, at int64) error
	TakeNotices(ctx context.Context, realm, server string, at, lease int64, limit int) ([]tillit.Notice, error)
	DelayNotice(ctx context.Context, n tillit.Notice, due int64) error
	NoticeDone(ctx context.Context, n tillit.Notice) error
}

// A Vault keeps what the store must not read.
type Vault interface {
	// Seal encrypts for a purpose, without which Open gives nothing.
	Seal(ctx context.Context, plain []byte, purpose string) ([]byte, error)
	Open(ctx context.Context, sealed []byte, purpose string) ([]byte, error)
	// Derive gives 32 bytes that are the same for the same purpose, and that
	// nobody outside could tell from random ones.
	Derive(ctx context.Context, purpose string) ([]byte, error)
}

// Monitors say how people and organizations are watched.
type Monitors struct {
	Store         MonitorStore
	Vault         Vault
	Realm, Server string
	// WatchPeople and WatchOrganizations are the scopes of the two kinds.
	WatchPeople, WatchOrganizations string
	// Templates are the words for which lists a monitor compares with, by name.
	Templates map[string][]string
	// Guarded are lists for which a client needs the scope Sanctions.
	Guarded []string
	// Most is how many monitors a client may have, and MostWatched how many each of
	// them may watch.
	Most, MostWatched int64
	// Permitted says whether a client is active and still has a scope;
	// tillit.ErrNotFound: there is no such client any more.
	Permitted func(ctx context.Context, client tillit.ClientID, scope string) (bool, error)
	// Admits says why an address that a client gave may not be called.
	Admits func(address string) error
	// Post sends a webhook. Any answer but success is an error.
	Post func(ctx context.Context, address string, header http.Header, body []byte) error
	// Nudge has Watch called soon.
	Nudge func()
	NewID func() string
	Now   func() time.Time
}

// A document is what of a monitor is sealed.
type document struct {
	Name    string `json:"name"`
	Webhook string `json:"webhook"`
}

// What values are sealed for: each stands where it was put and nowhere else.
func (m *Monitors) purpose(what, monitor, id string) string {
	return strings.Join([]string{what, m.Realm, m.Server, monitor, id}, "\x00")
}

func (m *Monitors) seal(ctx context.Context, value any, purpose string) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return m.Vault.Seal(ctx, plain, purpose)
}

func (m *Monitors) open(ctx context.Context, sealed []byte, purpose string, value any) error {
	plain, err := m.Vault.Open(ctx, sealed, purpose)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, value)
}

// templates gives the words in order.
func (m *Monitors) templates() []string {
	words := make([]string, 0, len(m.Templates))
	for word := range m.Templates {
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}

// guarded reports whether a template compares with a list that has a scope of its
// own.
func (m *Monitors) guarded(template string) bool {
	return slices.ContainsFunc(m.Templates[template], func(list string) bool { return slices.Contains(m.Guarded, list) })
}

func (a *API) routeMonitors(mux *http.ServeMux) {
	m := a.Monitors
	door := a.Guard.Require() // either asks for one of the two scopes
	for pattern, handler := range map[string]http.HandlerFunc{
		"POST /monitor":                                a.makeMonitor,
		"GET /monitor":                                 a.listMonitors,
		"GET /monitor/{id}":                            a.owned(a.tellMonitor),
		"DELETE /monitor/{id}":                         a.owned(a.removeMonitor),
		"GET /monitor/{id}/alerts":                     a.owned(a.tellAlerts),
		"POST /monitor/{id}/alerts/{alertId}/received": a.owned(a.receive),
	} {
		mux.Handle(pattern, door(a.either(handler)))
	}
	if m.WatchPeople != "" {
		people := a.Guard.Require(m.WatchPeople)
		mux.Handle("POST /monitor/{id}/persons", people(a.owned(a.watchPeople)))
		mux.Handle("DELETE /monitor/{id}/persons", people(a.owned(a.unwatch(kindPerson))))
	}
	if m.WatchOrganizations != "" {
		organizations := a.Guard.Require(m.WatchOrganizations)
		mux.Handle("POST /monitor/{id}/organizations", organizations(a.owned(a.watchOrganizations)))
		mux.Handle("DELETE /monitor/{id}/organizations", organizations(a.owned(a.unwatch(kindOrganization))))
	}
}

// either lets tokens pass that have one of the two scopes.
func (a *API) either(next http.HandlerFunc) http.Handler {
	m := a.Monitors
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := rs.FromContext(r.Context())
		if !token.Has(m.WatchPeople) && !token.Has(m.WatchOrganizations) {
			insufficient(w, cmp.Or(m.WatchPeople, m.WatchOrganizations))
			return
		}
		next(w, r)
	})
}

// insufficient refuses a token that lacks a scope (RFC 6750 §3.1).
func insufficient(w http.ResponseWriter, scope string) {
	w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+scope+`"`)
	reply.Refuse(w, http.StatusForbidden, "insufficient_scope", "right would be a token with the scope "+scope)
}

type monitorKey struct{}

// owned lets requests pass that are about a monitor of the caller's. Another's is
// as one that never was.
func (a *API) owned(next http.HandlerFunc) http.HandlerFunc {
	m := a.Monitors
	return func(w http.ResponseWriter, r *http.Request) {
		found, err := m.Store.Monitor(r.Context(), m.Realm, m.Server, r.PathValue("id"))
		if err == nil && found.Client != caller(r) && !a.Off["a monitor belongs to its client"] {
			err = tillit.ErrNotFound
		}
		if err != nil {
			a.failMonitor(w, err)
			return
		}
		next(w, r.WithContext(context.WithValue(r.Context(), monitorKey{}, found)))
	}
}

func caller(r *http.Request) tillit.ClientID {
	return tillit.ClientID(rs.FromContext(r.Context()).Client)
}

func monitorOf(r *http.Request) *tillit.Monitor {
	return r.Context().Value(monitorKey{}).(*tillit.Monitor)
}

// faults are the body of an answer that says everything that is wrong.
type faults struct {
	reply.Refusal
	Errors []string `json:"errors"`
}

// read gives a body that is whole, or has answered what is wrong with it.
func (a *API) read(w http.ResponseWriter, r *http.Request, into func(r *reading, text json.RawMessage) error) bool {
	text, status, right := readBody(w, r)
	if status != 0 {
		reply.Refuse(w, status, "invalid_request", right)
		return false
	}
	reading := &reading{now: a.Monitors.Now()}
	if err := into(reading, text); err != nil {
		a.failMonitor(w, err)
		return false
	}
	if len(reading.faults) == 0 {
		return true
	}
	if a.Off["every fault of a body is told"] {
		reading.faults = reading.faults[:1]
	}
	reply.JSON(w, http.StatusBadRequest, faults{reply.Refusal{Code: "invalid_request", Description: reading.faults[0]}, reading.faults})
	return false
}

// A monitorView is a monitor as its client sees it.
type monitorView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Webhook  string `json:"webhook"`
	Template string `json:"template"`
	Watched  int64  `json:"watched"`
	Created  int64  `json:"created"`
	Secret   string `json:"secret,omitempty"` // when it is made, and never again
}

func (a *API) makeMonitor(w http.ResponseWriter, r *http.Request) {
	m, ctx := a.Monitors, r.Context()
	var p plan
	ok := a.read(w, r, func(reading *reading, text json.RawMessage) error {
		p = reading.plan(text, m.templates(), m.Admits)
		return nil
	})
	if !ok {
		return
	}
	if m.guarded(p.Template) && !rs.FromContext(ctx).Has(a.Sanctions) {
		insufficient(w, a.Sanctions)
		return
	}
	at := m.Now().Unix()
	made := &tillit.Monitor{Realm: m.Realm, Server: m.Server, ID: m.NewID(), Client: caller(r), Template: p.Template, Created: at}
	var err error
	if made.Document, err = m.seal(ctx, document{p.Name, p.Webhook}, m.purpose("monitor", made.ID, "")); err != nil {
		a.failMonitor(w, err)
		return
	}
	secret, err := m.secret(ctx, made.ID)
	if err != nil {
		a.failMonitor(w, err)
		return
	}
	err = m.Store.AddMonitor(ctx, made, m.Most, &tillit.AuditRecord{Realm: m.Realm, Time: at, Event: "monitor_created", Client: made.Client})
	if errors.Is(err, tillit.ErrConflict) {
		reply.Refuse(w, http.StatusConflict, "too_many", "the client has as many monitors as it may; right would be to delete one")
		return
	}
	if err != nil {
		a.failMonitor(w, err)
		return
	}
	w.Header().Set("Location", a.Guard.Resource+"/monitor/"+made.ID)
	reply.JSON(w, http.StatusCreated, monitorView{made.ID, p.Name, p.Webhook, p.Template, 0, at, shown(secret)})
}

func (a *API) view(ctx context.Context, m *tillit.Monitor) (monitorView, error) {
	var d document
	err := a.Monitors.open(ctx, m.Document, a.Monitors.purpose("monitor", m.ID, ""), &d)
	return monitorView{m.ID, d.Name, d.Webhook, m.Template, m.Watched, m.Created, ""}, err
}

func (a *API) listMonitors(w http.ResponseWriter, r *http.Request) {
	m := a.Monitors
	all, err := m.Store.Monitors(r.Context(), m.Realm, m.Server, caller(r))
	views := make([]monitorView, len(all))
	for i := range all {
		if err == nil {
			views[i], err = a.view(r.Context(), &all[i])
		}
	}
	if err != nil {
		a.failMonitor(w, err)
		return
	}
	reply.JSON(w, http.StatusOK, map[string]any{"monitors": views})
}

func (a *API) tellMonitor(w http.ResponseWriter, r *http.Request) {
	view, err := a.view(r.Context(), monitorOf(r))
	if err != nil {
		a.failMonitor(w, err)
		return
	}
	reply.JSON(w, http.StatusOK, view)
}

func (a *API) removeMonitor(w http.ResponseWriter, r *http.Request) {
	m, found := a.Monitors, monitorOf(r)
	record := &tillit.AuditRecord{Realm: m.Realm, Time: m.Now().Unix(), Event: "monitor_removed", Client: found.Client}
	if err := m.Store.RemoveMonitor(r.Context(), m.Realm, m.Server, found.ID, record); err != nil {
		a.failMonitor(w, err)
		return
	}
	reply.Empty(w, http.StatusNoContent)
}

func (a *API) watchPeople(w http.ResponseWriter, r *http.Request) {
	var all []party
	ok := a.read(w, r, func(reading *reading, text json.RawMessage) error {
		all = reading.people(text)
		return nil
	})
	if ok {
		a.watch(w, r, kindPerson, all)
	}
}

func (a *API) watchOrganizations(w http.ResponseWriter, r *http.Request) {
	var all []party
	named := func(number string) (string, error) {
		found, err := a.Find(r.Context(), number)
		if errors.Is(err, tillit.ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return found.Title.In("nb"), nil
	}
	ok := a.read(w, r, func(reading *reading, text json.RawMessage) (err error) {
		all, err = reading.organizations(text, named)
		return err
	})
	if ok {
		a.watch(w, r, kindOrganization, all)
	}
}

// watch adds all of them, or none, and answers with their ids in the same order.
func (a *API) watch(w http.ResponseWriter, r *http.Request, kind string, all []party) {
	m, found, ctx := a.Monitors, monitorOf(r), r.Context()
	list, ids := make([]tillit.Watched, len(all)), make([]map[string]string, len(all))
	for i := range all {
		id := m.NewID()
		sealed, err := m.seal(ctx, all[i], m.purpose("watched", found.ID, id))
		if err != nil {
			a.failMonitor(w, err)
			return
		}
		list[i], ids[i] = tillit.Watched{ID: id, Kind: kind, Document: sealed}, map[string]string{"id": id}
		if all[i].Reference != "" {
			ids[i]["reference"] = all[i].Reference
		}
	}
	err := m.Store.Watch(ctx, found, list, m.MostWatched)
	if errors.Is(err, tillit.ErrConflict) {
		reply.Refuse(w, http.StatusConflict, "too_many", "the monitor would watch more than it may; none of these were added")
		return
	}
	if err != nil {
		a.failMonitor(w, err)
		return
	}
	m.Nudge()
	reply.JSON(w, http.StatusCreated, ids)
}

func (a *API) unwatch(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ids []string
		ok := a.read(w, r, func(reading *reading, text json.RawMessage) error {
			ids = reading.ids(text)
			return nil
		})
		if !ok {
			return
		}
		err := a.Monitors.Store.Unwatch(r.Context(), monitorOf(r), kind, ids)
		if errors.Is(err, tillit.ErrNotFound) {
			reply.Refuse(w, http.StatusNotFound, "not_found", "not all of these are watched; none were taken away")
			return
		}
		if err != nil {
			a.failMonitor(w, err)
			return
		}
		reply.Empty(w, http.StatusNoContent)
	}
}

// mostAlerts bounds one answer; the others come once these were received.
const mostAlerts = 500

func (a *API) tellAlerts(w http.ResponseWriter, r *http.Request) {
	m, found, ctx := a.Monitors, monitorOf(r), r.Context()
	all, open, err := m.Store.Alerts(ctx, found, mostAlerts)
	views := make([]alertView, len(all))
	for i := range all {
		if err == nil {
			err = m.open(ctx, all[i].Document, m.purpose("alert", found.ID, all[i].ID), &views[i])
		}
	}
	if err != nil {
		a.failMonitor(w, err)
		return
	}
	reply.JSON(w, http.StatusOK, map[string]any{"monitorId": found.ID, "openAlerts": open, "alerts": views})
}

func (a *API) receive(w http.ResponseWriter, r *http.Request) {
	m := a.Monitors
	if err := m.Store.ReceiveAlert(r.Context(), monitorOf(r), r.PathValue("alertId"), m.Now().Unix()); err != nil {
		a.failMonitor(w, err)
		return
	}
	reply.Empty(w, http.StatusNoContent)
}

func (a *API) failMonitor(w http.ResponseWriter, err error) {
	if errors.Is(err, tillit.ErrNotFound) {
		reply.Refuse(w, http.StatusNotFound, "not_found", "there is no such thing among those of the client")
		return
	}
	a.Log.Error("monitoring", "cause", err.Error())
	reply.Refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable", "that cannot be done now")
}
