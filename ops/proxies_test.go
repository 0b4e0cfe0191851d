package ops

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestClient(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "192.0.2.7", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, from, forwarded, xff, want string
	}{
		{"no proxy", "198.51.100.1:5", "for=203.0.113.9", "203.0.113.9", "198.51.100.1"},
		{"nothing said", "10.1.1.1:5", "", "", "10.1.1.1"},
		{"one hop", "10.1.1.1:5", "", "203.0.113.9", "203.0.113.9"},
		{"a stranger's hop before", "10.1.1.1:5", "", "1.1.1.1, 203.0.113.9", "203.0.113.9"},
		{"two proxies", "10.1.1.1:5", "", "203.0.113.9, 192.0.2.7", "203.0.113.9"},
		{"Forwarded", "10.1.1.1:5", `for=1.1.1.1, For="203.0.113.9:4711";proto=https`, "", "203.0.113.9"},
		{"Forwarded wins", "10.1.1.1:5", "for=203.0.113.9", "1.1.1.1", "203.0.113.9"},
		{"IPv6", "[fd00::1]:5", `for="[2001:db8::1]:80"`, "", "2001:db8::1"},
		{"mapped", "[::ffff:10.1.1.1]:5", "", "::ffff:203.0.113.9", "203.0.113.9"},
		{"hidden", "10.1.1.1:5", "for=1.1.1.1, for=_hidden", "", "10.1.1.1"},
		{"unknown", "10.1.1.1:5", "", "unknown", "10.1.1.1"},
		{"all are proxies", "10.1.1.1:5", "", "10.2.2.2, 10.3.3.3", "10.2.2.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.from
			if c.forwarded != "" {
				r.Header.Set("Forwarded", c.forwarded)
			}
			if c.xff != "" {
				r.Header.Set("X-Forwarded-For", c.xff)
			}
			if got := proxies.Client(r); got.String() != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
}

func TestParseProxies(t *testing.T) {
	for _, bad := range []string{"10.0.0.0/33", "proxy.example", "", "fe80::1%eth0"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestGuard(t *testing.T) {
	proxies, _ := ParseProxies([]string{"10.0.0.0/8"})
	h := proxies.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for from, want := range map[string]int{"10.1.1.1:5": 204, "127.0.0.1:5": 204, "[::1]:5": 204, "198.51.100.1:5": 403, "odd": 403} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-For", "10.1.1.1")
		answer := httptest.NewRecorder()
		if h.ServeHTTP(answer, r); answer.Code != want {
			t.Errorf("from %s: %d; want %d", from, answer.Code, want)
		}
	}
}

func FuzzClient(f *testing.F) {
	f.Add(`for="[::1]:80"`, "1.2.3.4")
	f.Add(",;=,", ",,")
	proxies, _ := ParseProxies([]string{"192.0.2.0/24"})
	f.Fuzz(func(t *testing.T, forwarded, xff string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Forwarded"], r.Header["X-Forwarded-For"] = []string{forwarded}, []string{xff}
		if got := proxies.Client(r); !got.IsValid() {
			t.Errorf("no address from %q and %q", forwarded, xff)
		}
		r.RemoteAddr = "198.51.100.1:5"
		if got := proxies.Client(r); got.String() != "198.51.100.1" {
			t.Errorf("a stranger is believed to be %s", got)
		}
	})
}
