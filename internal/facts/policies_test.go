package facts

import (
	"slices"
	"testing"
)

// TestPoliciesOfARealm tries what one realm decides differently from another,
// one changed line at a time.
func TestPoliciesOfARealm(t *testing.T) {
	for name, row := range map[string]struct {
		edit  Fault
		check func(t *testing.T, e *Env)
	}{
		"unknown scopes are dropped, but not for a machine": {
			Fault{Old: "unknown_scope: refuse", New: "unknown_scope: drop"},
			func(t *testing.T, e *Env) {
				e.Granted(e.Login(Request{Scope: "openid email nonsense"}), "openid email")
				e.Failed(e.Machine("demo-service", "myservice.data_read nonsense"), 400, "invalid_scope")
			},
		},
		"what is not the client's is dropped, but not for a machine": {
			Fault{Old: "unassigned_scope: refuse", New: "unassigned_scope: drop"},
			func(t *testing.T, e *Env) {
				e.Granted(e.Login(Request{Client: "demo-basic", Scope: "openid bpid"}), "openid")
				e.Refused(e.Authorize(Request{Client: "demo-basic", Scope: "openid nonsense"}), "invalid_scope")
				e.Failed(e.Machine("demo-service", "bpid"), 400, "invalid_scope")
			},
		},
		"a request without openid is plain OAuth, but not for claims of a person": {
			Fault{Old: "without_openid: refuse", New: "without_openid: oauth"},
			func(t *testing.T, e *Env) {
				e.Granted(e.Login(Request{Scope: "myservice.data_read"}), "myservice.data_read")
				e.Refused(e.Authorize(Request{Scope: "email"}), "invalid_scope")
			},
		},
		"a request without scope is refused": {
			Fault{Old: "without_scope: allow", New: "without_scope: refuse"},
			func(t *testing.T, e *Env) { e.Failed(e.Machine("demo-service", ""), 400, "invalid_scope") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			world := &World{Starter: house{}}
			row.edit.Realm = "buypass"
			provider, err := world.Start(t, row.edit)
			if err != nil {
				t.Fatal(err)
			}
			row.check(t, world.Env(t, provider, "buypass"))
		})
	}
}

// TestScopesInDiscovery: of a registry that two realms share, each lists the scopes
// that its own clients may have (SC-18).
func TestScopesInDiscovery(t *testing.T) {
	world := &World{Starter: house{}}
	provider, err := world.Start(t)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{"krr:user/spraak.write": "idporten", "openid": "idporten", "krr:global/digitalpost.read": "maskinporten", "idporten:scopes.read": "maskinporten"}
	for _, realm := range []string{"idporten", "maskinporten"} {
		listed, _ := world.Env(t, provider, realm).Metadata()["scopes_supported"].([]any)
		for scope, home := range of {
			if got, want := slices.Contains(listed, any(scope)), realm == home; got != want {
				t.Errorf("%s lists %s: %v; want %v", realm, scope, got, want)
			}
		}
	}
}

// TestPlacementOfARealm moves a claim to each place in turn: it stands where the
// realm puts it and, for the client that has it elsewhere too, there besides.
func TestPlacementOfARealm(t *testing.T) {
	for place, sink := range map[string]string{"ID Token": "id_token", "UserInfo": "userinfo", "access token": "access_token", "introspection": "introspection"} {
		t.Run(place, func(t *testing.T) {
			world := &World{Starter: house{}}
			provider, err := world.Start(t, Fault{Realm: "buypass", Old: "{value: person.email, brings", New: "{sinks: [" + sink + "], may_also: [id_token], value: person.email, brings"})
			if err != nil {
				t.Fatal(err)
			}
			e := world.Env(t, provider, "buypass")
			person := e.Named("eli")
			for _, client := range []string{"demo-web", "demo-placed"} {
				for where, claims := range e.everywhere(e.Login(Request{Client: client, Scope: "openid email", Manners: Manners{Person: person}})) {
					repeated := where == "introspection" && place == "access token" // which it repeats
					if where == place || repeated || client == "demo-placed" && where == "ID Token" {
						e.Equal(client+": "+where+": email", claims["email"], "eli.nordstrand@example.no")
					} else {
						e.Absent(client+": "+where, claims, "email")
					}
				}
			}
		})
	}
}
