package tillit

import "strings"

// ScopeName is a scope value as it stands in a request, compared byte by byte
// (RFC 6749 §3.3).
type ScopeName string

// OpenID is the scope that turns OAuth into OpenID Connect (Core §3.1.2.1).
const OpenID ScopeName = "openid"

// OfflineAccess is the standard scope of OIDC Core §11.
const OfflineAccess ScopeName = "offline_access"

// A Scope is a name a client asks by. It says where it may be asked for, by
// whom and under what conditions, and what it yields.
type Scope struct {
	Name        ScopeName
	Aliases     []ScopeName // further spellings, normalised before the first rule
	Title       Text        // what a person reads on the consent page
	Description Text        // a longer text for the same page, or nil

	State      State
	Visibility Visibility
	Owner      string // organization number of the owner; empty: the operator

	Types         []string  // client types that may have it; empty: any
	At            Endpoints // where it may be asked for
	Eligible      Eligibility
	ProvisionWith []string    // what must be noted when it is put on a client
	RequiresOneOf []ScopeName // one of these beside it
	Excludes      []ScopeName // never with these; compiled to hold both ways
	ResponseTypes []string    // only with these; empty: any
	SignIn        SignInCondition
	Needs         NeedKind  // a page of its own, or ""
	Variants      []Variant // exactly one of their parameters is sent
	Consent       ConsentMode
	Unassigned    Policy // overrides the realm's policy; empty: the realm's
	Unknown       Policy // reserved for families; empty: the realm's
	Delegation    string // issuer of a delegation source, or ""

	Claims    []ClaimName // what it yields, to the claims' own sinks
	Server    string      // the resource server it opens, or ""
	Withholds []ClaimName // claims it takes away from everything the client sees
	Standing  bool        // withholds once it is on the client, asked for or not

	OutlivesSession bool  // signing out does not end a grant with it
	AccessTokenMax  int64 // seconds; 0: no bound
	GrantMax        int64 // seconds; 0: no bound
	Format          TokenFormat
	Audience        string   // forced audience of the access token, or ""
	IntrospectedBy  []string // client ids that may introspect; empty: the owner's servers

	// compiled
	yields      []*Claim // what Claims names
	server      *Server  // what Server names, or nil
	bulk        Sink     // the only sink of its claims, where nothing but the scope decides on them; else ""
	anySignIn   bool     // every sign-in can carry it
	askRules    ruleSet  // rows that can object to it
	clientRules ruleSet
	designator  string // of its server, "" without one
	role        string
	standard    bool             // openid and the user-data scopes of OIDC Core §5.4
	order       int              // place in the catalog
	text        string           // digest of title and description
	record      *RegisteredScope // nil: declared
}

// Designator is the name under which the scope's server appears in aud and
// resource_access, or "".
func (s *Scope) Designator() string { return s.designator }

// Role is what the scope is called below its designator in resource_access.
func (s *Scope) Role() string { return s.role }

// A Variant adds to its scope when its request parameter is present.
type Variant struct {
	Parameter string
	SignIn    SignInCondition
	Server    string
	Claims    []ClaimName
	Text      int // the parameter holds a text in base64, of at most so many characters; 0: an identifier

	// compiled
	yields []*Claim
	server *Server
}

// Variant gives the variant that the parameters ask for, nil for none.
func (s *Scope) Variant(parameters map[string]string) *Variant {
	for i := range s.Variants {
		if parameters[s.Variants[i].Parameter] != "" {
			return &s.Variants[i]
		}
	}
	return nil
}

// SignInCondition says which sign-ins can carry a scope. The zero value is any.
type SignInCondition struct {
	By       []string // codes of ways to sign in; empty: any
	Level    int      // least level of assurance; 0: any
	Fresh    bool     // only a sign-in of this transaction
	MaxAge   int64    // how long ago it may have been, seconds; 0: any time
	Evidence []string // kinds of evidence that it must bring; empty: none
}

// State is where a scope or claim is in its life.
type State string

const (
	Active   State = "active"
	Beta     State = "beta"     // works as active; pages and documents say so
	Inactive State = "inactive" // switched off by its owner
	Disabled State = "disabled" // switched off by the operator
)

// Works reports whether what is in the state can be asked for; "" is active.
func (s State) Works() bool { return s == Active || s == Beta || s == "" }

// Visibility says in which lists a scope is shown.
type Visibility string

const (
	Public   Visibility = "public"
	Private  Visibility = "private"
	Internal Visibility = "internal"
)

// Endpoints is a set of places a scope may be asked for.
type Endpoints uint8

const (
	AtAuthorization Endpoints = 1 << iota // and everything that pushes or replaces an authorization request
	AtToken                               // grants without a person
)

// Eligibility says who may have a scope.
type Eligibility string

const (
	EligibleAny         Eligibility = "any"          // every client
	EligibleSelfService Eligibility = "self_service" // on the client, which may put it there itself
	EligibleProvisioned Eligibility = "provisioned"  // on the client, by an operator
	EligibleGranted     Eligibility = "granted"      // on the client, and the organization owns it or was let in
)

// ConsentMode says whether a person is asked.
type ConsentMode string

const (
	ConsentNever    ConsentMode = "never"
	ConsentOnce     ConsentMode = "once"     // and remembered
	ConsentAlways   ConsentMode = "always"   // in every transaction
	ConsentPrompted ConsentMode = "prompted" // only under prompt=consent, else left out (SC-11)
)

// Policy says what happens to the request when a scope cannot be given.
type Policy string

const (
	Refuse Policy = "refuse"
	Drop   Policy = "drop"
)

// TokenFormat is how an access token is made.
type TokenFormat string

const (
	JWT    TokenFormat = "jwt"
	Opaque TokenFormat = "opaque"
)

// ParseScopes splits a scope parameter (RFC 6749 §3.3, rule SC-1): tokens
// separated by spaces, duplicates collapsed, order kept. letters are bytes a
// realm admits beyond the standard's set, as whole characters; "" admits none.
// The error names the first token that is malformed and what would be right; more than [MaxScopes] are refused too.
func ParseScopes(s string, letters string) ([]ScopeName, error) {
	if s == "" {
		return nil, nil
	}
	names := make([]ScopeName, 0, min(strings.Count(s, " ")+1, MaxScopes))
	for len(s) > 0 {
		token, rest, _ := strings.Cut(s, " ")
		s = rest
		if token == "" {
			continue
		}
		if !validScope(token, letters) {
			return nil, &SyntaxError{What: "scope", Value: token, Right: "characters %x21, %x23-5B, %x5D-7E, separated by one space"}
		}
		if contains(names, ScopeName(token)) {
			continue
		}
		if len(names) == MaxScopes {
			return nil, &SyntaxError{What: "scope", Right: "at most 100 scopes"}
		}
		names = append(names, ScopeName(token))
	}
	return names, nil
}

func validScope(token, letters string) bool {
	for _, r := range token {
		switch {
		case r == '"' || r == '\\':
			return false
		case r >= 0x21 && r <= 0x7e:
		case r > 0x7e && r != 0xFFFD && strings.ContainsRune(letters, r): // never a blank
		default:
			return false
		}
	}
	return true
}

// JoinScopes writes names as one scope parameter.
func JoinScopes(names []ScopeName) string {
	if len(names) == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(name))
	}
	return b.String()
}

func contains[T comparable](list []T, item T) bool {
	for i := range list {
		if list[i] == item {
			return true
		}
	}
	return false
}
