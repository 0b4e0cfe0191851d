package facts

import (
	"encoding/json"
	"mime"
	"net/http"
)

// UserInfo is an answer of the UserInfo endpoint (OIDC Core §5.3).
type UserInfo struct {
	Status    int
	Type      string         // media type, without parameters
	Claims    map[string]any // in the realm's own names; of a signed answer, once verified
	Challenge string         // WWW-Authenticate
	Header    http.Header
	Body      []byte
}

// UserInfo calls the endpoint with an access token; "" sends none.
func (e *Env) UserInfo(access string) *UserInfo {
	e.t.Helper()
	req := e.request(http.MethodGet, e.Endpoint("userinfo_endpoint"), nil)
	if access != "" {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	return e.userInfo(req)
}

func (e *Env) userInfo(req *http.Request) *UserInfo {
	e.t.Helper()
	status, header, body := e.send(req)
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	u := &UserInfo{Status: status, Type: media, Challenge: header.Get("WWW-Authenticate"), Header: header, Body: body}
	if status != http.StatusOK {
		return u
	}
	if media == "application/jwt" {
		u.Claims = e.Decode(string(body))
	} else {
		u.Claims = e.object("UserInfo", body)
	}
	return u
}

// Released calls UserInfo and demands that it answers.
func (e *Env) Released(tokens *Tokens) map[string]any {
	e.t.Helper()
	u := e.UserInfo(tokens.Access())
	if u.Status != http.StatusOK {
		e.t.Fatalf("UserInfo: %d %s %.200s; want 200", u.Status, u.Challenge, u.Body)
	}
	return u.Claims
}

func unmarshal(body []byte, into any) error { return json.Unmarshal(body, into) }
