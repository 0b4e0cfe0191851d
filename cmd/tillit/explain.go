package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
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

// A manyRequest is one line of --requests.
type manyRequest struct {
	Realm    string   `json:"realm"`
	Endpoint string   `json:"endpoint"`
	Query    string   `json:"query"`
	Client   string   `json:"client"`
	Person   string   `json:"person"`
	Way      string   `json:"way"`
	Decline  []string `json:"decline"`
	Agree    []string `json:"agree"`
	Deny     bool     `json:"deny"`
}

// maxLine bounds one line of --requests, in bytes.
const maxLine = 1 << 20

// many answers every line with a line, in the order of the requests. A line that
// cannot be answered says so and the others go on.
func (e *explainCommand) many(c *console) error {
	in := io.Reader(os.Stdin)
	if e.Requests != "-" {
		file, err := os.Open(e.Requests)
		if err != nil {
			return fmt.Errorf("--requests: %w", err)
		}
		defer file.Close()
		in = file
	}
	p, err := e.whole(c, e.BaseURL)
	if err != nil {
		return err
	}
	defer p.close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	out := json.NewEncoder(c.out)
	out.SetEscapeHTML(false)
	for number := 1; lines.Scan(); number++ {
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		answer, err := p.explainLine(c.ctx, lines.Bytes())
		if err != nil {
			answer = explained{Failed: fmt.Sprintf("line %d: %v", number, err)}
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("--requests %s: %w", e.Requests, err)
	}
	return nil
}

func (p *premises) explainLine(ctx context.Context, line []byte) (explained, error) {
	var sent manyRequest
	if err := strictJSON(line, &sent); err != nil {
		return explained{}, err
	}
	asked, err := complete(server.ExplainRequest(sent))
	if err != nil {
		return explained{}, err
	}
	x, err := p.explain(ctx, asked)
	if err != nil {
		return explained{}, err
	}
	return answerOf(x), nil
}

// token explains a token that was issued.
func (e *explainCommand) token(c *console) error {
	p, err := e.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	realms := p.catalogs.Realms()
	if e.Realm != "" {
		realms = []string{e.Realm}
	}
	for _, realm := range realms {
		record, err := p.store.AuditByJTI(c.ctx, realm, e.JTI)
		if errors.Is(err, tillit.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		return printIssued(c, record)
	}
	return fmt.Errorf("no token with the jti %s was issued in %s", e.JTI, strings.Join(realms, ", "))
}

// printIssued prints the view that was recorded when a token was signed.
func printIssued(c *console, record *tillit.AuditRecord) error {
	var view tillit.View
	if err := json.Unmarshal(record.View, &view); err != nil {
		return fmt.Errorf("the record of the token cannot be read: %w", err)
	}
	return c.print(record, func(w io.Writer) {
		fmt.Fprintf(w, "%s at the %s endpoint of %s, %s, to client %s (revision %d)\n",
			record.Event, view.Endpoint, record.Realm, instant(record.Time), record.Client, view.Revision)
		fmt.Fprintf(w, "catalog %s\n", view.Catalog)
		if view.Way != "" {
			fmt.Fprintf(w, "signed in by %s, acr %s, %s\n", view.Way, view.ACR, instant(view.AuthTime))
		}
		fmt.Fprintln(w)
		decision := tillit.Decision{Scopes: view.Scopes, Claims: view.Claims, Resources: view.Resources, Details: view.Details, Refused: view.Refused}
		if view.Shape != nil {
			decision.Shape = *view.Shape
		}
		io.WriteString(w, decision.String())
	})
}
