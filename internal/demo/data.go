package demo

import (
	"fmt"
	"io/fs"
	"path"
	"sort"

	"github.com/goccy/go-yaml"

	"github.com/tillit/tillit"
)

// Data is the demo data of one realm, as its file has it.
type Data struct {
	Realm           string                        `yaml:"realm"`
	Organizations   []Organization                `yaml:"organizations"`
	Access          map[tillit.ScopeName][]string `yaml:"access"` // scope → organization numbers let in
	Delegations     []Delegation                  `yaml:"delegations"`
	Completions     []Completion                  `yaml:"completions"`
	Notes           map[string]string             `yaml:"notes"` // for scopes that want one
	Clients         map[tillit.ClientID]Client    `yaml:"clients"`
	ResourceServers []ResourceServer              `yaml:"resource_servers"`
	Lists           map[string]List               `yaml:"lists"` // name → list that names are compared with
	People          []Person                      `yaml:"people"`
}

// Organization is one that the realm's own file does not declare.
type Organization struct {
	Number   string      `yaml:"orgno"`
	Title    tillit.Text `yaml:"title"`
	Prefixes []string    `yaml:"prefixes"`
}

// Delegation says that a consumer lets a supplier use a scope for it. Its source
// is the one that the scope names.
type Delegation struct {
	Scope    tillit.ScopeName `yaml:"scope"`
	Consumer string           `yaml:"consumer"`
	Supplier string           `yaml:"supplier"`
}

// Completion is what a source adds to an authorization detail that an
// organization asks for.
type Completion struct {
	Organization string         `yaml:"organization"`
	Detail       map[string]any `yaml:"detail"` // as it is asked for, its type included
	Adds         map[string]any `yaml:"adds"`
}

// List is a list of invented names, in the files that real ones come in.
type List struct {
	Version string            `yaml:"version"`
	Files   map[string]string `yaml:"files"`
}

// Client is a demo client. Scopes is a word or a list, see [scopes].
type Client struct {
	Title         tillit.Text                        `yaml:"title"`
	Type          string                             `yaml:"type"`
	Application   string                             `yaml:"application"` // empty: web
	Organization  string                             `yaml:"organization"`
	Auth          string                             `yaml:"auth"`
	GrantTypes    []string                           `yaml:"grant_types"`
	ResponseTypes []string                           `yaml:"response_types"` // empty: code, where it has a redirect URI
	Keys          string                             `yaml:"keys"`           // algorithm of the key of a client that signs, or "certificate"; empty: none
	Scopes        any                                `yaml:"scopes"`
	AllClaimsBut  []tillit.ClaimName                 `yaml:"all_claims_but"` // empty: every claim of its scopes
	Placements    map[tillit.ClaimName][]tillit.Sink `yaml:"placements"`
	Dialect       string                             `yaml:"dialect"` // empty: the realm's own, or the request's
	SubjectType   string                             `yaml:"subject_type"`
	// RedirectURIs and PostLogoutRedirectURIs are loopback addresses of any port
	// with the path /callback where nothing is said.
	RedirectURIs           []string `yaml:"redirect_uris"`
	PostLogoutRedirectURIs []string `yaml:"post_logout_redirect_uris"`
	Sector                 string   `yaml:"sector"`
}

// ResourceServer gives a server of the catalog the credentials it introspects with.
type ResourceServer struct {
	ID           string          `yaml:"id"`
	ClientID     tillit.ClientID `yaml:"client_id"`
	Type         string          `yaml:"type"`
	Organization string          `yaml:"organization"`
}

// Person is one who can sign in. Attributes is what expressions read below
// person; SignIn is what the ways to sign in know.
type Person struct {
	Username   string           `yaml:"username"`
	Name       string           `yaml:"name"`
	Updated    map[string]int64 `yaml:"updated"` // element → unix seconds of its last change
	Attributes map[string]any   `yaml:"attributes"`
	SignIn     SignIn           `yaml:"sign_in"`
}

// SignIn is stored as the attribute sign_in of a person.
type SignIn struct {
	Ways  []string       `yaml:"ways" json:"ways"` // codes of the ways the person has
	OTP   string         `yaml:"otp" json:"otp,omitempty"`
	PIN   string         `yaml:"pin" json:"pin,omitempty"`
	Facts map[string]any `yaml:"facts" json:"facts,omitempty"` // what expressions read below sign_in
}

// Read reads every YAML file of the folder, in order of name. An unknown member
// is an error: a typing mistake would otherwise be a client without scopes.
func Read(files fs.FS) ([]Data, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("demo data: %w", err)
	}
	sort.Strings(names)
	all := make([]Data, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("demo data: %w", err)
		}
		var data Data
		if err := yaml.UnmarshalWithOptions(text, &data, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("demo data %s: %w", name, err)
		}
		if data.Realm+".yaml" != path.Base(name) {
			return nil, fmt.Errorf("demo data %s: realm is %q; right would be the file's own name", name, data.Realm)
		}
		all = append(all, data)
	}
	return all, nil
}
