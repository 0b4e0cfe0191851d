package tillit

import (
	"encoding/json"
	"regexp"
)

// A Definition is one dialect of one realm as the catalog language says it, with
// families and defaults already resolved. Compile makes a Catalog of it.
type Definition struct {
	Realm             string
	Registry          string // realm whose registry this one uses; its own name for its own
	Dialect           string // "" where the realm has none
	Version           string // digest of the declared part, all dialects of a realm alike
	Environment       Environment
	Title             Text
	Languages         []string // the first is the default
	OptionalLanguages []string

	Settings    Settings
	Request     RequestSettings
	ACR         []ACR
	Ways        []Way
	ClientTypes []ClientType // whose clients work in this realm
	OtherTypes  []ClientType // of the registry, whose clients work in another realm
	Servers     []Server
	Sources     []SourceUse
	Scopes      []Scope
	Families    []Family // of scopes that may be registered; the longest pattern first
	Claims      []Claim
	Tokens      map[string]TokenSpec // by kind: id_token, access_token, …; any other name is an extra token
	Details     []DetailType

	Organizations      []Organization
	Access             map[ScopeName][]string // scope → organization numbers let in by its owner
	Delegations        []DelegationSource
	Naming             Naming
	Assertion          *AssertionSettings
	Errors             map[Reason]ErrorText
	Discovery          map[string]Expression // further members of the discovery document
	DeclaredInRegistry bool                  // false for a realm that only borrows another's registry
}

// Environment says whether synthetic people and ways to sign in may exist.
type Environment string

const (
	Test       Environment = "test"
	Production Environment = "production"
)

// Settings are the realm's policies; see docs/catalog.md for each.
type Settings struct {
	UnknownScope    Policy // Refuse
	UnassignedScope Policy // Refuse
	WithoutOpenID   string // "refuse" or "oauth"
	WithoutScope    string // "refuse" or "allow"
	Audience        string // "servers" or "asked"
	Resource        string // "registered", "any_uri" or "ignored"
	Subject         []string
	SingleSignOn    *SingleSignOn // nil: none
	IDTokenHint     string        // "identifies" or "signs_in"
	ScopeLifetime   string        // "cap" or "override"
	Introspection   string        // "listed", or "owner": also clients of organizations that own a scope of the token
	SID             string        // "always" or "for_logout"
	RotateKeys      int64         // seconds a key signs before another follows; 0: until told
	Algorithms      []string      // JWS algorithms; the first is the default
	Chain           bool          // x5c in headers
	ErrorTrace      string        // under which name errors tell clients what finds the line of log; "": not
	ScopeLetters    string        // characters beyond RFC 6749 in scope tokens
}

// SingleSignOn bounds a session that later requests may lean on.
type SingleSignOn struct{ Idle, Max int64 } // seconds

// RequestSettings say what an authorization request may and must have.
type RequestSettings struct {
	Features   []string // par, request_object, encrypted_request_object, request_uri, registration, dpop, dpop_nonce
	Require    []string // pkce, state, nonce
	Private    []Sensitivity
	Dialect    string // name of the parameter that picks a dialect, or ""
	IDPHint    string
	AMRHint    string
	OnBehalfOf string

	AssertionAudience string // "issuer", or "token_endpoint": that address as well
	PushedLifetime    int64  // seconds a pushed request may wait to be used
	PushedPrefix      string // how the request_uri of a pushed request begins
}

// An ACR is a value clients ask for by acr_values (Core §3.1.2.1).
type ACR struct {
	Value     string
	Framework string // values are comparable within one; empty: any way of the level
	Level     int
	Told      string // the value in tokens if another
	Aliases   []string
}

// A Way is one way to sign in.
type Way struct {
	Code     string
	Title    Text
	Method   string   // plug-in: test-eid, password, email-code, passkey
	ACR      []string // the catalog's values it can yield, the highest first
	AMR      []string
	AMRWord  bool              // told as a string instead of an array
	Factors  map[string]string // factor used → value added to amr
	Hint     []ClaimName       // what may follow the code in login_hint
	HintForm *regexp.Regexp    // form of all that follows; nil: any
	HintedBy []string          // whole values of login_hint that choose it, beside its code
	Fields   []string          // form fields beyond username and password, e.g. otp, pin
	Evidence []string          // kinds of evidence it brings, e.g. certificate
	TestOnly bool
}

// Takes reports whether the way takes what follows its code in a login_hint.
func (w *Way) Takes(arguments string) bool {
	return len(w.Hint) > 0 && arguments != "" && (w.HintForm == nil || w.HintForm.MatchString(arguments))
}

// A ClientType is what the documents of some providers call integration type.
type ClientType struct {
	Name          string
	Title         Text
	GrantTypes    []string
	ResponseTypes []string
	Auth          map[string][]string // application type → authentication methods
	StartsWith    []ScopeName
	MayAdd        []ScopeName // nil with MayAddAny: any
	MayAddAny     bool
	MaxKeys       int
	MaxKeyAge     int64 // seconds
	KeyTypes      []string
	Unregistered  bool
	State         State
}

// A Server is a resource server: an API that accepts our access tokens.
type Server struct {
	Name        string
	Title       Text
	Designators []string // its names in aud and resource_access; never empty once compiled
	Audience    string   // an absolute URI instead, or ""
	Caller      string   // "person", "machine" or "any"
	Also        []ScopeName
	Learns      []ClaimName // what it sees at introspection though the client does not
	Owner       string      // organization number; empty: the operator
	Issuer      string      // realm whose tokens it takes wherever it answers; empty: that where it answers
	Service     *Service    // what answers for it in this process; nil: nothing does
}

// A Service is an API of the product that answers for a resource server. It
// knows nothing of the realm but what stands here.
type Service struct {
	Name     string               // of the implementation
	Scopes   map[string]ScopeName // its own words for what it guards → scopes of the realm
	Claims   map[string]ClaimName // its own words for what it reads → claims of the realm
	Settings map[string]string
}

// A SourceUse names a source of values and what happens when it fails.
type SourceUse struct {
	Name     string
	From     string // directory, sql or http
	By       string // what the source knows people by: subject (""), username, or an attribute of the directory
	Query    string // of sql; $1 is what the person is known by
	Deadline int64  // seconds; 0: two
	CacheAge int64  // seconds that an answer may be old; 0: it is asked each time
	OnError  string // omit, stale, deny
	Edits    []Edit // what the person may change of it
}

// A TokenSpec is the frame of one kind of token.
type TokenSpec struct {
	Protocol        []string       // reserved members the server makes, when they have a value
	Constants       map[string]any // reserved members with a prescribed value, a string or int64
	Claims          []ClaimName    // there whatever the scopes
	Lifetime        int64          // seconds
	Format          TokenFormat    // of UserInfo: jwt or json ("")
	Type            string         // typ of the JOSE header
	TokenType       string         // token_type of the response
	Requires        ScopeName      // scope without which UserInfo refuses
	Refreshed       bool           // made again at refresh
	StepUp          StepUp         // of UserInfo: the sign-in it demands
	MachineError    string         // of UserInfo: the error code for a token without a person; "": insufficient_scope
	DefaultAudience string
}

// A DetailType is a registered type of authorization_details (RFC 9396).
type DetailType struct {
	Type   string
	Title  Text
	Fields []DetailField
	Pushed bool // only in a pushed request
	Alone  bool // exactly one
	Needs  NeedKind
	Source string // who completes it; without a page of its own, before it is decided
	Adds   []string
	// Narrows names the arrays of which a token request may want fewer elements than
	// were granted (RFC 9396 §6).
	Narrows []string
	// Server is the one whose API takes such details; "": any.
	Server string
	// Values are members of Adds that the token's copy gets of what the page of
	// Needs brought.
	Values []DetailValue
	Choice *Choice // of choose_principal; nil in all others
	// Digests names members that the token's copy gets, by the field whose digest
	// they are.
	Digests map[string]string
	Claims  []ClaimName
	// Consent is what the person agrees to, with paths into the detail in braces;
	// nil: nobody is asked.
	Consent Text
	// Check judges more than names and kinds of members; nil: they are all there is.
	Check DetailCheck
}

// A DetailCheck judges the members of a detail, all of which are known. It is pure.
type DetailCheck interface {
	// Check gives Given, MissingDetailsField or BadDetailsValue with the member, or
	// UnknownDetailsField for one further down.
	Check(fields map[string]json.RawMessage) (Reason, string)
}

// A DetailValue is a member that a page adds to a detail.
type DetailValue struct {
	Name  string
	Value Expression
}

// A Choice is what a person chooses from whom to act for.
type Choice struct {
	// From gives the list of those the person may act for: objects with name and
	// permissions, a list of objects with role.
	From   Expression
	Roles  string          // the field that lists the roles that would do; "": any
	Self   bool            // the person may go on without acting for anybody
	Titles map[string]Text // of roles, as people read them
}

// A DetailField is one member of a detail.
type DetailField struct {
	Name     string
	Type     string // JSON type; "": any
	Required bool
	Key      bool           // what completes the detail is found by it
	Pattern  *regexp.Regexp // of texts; nil: any
}

// An Organization owns prefixes, scopes and clients.
type Organization struct {
	Number   string
	Key      string // its name in the catalog file
	Title    Text
	Operator bool
	Prefixes []string
}

// A DelegationSource tells who may act for whom.
type DelegationSource struct {
	Issuer string
	Title  Text
	From   string
}

// Naming says what may be registered and how the linter reads it.
type Naming struct {
	Name, Prefix, Subscope, Text string
	WriteSuffixes, Avoid         []string
	Withholds                    []ClaimName // what a scope takes away that makes tokens pseudonymous
}

// AssertionSettings describe the claims of the JWT grant.
type AssertionSettings struct {
	MaxAge, Leeway int64    // seconds
	Algorithms     []string // JWS algorithms; nil: every asymmetric one
	Claims         []AssertionClaim
	// Certificate is what client.authentication says of a client that signed with
	// the certificate of its organization; "": nobody may.
	Certificate string
}

// An AssertionClaim is one claim of a JWT grant and what it becomes.
type AssertionClaim struct {
	Name     string
	To       string
	Required bool
	Format   string
}

// ErrorText tells a reason in the realm's own words.
type ErrorText struct {
	Code        string
	Error       string
	Status      int
	Description string
}
