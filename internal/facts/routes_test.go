package facts

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A route is an operation of the self-service APIs as a test uses it. In path and
// body stand $MACHINE and $PERSON for clients of the owner's, $SCOPE for its scope,
// $OWNER and $THIRD for organizations.
type route struct {
	api, operation string
	path           string // what is asked, with the query; "" for the operation's own path
	body           any
	kind           kindOfRoute
}

type kindOfRoute int

const (
	ownThing kindOfRoute = iota // 403 for anybody but the owner
	ownList                     // everybody's own: nothing of the owner's stands in a stranger's
	thirds                      // a list too, and what is looked for stands in the third's
	public                      // everybody's
)

// routes are all operations of the APIs, in an order in which the owner can use
// every one of them.
func routes(key any) []route {
	member := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	client := member("client_name", "Prøveklient", "description", "En klient", "scopes", []string{"skogdata:tresort"})
	entry := member("onbehalfof", "x", "orgno", "$THIRD", "name", "X")
	return []route{
		{"clients", "GET /clients", "", nil, ownList},
		{"clients", "POST /clients", "", member("integration_type", "maskinporten", "client_orgno", "$OWNER", "client_name", "Ny", "description", "Ny", "scopes", []string{"skogdata:tresort"}), ownThing},
		{"clients", "GET /clients/{id}", "/clients/$MACHINE", nil, ownThing},
		{"clients", "PUT /clients/{id}", "/clients/$MACHINE", client, ownThing},
		{"clients", "POST /clients/{id}/secret", "/clients/$PERSON/secret", nil, ownThing},
		{"clients", "POST /clients/{id}/jwks", "/clients/$MACHINE/jwks", member("keys", []any{key}), ownThing},
		{"clients", "GET /clients/{id}/jwks", "/clients/$MACHINE/jwks", nil, ownThing},
		{"clients", "GET /clients/{id}/jwks/{kid}", "/clients/$MACHINE/jwks/k1", nil, ownThing},
		{"clients", "PUT /clients/{id}/jwks/{kid}", "/clients/$MACHINE/jwks/k1", key, ownThing},
		{"clients", "DELETE /clients/{id}/jwks/{kid}", "/clients/$MACHINE/jwks/k1", nil, ownThing},
		{"clients", "POST /api/v2/clients/{id}/key", "/api/v2/clients/$MACHINE/key", key, ownThing},
		{"clients", "DELETE /clients/{id}/jwks", "/clients/$MACHINE/jwks", nil, ownThing},
		{"clients", "POST /clients/{id}/onbehalfof", "/clients/$PERSON/onbehalfof", entry, ownThing},
		{"clients", "GET /clients/{id}/onbehalfof", "/clients/$PERSON/onbehalfof", nil, ownThing},
		{"clients", "GET /clients/{id}/onbehalfof/{onbehalfof}", "/clients/$PERSON/onbehalfof/x", nil, ownThing},
		{"clients", "PUT /clients/{id}/onbehalfof/{onbehalfof}", "/clients/$PERSON/onbehalfof/x", entry, ownThing},
		{"clients", "DELETE /clients/{id}/onbehalfof/{onbehalfof}", "/clients/$PERSON/onbehalfof/x", nil, ownThing},
		{"clients", "DELETE /clients/{id}", "/clients/$MACHINE", nil, ownThing},

		{"scopes", "GET /scopes/all", "", nil, public},
		{"scopes", "GET /prefix/all", "", nil, public},
		{"scopes", "GET /delegationsources", "", nil, public},
		{"scopes", "GET /organizations/{orgnr}", "/organizations/$OWNER", nil, public},
		{"scopes", "GET /apis", "", nil, public},
		{"scopes", "GET /scopes", "", nil, ownList},
		{"scopes", "GET /prefix", "", nil, ownList},
		{"scopes", "POST /scopes", "", member("prefix", "skogdata", "subscope", "$NEW", "description", "Lese noe"), ownThing},
		{"scopes", "GET /scopes/scope", "/scopes/scope?scope=$SCOPE", nil, ownThing},
		{"scopes", "PUT /scopes", "/scopes?scope=$SCOPE", member("description", "Lese noe annet"), ownThing},
		{"scopes", "PUT /scopes/access/{consumer_orgno}", "/scopes/access/$THIRD?scope=$SCOPE", nil, ownThing},
		{"scopes", "GET /scopes/access", "/scopes/access?scope=$SCOPE", nil, ownThing},
		{"scopes", "GET /scopes/access", "/scopes/access?consumer_orgno=$THIRD", nil, ownList},
		{"scopes", "GET /scopes/access/all", "", nil, thirds},
		{"scopes", "DELETE /scopes/access/{consumer_orgno}", "/scopes/access/$THIRD?scope=$SCOPE", nil, ownThing},
		{"scopes", "DELETE /scopes", "/scopes?scope=$SCOPE", nil, ownThing},

		// Whoever asks gives and takes back what is their own.
		{"delegations", "POST /delegations", "", member("scope", "skogdata:hogstmelding", "supplier_orgno", "$THIRD"), ownList},
		{"delegations", "GET /delegations", "", nil, ownList},
		{"delegations", "GET /delegations", "/delegations?consumer_orgno=$OWNER", nil, thirds},
		{"delegations", "DELETE /delegations", "/delegations?scope=skogdata:hogstmelding&supplier_orgno=$THIRD", nil, ownList},
	}
}

// things are what the owner has in TestRoutesApart.
type things struct {
	owner, stranger, third *Desk
	words                  *strings.Replacer
	names                  []string // what nobody else may read
}

func (e *Env) things() *things {
	e.t.Helper()
	all := "idporten:scopes.write idporten:dcr.write altinn:maskinporten/delegations.write"
	t := &things{owner: e.Desk("demo-provider", all), stranger: e.Desk("demo-consumer", all), third: e.Desk("demo-supplier", all)}
	machine := t.owner.machine("skogdata:tresort").id
	person, _ := t.owner.Client("api_klient", nil, "openid").Good().Object["client_id"].(string)
	scope := t.owner.registered(map[string]any{"visibility": "PRIVATE"})
	t.names = []string{machine, person, scope}
	t.words = strings.NewReplacer("$MACHINE", machine, "$PERSON", person, "$SCOPE", scope, "$OWNER", t.owner.Organization, "$THIRD", t.third.Organization, "$NEW", fresh("ny"))
	return t
}

// fill puts words into a body.
func (t *things) fill(value any) any {
	switch value := value.(type) {
	case string:
		return t.words.Replace(value)
	case map[string]any:
		filled := make(map[string]any, len(value))
		for name, member := range value {
			filled[name] = t.fill(member)
		}
		return filled
	}
	return value
}

func (t *things) use(desk *Desk, r *route) *Answer {
	method, path, _ := strings.Cut(r.operation, " ")
	if r.path != "" {
		path = r.path
	}
	return desk.Call(r.api, method, t.words.Replace(path), t.fill(r.body))
}

// state is all that the owner sees of its things.
func (t *things) state() []any {
	var all []any
	for _, look := range []route{
		{"clients", "GET /clients/$MACHINE", "", nil, ownThing}, {"clients", "GET /clients/$MACHINE/jwks", "", nil, ownThing},
		{"clients", "GET /clients/$PERSON", "", nil, ownThing}, {"clients", "GET /clients/$PERSON/onbehalfof", "", nil, ownThing},
		{"scopes", "GET /scopes/scope?scope=$SCOPE", "", nil, ownThing}, {"scopes", "GET /scopes/access?scope=$SCOPE&inactive=true", "", nil, ownThing},
		{"delegations", "GET /delegations", "", nil, ownList},
	} {
		answer := t.use(t.owner, &look).Good()
		all = append(all, answer.Object, answer.List)
	}
	return all
}

// TestRoutesApart uses every operation that the APIs describe: a stranger first,
// who is refused, reads nothing of the owner's and changes nothing, and then the
// owner. An operation that nobody put into the table is a fault.
func TestRoutesApart(t *testing.T) {
	e := openRealm(t, "maskinporten")
	own, table := e.things(), routes(newKey(t, "k1").Public())
	for i := range table {
		r := &table[i]
		t.Run(strings.ReplaceAll(r.operation, "/", "."), func(t *testing.T) {
			before := own.state()
			strange := own.use(own.stranger, r)
			if want := map[bool]int{true: http.StatusForbidden, false: http.StatusOK}[r.kind == ownThing]; strange.Status != want {
				t.Errorf("the stranger gets %d %v; want %d", strange.Status, strange.Object, want)
			}
			if text := fmt.Sprint(strange.Object, strange.List); slices.ContainsFunc(own.names, func(name string) bool { return strings.Contains(text, name) }) && r.kind != ownThing {
				t.Errorf("the stranger reads %s", text)
			}
			if after := own.state(); !reflect.DeepEqual(before, after) {
				t.Errorf("the stranger changed something: before %v, after %v", before, after)
			}
			switch rightful := own.owner; r.kind {
			case thirds:
				want := map[string]string{"scopes": own.names[2], "delegations": "skogdata:hogstmelding"}[r.api]
				if own.use(own.third, r).Good().Find("scope", want) == nil {
					t.Errorf("the third does not find %s", want)
				}
			default:
				own.use(rightful, r).Good()
			}
		})
	}
	for _, api := range []string{"scopes", "clients", "delegations"} {
		for template, item := range within(e.description(api), "paths") {
			operations, _ := item.(map[string]any)
			for verb := range operations {
				operation := strings.ToUpper(verb) + " " + template
				if !slices.ContainsFunc(table, func(r route) bool { return r.api == api && r.operation == operation }) {
					t.Errorf("%s: nobody tries %s", api, operation)
				}
			}
		}
	}
}
