package agree

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/server"
)

// An outcome is what came of a request, on either side.
type outcome struct {
	Error       string // code, or "page " and the kind where the person stays on one
	Description string
	Scope       string
	Refresh     bool
	Claims      map[string]map[string]any // by sink
	Verdicts    []string                  // as recorded, or as explained; nil: not known
}

// passing are members whose values are of one issuance: their presence is
// compared, their value is not.
var passing = []string{"exp", "iat", "auth_time", "jti", "sid", "nbf"}

// issuanceOnly are members that only what is signed can have.
var issuanceOnly = []string{"at_hash", "c_hash"}

// issue sends the request to the running provider, through its pages.
func (h *harness) issue(r request, sent url.Values) outcome {
	if r.Endpoint == "token" {
		form := maps.Clone(sent)
		form.Set("grant_type", "client_credentials")
		return h.tokens(h.env.Token(r.Client, form), "")
	}
	b := h.env.NewBrowser()
	manners := facts.Manners{Person: r.Person, Way: r.Way, Decline: r.Decline, Deny: r.Deny, Until: "choose"}
	exit := b.Open(h.env.Address(sent), manners)
	if exit.Page != nil && exit.Page.Kind == "choose" {
		way := r.Way
		if !slices.Contains(exit.Page.Ways, way) {
			way = exit.Page.Ways[0]
		}
		manners.Until = ""
		exit = b.Continue(b.Press(exit.Page, "idp", way, nil), manners)
	}
	switch {
	case exit.URL == nil && exit.Page.Kind == "error":
		return outcome{Error: exit.Page.Code}
	case exit.URL == nil:
		return outcome{Error: "page " + exit.Page.Kind}
	case exit.Params.Has("error"):
		return outcome{Error: exit.Params.Get("error"), Description: exit.Params.Get("error_description")}
	case exit.Params.Get("code") == "":
		return h.front(exit.Params)
	}
	return h.tokens(h.env.Token(r.Client, url.Values{
		"grant_type": {"authorization_code"}, "code": {exit.Params.Get("code")},
		"redirect_uri": {sent.Get("redirect_uri")}, "code_verifier": {verifier},
	}), "")
}

// front reads tokens that the authorization endpoint itself answered with.
func (h *harness) front(params url.Values) outcome {
	answer := &facts.Tokens{Status: 200, Body: map[string]any{}}
	for name := range params {
		answer.Body[name] = params.Get(name)
	}
	return h.tokens(answer, "front")
}

func (h *harness) tokens(t *facts.Tokens, by string) outcome {
	if t.Status != 200 {
		return outcome{Error: t.Text("error"), Description: t.Text("error_description")}
	}
	o := outcome{Scope: t.Text("scope"), Refresh: t.Has("refresh_token"), Claims: map[string]map[string]any{}}
	if id := payload(t.ID()); id != nil {
		o.Claims["id_token"] = id
	}
	if access := payload(t.Access()); access != nil {
		o.Claims["access_token"] = access
		if jti, ok := access["jti"].(string); ok && by == "" {
			o.Verdicts = h.recorded(jti)
		}
	}
	if t.Access() == "" || h.env.Metadata()["userinfo_endpoint"] == nil {
		return o
	}
	if u := h.env.UserInfo(t.Access()); u.Status == 200 {
		o.Claims["userinfo"] = u.Claims
	}
	return o
}

// recorded gives the verdicts that were written when the token was signed.
func (h *harness) recorded(jti string) []string {
	view, err := h.house.Provider.ExplainToken(context.Background(), h.realm, jti)
	if err != nil {
		h.t.Errorf("no record of a token that was issued: %v", err)
		return nil
	}
	return verdicts(view.Scopes, view.Claims, view.Resources, view.Details)
}

func verdicts(scopes []tillit.ScopeVerdict, claims []tillit.ClaimVerdict, resources []tillit.ResourceVerdict, details []tillit.DetailVerdict) []string {
	list := []string{}
	for _, v := range scopes {
		list = append(list, fmt.Sprint("scope ", v.Scope, " ", v.Reason, " ", v.By))
	}
	for _, v := range claims {
		list = append(list, fmt.Sprint("claim ", v.Claim, " ", v.Sink, " ", v.Via, " ", v.Reason, " ", v.By))
	}
	for _, v := range resources {
		list = append(list, fmt.Sprint("resource ", v.Resource, " ", v.Reason))
	}
	for _, v := range details {
		list = append(list, fmt.Sprint("detail ", v.Type, " ", v.Reason, " ", v.Field))
	}
	slices.Sort(list)
	return list
}

// payload gives the claims of a JWT without looking at its signature, which
// other tests do; nil for anything else.
func payload(token string) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return nil
	}
	return claims
}

// explain asks what the request would come to.
func explain(p *server.Provider, realm string, r request, sent url.Values) (outcome, *server.Explanation, error) {
	x, err := p.Explain(context.Background(), server.ExplainRequest{
		Realm: realm, Endpoint: r.Endpoint, Query: sent.Encode(), Client: r.Client,
		Person: r.Person.Username, Way: r.Way, Decline: r.Decline, Deny: r.Deny,
	})
	var refused *tillit.SignInRefused
	if errors.As(err, &refused) {
		return outcome{Error: "page sign_in"}, nil, nil
	}
	if err != nil {
		return outcome{}, nil, err
	}
	if x.Error != nil {
		return outcome{Error: x.Error.Code, Description: x.Error.Description}, x, nil
	}
	d := &x.Decision
	if len(d.Needs) > 0 && d.Needs[0].Kind != tillit.NeedSignIn && d.Needs[0].Kind != tillit.NeedConsent {
		return outcome{Error: "page " + string(d.Needs[0].Kind)}, nil, nil // an act is the person's own
	}
	o := outcome{
		Scope: tillit.JoinScopes(d.Shape.Scopes), Refresh: d.Shape.Refresh, Claims: map[string]map[string]any{},
		Verdicts: verdicts(x.View.Scopes, x.View.Claims, x.View.Resources, x.View.Details),
	}
	text, err := json.Marshal(x.Tokens)
	if err == nil {
		err = json.Unmarshal(text, &o.Claims)
	}
	return o, x, err
}

// differences lists where the two sides disagree. again is a second explanation:
// what differs between two explanations is of one issuance too.
func differences(issued, explained, again outcome) []string {
	var list []string
	differ := func(what string, a, b any) {
		if !reflect.DeepEqual(a, b) {
			list = append(list, fmt.Sprintf("%s: issued %v; explained %v", what, a, b))
		}
	}
	differ("error", issued.Error, explained.Error)
	if issued.Error == explained.Error && issued.Description != "" {
		differ("error_description", issued.Description, explained.Description)
	}
	if issued.Error != "" || explained.Error != "" {
		return list
	}
	if issued.Scope != "" || issued.Claims["access_token"] != nil {
		differ("scope", issued.Scope, explained.Scope)
	}
	if issued.Verdicts != nil {
		differ("verdicts", issued.Verdicts, explained.Verdicts)
	}
	for _, sink := range []string{"id_token", "access_token", "userinfo"} {
		got, want := issued.Claims[sink], explained.Claims[sink]
		if got == nil && (sink == "access_token" || issued.Claims["access_token"] == nil) {
			continue // opaque, or not issued at this endpoint
		}
		differ(sink+" is there", got != nil, want != nil)
		for _, name := range members(got, want) {
			if slices.Contains(issuanceOnly, name) || sink == "userinfo" && (name == "iss" || name == "aud") {
				continue
			}
			_, there := got[name]
			_, expected := want[name]
			differ(sink+" has "+name, there, expected)
			changes := !reflect.DeepEqual(want[name], again.Claims[sink][name])
			if there && expected && !changes && !slices.Contains(passing, name) {
				differ(sink+" "+name, got[name], want[name])
			}
		}
	}
	return list
}

func members(a, b map[string]any) []string {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
