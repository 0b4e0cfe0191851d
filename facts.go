package tillit

import "encoding/json"

// Facts are what is known beyond the ask. Decide has no clock and no store:
// whatever it may rest on stands here.
type Facts struct {
	Now     int64           `json:"now"` // unix seconds
	SignIn  *SignIn         `json:"sign_in,omitempty"`
	Consent Consent         `json:"consent,omitzero"`
	Acts    map[string]bool `json:"acts,omitempty"` // need kind or parameter → done (true) or declined (false)
	Acting  Acting          `json:"acting,omitzero"`
	// Access holds the asked scopes that the organization whose access counts
	// was let in to by their owners.
	Access []ScopeName `json:"access,omitempty"`
	// Completed holds what sources add to the asked authorization details.
	Completed []Completed `json:"completed,omitempty"`
	// Prior is the stored shape, at redemption, refresh and projection: what is
	// decided again never gives more.
	Prior *Shape `json:"-"`
	// Narrow is the scope parameter of a refresh request (SC-9), nil without one.
	Narrow []ScopeName `json:"-"`
	// NarrowDetails is the authorization_details parameter of a token request
	// (RFC 9396 §6), nil without one; NarrowResources its resource parameter.
	NarrowDetails   []Detail `json:"-"`
	NarrowResources []string `json:"-"`
	// NoInteraction is set where no page can be shown: redemption, refresh, projection.
	NoInteraction bool `json:"-"`
}

// A SignIn is a person's proof of who they are.
type SignIn struct {
	Way      string   `json:"way"`
	ACR      string   `json:"acr"`   // the catalog's value; what is told may differ
	Level    int      `json:"level"` // level of assurance
	Used     []string `json:"used,omitempty"`
	AuthTime int64    `json:"auth_time"`
	Fresh    bool     `json:"fresh,omitempty"`  // in this transaction
	Hinted   bool     `json:"hinted,omitempty"` // by a live id_token_hint, without evidence
	Evidence []string `json:"evidence,omitempty"`
	Subject  Subject  `json:"subject,omitempty"` // towards the asking client
}

// Consent is what the person said.
type Consent struct {
	Agreed   []Agreement `json:"agreed,omitempty"`
	Declined []string    `json:"declined,omitempty"` // items declined in this transaction
	Asked    bool        `json:"asked,omitempty"`    // the page was answered in this transaction
}

// An Agreement is one item a person agreed to: a scope, or a claim asked for
// singly, with the claims that were shown and the digest of the text.
type Agreement struct {
	Item   string      `json:"item"`
	Claims []ClaimName `json:"claims,omitempty"`
	Text   string      `json:"text,omitempty"` // digest of the text shown
	Now    bool        `json:"now,omitempty"`  // in this transaction
	At     int64       `json:"at,omitempty"`   // unix seconds
}

// A Completed is what a source adds to the detail of that type and key.
type Completed struct {
	Type string                     `json:"type"`
	Key  string                     `json:"key"`
	Adds map[string]json.RawMessage `json:"adds"`
}

// Acting says for whom the client acts.
type Acting struct {
	Consumer  string      `json:"consumer,omitempty"` // organization number
	Supplier  string      `json:"supplier,omitempty"`
	Source    string      `json:"source,omitempty"` // delegation source
	Delegated []ScopeName `json:"delegated,omitempty"`
}
