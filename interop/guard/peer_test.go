package guard

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A peer is oidc-provider, running.
type peer struct {
	t              *testing.T
	issuer, secret string
	stop           func()
}

// newPeer runs oidc-provider until the test is over.
func newPeer(t *testing.T) *peer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: no provider that we did not write")
	}
	if _, err := os.Stat("../node/node_modules/oidc-provider"); err != nil {
		t.Skip("oidc-provider is not installed (npm ci in interop/node)")
	}
	command := exec.Command(node, "provider.mjs")
	command.Dir = "../node"
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	p := &peer{t: t, stop: func() {
		if !stopped {
			stopped = true
			command.Process.Kill()
			command.Wait()
		}
	}}
	t.Cleanup(p.stop)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) == 3 && words[0] == "ready" {
			p.issuer, p.secret = words[1], words[2]
			return p
		}
	}
	t.Fatal("oidc-provider ended before it was ready")
	return nil
}

// post sends a form as a client and gives the answer.
func (p *peer) post(client, path string, form url.Values, edit func(*http.Request)) map[string]any {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, url.QueryEscape(p.secret))
	if edit != nil {
		edit(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	var told map[string]any
	if len(body) > 0 && json.Unmarshal(body, &told) != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s", client, path, answer.StatusCode, body)
	}
	return told
}

// token gets a machine's access token for one API.
func (p *peer) token(client, resource, scope string, edit func(*http.Request)) string {
	p.t.Helper()
	told := p.post(client, "/token", url.Values{"grant_type": {"client_credentials"}, "resource": {resource}, "scope": {scope}}, edit)
	token, _ := told["access_token"].(string)
	return token
}

func (p *peer) rotate() {
	p.t.Helper()
	answer, err := http.Post(p.issuer+"/rotate", "", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	answer.Body.Close()
}

var field = regexp.MustCompile(`name="([a-z_]+)" value="([^"]*)"`)

// signIn walks a person through the development pages and redeems the code.
func (p *peer) signIn(scope, resource string) map[string]any {
	p.t.Helper()
	const callback = "https://client.example/callback"
	verifier := strings.Repeat("verifier", 6)
	query := url.Values{
		"client_id": {"web"}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {scope}, "resource": {resource},
		"code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"}, "nonce": {"n"}, "state": {"s"},
	}
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	next, err := http.NewRequest(http.MethodGet, p.issuer+"/auth?"+query.Encode(), nil)
	for range 20 {
		if err != nil {
			p.t.Fatal(err)
		}
		answer, err := client.Do(next)
		if err != nil {
			p.t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if location, err := answer.Location(); err == nil {
			if strings.HasPrefix(location.String(), callback) {
				return p.post("web", "/token", url.Values{
					"grant_type": {"authorization_code"}, "code": {location.Query().Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier},
				}, nil)
			}
			next, _ = http.NewRequest(http.MethodGet, location.String(), nil)
			continue
		}
		form := url.Values{"login": {"bjarne"}, "password": {"any"}}
		for _, found := range field.FindAllStringSubmatch(string(body), -1) {
			form.Set(found[1], found[2])
		}
		if !form.Has("prompt") {
			p.t.Fatalf("a page without a form: %d %s", answer.StatusCode, body)
		}
		next, _ = http.NewRequest(http.MethodPost, next.URL.String(), strings.NewReader(form.Encode()))
		next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	p.t.Fatal("the pages lead in a circle")
	return nil
}
