package signdoc

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
)

// Config is what a [Service] is made of. All fields but Off are required.
type Config struct {
	Realm  string
	Server string // the resource server it answers for
	Guard  *rs.Guard
	Scopes Scopes
	// Binding leads to the member of a person's access token that names the
	// order: members inside members.
	Binding []string
	Timers  Timers
	Open    int // orders that a client may have at once
	Store   Store
	// Examine says why a file cannot be signed as a PDF, "" when it can.
	Examine func(in io.ReaderAt, size int64) (fault string, err error)
	Now     func() time.Time
	NewID   func() string
	Off     map[string]bool // named checks switched off, by tests alone
}

// Scopes are the names of the scopes that open the service.
type Scopes struct {
	Orders  string // leaving orders, and everything of one's own
	Signing string // collecting the order that the token is bound to
}

// Timers are how long an order lives in each state, in seconds.
type Timers struct {
	Unclaimed int64 // until somebody comes to sign it
	Signing   int64 // from then on, unless the order says otherwise
	Collect   int64 // from its end on
}

// A Store keeps orders and documents. Every verb is atomic.
type Store interface {
	AddOrder(ctx context.Context, o *tillit.Order) error
	// OpenOrders counts the orders of a client whose time is not over.
	OpenOrders(ctx context.Context, realm string, client tillit.ClientID, at int64) (int, error)
	// Order gives an order, tillit.ErrNotFound for none.
	Order(ctx context.Context, realm, id string) (*tillit.Order, error)
	// ClaimOrder begins the signing; tillit.ErrStale when it cannot begin.
	ClaimOrder(ctx context.Context, realm, id string, client tillit.ClientID, interaction string, at, until int64) error
	// EndOrder ends it once; afterwards tillit.ErrStale.
	EndOrder(ctx context.Context, realm, id, interaction string, state tillit.OrderState, person string, result json.RawMessage, at, until int64) error
	// RemoveOrder deletes an order that is still in the state.
	RemoveOrder(ctx context.Context, realm, id string, state tillit.OrderState) error
	AddContent(ctx context.Context, realm, order string, document, part int, body []byte, expires int64) error
	Content(ctx context.Context, realm, order string, document, part int) ([]byte, error)
	RemoveContents(ctx context.Context, realm, order string) error
}

// A Service is the resource server. It is safe for concurrent use.
type Service struct {
	Config
	mux *http.ServeMux
}

// New makes a Service.
func New(config Config) *Service {
	s := &Service{Config: config, mux: http.NewServeMux()}
	for _, k := range kinds {
		s.mux.Handle("POST "+k.path, s.Guard.Require(s.Scopes.Orders)(s.handle(k, s.create)))
		s.mux.Handle("GET "+k.path, s.Guard.Require()(s.handle(k, s.read)))
		s.mux.Handle("DELETE "+k.path, s.Guard.Require()(s.handle(k, s.remove)))
	}
	return s
}

// ServeHTTP serves the service below its base address.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// A kind is what is made of an order.
type kind struct {
	name    string
	path    string
	onlyPDF bool // takes PDFs alone, and gives signed PDFs
	wanted  []string
}

var kinds = []*kind{
	{name: "sdo", path: "/signdoc", wanted: []string{documentHash, sdo, basicSignature}},
	{name: "pades", path: "/signdoc/pades", onlyPDF: true, wanted: []string{documentHash, padesSignedPDF, padesAppendix}},
}

// What a client may want to collect.
const (
	documentHash   = "documentHash"
	sdo            = "sdo"
	basicSignature = "basicSignature"
	padesSignedPDF = "padesSignedPdf"
	padesAppendix  = "padesAppendix"
)

// A refusal is an answer that says everything that is wrong.
type refusal struct {
	status int
	state  tillit.OrderState
	errors []string
}

func (f *refusal) Error() string { return f.errors[0] }

func refuse(status int, text string) *refusal {
	return &refusal{status: status, errors: []string{text}}
}

// handle turns what goes wrong into an answer.
func (s *Service) handle(k *kind, serve func(*kind, http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := serve(k, w, r)
		if err == nil {
			return
		}
		f, ok := err.(*refusal)
		if !ok {
			f = refuse(http.StatusServiceUnavailable, "Not possible now: try again")
		}
		body := map[string]any{"errors": f.errors}
		if f.state != "" {
			body["signId"], body["orderState"] = r.URL.Query().Get("sign_id"), f.state
		}
		answer(w, f.status, body)
	})
}

func answer(w http.ResponseWriter, status int, value any) {
	headers(w, status)
	_ = json.NewEncoder(w).Encode(value) // the caller may have gone
}

func headers(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
}

// owns reports whether an order was left by the client, at this server.
func (s *Service) owns(client tillit.ClientID, o *tillit.Order) bool {
	return o.Server == s.Server && (o.Client == client || s.Off["an order is its client's alone"])
}

func (s *Service) now() int64 { return s.Now().Unix() }
