package dev

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// resultModel is what the page after a run shows.
type resultModel struct {
	Run       string
	Realm     string
	Title     string
	Client    string
	ClientURL string
	Asked     []string
	Request   []choice // the authorization request, parameter by parameter

	OK        bool
	Error     string
	Failed    string
	Told      string
	Revoked   bool
	Renewable bool
	SignsOut  bool
	Person    string
	Account   string

	Scopes    []verdict
	Claims    []verdict // one per claim and place
	Withheld  []verdict // claims that were not given
	Explained bool
	Documents []document
	Snippets  []snippet
}

// verdict is what became of one scope or claim, in words.
type verdict struct {
	Name, Title, Where, Via, Sentence, Reason string
	Given                                     bool
}

// document is one token or answer, decoded.
type document struct{ ID, Title, Note, Header, Text, Raw string }

func (p *playground) result(w http.ResponseWriter, r *http.Request) {
	found, ok := p.runs.get(r.URL.Query().Get("run"), browserOf(r))
	if !ok {
		p.tell(w, http.StatusNotFound, message{Heading: "This result is gone", Text: "The playground remembers the last runs of this browser only, and forgets them when it ends."})
		return
	}
	realm, client, m, ok := p.parties(w, r, &found)
	if !ok {
		return
	}
	p.render(w, http.StatusOK, "result", "What came back", p.resultModel(r.Context(), found, m, realm, client))
}

func (p *playground) resultModel(ctx context.Context, found run, m metadata, realm demo.FixtureRealm, client demo.FixtureClient) resultModel {
	model := resultModel{
		Run: found.ID, Realm: found.Realm, Title: found.Realm, Client: name(client), Account: realm.APIs["account"],
		ClientURL: "/?realm=" + url.QueryEscape(found.Realm) + "&client=" + url.QueryEscape(string(found.Client)),
		OK:        found.Tokens != nil && found.Failed == "", Error: found.Error, Failed: found.Failed, Told: found.Told, Revoked: found.Revoked,
		Request: parameters(found.Request), Snippets: snippets(found, m, client, p.Base),
	}
	for _, name := range found.Asked {
		model.Asked = append(model.Asked, string(name))
	}
	catalog := p.Catalog(found.Realm)
	if catalog != nil {
		model.Title = catalog.Title.In("en")
	}
	if found.Tokens == nil {
		return model
	}
	model.Renewable = found.Tokens.Refresh != ""
	model.SignsOut = found.Tokens.ID != "" && m.EndSession != ""
	model.Person = personOf(found.Tokens)
	model.Documents = documents(found.Tokens)
	p.explain(ctx, &model, found, catalog)
	return model
}

// parameters takes the authorization request apart, in the order it was sent.
func parameters(request string) []choice {
	_, query, _ := strings.Cut(request, "?")
	var list []choice
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		value, err := url.QueryUnescape(value)
		if name != "" && err == nil {
			list = append(list, choice{Title: name, Value: value})
		}
	}
	return list
}

// explain fills in why each scope and claim was given or not.
func (p *playground) explain(ctx context.Context, model *resultModel, found run, catalog *tillit.Catalog) {
	if jti := jtiOf(found.Tokens); p.Explain != nil && catalog != nil && jti != "" {
		if e, err := p.Explain(ctx, found.Realm, jti); err == nil {
			model.Explained = true
			model.fill(e, catalog, found.Tokens)
			return
		}
	}
	granted := strings.Fields(found.Tokens.Scope)
	for _, name := range found.Asked {
		v := verdict{Name: string(name), Given: found.Tokens.Scope == "" || slices.Contains(granted, string(name))}
		if catalog != nil && catalog.Scope(name) != nil {
			v.Title = catalog.Scope(name).Title.In("en")
		}
		model.Scopes = append(model.Scopes, v)
	}
}

func (m *resultModel) fill(e Explanation, catalog *tillit.Catalog, t *tokens) {
	for _, s := range e.Scopes {
		v := verdict{Name: string(s.Scope), Sentence: s.Sentence, Reason: string(s.Reason), Given: s.Reason == tillit.Given}
		if scope := catalog.Scope(s.Scope); scope != nil {
			v.Title = scope.Title.In("en")
			if v.Given {
				v.Sentence = whyGiven(scope)
			}
		}
		m.Scopes = append(m.Scopes, v)
	}
	for _, c := range e.Claims {
		v := claimVerdict(c, catalog)
		if v.Given && t.lacks(c.Sink, v.Name) {
			v.Given, v.Reason, v.Sentence = false, string(tillit.NoValue), "It may be told, but nothing is known of this person."
		}
		if v.Given {
			m.Claims = merge(m.Claims, v)
		} else {
			m.Withheld = merge(m.Withheld, v)
		}
	}
}

func claimVerdict(c ClaimExplained, catalog *tillit.Catalog) verdict {
	v := verdict{Name: string(c.Claim), Where: sinkTitle(c.Sink), Via: via(c.Via), Sentence: c.Sentence, Reason: string(c.Reason), Given: c.Reason == tillit.Given}
	if claim := catalog.Claim(c.Claim); claim != nil {
		v.Name, v.Title = claim.Wire(), claim.Title.In("en")
	}
	if v.Given {
		v.Sentence = "" // where it goes and what yields it says it all
	}
	return v
}

// merge adds a verdict, to the one before it when they differ in the place only.
func merge(list []verdict, v verdict) []verdict {
	for i := range list {
		same := list[i]
		same.Where = v.Where
		if same == v {
			list[i].Where += ", " + v.Where
			return list
		}
	}
	return append(list, v)
}

// whyGiven says in words what let a scope through: who may have it, and whether
// the person was asked.
func whyGiven(s *tillit.Scope) string {
	why := "It is on this client."
	switch s.Eligible {
	case tillit.EligibleAny:
		why = "Every client has it."
	case tillit.EligibleGranted:
		why = "It is on this client, and its owner lets the client's organization in."
	}
	if s.Consent == tillit.ConsentOnce || s.Consent == tillit.ConsentAlways {
		why += " The person agreed."
	}
	return why
}

func sinkTitle(sink tillit.Sink) string {
	switch sink {
	case tillit.SinkIDToken:
		return "ID Token"
	case tillit.SinkAccessToken:
		return "Access token"
	case tillit.SinkUserInfo:
		return "UserInfo"
	case tillit.SinkIntrospection:
		return "Introspection"
	case tillit.SinkTokenResponse:
		return "Token response"
	}
	return string(sink)
}

func via(v string) string {
	switch v {
	case "":
		return "always there"
	case "claims":
		return "asked for singly"
	}
	return "scope " + v
}
