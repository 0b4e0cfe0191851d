package tillit

import "encoding/json"

// An Ask is what was asked: parsed and syntactically valid, nothing more. It is
// stored with the grant, because what is decided again is decided on the same
// ask, at the endpoint where it was born.
type Ask struct {
	Endpoint     Endpoints     `json:"endpoint"` // AtAuthorization or AtToken
	GrantType    string        `json:"grant_type,omitempty"`
	ResponseType string        `json:"response_type,omitempty"` // words in alphabetical order: "code id_token"
	Scopes       []ScopeName   `json:"scopes,omitempty"`
	Claims       ClaimsRequest `json:"claims,omitzero"`
	Resources    []string      `json:"resources,omitempty"`
	Details      []Detail      `json:"authorization_details,omitempty"`
	Prompt       []string      `json:"prompt,omitempty"`
	ACRValues    []string      `json:"acr_values,omitempty"`
	MaxAge       *int64        `json:"max_age,omitempty"` // seconds
	Way          string        `json:"way,omitempty"`     // way chosen by a hint or by the person, or ""
	Subject      Subject       `json:"subject,omitempty"` // only this person: sub by claims or id_token_hint
	Pushed       bool          `json:"pushed,omitempty"`
	Dialect      string        `json:"dialect,omitempty"`
	Languages    []string      `json:"claims_locales,omitempty"`
	Consumer     string        `json:"consumer,omitempty"` // organization number acted for
	// Parameters holds the request parameters that the realm gives a meaning
	// (variants of scopes, ask.* in expressions).
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Subject is the identifier of a person towards a client (sub).
type Subject string

// Prompts reports whether prompt has the value.
func (a *Ask) Prompts(value string) bool { return contains(a.Prompt, value) }

// Answers reports whether the response type has the word: code, token, id_token.
func (a *Ask) Answers(word string) bool {
	rest := a.ResponseType
	for rest != "" {
		var w string
		w, rest = cutSpace(rest)
		if w == word {
			return true
		}
	}
	return false
}

// yieldsAccessToken reports whether the ask can end in an access token.
func (a *Ask) yieldsAccessToken() bool {
	return a.Endpoint == AtToken || a.Answers("code") || a.Answers("token")
}

func cutSpace(s string) (word, rest string) {
	for i := range len(s) {
		if s[i] == ' ' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// A ClaimsRequest is the claims parameter (OIDC Core §5.5). Members keep the
// order in which they were sent.
type ClaimsRequest struct {
	UserInfo []ClaimAsk `json:"userinfo,omitempty"`
	IDToken  []ClaimAsk `json:"id_token,omitempty"`
}

// Empty reports whether nothing was asked for.
func (r ClaimsRequest) Empty() bool { return len(r.UserInfo) == 0 && len(r.IDToken) == 0 }

// A ClaimAsk asks for one claim (Core §5.5.1). Values holds value or values as
// JSON texts in order of preference; empty: any value.
type ClaimAsk struct {
	Name      ClaimName         `json:"name"`
	Language  string            `json:"language,omitempty"` // of name#language (Core §5.2)
	Essential bool              `json:"essential,omitempty"`
	Values    []json.RawMessage `json:"values,omitempty"`
}

// A Detail is one element of authorization_details (RFC 9396 §2): its type, and
// the whole object as sent.
type Detail struct {
	Type   string                     `json:"type"`
	Fields map[string]json.RawMessage `json:"fields"`
}
