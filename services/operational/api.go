package operational

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tillit/tillit/rs"
	"github.com/tillit/tillit/services/reply"
)

const (
	// fresh is how long a measurement is told without another.
	fresh = 5 * time.Second
	// slow is how long a part may take before it is called degraded.
	slow = time.Second
	// patience is how long all of a part may take before it is out.
	patience = 4 * time.Second
)

// A Part is one thing that clients depend on.
type Part struct {
	ID, Name string
	Try      func(ctx context.Context) error // does what clients have it do
}

// Config says what the API works on.
type Config struct {
	Guard *rs.Guard
	Read  string // the scope
	Parts func() []Part
	Now   func() time.Time
	Log   *slog.Logger
}

// A state is how a part is doing.
type state struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Status  string `json:"status"` // operational, degraded, outage
	Since   int64  `json:"since"`  // when this was first measured
	Message string `json:"message,omitempty"`
}

// An API measures and tells.
type API struct {
	Config
	http.Handler

	mu       sync.Mutex
	measured time.Time // by the wall clock
	at       int64     // by the provider's
	states   []state
}

// New makes the API.
func New(c Config) *API {
	a := &API{Config: c}
	mux := http.NewServeMux()
	mux.Handle("GET /status", c.Guard.Require(c.Read)(http.HandlerFunc(a.tell)))
	a.Handler = mux
	return a
}

func (a *API) tell(w http.ResponseWriter, r *http.Request) {
	states, at := a.measure(r.Context(), fresh)
	w.Header().Set("Cache-Control", "max-age=15")
	reply.JSON(w, http.StatusOK, map[string]any{"updated_at": at, "services": states})
}

// Tend measures, so that what is told to have begun did begin about then.
func (a *API) Tend(ctx context.Context) error {
	a.measure(ctx, 0)
	return nil
}

// measure tries every part, unless that was done less than age ago. Who asks
// meanwhile waits and gets the same.
func (a *API) measure(ctx context.Context, age time.Duration) ([]state, int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.measured.IsZero() && time.Since(a.measured) < age {
		return a.states, a.at
	}
	before := make(map[string]state, len(a.states))
	for _, s := range a.states {
		before[s.ID] = s
	}
	a.measured, a.at = time.Now(), a.Now().Unix()
	parts := a.Parts()
	states := make([]state, len(parts))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var trying sync.WaitGroup
	for i := range parts {
		trying.Go(func() { states[i] = a.try(ctx, &parts[i]) })
	}
	trying.Wait()
	for i := range states {
		s := &states[i]
		if was, known := before[s.ID]; known && was.Status == s.Status {
			s.Since = was.Since
		} else {
			s.Since = a.at
		}
	}
	a.states = states
	return states, a.at
}

// try says how one part is doing. Why it fails is for the log: it may name what
// is none of a client's business.
func (a *API) try(ctx context.Context, part *Part) state {
	began := time.Now()
	err := part.Try(ctx)
	s := state{ID: part.ID, Name: part.Name, Status: "operational"}
	switch took := time.Since(began); {
	case err != nil:
		s.Status, s.Message = "outage", "does not answer as it should"
		a.Log.Error("operational status", "part", part.ID, "cause", err.Error())
	case took > slow:
		s.Status, s.Message = "degraded", "slow responses"
	}
	return s
}
