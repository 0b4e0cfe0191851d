package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tillit/tillit/fetch"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/token"
)

// An op is a running provider, seen from one realm over HTTP.
type op struct {
	*facts.Env
	t     *testing.T
	base  string
	realm string
	house *wiring.House
	log   *logged
}

// open starts the provider that dev runs, with cheap password hashes.
func open(t *testing.T, realm string) *op {
	t.Helper()
	return openRealms(t, realm, realms.Files())
}

// openRealms starts it on other realms than the shipped ones.
func openRealms(t *testing.T, realm string, files fs.FS) *op {
	t.Helper()
	return openWith(t, realm, func(c *wiring.Config) { c.Realms = files })
}

// openWith starts it with something changed.
func openWith(t *testing.T, realm string, change func(*wiring.Config)) *op {
	t.Helper()
	key, err := token.NewMasterKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &op{t: t, base: "http://" + listener.Addr().String(), realm: realm, log: &logged{}}
	config := wiring.Config{
		Base: o.base, Realms: realms.Files(), Demo: demodata.Files, Stamp: "dev", MasterKey: key, Cheap: true,
		Outgoing: fetch.GuardedOptions{AllowLoopback: true},
		Log:      slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	change(&config)
	o.house, err = wiring.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", o.house.Handler)
	mux.HandleFunc("GET /dev/fixtures.json", o.fixtures)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 64 << 10}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := o.house.Close(); err != nil {
			t.Errorf("close the house: %v", err)
		}
	})
	world := &facts.World{Starter: started{}}
	o.Env = world.Env(t, &facts.Provider{Base: o.base, Advance: o.house.Advance}, realm)
	return o
}

func (o *op) fixtures(w http.ResponseWriter, _ *http.Request) {
	fixtures, err := o.house.Fixtures()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	json.NewEncoder(w).Encode(fixtures)
}

// started stands where a world wants to start providers: here one runs already.
type started struct{}

func (started) Shipped() (fs.FS, fs.FS) { return realms.Files(), demodata.Files }

func (started) Start(t facts.TB, _ facts.Options) (*facts.Provider, error) {
	t.Fatalf("this provider is not started again")
	return nil, nil
}

// logged keeps what the provider logs.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// An answer is one HTTP answer, read.
type answer struct {
	status int
	header http.Header
	body   string
}

// member gives a string member of a JSON answer.
func (a *answer) member(name string) string {
	var object map[string]any
	if json.Unmarshal([]byte(a.body), &object) != nil {
		return ""
	}
	text, _ := object[name].(string)
	return text
}

// away gives what a redirect brings, in the query or the fragment; nil without one.
func (a *answer) away() (mode string, params url.Values) {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		return "", nil
	}
	if u.Fragment != "" {
		values, err := url.ParseQuery(u.EscapedFragment())
		if err != nil {
			return "", nil
		}
		return "fragment", values
	}
	return "query", u.Query()
}

// client is a browser or an application that follows nothing.
func client(jar http.CookieJar) *http.Client {
	return &http.Client{
		Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send sends a request and reads the answer. A broken connection is status 0:
// that is how a server ends a body that is far too large.
func (o *op) send(c *http.Client, req *http.Request) *answer {
	o.t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		return &answer{header: http.Header{}, body: err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return &answer{resp.StatusCode, resp.Header, string(body)}
}

// request makes a request below the realm; a body is a form.
func (o *op) request(method, path, body string, header ...string) *http.Request {
	o.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = o.base + "/" + o.realm + path
	}
	req, err := http.NewRequestWithContext(o.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		o.t.Fatalf("%s %s: %v", method, path, err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if i > 0 && header[i] == header[i-2] {
			req.Header.Add(header[i], header[i+1])
		} else {
			req.Header.Set(header[i], header[i+1])
		}
	}
	return req
}

// do sends a request without cookies.
func (o *op) do(method, path, body string, header ...string) *answer {
	o.t.Helper()
	return o.send(client(nil), o.request(method, path, body, header...))
}

// basic is the header of a demo client that authenticates by Basic.
func (o *op) basic(id string) string {
	o.t.Helper()
	req := o.request(http.MethodGet, "/", "")
	req.SetBasicAuth(url.QueryEscape(o.Client(id).ID), url.QueryEscape(o.Client(id).Secret))
	return req.Header.Get("Authorization")
}
