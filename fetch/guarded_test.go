package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// listen runs a server with the certificate of example.com and 127.0.0.1.
func listen(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server, roots
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

func TestGuardedGet(t *testing.T) {
	server, roots := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("%s, Accept-Encoding %q", r.Method, r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		io.WriteString(w, `{"keys":[]}`)
	})
	guarded := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: roots})
	got, err := guarded.Get(t.Context(), server.URL)
	if err != nil || string(got.Body) != `{"keys":[]}` || got.Type != "application/jwk-set+json" || got.MaxAge != 5*time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGuardedRefusesAddresses(t *testing.T) {
	var reached atomic.Int32
	count := func(w http.ResponseWriter, _ *http.Request) { reached.Add(1) }
	server, roots := listen(t, count)
	unencrypted := httptest.NewServer(http.HandlerFunc(count))
	defer unencrypted.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())

	closed := NewGuarded(GuardedOptions{Roots: roots})
	for _, address := range []string{
		server.URL, unencrypted.URL, "https://localhost:" + port, "https://[::1]:" + port, "https://0.0.0.0:" + port,
		"https://[::ffff:127.0.0.1]:" + port, "https://[::ffff:7f00:1]:" + port, "https://10.0.0.1", "https://169.254.169.254/latest/meta-data",
		"https://[fe80::1%25lo]:" + port, "http://example.com/", "ftp://example.com/", "https://127.1:" + port,
	} {
		if _, err := closed.Get(t.Context(), address); err == nil {
			t.Errorf("%s was read", address)
		} else if !errors.Is(err, ErrForbidden) && !strings.Contains(address, "127.1:") {
			t.Errorf("%s: %v, want ErrForbidden", address, err)
		}
	}
	open := NewGuarded(GuardedOptions{Roots: roots, AllowLoopback: true})
	for _, address := range []string{"https://10.0.0.1", "https://169.254.169.254", "http://8.8.8.8/", "http://169.254.169.254/"} {
		if _, err := open.Get(t.Context(), address); !errors.Is(err, ErrForbidden) {
			t.Errorf("loopback allowed, %s: %v, want ErrForbidden", address, err)
		}
	}
	if reached.Load() != 0 {
		t.Fatalf("%d requests came through", reached.Load())
	}
	if _, err := open.Get(t.Context(), unencrypted.URL); err != nil || reached.Load() != 1 {
		t.Errorf("http to this machine, which is allowed: %v", err)
	}
}

func TestGuardedFollowsNoRedirect(t *testing.T) {
	var reached atomic.Int32
	inside, _ := listen(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server, roots := listen(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside.URL, status) })
		if got, err := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: roots}).Get(t.Context(), server.URL); err == nil {
			t.Errorf("%d: %+v", status, got)
		}
	}
	if reached.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestGuardedIgnoresProxies(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	if _, err := NewGuarded(GuardedOptions{}).Get(t.Context(), "https://10.0.0.1/"); !errors.Is(err, ErrForbidden) {
		t.Errorf("%v, want ErrForbidden", err)
	}
}

func TestGuardedBounds(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    error
	}{
		"as large as may be": {answer(strings.Repeat("x", 100)), nil},
		"larger":             {answer(strings.Repeat("x", 101)), ErrTooLarge},
		"without end": {func(w http.ResponseWriter, _ *http.Request) {
			for range 1 << 12 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, ErrTooLarge},
		"never": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, context.DeadlineExceeded},
		"by drops": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, context.DeadlineExceeded},
		"an error":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, errAny},
		"compressed": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "gzip") }, errAny},
		"a large header": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}, errAny},
	} {
		t.Run(name, func(t *testing.T) {
			server, roots := listen(t, test.handler)
			guarded := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: roots, Size: 100, Time: 300 * time.Millisecond})
			_, err := guarded.Get(t.Context(), server.URL+"/?token=secret")
			if test.want == errAny && err == nil || test.want != errAny && !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes the query: %v", err)
			}
		})
	}
}

// errAny stands for any error in a table.
var errAny = errors.New("any error")

func TestGuardedConcurrency(t *testing.T) {
	release, arrived := make(chan struct{}), make(chan struct{}, 2)
	server, roots := listen(t, func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-release })
	guarded := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: roots, Concurrent: 1})
	done := make(chan error, 1)
	go func() {
		_, err := guarded.Get(context.Background(), server.URL)
		done <- err
	}()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := guarded.Get(ctx, server.URL); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v, want ErrBusy", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestGuardedPostForm(t *testing.T) {
	server, roots := listen(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("logout_token") != "x.y.z" {
			t.Errorf("form %v", r.Form)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	guarded := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: roots})
	if _, err := guarded.PostForm(t.Context(), server.URL, url.Values{"logout_token": {"x.y.z"}}); err != nil {
		t.Error(err)
	}
	if _, err := NewGuarded(GuardedOptions{}).PostForm(t.Context(), server.URL, nil); !errors.Is(err, ErrForbidden) {
		t.Errorf("%v, want ErrForbidden", err)
	}
}

func TestGuardedChecksCertificates(t *testing.T) {
	server, _ := listen(t, answer("x"))
	if _, err := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: x509.NewCertPool()}).Get(t.Context(), server.URL); err == nil {
		t.Error("an unknown certificate was believed")
	}
}

// names is a DNS server whose answers change from question to question.
func names(t *testing.T, answers ...netip.Addr) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for asked := 0; ; {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				address := answers[min(asked, len(answers)-1)]
				asked++
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: address.As4()},
				}}
			}
			reply, _ := m.Pack()
			socket.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// A name that is public when it is looked at and private when it is called gains
// nothing: what is judged is what is dialled.
func TestGuardedRebinding(t *testing.T) {
	var reached atomic.Int32
	server, roots := listen(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	address := fmt.Sprintf("https://example.com:%s/", port)
	public, private := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1")

	resolver := names(t, public, private)
	if found, err := resolver.LookupNetIP(t.Context(), "ip4", "example.com"); err != nil || found[0] != public {
		t.Fatalf("looked at first: %v, %v", found, err)
	}
	_, err := NewGuarded(GuardedOptions{Roots: roots, Resolver: resolver}).Get(t.Context(), address)
	if !errors.Is(err, ErrForbidden) || reached.Load() != 0 {
		t.Errorf("%v, reached %d times; want ErrForbidden", err, reached.Load())
	}
	// The same name and certificate are read where this machine is allowed, so
	// that it was the address and nothing else.
	open := NewGuarded(GuardedOptions{Roots: roots, Resolver: names(t, private), AllowLoopback: true})
	if _, err := open.Get(t.Context(), address); err != nil || reached.Load() != 1 {
		t.Errorf("where it is allowed: %v", err)
	}
	// Each request is judged anew; no connection is kept for the next.
	turning := NewGuarded(GuardedOptions{Roots: roots, Resolver: names(t, private, netip.MustParseAddr("10.0.0.1")), AllowLoopback: true})
	if _, err := turning.Get(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if _, err := turning.Get(t.Context(), address); !errors.Is(err, ErrForbidden) {
		t.Errorf("after it turned: %v, want ErrForbidden", err)
	}
}

func TestTrusted(t *testing.T) {
	server, roots := listen(t, answer("x"))
	trusted := NewTrusted(TrustedOptions{Roots: roots, Size: 1})
	if got, err := trusted.Get(t.Context(), server.URL); err != nil || string(got.Body) != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	large, roots := listen(t, answer("xx"))
	if _, err := NewTrusted(TrustedOptions{Roots: roots, Size: 1}).Get(t.Context(), large.URL); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
	for _, address := range []string{"file:///etc/passwd", "https://user@127.0.0.1/"} {
		if _, err := trusted.Get(t.Context(), address); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, want ErrForbidden", address, err)
		}
	}
}

func TestGuardedAdmits(t *testing.T) {
	for address, want := range map[string]string{
		"https://client.example/hook?a=b": "ever",
		"https://8.8.8.8/hook":            "ever",
		"http://client.example/hook":      "never",
		"https://10.0.0.1/hook":           "never",
		"https://169.254.169.254/":        "never",
		"https://[fd00::1]/":              "never",
		"https://user@client.example/":    "never",
		"https://client.example/#x":       "never",
		"ftp://client.example/":           "never",
		"":                                "never",
		"http://127.0.0.1:9000/hook":      "loopback",
		"https://[::1]/hook":              "loopback",
		"http://localhost:9000/hook":      "loopback",
		"https://a.localhost./hook":       "loopback",
	} {
		strict, lenient := NewGuarded(GuardedOptions{}).Admits(address), NewGuarded(GuardedOptions{AllowLoopback: true}).Admits(address)
		if (strict == nil) != (want == "ever") || (lenient == nil) != (want != "never") {
			t.Errorf("%s: %v; with loopback %v; want %s", address, strict, lenient, want)
		}
		if strict != nil && !errors.Is(strict, ErrForbidden) {
			t.Errorf("%s: %v; want ErrForbidden", address, strict)
		}
	}
}

func TestGuardedPost(t *testing.T) {
	got := make(chan string, 1)
	server, roots := listen(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + r.Header.Get("Content-Type") + " " + r.Header.Get("X-Signed") + " " + string(body)
		if r.URL.Path == "/elsewhere" {
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		}
	})
	g := NewGuarded(GuardedOptions{AllowLoopback: true, Roots: roots})
	header := http.Header{"Content-Type": {"application/json"}, "X-Signed": {"yes"}}
	if _, err := g.Post(t.Context(), server.URL, header, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != `POST application/json yes {"a":1}` {
		t.Errorf("sent %q", text)
	}
	if _, err := g.Post(t.Context(), server.URL+"/elsewhere", header, nil); err == nil {
		t.Error("a redirect is success")
	}
	if len(got) != 1 {
		t.Error("the redirect was followed")
	}
	if _, err := NewGuarded(GuardedOptions{Roots: roots}).Post(t.Context(), server.URL, header, nil); !errors.Is(err, ErrForbidden) {
		t.Errorf("loopback: %v; want ErrForbidden", err)
	}
}
