package facts

import (
	"encoding/json"
	"fmt"
)

// Fixtures are the demo data of a provider (GET /dev/fixtures.json).
type Fixtures struct {
	Realms []RealmFixtures `json:"realms"`
}

// RealmFixtures are the demo data of one realm.
type RealmFixtures struct {
	Name    string            `json:"name"`
	Issuer  string            `json:"issuer"`
	Clients []ClientFixture   `json:"clients"`
	People  []PersonFixture   `json:"people"`
	Servers []ServerFixture   `json:"resource_servers"`
	APIs    map[string]string `json:"apis"`
	Anchors []string          `json:"trust_anchors"` // base64 DER
}

// ClientFixture is a demo client with its credentials.
type ClientFixture struct {
	ID         string          `json:"client_id"`
	Secret     string          `json:"client_secret"`
	Method     string          `json:"token_endpoint_auth_method"`
	GrantTypes []string        `json:"grant_types"`
	Redirects  []string        `json:"redirect_uris"`
	AfterLogin []string        `json:"post_logout_redirect_uris"`
	Scopes     []string        `json:"scopes"`
	JWKS       json.RawMessage `json:"jwks"`

	Organization string `json:"organization"`
}

// PersonFixture is a demo person. Fields holds every string member of the
// record beside username and password: what a page of the realm may ask for.
type PersonFixture struct {
	Username string
	Password string
	Claims   map[string]any
	Updated  map[string]int64
	Fields   map[string]string
}

// UnmarshalJSON reads the record, further form fields included.
func (p *PersonFixture) UnmarshalJSON(data []byte) error {
	var known struct {
		Username string           `json:"username"`
		Password string           `json:"password"`
		Claims   map[string]any   `json:"claims"`
		Updated  map[string]int64 `json:"updated"`
	}
	var all map[string]any
	if err := json.Unmarshal(data, &known); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	*p = PersonFixture{known.Username, known.Password, known.Claims, known.Updated, map[string]string{}}
	for name, value := range all {
		if text, ok := value.(string); ok && name != "username" && name != "password" {
			p.Fields[name] = text
		}
	}
	return nil
}

// ServerFixture is a demo resource server with its credentials.
type ServerFixture struct {
	ID       string `json:"id"`
	Audience string `json:"audience"`
	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret"`
}
