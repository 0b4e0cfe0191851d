package impact

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
)

// A Class says how much a change matters.
type Class string

const (
	// Breaking takes something away, or puts it elsewhere: a scope that is no
	// longer given, a claim that no longer comes, bears another name, is of another
	// type; another audience.
	Breaking Class = "breaking"
	// Widening gives a client more than it had, or gives it more easily.
	Widening Class = "widening"
	// Narrowing gives the same under harder conditions, or from elsewhere.
	Narrowing Class = "narrowing"
	// Cosmetic changes nothing that a client gets.
	Cosmetic Class = "cosmetic"
)

// A Change is what becomes of scopes for clients, all of them alike.
type Change struct {
	Realm    string             `json:"realm"`
	Class    Class              `json:"class"`
	Endpoint string             `json:"endpoint"` // authorization or token
	Scopes   []tillit.ScopeName `json:"scopes"`
	// Beside is the scope beside which it is so: by itself, or beside others,
	// nothing of this changes. "": whatever stands beside.
	Beside tillit.ScopeName `json:"beside,omitempty"`
	// Whole: it is so where a client asks for everything that it has.
	Whole bool `json:"whole,omitempty"`
	Effect
	Clients []tillit.ClientID `json:"clients"`
}

// An Effect is what differs. Members are written "sink name", e.g. "userinfo email".
type Effect struct {
	Was        tillit.Reason `json:"was,omitempty"` // of the scope, where it differs
	Is         tillit.Reason `json:"is,omitempty"`
	Gains      []string      `json:"gains,omitempty"`
	Loses      []string      `json:"loses,omitempty"`
	Conditions []string      `json:"conditions,omitempty"` // what is asked for that was not, and the other way round
}

func (e *Effect) key() string {
	return strings.Join([]string{string(e.Was), string(e.Is), strings.Join(e.Gains, ","), strings.Join(e.Loses, ","), strings.Join(e.Conditions, ",")}, "|")
}

// A Report is what a change of realms comes to.
type Report struct {
	Class    Class    `json:"class"` // the gravest there is; "" where nothing differs
	Changes  []Change `json:"changes"`
	Cosmetic []string `json:"cosmetic"` // what else differs: "realm NAME", "realm NAME, scope NAME"
	Clients  int      `json:"clients"`  // asked about
	Scopes   int      `json:"scopes"`   // asked about
}

var gravity = []Class{"", Cosmetic, Narrowing, Widening, Breaking}

func graver(a, b Class) Class {
	return gravity[max(slices.Index(gravity, a), slices.Index(gravity, b))]
}

// A row is a change of one scope for some clients.
type row struct {
	endpoint tillit.Endpoints
	scope    tillit.ScopeName
	beside   tillit.ScopeName
	whole    bool
	class    Class
	effect   Effect
	clients  []tillit.ClientID
}

// gather makes one change of rows that differ in nothing but their scopes.
func gather(realm string, rows []row) []Change {
	var list []Change
	index := map[string]int{}
	for _, r := range rows {
		slices.Sort(r.clients)
		names := make([]string, len(r.clients))
		for i, id := range r.clients {
			names[i] = string(id)
		}
		key := strings.Join([]string{r.effect.key(), endpoint(r.endpoint), string(r.beside), strconv.FormatBool(r.whole), strings.Join(names, ",")}, "|")
		i, there := index[key]
		if !there {
			i = len(list)
			index[key] = i
			list = append(list, Change{Realm: realm, Class: r.class, Endpoint: endpoint(r.endpoint), Beside: r.beside, Whole: r.whole, Effect: r.effect, Clients: r.clients})
		}
		list[i].Scopes = append(list[i].Scopes, r.scope)
	}
	for i := range list {
		slices.Sort(list[i].Scopes)
	}
	slices.SortStableFunc(list, func(a, b Change) int {
		if by := slices.Index(gravity, b.Class) - slices.Index(gravity, a.Class); by != 0 {
			return by
		}
		return strings.Compare(string(a.Scopes[0]), string(b.Scopes[0]))
	})
	return list
}

func endpoint(at tillit.Endpoints) string {
	if at == tillit.AtToken {
		return "token"
	}
	return "authorization"
}
