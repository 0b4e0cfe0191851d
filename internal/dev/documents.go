package dev

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tillit/tillit"
)

// jtiOf finds the name by which the provider remembers the token.
func jtiOf(t *tokens) string {
	var claims struct {
		JTI string `json:"jti"`
	}
	if _, payload, ok := decode(t.Access); ok && json.Unmarshal(payload, &claims) == nil {
		return claims.JTI
	}
	if t.Introspection != nil && json.Unmarshal(t.Introspection, &claims) == nil {
		return claims.JTI
	}
	return ""
}

// personOf gives a name to greet, where one was given.
func personOf(t *tokens) string {
	for _, text := range []json.RawMessage{t.UserInfo, payloadOf(t.ID)} {
		var claims map[string]any
		if text == nil || json.Unmarshal(text, &claims) != nil {
			continue
		}
		if name, ok := claims["name"].(string); ok {
			return name
		}
		given, _ := claims["given_name"].(string)
		family, _ := claims["family_name"].(string)
		if name := strings.TrimSpace(given + " " + family); name != "" {
			return name
		}
	}
	return ""
}

func payloadOf(text string) json.RawMessage {
	_, payload, ok := decode(text)
	if !ok {
		return nil
	}
	return payload
}

func documents(t *tokens) []document {
	var list []document
	if header, payload, ok := decode(t.ID); ok {
		list = append(list, document{ID: "id-token", Title: "ID Token", Note: "Says who signed in, how and when. For the client alone.", Header: pretty(header), Text: pretty(payload), Raw: t.ID})
	}
	if header, payload, ok := decode(t.Access); ok {
		list = append(list, document{ID: "access-token", Title: "Access token", Note: "Opens APIs. The client should not read it; here you may.", Header: pretty(header), Text: pretty(payload), Raw: t.Access})
	} else {
		d := document{ID: "access-token", Title: "Access token", Note: "A handle: only introspection tells what stands behind it.", Raw: t.Access, Text: t.Access}
		if t.Introspection != nil {
			d.Text = pretty(t.Introspection)
		}
		list = append(list, d)
	}
	info := document{ID: "userinfo", Title: "UserInfo", Note: t.UserInfoTold}
	if t.UserInfo != nil {
		info.Note, info.Text = "What the person let the client know.", pretty(t.UserInfo)
	}
	list = append(list, info)
	return append(list, document{ID: "token-response", Title: "Token response", Note: "As the token endpoint sent it.", Text: pretty(t.Response)})
}

func pretty(text json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return string(text)
	}
	return b.String()
}

// lacks reports whether the token or answer that stands for the sink is here and
// has no such member.
func (t *tokens) lacks(sink tillit.Sink, name string) bool {
	var text json.RawMessage
	switch sink {
	case tillit.SinkIDToken:
		text = payloadOf(t.ID)
	case tillit.SinkAccessToken:
		text = payloadOf(t.Access)
	case tillit.SinkUserInfo:
		text = t.UserInfo
	}
	var members map[string]json.RawMessage
	if text == nil || json.Unmarshal(text, &members) != nil {
		return false
	}
	_, has := members[name]
	return !has
}
