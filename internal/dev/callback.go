package dev

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// callback is the playground's redirect URI. It checks what a client has to
// check, redeems the code, and leads on to the result, so that the code does not
// stay in the address and a reload does not spend it again.
func (p *playground) callback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	taken, ok := p.runs.take(query.Get("state"), browserOf(r))
	if !ok {
		p.tell(w, http.StatusBadRequest, message{
			Heading: "This answer belongs to no request",
			Text:    "The state is unknown, was used before, or is another browser's. A client must refuse such an answer: somebody else may have started it.",
			Code:    "state",
		})
		return
	}
	_, client, m, ok := p.parties(w, r, &taken)
	if !ok {
		return
	}
	taken.State = ""
	switch {
	case query.Has("iss") && query.Get("iss") != m.Issuer:
		taken.Failed, taken.Error = "The answer names another issuer (RFC 9207), so it is refused.", "iss"
		p.runs.put(&taken)
	case query.Get("error") != "":
		taken.Failed, taken.Error = query.Get("error_description"), query.Get("error")
		p.runs.put(&taken)
	default:
		p.settle(r, &taken, m, client, url.Values{
			"grant_type": {"authorization_code"}, "code": {query.Get("code")},
			"redirect_uri": {p.Base + "/callback"}, "code_verifier": {taken.Verifier},
		})
	}
	http.Redirect(w, r, "/dev/result?run="+taken.ID, http.StatusSeeOther)
}

// settle asks for tokens and stores what came of it in the run.
func (p *playground) settle(r *http.Request, began *run, m metadata, client demo.FixtureClient, form url.Values) {
	got, err := redeem(r.Context(), p.HTTP, m, client, form)
	if err == nil && form.Get("grant_type") == "authorization_code" {
		err = checkIDToken(got, began.Nonce, m.Issuer, client.ID)
	}
	if err != nil {
		began.Failed = err.Error()
		var refused *protocolError
		if errors.As(err, &refused) {
			began.Error, began.Failed = refused.Code, refused.Description
		}
		p.runs.put(began)
		return
	}
	began.Tokens, began.Failed, began.Error = got, "", ""
	p.runs.put(began)
}

// checkIDToken checks what a client has to (OIDC Core §3.1.3.7), but for the
// signature, and that UserInfo speaks of the same person (§5.3.2).
func checkIDToken(t *tokens, nonce, issuer string, id tillit.ClientID) error {
	if t.ID == "" {
		return nil // plain OAuth
	}
	_, payload, ok := decode(t.ID)
	if !ok {
		return errors.New("the ID Token is no JWT")
	}
	var claims struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience any    `json:"aud"`
		Nonce    string `json:"nonce"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return fmt.Errorf("the ID Token: %w", err)
	}
	switch {
	case claims.Issuer != issuer:
		return errors.New("the ID Token is of another issuer")
	case !meant(claims.Audience, string(id)):
		return errors.New("the ID Token is for another client")
	case claims.Nonce != nonce:
		return errors.New("the ID Token bears another nonce")
	}
	var info struct {
		Subject string `json:"sub"`
	}
	if t.UserInfo != nil && json.Unmarshal(t.UserInfo, &info) == nil && info.Subject != claims.Subject {
		return errors.New("UserInfo speaks of another person than the ID Token")
	}
	return nil
}

// meant reports whether aud, a string or a list, names the client.
func meant(audience any, id string) bool {
	switch aud := audience.(type) {
	case string:
		return aud == id
	case []any:
		for _, one := range aud {
			if one == id {
				return true
			}
		}
	}
	return false
}
