package userlog

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	_ "time/tzdata" // a minimal container has no time zones of its own

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/personal"
	"github.com/tillit/tillit/services/selfservice"
)

const (
	usualHits = 10
	mostHits  = 100
	mostRead  = 500 // records looked at: others' services are among them
	federated = "Federated"
)

//go:embed openapi.json
var document []byte

// Store keeps what happened.
type Store interface {
	selfservice.Clients
	SignIns(ctx context.Context, realm, person string, limit int) ([]tillit.AuditRecord, error)
	Answered(ctx context.Context, realm, person string, limit int) ([]tillit.AuditRecord, error)
}

// Config says what the API works on.
type Config struct {
	Door  *personal.Door
	Store Store
	Realm string // where people sign in
	Scope string
	Zone  *time.Location
}

// Handler serves the API.
func Handler(c Config) http.Handler {
	a := &api{c}
	mux := http.NewServeMux()
	mux.Handle("GET /innlogginger/logg/idporten", c.Door.Admit(personal.Person, a.list, c.Scope))
	mux.Handle("GET /openapi.json", selfservice.Describe(document))
	return mux
}

type api struct{ Config }

// A line is one sign-in.
type line struct {
	Time         string          `json:"tidspunkt"`
	Service      string          `json:"tjeneste"`
	Way          string          `json:"eid"`
	Client       tillit.ClientID `json:"integrasjon_id"`
	Organization string          `json:"orgno"`
	at           int64
}

// list gives a person's last sign-ins to services of the caller's organization.
func (a *api) list(r *http.Request, caller *personal.Caller) (any, error) {
	hits := usualHits
	if said := r.URL.Query().Get("maxhits"); said != "" {
		var err error
		if hits, err = strconv.Atoi(said); err != nil || hits < 1 {
			return nil, selfservice.Refuse(http.StatusBadRequest, "", "invalid_value", "maxhits", "right would be a number from 1 to 100")
		}
		hits = min(hits, mostHits)
	}
	ctx := r.Context()
	signedIn, err := a.Store.SignIns(ctx, a.Realm, caller.Person.ID, mostRead)
	if err != nil {
		return nil, err
	}
	answered, err := a.Store.Answered(ctx, a.Realm, caller.Person.ID, mostRead)
	if err != nil {
		return nil, err
	}
	lines := []line{}
	for _, l := range logins(signedIn, answered) {
		client, err := a.Store.Client(ctx, a.Door.Registry, l.Client)
		if errors.Is(err, tillit.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if client.Organization != caller.Organization {
			continue
		}
		l.Service, l.Organization = client.Name.In("nb"), client.Organization
		l.Time = time.Unix(l.at, 0).In(a.Zone).Format("2006-01-02T15:04:05")
		if lines = append(lines, l); len(lines) == hits {
			break
		}
	}
	return lines, nil
}

// logins puts together when a person proved who they are, and when an earlier
// proof was enough. A request that is answered after a sign-in made for it is that
// sign-in; any further one leans on it.
func logins(signedIn, answered []tillit.AuditRecord) []line {
	type proof struct {
		client tillit.ClientID
		at     int64
	}
	made := map[proof]int{}
	var leaned, proven []line
	for i := range signedIn {
		v := viewOf(&signedIn[i])
		made[proof{signedIn[i].Client, v.AuthTime}]++
		proven = append(proven, line{Way: v.Way, Client: signedIn[i].Client, at: signedIn[i].Time})
	}
	for i := len(answered) - 1; i >= 0; i-- { // oldest first
		v := viewOf(&answered[i])
		p := proof{answered[i].Client, v.AuthTime}
		if made[p] > 0 {
			made[p]--
			continue
		}
		leaned = append(leaned, line{Way: federated, Client: answered[i].Client, at: answered[i].Time})
	}
	// Of the same second, what leans on a sign-in came after it.
	lines := append(leaned, proven...)
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(b.at, a.at) })
	return lines
}

func viewOf(record *tillit.AuditRecord) tillit.View {
	var v tillit.View
	// A record without a view is of an older version; it tells who and when.
	_ = json.Unmarshal(record.View, &v)
	return v
}
