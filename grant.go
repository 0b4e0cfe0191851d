package tillit

import "encoding/json"

// The nouns of this file are what the provider keeps. All of them are keyed by
// realm, but clients, organizations and access, which are keyed by registry
// (docs/decisions/0002). Times are unix seconds unless a name says otherwise;
// a field named Hash is the SHA-256 of the secret it stands for.

// A Grant is a decision that was carried out. Tokens refer to it; revoking it
// ends them. One is made per sign-in and client.
type Grant struct {
	ID       string   `json:"id"`
	Realm    string   `json:"realm"`
	Client   ClientID `json:"client_id"`
	Person   string   `json:"person,omitempty"` // empty: the client acts for itself
	Subject  Subject  `json:"subject"`
	Session  string   `json:"sid,omitempty"`
	Ask      Ask      `json:"ask"`
	Facts    Facts    `json:"facts"`
	Shape    Shape    `json:"shape"`
	Context  Context  `json:"context"`
	Language string   `json:"language,omitempty"` // in which the person was asked
	Catalog  string   `json:"catalog"`            // version decided by
	Revision int64    `json:"client_revision"`
	Created  int64    `json:"created"`
	Expires  int64    `json:"expires"` // absolute end; 0: none
	Revoked  int64    `json:"revoked,omitempty"`
	// Withdrawn lists items the person took back since.
	Withdrawn []string `json:"withdrawn,omitempty"`
}

// Context is what tokens of a grant repeat of the request and the sign-in, and
// what expressions read below sign_in: it is needed again at refresh.
type Context struct {
	Nonce  string          `json:"nonce,omitempty"`
	SignIn json.RawMessage `json:"sign_in,omitempty"` // facts of the way: certificate, transaction, …
	Act    json.RawMessage `json:"act,omitempty"`     // what the pages of needs brought
	// Authentication is how the client proved who it is, where that is not what
	// it is registered for.
	Authentication string `json:"client_authentication,omitempty"`

	JKT   string   `json:"jkt,omitempty"`   // thumbprint of the key the grant is bound to
	X5T   string   `json:"x5t,omitempty"`   // thumbprint of the certificate the grant is bound to
	Front string   `json:"front,omitempty"` // id of the grant of what the authorization endpoint answered beside the code
	AMR   []string `json:"amr,omitempty"`
	// Of a session: which clients that keep to themselves had a sign-in in it, and
	// whether no other client had.
	Apart     []ClientID `json:"apart,omitempty"`
	OnlyApart bool       `json:"only_apart,omitempty"`
	AMRWord   bool       `json:"amr_word,omitempty"`
}

// A Registration says who may change a client that was registered by whoever holds
// an initial token (RFC 7592 §2).
type Registration struct {
	Client  ClientID
	Realm   string
	Hash    []byte // of the registration access token
	Created int64
}

// A Code is an authorization code waiting to be redeemed (RFC 6749 §4.1.2).
type Code struct {
	Realm           string
	Hash            []byte
	Client          ClientID
	RedirectURI     string
	RedirectURISent bool
	Challenge       string // PKCE code_challenge (S256), or ""
	Grant           Grant  // stored when the code is spent; Grant.ID is known from the start
	Expires         int64
	Spent           int64 // 0: not yet
}

// A Refresh is one refresh token. The tokens of one line share a grant.
type Refresh struct {
	Realm     string
	Hash      []byte
	Grant     string
	Client    ClientID
	Created   int64
	Expires   int64 // inactivity bound
	Spent     int64 // 0: not yet
	Successor []byte
}

// An OpaqueToken is an access token that is a handle.
type OpaqueToken struct {
	Realm   string
	Hash    []byte
	Grant   string
	JTI     string
	Claims  json.RawMessage // its members, as a JWT would have them
	Expires int64
}

// An Interaction is an authorization request on its way through pages.
type Interaction struct {
	Realm    string
	ID       string
	Browser  []byte // hash of the browser's cookie
	Purpose  string // authorize, account, logout
	Step     int    // grows with every answer; a form names the step it answers
	Client   ClientID
	Request  json.RawMessage // what the endpoint needs to answer: redirect URI, state, response mode, …
	Ask      Ask
	Facts    Facts
	Context  Context
	Person   string
	Language string
	Catalog  string
	Created  int64
	Expires  int64
	Done     int64           // 0: open
	Answer   json.RawMessage // what was answered, so that a double submit gets the same
}

// A Session is a browser in which a person has signed in.
type Session struct {
	Realm    string
	Hash     []byte // of the cookie
	ID       string // sid
	Person   string
	SignIn   SignIn
	Context  Context
	Account  bool // opened at the account page; never signs in to clients unless the realm keeps sessions
	Created  int64
	LastSeen int64
	Expires  int64
	Ended    int64
}

// A Logout is a client that is to be told that a session has ended (OIDC
// Back-Channel Logout §2.5).
type Logout struct {
	Realm   string
	Session string // sid
	Client  ClientID
	Grant   string // one of the client's in the session
	Tries   int64  // how often it was taken to be told
}

// A Remembered consent is what a person agreed to for a client until taken back.
type Remembered struct {
	Realm     string
	Person    string
	Client    ClientID
	Agreement Agreement
	Language  string
}

// A Prefix is the first half of names that an organization may register.
type Prefix struct {
	Prefix       string
	Organization string
	Scopes       int64 // registered below it
	Created      int64 // unix milliseconds
	Updated      int64
}

// An AccessRecord says whether an organization was let in to a scope by its
// owner, now or once.
type AccessRecord struct {
	Scope    ScopeName
	Consumer string // organization number
	Denied   bool
	Created  int64 // unix milliseconds
	Updated  int64
}

// A Person is an end user of one realm.
type Person struct {
	Realm      string
	ID         string // internal, never told
	Username   string
	Password   string          // PHC string
	Subject    Subject         // public subject identifier, never reused
	Attributes json.RawMessage // what expressions read below person
	Disabled   bool
	Updated    int64
}

// An AuditRecord is the view of one decision or event, without personal values.
type AuditRecord struct {
	Realm   string          `json:"realm"`
	Time    int64           `json:"time"`  // unix seconds
	Event   string          `json:"event"` // decided, issued, consented, withdrawn, revoked, signed_in, passkey_added, …
	Client  ClientID        `json:"client,omitempty"`
	Subject string          `json:"subject,omitempty"` // the realm's pseudonym of the person
	JTI     []string        `json:"jti,omitempty"`
	Grant   string          `json:"grant,omitempty"`
	View    json.RawMessage `json:"view,omitempty"` // the decision's view
}

// A SigningKey is a key of a realm at rest.
type SigningKey struct {
	Realm     string
	ID        string // kid
	Algorithm string
	Private   []byte // PKCS #8, encrypted under the master key
	Created   int64
	Activates int64 // signs from then on
	Retires   int64 // signs no more; 0: open
	Expires   int64 // no longer published; 0: open
}
