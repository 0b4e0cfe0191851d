package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
)

// An explained request, as JSON has it: what would be answered, the verdicts,
// and the claims of what would be issued.
type explained struct {
	Error       string                    `json:"error,omitempty"`
	Description string                    `json:"error_description,omitempty"`
	Scopes      []tillit.ScopeVerdict     `json:"scopes"`
	Claims      []tillit.ClaimVerdict     `json:"claims"`
	Resources   []tillit.ResourceVerdict  `json:"resources,omitempty"`
	Details     []tillit.DetailVerdict    `json:"authorization_details,omitempty"`
	Way         string                    `json:"way,omitempty"`
	Asked       []string                  `json:"asked"`
	Needs       []explainedNeed           `json:"needs,omitempty"`
	Shape       *tillit.Shape             `json:"shape,omitempty"`
	Tokens      map[string]map[string]any `json:"tokens,omitempty"`
	Refused     *tillit.Refusal           `json:"refused,omitempty"`
	Failed      string                    `json:"failed,omitempty"` // the request could not be explained
}

// An explainedNeed is a page at which the request would wait.
type explainedNeed struct {
	Kind tillit.NeedKind `json:"kind"`
	Ways []string        `json:"ways,omitempty"`
}

func answerOf(x *server.Explanation) explained {
	d := &x.Decision
	answer := explained{
		Scopes: orEmpty(d.Scopes), Claims: orEmpty(d.Claims), Resources: d.Resources, Details: d.Details,
		Way: x.Way, Asked: orEmpty(x.Asked), Tokens: x.Tokens, Refused: d.Refused,
	}
	if x.Error != nil {
		answer.Error, answer.Description = x.Error.Code, x.Error.Description
		return answer
	}
	for _, need := range d.Needs {
		n := explainedNeed{Kind: need.Kind}
		if need.SignIn != nil {
			n.Ways = need.SignIn.Ways
		}
		answer.Needs = append(answer.Needs, n)
	}
	if len(answer.Needs) == 0 {
		answer.Shape = &d.Shape
	}
	return answer
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// write prints the trace, what would be answered, and the claims of every token.
func (a *explained) write(w io.Writer, x *server.Explanation) {
	io.WriteString(w, trace(x))
	fmt.Fprintln(w)
	if a.Way != "" {
		fmt.Fprintln(w, "signed in by", a.Way)
	}
	if len(a.Asked) > 0 {
		fmt.Fprintln(w, "asked on the consent page:", strings.Join(a.Asked, ", "))
	}
	switch {
	case a.Error != "":
		fmt.Fprintf(w, "answer: error=%s, %s\n", a.Error, a.Description)
	case len(a.Needs) > 0:
		fmt.Fprintf(w, "answer: a page, %s %s\n", a.Needs[0].Kind, strings.Join(a.Needs[0].Ways, " "))
	case x.View.Endpoint == "token":
		fmt.Fprintln(w, "answer: tokens, scope="+tillit.JoinScopes(a.Shape.Scopes))
	default:
		fmt.Fprintln(w, "answer: a code, whose tokens have scope="+tillit.JoinScopes(a.Shape.Scopes))
	}
	for _, kind := range slices.Sorted(maps.Keys(a.Tokens)) {
		fmt.Fprintf(w, "\n%s\n", kind)
		writeMembers(w, a.Tokens[kind])
	}
}

// trace is the decision's own text, where there was one.
func trace(x *server.Explanation) string {
	if len(x.Decision.Scopes) == 0 && x.Decision.Refused == nil && x.Error != nil {
		return "refused before anything was decided\n"
	}
	return x.Decision.String()
}

func writeMembers(w io.Writer, members map[string]any) {
	width := 0
	for name := range members {
		width = max(width, len(name))
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintf(w, "  %-*s  %s\n", width, name, compact(members[name]))
	}
}

// compact writes a value as JSON in one line.
func compact(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(b.String())
}

// strictJSON decodes one JSON object; members that nobody reads are refused.
func strictJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}
