package tillit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// Bounds on what a request may hold. They are far above what anyone needs.
const (
	MaxScopes        = 100
	MaxClaimsAsked   = 200
	MaxClaimValues   = 50
	MaxDetails       = 20
	maxJSONDepth     = 16
	maxParameterSize = 64 << 10
)

// ParseClaims reads the claims parameter (OIDC Core §5.5). Unknown top-level
// members and unknown members of an entry are ignored; what is not JSON, or not
// of the form §5.5.1 gives, is a *SyntaxError. Entries keep their order.
func ParseClaims(text string) (ClaimsRequest, error) {
	var request ClaimsRequest
	if len(text) > maxParameterSize {
		return request, claimsError("claims", "", "at most 64 KiB")
	}
	members, err := objectMembers([]byte(text))
	if err != nil {
		return request, claimsError("claims", "", "a JSON object with the members userinfo and id_token")
	}
	for _, m := range members {
		var into *[]ClaimAsk
		switch m.name {
		case "userinfo":
			into = &request.UserInfo
		case "id_token":
			into = &request.IDToken
		default:
			continue
		}
		if isNull(m.value) {
			continue
		}
		entries, err := objectMembers(m.value)
		if err != nil {
			return ClaimsRequest{}, claimsError("claims."+m.name, "", "an object of claim names")
		}
		if len(entries) > MaxClaimsAsked {
			return ClaimsRequest{}, claimsError("claims."+m.name, "", "at most 200 claims")
		}
		for _, e := range entries {
			ask, err := parseClaimAsk(e.name, e.value)
			if err != nil {
				return ClaimsRequest{}, err
			}
			*into = append(*into, ask)
		}
	}
	return request, nil
}

func parseClaimAsk(name string, value json.RawMessage) (ClaimAsk, error) {
	base, language, _ := strings.Cut(name, "#")
	if language == "" {
		base = name // a tag that says nothing is part of a name that nobody has
	}
	ask := ClaimAsk{Name: ClaimName(base), Language: language}
	if isNull(value) {
		return ask, nil
	}
	members, err := objectMembers(value)
	if err != nil {
		return ask, claimsError("claims."+base, "", "null or an object")
	}
	for _, m := range members {
		switch m.name {
		case "essential":
			if json.Unmarshal(m.value, &ask.Essential) != nil {
				return ask, claimsError("claims."+base+".essential", "", "true or false")
			}
		case "value":
			if ask.Values != nil {
				return ask, claimsError("claims."+base, "", "value or values, not both")
			}
			ask.Values = []json.RawMessage{compact(m.value)}
		case "values":
			if ask.Values != nil {
				return ask, claimsError("claims."+base, "", "value or values, not both")
			}
			if err := json.Unmarshal(m.value, &ask.Values); err != nil || len(ask.Values) == 0 || len(ask.Values) > MaxClaimValues {
				return ask, claimsError("claims."+base+".values", "", "an array of 1 to 50 values")
			}
			for i := range ask.Values {
				ask.Values[i] = compact(ask.Values[i])
			}
		}
	}
	return ask, nil
}

// ParseDetails reads authorization_details (RFC 9396 §2): an array of objects,
// each with a type. Which types and members are right is for Decide to say.
func ParseDetails(text string) ([]Detail, error) {
	const right = "a JSON array of objects, each with a string member type"
	if len(text) > maxParameterSize {
		return nil, claimsError("authorization_details", "", "at most 64 KiB")
	}
	var elements []json.RawMessage
	if err := decodeOne([]byte(text), &elements); err != nil || elements == nil {
		return nil, claimsError("authorization_details", "", right)
	}
	if len(elements) > MaxDetails {
		return nil, claimsError("authorization_details", "", "at most 20 elements")
	}
	details := make([]Detail, 0, len(elements))
	for _, element := range elements {
		members, err := objectMembers(element)
		if err != nil {
			return nil, claimsError("authorization_details", "", right)
		}
		d := Detail{Fields: make(map[string]json.RawMessage, len(members))}
		for _, m := range members {
			d.Fields[m.name] = compact(m.value)
			if m.name == "type" && (json.Unmarshal(m.value, &d.Type) != nil || d.Type == "") {
				return nil, claimsError("authorization_details.type", "", right)
			}
		}
		if d.Type == "" {
			return nil, claimsError("authorization_details", "", right)
		}
		details = append(details, d)
	}
	return details, nil
}

type member struct {
	name  string
	value json.RawMessage
}

var errNotObject = errors.New("not one JSON object with distinct members")

// objectMembers gives the members of one JSON object in their order. Repeated
// names are refused: readers disagree on which one counts.
func objectMembers(text []byte) ([]member, error) {
	if tooDeep(text) {
		return nil, errNotObject
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotObject
	}
	var members []member
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotObject
		}
		if slices.ContainsFunc(members, func(m member) bool { return m.name == name }) {
			return nil, errNotObject
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNotObject
		}
		members = append(members, member{name, value})
		if len(members) > 1000 {
			return nil, errNotObject
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errNotObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotObject
	}
	return members, nil
}

// tooDeep bounds nesting without parsing.
func tooDeep(text []byte) bool {
	depth, inString, escaped := 0, false, false
	for _, b := range text {
		switch {
		case escaped:
			escaped = false
		case inString && b == '\\':
			escaped = true
		case b == '"':
			inString = !inString
		case inString:
		case b == '{' || b == '[':
			if depth++; depth > maxJSONDepth {
				return true
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return false
}

func decodeOne(text []byte, into any) error {
	if tooDeep(text) {
		return errNotObject
	}
	return json.Unmarshal(text, into)
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

func claimsError(what, value, right string) error {
	return &SyntaxError{What: what, Value: value, Right: right}
}
