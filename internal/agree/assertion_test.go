package agree

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/server"
)

// TestExplainAgreesWithTheJWTGrant compares both sides where a client signs what
// it asks for: explained from the claims alone, explained from the signed text,
// and issued.
func TestExplainAgreesWithTheJWTGrant(t *testing.T) {
	house, provider, _ := open(t)
	e := (&facts.World{Starter: started{}}).Env(t, provider, "maskinporten")
	consumer, supplier := e.Client("demo-consumer").Organization, e.Client("demo-supplier").Organization
	user := map[string]any{"type": "urn:altinn:systemuser", "systemuser_org": map[string]any{"authority": "iso6523-actorid-upis", "ID": "0192:" + consumer}}
	for name, c := range map[string]struct {
		client, scope string
		claims        map[string]any
		reason        tillit.Reason // of the refusal
	}{
		"a scope of its own":        {client: "demo-consumer", scope: "skogdata:hogstmelding"},
		"two, with an audience":     {client: "demo-consumer", scope: "skogdata:hogstmelding skogdata:tresort", claims: map[string]any{"resource": []any{"https://api.example/v2"}}},
		"for a person":              {client: "demo-consumer", scope: "skogdata:tresort", claims: map[string]any{"pid": "14836804253"}},
		"delegated":                 {client: "demo-supplier", scope: "skogdata:hogstmelding", claims: map[string]any{"consumer_org": consumer}},
		"a system user":             {client: "demo-supplier", scope: "idporten:scopes.read", claims: map[string]any{"authorization_details": []any{user}}},
		"not on the client":         {client: "demo-provider", scope: "krr:global/digitalpost.read", reason: tillit.NotProvisioned},
		"unknown":                   {client: "demo-provider", scope: "no:such", reason: tillit.UnknownScope},
		"not let in":                {client: "demo-supplier", scope: "skogdata:hogstmelding", reason: tillit.AccessNotGranted},
		"not delegable":             {client: "demo-supplier", scope: "idporten:scopes.read", claims: map[string]any{"consumer_org": consumer}, reason: tillit.NotDelegable},
		"not delegated":             {client: "demo-supplier", scope: "skogdata:hogstmelding", claims: map[string]any{"consumer_org": "310103772"}, reason: tillit.NotDelegated},
		"for itself":                {client: "demo-supplier", scope: "skogdata:hogstmelding", claims: map[string]any{"consumer_org": supplier}, reason: tillit.ConsumerIsSelf},
		"a system user of nobody":   {client: "demo-provider", scope: "skogdata:tresort", claims: map[string]any{"authorization_details": []any{user}}, reason: tillit.DetailsNotGranted},
		"an unknown type of detail": {client: "demo-provider", scope: "skogdata:tresort", claims: map[string]any{"authorization_details": []any{map[string]any{"type": "x"}}}, reason: tillit.UnknownDetailsType},
		"a malformed claim":         {client: "demo-consumer", scope: "skogdata:tresort", claims: map[string]any{"pid": "1"}},
		"without a scope":           {client: "demo-consumer", claims: map[string]any{"scope": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			signed := e.Grant(c.client, e.GrantClaims(c.client, c.scope, c.claims))
			explain := func(query url.Values) *server.Explanation {
				x, err := house.Provider.Explain(t.Context(), server.ExplainRequest{Realm: "maskinporten", Endpoint: "token", Client: c.client, Query: query.Encode()})
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
			both := []*server.Explanation{
				explain(parameters(t, c.scope, c.claims)),
				explain(url.Values{"grant_type": {facts.JWTBearer}, "assertion": {signed}}),
			}
			issued := e.Send(c.client, signed)
			for _, x := range both {
				if x.Error != nil {
					if x.Error.Code != issued.Text("error") || !strings.HasPrefix(issued.Text("error_description"), x.Error.Description+" (trace_id: ") {
						t.Errorf("explained %s %q; answered %s %q", x.Error.Code, x.Error.Description, issued.Text("error"), issued.Text("error_description"))
					}
					if x.Error.Reason != c.reason {
						t.Errorf("reason %q; want %q", x.Error.Reason, c.reason)
					}
					continue
				}
				want := e.AccessClaims(e.Succeeded(issued))
				got := asJSON(t, x.Tokens["access_token"])
				for _, each := range []string{"jti", "iat", "exp"} {
					delete(want, each)
					delete(got, each)
				}
				if c.reason != "" || !reflect.DeepEqual(got, want) {
					t.Errorf("explained %v; issued %v", got, want)
				}
			}
		})
	}
}

// parameters are the claims of a grant as explain takes them, unsigned.
func parameters(t *testing.T, scope string, claims map[string]any) url.Values {
	t.Helper()
	all := map[string]any{"scope": scope}
	maps.Copy(all, claims)
	query := url.Values{}
	for name, value := range all {
		switch v := value.(type) {
		case nil:
		case string:
			query.Set(name, v)
		default:
			if name == "resource" {
				query.Set(name, v.([]any)[0].(string))
				continue
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			query.Set(name, string(text))
		}
	}
	return query
}

func asJSON(t *testing.T, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}
