package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/server"
)

type explainCommand struct {
	place
	BaseURL  string   `name:"base-url" help:"Base URL of the issuers (default: http://localhost:8080)." env:"TILLIT_BASE_URL" placeholder:"URL"`
	Realm    string   `help:"Realm (default: from the path of the address)." env:"TILLIT_REALM"`
	Endpoint string   `help:"Endpoint the request is for: authorization or token." enum:"authorization,token," default:"" env:"TILLIT_ENDPOINT" placeholder:"ENDPOINT"`
	Client   string   `help:"Client (default: from client_id)." env:"TILLIT_CLIENT" placeholder:"ID"`
	Person   string   `help:"User name of who signs in (default: nobody does)." env:"TILLIT_PERSON" placeholder:"USERNAME"`
	Way      string   `help:"Way to sign in (default: the first that would do)." env:"TILLIT_WAY" placeholder:"CODE"`
	Agree    []string `help:"What the person agrees to (default: everything)." env:"TILLIT_AGREE" placeholder:"SCOPE"`
	Decline  []string `help:"What the person declines." env:"TILLIT_DECLINE" placeholder:"SCOPE"`
	Deny     bool     `help:"The person leaves the consent page." env:"TILLIT_DENY"`
	JTI      string   `name:"jti" help:"Explain the token with this id, from the record that was written when it was issued." env:"TILLIT_JTI"`
	Requests string   `help:"Explain many requests, one JSON object a line; - reads standard input." env:"TILLIT_REQUESTS" placeholder:"FILE"`
	Request  string   `arg:"" optional:"" help:"The request: an address, or its query."`
}

// Run explains one request, a token that was issued, or a file of requests.
func (e *explainCommand) Run(c *console) error {
	switch {
	case e.JTI != "":
		return e.token(c)
	case e.Requests != "":
		return e.many(c)
	case e.Request == "":
		return misused("explain: nothing to explain; right would be a request, --jti or --requests")
	case len(e.Agree) > 0 && len(e.Decline) > 0:
		return misused("explain: --agree names everything that is agreed to; --decline beside it makes no sense")
	}
	asked, err := e.asked()
	if err != nil {
		return err
	}
	p, err := e.whole(c, e.BaseURL)
	if err != nil {
		return err
	}
	defer p.close()
	x, err := p.explain(c.ctx, asked)
	if err != nil {
		return err
	}
	answer := answerOf(x)
	return c.print(answer, func(w io.Writer) { answer.write(w, x) })
}

// asked reads the request as it was sent, and what the flags add.
func (e *explainCommand) asked() (server.ExplainRequest, error) {
	r := server.ExplainRequest{
		Realm: e.Realm, Endpoint: e.Endpoint, Query: server.ParseRequest(e.Request), Client: e.Client,
		Person: e.Person, Way: e.Way, Decline: e.Decline, Agree: e.Agree, Deny: e.Deny,
	}
	if u, err := url.Parse(e.Request); err == nil && (u.Scheme != "" || strings.HasPrefix(e.Request, "/")) {
		realm, endpoint, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
		if r.Realm == "" {
			r.Realm = realm
		}
		if r.Endpoint == "" && endpoint == "token" {
			r.Endpoint = "token"
		}
	}
	return complete(r)
}

// complete fills in what the request itself says.
func complete(r server.ExplainRequest) (server.ExplainRequest, error) {
	if r.Realm == "" {
		return r, misused("explain: no realm; right would be --realm, or the whole address of the request")
	}
	switch r.Endpoint {
	case "":
		r.Endpoint = "authorization"
	case "authorization", "token":
	default:
		return r, misused("explain: no endpoint %q; right would be authorization or token", r.Endpoint)
	}
	sent, err := url.ParseQuery(r.Query)
	if err != nil {
		return r, nil // the provider says what is malformed
	}
	id := sent.Get("client_id")
	switch {
	case r.Endpoint == "token" && r.Client == "":
		r.Client = id
	case r.Endpoint == "authorization" && id == "" && r.Client != "":
		r.Query = strings.TrimPrefix(r.Query+"&client_id="+url.QueryEscape(r.Client), "&")
	case r.Client != "" && id != "" && id != r.Client:
		return r, misused("explain: --client %s, but the request has client_id=%s", r.Client, id)
	}
	if r.Endpoint == "token" && r.Client == "" {
		return r, misused("explain: no client; right would be --client, as a token request tells it by its credentials")
	}
	return r, nil
}

// explain asks the provider, and says in words of the command what stands in the
// way of an answer.
func (p *premises) explain(ctx context.Context, r server.ExplainRequest) (*server.Explanation, error) {
	if p.catalogs.Catalog(r.Realm, "") == nil {
		return nil, p.noRealm(r.Realm)
	}
	x, err := p.house.Provider.Explain(ctx, r)
	var refused *tillit.SignInRefused
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("realm %s: %s cannot sign in this way: %s", r.Realm, r.Person, refused.Key)
	case errors.Is(err, tillit.ErrNotFound) && r.Endpoint == "token":
		return nil, fmt.Errorf("realm %s: no client %q; tillit client list --realm %s lists them", r.Realm, r.Client, r.Realm)
	case errors.Is(err, tillit.ErrNotFound):
		return nil, fmt.Errorf("realm %s: no person %q", r.Realm, r.Person)
	}
	return x, err
}

func (p *premises) noRealm(name string) error {
	return fmt.Errorf("no realm %q; right would be one of %s", name, strings.Join(p.catalogs.Realms(), ", "))
}
