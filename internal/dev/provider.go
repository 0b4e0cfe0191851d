package dev

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/tillit/tillit/internal/demo"
)

// maxAnswer bounds what is read from the provider, in bytes.
const maxAnswer = 1 << 20

// metadata is what a client learns by discovery (OIDC Discovery §3).
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	Introspection string   `json:"introspection_endpoint"`
	EndSession    string   `json:"end_session_endpoint"`
	ACR           []string `json:"acr_values_supported"`
	Locales       []string `json:"ui_locales_supported"`
}

// tokens is the token response, and what was found out with it.
type tokens struct {
	Response      json.RawMessage
	Access        string
	ID            string
	Refresh       string
	Scope         string
	UserInfo      json.RawMessage // payload, whether it came signed or not
	UserInfoTold  string          // why there is none, or ""
	Introspection json.RawMessage // of an opaque access token
}

func discover(ctx context.Context, client *http.Client, issuer string) (metadata, error) {
	var m metadata
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		return m, err
	}
	status, _, body, err := do(client, request)
	if err != nil {
		return m, err
	}
	if status != http.StatusOK {
		return m, fmt.Errorf("discovery answers %d", status)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("discovery: %w", err)
	}
	if m.Issuer != issuer {
		return m, fmt.Errorf("discovery names issuer %q; right would be %q", m.Issuer, issuer)
	}
	return m, nil
}

func do(client *http.Client, request *http.Request) (status int, kind string, body []byte, err error) {
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.StatusCode, answer.Header.Get("Content-Type"), body, err
}

// post sends a form with the client's credentials, by the client's method.
func post(ctx context.Context, client *http.Client, address string, as demo.FixtureClient, form url.Values) (int, []byte, error) {
	if as.AuthMethod != "client_secret_basic" {
		form.Set("client_id", string(as.ID))
	}
	if as.AuthMethod == "client_secret_post" {
		form.Set("client_secret", as.Secret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if as.AuthMethod == "client_secret_basic" {
		// RFC 6749 §2.3.1: both are form-encoded before they are joined.
		request.SetBasicAuth(url.QueryEscape(string(as.ID)), url.QueryEscape(as.Secret))
	}
	status, _, body, err := do(client, request)
	return status, body, err
}

// A protocolError is the standard's error answer.
type protocolError struct {
	Status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *protocolError) Error() string {
	if e.Description == "" {
		return e.Code
	}
	return e.Code + ": " + e.Description
}

// redeem asks the token endpoint, then UserInfo, then introspection where the
// access token is a handle.
func redeem(ctx context.Context, client *http.Client, m metadata, as demo.FixtureClient, form url.Values) (*tokens, error) {
	status, body, err := post(ctx, client, m.Token, as, form)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		failed := &protocolError{Status: status}
		if json.Unmarshal(body, failed) != nil || failed.Code == "" {
			return nil, fmt.Errorf("the token endpoint answers %d", status)
		}
		return nil, failed
	}
	var read struct {
		Access  string `json:"access_token"`
		ID      string `json:"id_token"`
		Refresh string `json:"refresh_token"`
		Scope   string `json:"scope"`
	}
	if err := json.Unmarshal(body, &read); err != nil {
		return nil, fmt.Errorf("token response: %w", err)
	}
	t := &tokens{Response: body, Access: read.Access, ID: read.ID, Refresh: read.Refresh, Scope: read.Scope}
	t.UserInfo, t.UserInfoTold = userInfo(ctx, client, m, t.Access)
	if _, _, signed := decode(t.Access); !signed {
		t.Introspection = introspect(ctx, client, m, as, t.Access)
	}
	return t, nil
}

func userInfo(ctx context.Context, client *http.Client, m metadata, access string) (json.RawMessage, string) {
	if m.UserInfo == "" {
		return nil, "This realm has no UserInfo endpoint."
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.UserInfo, nil)
	if err != nil {
		return nil, "UserInfo has no usable address."
	}
	request.Header.Set("Authorization", "Bearer "+access)
	status, kind, body, err := do(client, request)
	switch {
	case err != nil:
		return nil, "UserInfo did not answer."
	case status != http.StatusOK:
		return nil, fmt.Sprintf("UserInfo answers %d: this token does not open it.", status)
	case strings.HasPrefix(kind, "application/jwt"):
		_, payload, ok := decode(string(body))
		if !ok {
			return nil, "UserInfo answers something that is no JWT."
		}
		return payload, ""
	}
	return body, ""
}

func introspect(ctx context.Context, client *http.Client, m metadata, as demo.FixtureClient, access string) json.RawMessage {
	if m.Introspection == "" || as.AuthMethod == "none" {
		return nil
	}
	status, body, err := post(ctx, client, m.Introspection, as, url.Values{"token": {access}})
	if err != nil || status != http.StatusOK {
		return nil // a client may well not be let in; the page says that it is a handle
	}
	return body
}

// decode takes a compact JWS apart. The playground got it straight from the
// provider, so the signature adds nothing (OIDC Core §3.1.3.7 no. 6).
func decode(text string) (header, payload json.RawMessage, ok bool) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 3 {
		return nil, nil, false
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || !json.Valid(header) {
		return nil, nil, false
	}
	payload, err = base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(payload) {
		return nil, nil, false
	}
	return header, payload, true
}
