package tillit

// ClaimName is the name of a claim in the catalog. On the wire a claim may bear
// another name (Claim.Wire).
type ClaimName string

// Sink is where a claim is delivered. Besides the constants a realm may have
// sinks of its own: each is an extra member of the token response.
type Sink string

const (
	SinkIDToken       Sink = "id_token"
	SinkAccessToken   Sink = "access_token"
	SinkUserInfo      Sink = "userinfo"
	SinkIntrospection Sink = "introspection"
	SinkTokenResponse Sink = "token_response"
)

// Standard reports whether the sink is one that every realm has.
func (s Sink) Standard() bool {
	switch s {
	case SinkIDToken, SinkAccessToken, SinkUserInfo, SinkIntrospection, SinkTokenResponse:
		return true
	}
	return false
}

// A Claim is a member of a token or response: its type, where its value comes
// from, how sensitive it is and where it may go.
type Claim struct {
	Name        ClaimName
	As          string // name on the wire if another
	Title       Text
	Description Text
	Type        ClaimType
	Value       Expression // nil: has no value, always absent
	Sinks       []Sink     // where scopes put it
	MayAlso     []Sink     // where a claims request or a client's placement may also put it
	Sensitivity Sensitivity
	Types       []string    // only for these client types; empty: any
	Brings      []ClaimName // come along when it is asked for singly
	KeepEmpty   bool        // emit {}, [], 0 and "" instead of leaving it out
	State       State

	// compiled
	scopes []*Scope // that yield it
	alone  bool     // one scope yields it, and no frame holds it
	text   string   // digest of title and description
}

// Wire is the claim's name in tokens and responses.
func (c *Claim) Wire() string {
	if c.As != "" {
		return c.As
	}
	return string(c.Name)
}

// YieldedBy gives the scopes that yield the claim, in the catalog's order.
func (c *Claim) YieldedBy() []*Scope { return c.scopes }

// ClaimType is the JSON type of a claim's value (CL-14).
type ClaimType string

const (
	TypeString  ClaimType = "string"
	TypeInteger ClaimType = "integer"
	TypeNumber  ClaimType = "number"
	TypeBoolean ClaimType = "boolean"
	TypeArray   ClaimType = "array"
	TypeObject  ClaimType = "object"
)

// Sensitivity orders how much harm a claim in the wrong hands does.
type Sensitivity string

const (
	SensitivityLow    Sensitivity = "low"
	SensitivityNormal Sensitivity = "normal"
	SensitivityHigh   Sensitivity = "high"
)

// An Expression yields a claim's value from what it names. It is evaluated
// after the decision, only for claims that were given (phase 2); Decide never
// calls it.
type Expression interface {
	// Eval gives the value for the roots, e.g. "person", "sign_in", "client",
	// "grant"; ok is false when an operand is absent. An error omits the claim
	// and is audited.
	Eval(roots map[string]any) (value any, ok bool, err error)
	// Roots lists the roots the expression reads.
	Roots() []string
	// String is the expression as the catalog has it.
	String() string
}

// Reserved lists the protocol claims that no mapping may produce (CL-17).
var Reserved = map[string]bool{
	"iss": true, "sub": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true,
	"auth_time": true, "nonce": true, "acr": true, "amr": true, "azp": true, "at_hash": true,
	"c_hash": true, "s_hash": true, "sid": true, "cnf": true, "act": true, "may_act": true,
	"client_id": true, "scope": true, "authorization_details": true, "events": true, "typ": true,
}
