package securitydata

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/reply"
)

// Store keeps sign-ins.
type Store interface {
	Transaction(ctx context.Context, realm, id string) (*tillit.Transaction, error)
	TransactionsOf(ctx context.Context, realm, person string, at int64) ([]tillit.Transaction, error)
	AskAbout(ctx context.Context, realm, id string, at int64, record *tillit.AuditRecord) (first bool, err error)
	PollTransaction(ctx context.Context, realm, id string, at, pause int64) (wait int64, err error)
}

// Config says what the API works on.
type Config struct {
	Guard    *rs.Guard
	Store    Store
	Realm    string
	Read     string        // the scope
	ACR      []string      // sign-ins by these alone; empty: all
	Prefix   string        // of the members' names
	Collects time.Duration // how long collecting takes
	Pause    time.Duration // between two questions about one transaction; 0: none
	Now      func() time.Time
	Log      *slog.Logger
	// Off switches single checks off, for tests that show what each is for.
	Off map[string]bool
}

type api struct{ Config }

// Handler serves the API below a base address.
func Handler(c Config) http.Handler {
	a := &api{c}
	mux := http.NewServeMux()
	mux.Handle("GET /securityData/{tid}", c.Guard.Require(c.Read)(http.HandlerFunc(a.tell)))
	return mux
}

// tell answers with how far the collection is, or with what came of it.
func (a *api) tell(w http.ResponseWriter, r *http.Request) {
	ctx, at, client := r.Context(), a.Now().Unix(), tillit.ClientID(rs.FromContext(r.Context()).Client)
	t, err := a.Store.Transaction(ctx, a.Realm, r.PathValue("tid"))
	switch {
	case errors.Is(err, tillit.ErrNotFound):
		reply.Refuse(w, http.StatusNotFound, "unknown_tid", "no such transaction; right would be the tid of an ID Token of this client")
	case err != nil:
		a.fail(w, err)
	case t.Client != client && !a.Off["a transaction belongs to its client"]:
		reply.Refuse(w, http.StatusBadRequest, "invalid_request", "the transaction is another client's")
	case len(a.ACR) > 0 && !slices.Contains(a.ACR, t.ACR):
		reply.Refuse(w, http.StatusNotFound, "unknown_tid", "nothing is collected of sign-ins of this kind")
	case at >= t.Expires:
		reply.Refuse(w, http.StatusGone, "gone", "the data are no longer there; they are for an hour after the sign-in")
	case a.tooSoon(w, ctx, t):
	case t.Asked == 0:
		a.begin(w, ctx, t, at)
	case at < t.Asked+int64(a.Collects/time.Second):
		reply.Empty(w, http.StatusNoContent)
	default:
		a.data(w, ctx, t)
	}
}

// tooSoon refuses a client that asks about a transaction again before the pause is
// over, and reports whether it has answered.
func (a *api) tooSoon(w http.ResponseWriter, ctx context.Context, t *tillit.Transaction) bool {
	if a.Pause <= 0 {
		return false
	}
	wait, err := a.Store.PollTransaction(ctx, a.Realm, t.ID, a.Now().UnixMilli(), a.Pause.Milliseconds())
	switch {
	case err != nil:
		a.fail(w, err)
	case wait > 0:
		w.Header().Set("Retry-After", strconv.FormatInt((wait+999)/1000, 10))
		reply.Refuse(w, http.StatusTooManyRequests, "slow_down", "right would be to ask about a transaction once every "+a.Pause.String())
	default:
		return false
	}
	return true
}

func (a *api) begin(w http.ResponseWriter, ctx context.Context, t *tillit.Transaction, at int64) {
	record := &tillit.AuditRecord{Realm: a.Realm, Time: at, Event: "security_data_asked", Client: t.Client}
	first, err := a.Store.AskAbout(ctx, a.Realm, t.ID, at, record)
	switch {
	case err != nil:
		a.fail(w, err)
	case first:
		reply.Empty(w, http.StatusAccepted)
	default: // somebody asked at the same time
		reply.Empty(w, http.StatusNoContent)
	}
}

func (a *api) data(w http.ResponseWriter, ctx context.Context, t *tillit.Transaction) {
	others, err := a.Store.TransactionsOf(ctx, a.Realm, t.Person, a.Now().Unix())
	if err != nil {
		a.fail(w, err)
		return
	}
	reply.JSON(w, http.StatusOK, map[string]any{
		"tid":              t.ID,
		"transaction_data": a.named(told(&t.Signals)),
		"derived_data":     a.named(derived(t, others)),
	})
}

// named gives members the names they have in this realm.
func (a *api) named(members map[string]any) map[string]any {
	all := make(map[string]any, len(members))
	for name, value := range members {
		all[a.Prefix+name] = value
	}
	return all
}

func (a *api) fail(w http.ResponseWriter, err error) {
	a.Log.Error("security data", "realm", a.Realm, "cause", err.Error())
	reply.Refuse(w, http.StatusInternalServerError, "server_error", "the data cannot be had now")
}
