package login

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"golang.org/x/crypto/argon2"
)

// people is a Directory of one realm.
type people map[string]*tillit.Person

func (p people) PersonByUsername(_ context.Context, _, username string) (*tillit.Person, error) {
	if person := p[username]; person != nil {
		return person, nil
	}
	return nil, tillit.ErrNotFound
}

// tally counts failures in memory.
type tally struct {
	mu     sync.Mutex
	failed map[string][]int64 // key → when
	window int64
}

func (a *tally) Fail(_ context.Context, _, _ string, key []byte, at, window int64) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.window = window
	a.failed[string(key)] = append(a.failed[string(key)], at)
	return len(a.failed[string(key)]), nil
}

func (a *tally) Attempts(_ context.Context, _, _ string, key []byte, at int64) (int, int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	count := 0
	for _, when := range a.failed[string(key)] {
		if when+a.window > at {
			count++
		}
	}
	return count, at + a.window, nil
}

func (a *tally) ClearAttempts(_ context.Context, _, _ string, key []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.failed, string(key))
	return nil
}

// issuer is a Certificates.
type issuer map[string]any

func (i issuer) PersonFacts(context.Context, string, *tillit.Person) (map[string]any, error) {
	return i, nil
}

func (i issuer) PersonProof(_ context.Context, _ string, _ *tillit.Person, nonce string) (map[string]any, error) {
	return map[string]any{"signature": "over " + nonce}, nil
}

// noAsk is after no evidence.
var noAsk tillit.EvidenceAsk

const (
	now    = int64(1_790_000_000)
	secret = "blåbærlyng på heia"
)

var (
	passwordWay = &tillit.Way{Code: "password", Method: "password", ACR: []string{"substantial"}}
	bid         = &tillit.Way{Code: "BID", Method: "test-eid", ACR: []string{"high", "substantial"}, Fields: []string{"otp"}, Evidence: []string{"certificate", "proof"}}
	bis         = &tillit.Way{Code: "BIS", Method: "test-eid", ACR: []string{"substantial"}, Fields: []string{"pin"}}
	email       = &tillit.Way{Code: "Email", Method: "email-code", ACR: []string{"low"}}
)

// newBook makes a book of the realm in which Kari has everything, Jonas only
// BIS, and Ola is disabled.
func newBook(t *testing.T, change ...func(*Config)) (*Book, *tally) {
	t.Helper()
	hasher, err := NewHasher(8, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := hasher.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	kari := &tillit.Person{ID: "p1", Username: "kari", Password: stored, Attributes: json.RawMessage(`{
		"nnin": "17858504325",
		"sign_in": {"otp": "654321", "language": "nb", "facts": {"given_name": "Kari", "number": 1714982400000,
			"certificate": {"subject": {"serial_number": "9578"}, "given_name": "Kari", "originator": "CN=Bank"}}}}`)}
	config := Config{
		Directory: people{
			"kari":  kari,
			"jonas": {ID: "p2", Username: "jonas", Password: stored, Attributes: json.RawMessage(`{"sign_in": {"ways": ["BIS"], "acr": "substantial"}}`)},
			"ola":   {ID: "p3", Username: "ola", Password: stored, Disabled: true},
		},
		Hasher: hasher,
		Random: rand.Reader,
		Test:   func(realm string) bool { return realm == "test" },
		ByNumber: func(_ context.Context, _, number string) (*tillit.Person, error) {
			if number == "17858504325" {
				return kari, nil
			}
			return nil, tillit.ErrNotFound
		},
	}
	attempts := &tally{failed: map[string][]int64{}}
	config.Attempts = attempts
	for _, c := range change {
		c(&config)
	}
	return New(config), attempts
}

func form(fields ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return values
}

// refusal gives the key of a refusal, "" for none.
func refusal(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var refused *tillit.SignInRefused
	if !errors.As(err, &refused) {
		t.Fatalf("our own fault: %v", err)
	}
	return refused.Key
}

func TestSignIn(t *testing.T) {
	for _, test := range []struct {
		name string
		way  *tillit.Way
		form url.Values
		want string
		used string
		acr  string
	}{
		{"password", passwordWay, form("username", "kari", "password", secret), "", "password", "substantial"},
		{"spaces around the name", passwordWay, form("username", " kari ", "password", secret), "", "password", "substantial"},
		{"decomposed letters", passwordWay, form("username", "kari", "password", "bla\u030abærlyng pa\u030a heia"), "", "password", "substantial"},
		{"wrong password", passwordWay, form("username", "kari", "password", "lyng"), wrongCredentials, "", ""},
		{"longer password", passwordWay, form("username", "kari", "password", secret+strings.Repeat(" ", 1000)), wrongCredentials, "", ""},
		{"unknown name", passwordWay, form("username", "nobody", "password", secret), wrongCredentials, "", ""},
		{"endless name", passwordWay, form("username", strings.Repeat("kari", 1000), "password", secret), wrongCredentials, "", ""},
		{"disabled", passwordWay, form("username", "ola", "password", secret), wrongCredentials, "", ""},
		{"no password", passwordWay, form("username", "kari"), fieldMissing, "", ""},
		{"no name", passwordWay, form("password", secret, "username", " "), fieldMissing, "", ""},
		{"eid", bid, form("username", "kari", "password", secret, "otp", "654321"), "", "password otp mfa", "high"},
		{"eid by number", bid, form("username", "17858504325", "password", secret, "otp", "654321"), "", "password otp mfa", "high"},
		{"eid, unknown number", bid, form("username", "17858504326", "password", secret, "otp", "654321"), wrongCredentials, "", ""},
		{"eid, somebody's default code", bid, form("username", "kari", "password", secret, "otp", "123456"), wrongCredentials, "", ""},
		{"eid, no code", bid, form("username", "kari", "password", secret), fieldMissing, "", ""},
		{"eid, wrong password", bid, form("username", "kari", "password", "x", "otp", "654321"), wrongCredentials, "", ""},
		{"default code", bis, form("username", "jonas", "password", secret, "pin", "1234"), "", "password pin mfa", "substantial"},
		{"not for this way", bid, form("username", "jonas", "password", secret, "otp", "123456"), notForThisWay, "", ""},
		{"not for this way, wrong password", bid, form("username", "jonas", "password", "x", "otp", "123456"), wrongCredentials, "", ""},
		{"e-mail", email, form("username", "kari", "otp", "654321"), "", "otp", "low"},
		{"e-mail, wrong code", email, form("username", "kari", "otp", "1"), wrongCredentials, "", ""},
		{"e-mail, unknown name", email, form("username", "nobody", "otp", "123456"), wrongCredentials, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			book, _ := newBook(t)
			out, err := book.SignIn(t.Context(), "test", test.way, test.form, noAsk, now)
			if got := refusal(t, err); got != test.want {
				t.Fatalf("refused %q, want %q", got, test.want)
			}
			if got := strings.Join(out.Used, " "); got != test.used {
				t.Errorf("used %q, want %q", got, test.used)
			}
			if out.ACR != test.acr {
				t.Errorf("acr %q, want %q", out.ACR, test.acr)
			}
		})
	}
}

func TestACRThatTheDirectoryNames(t *testing.T) {
	book, _ := newBook(t)
	both := &tillit.Way{Code: "BIS", Method: "test-eid", ACR: []string{"high", "substantial"}}
	out, err := book.SignIn(t.Context(), "test", both, form("username", "jonas", "password", secret), noAsk, now)
	if err != nil || out.ACR != "substantial" {
		t.Errorf("acr %q, %v; want the directory's", out.ACR, err)
	}
}

func TestValues(t *testing.T) {
	issued := issuer{"pem": "-----BEGIN", "given_name": "KARI", "subject": map[string]any{"serial_number": "1", "common_name": "Kari S"}}
	book, _ := newBook(t, func(c *Config) { c.Certificates = issued })
	read := func(way *tillit.Way, f url.Values) (map[string]any, tillit.SignInOutcome) {
		t.Helper()
		out, err := book.SignIn(t.Context(), "test", way, f, noAsk, now)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal(out.Values, &values); err != nil {
			t.Fatal(err)
		}
		return values, out
	}
	values, out := read(bid, form("username", "kari", "password", secret, "otp", "654321"))
	certificate, _ := values["certificate"].(map[string]any)
	subject, _ := certificate["subject"].(map[string]any)
	if certificate["pem"] != "-----BEGIN" || certificate["given_name"] != "KARI" || subject["serial_number"] != "1" || certificate["originator"] != nil || subject["common_name"] != "Kari S" {
		t.Errorf("certificate %v; want that of the issued one, not of the directory", certificate)
	}
	if !slices.Equal(out.Evidence, []string{"certificate"}) {
		t.Errorf("evidence %v", out.Evidence)
	}
	if values["given_name"] != "Kari" || values["language"] != "nb" || len(values["transaction"].(string)) != 36 {
		t.Errorf("values %v", values)
	}
	if !strings.Contains(string(out.Values), "1714982400000") {
		t.Errorf("an integer became something else: %s", out.Values)
	}
	if text := string(out.Values); strings.Contains(text, "654321") || strings.Contains(text, "ways") {
		t.Errorf("a code or the ways are told: %s", text)
	}
	issued["serial_number"] = "1"
	own := *book.Directory.(people)["kari"]
	own.Attributes = json.RawMessage(`{"sign_in": {"facts": {"certificate": {"pem": "own"}}}}`)
	book.Directory.(people)["own"] = &own
	values, _ = read(bid, form("username", "own", "password", secret, "otp", "123456"))
	if got, _ := values["certificate"].(map[string]any); got["pem"] != "own" || len(got) != 1 {
		t.Errorf("facts of two certificates are mixed: %v", got)
	}
	values, out = read(bis, form("username", "kari", "password", secret, "pin", "1234"))
	if got, _ := values["certificate"].(map[string]any); got["given_name"] != "KARI" || got["originator"] != nil || got["pem"] != nil || len(out.Evidence) != 0 {
		t.Errorf("a way that does not show the certificate told %v, %v; want whose it is", got, out.Evidence)
	}
	values, out = read(passwordWay, form("username", "kari", "password", secret))
	if values["certificate"] != nil || len(out.Evidence) != 0 {
		t.Errorf("a password brought %v, %v", values["certificate"], out.Evidence)
	}
}

func TestProofOnlyWhereAsked(t *testing.T) {
	book, _ := newBook(t, func(c *Config) { c.Certificates = issuer{} })
	kari := form("username", "kari", "password", secret, "otp", "654321", "pin", "1234")
	for _, test := range []struct {
		name string
		way  *tillit.Way
		ask  tillit.EvidenceAsk
		want string
	}{
		{"asked", bid, tillit.EvidenceAsk{Kinds: []string{"proof"}, Nonce: "n1"}, "over n1"},
		{"not asked", bid, noAsk, ""},
		{"a way that brings none", bis, tillit.EvidenceAsk{Kinds: []string{"proof"}, Nonce: "n1"}, ""},
		{"a method that has none", passwordWay, tillit.EvidenceAsk{Kinds: []string{"proof"}, Nonce: "n1"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := book.SignIn(t.Context(), "test", test.way, kari, test.ask, now)
			if err != nil {
				t.Fatal(err)
			}
			var values struct{ Proof struct{ Signature string } }
			if err := json.Unmarshal(out.Values, &values); err != nil || values.Proof.Signature != test.want {
				t.Errorf("signed %q, %v; want %q", values.Proof.Signature, err, test.want)
			}
			if slices.Contains(out.Evidence, "proof") != (test.want != "") {
				t.Errorf("evidence %v", out.Evidence)
			}
		})
	}
}

func TestThrottle(t *testing.T) {
	wrong, right := form("username", "kari", "password", "x"), form("username", "kari", "password", secret)
	for _, name := range []string{"kari", "nobody"} {
		t.Run(name, func(t *testing.T) {
			book, _ := newBook(t)
			wrong, right := maps.Clone(wrong), maps.Clone(right)
			wrong.Set("username", name)
			right.Set("username", strings.ToUpper(name)) // counted with the other spelling
			for i := range maxFailures {
				if _, err := book.SignIn(t.Context(), "test", passwordWay, wrong, noAsk, now); refusal(t, err) != wrongCredentials {
					t.Fatalf("attempt %d: %v", i+1, err)
				}
			}
			for _, f := range []url.Values{wrong, right} {
				if _, err := book.SignIn(t.Context(), "test", passwordWay, f, noAsk, now+1); refusal(t, err) != throttled {
					t.Errorf("after %d failures: %v, want throttled", maxFailures, err)
				}
			}
			if _, err := book.SignIn(t.Context(), "test", bis, form("username", "jonas", "password", secret, "pin", "1234"), noAsk, now+1); err != nil {
				t.Errorf("somebody else is refused too: %v", err)
			}
		})
	}
	book, _ := newBook(t)
	for range maxFailures {
		book.SignIn(t.Context(), "test", passwordWay, wrong, noAsk, now)
	}
	if _, err := book.SignIn(t.Context(), "test", passwordWay, right, noAsk, now+failureWindow); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

func TestNumberAndNameAreCountedTogether(t *testing.T) {
	book, attempts := newBook(t)
	for _, name := range []string{"kari", "17858504325"} {
		book.SignIn(t.Context(), "test", bid, form("username", name, "password", "x", "otp", "1"), noAsk, now)
	}
	if len(attempts.failed) != 1 {
		t.Errorf("failures are counted under %d names, want one", len(attempts.failed))
	}
}

func TestSuccessIsNeverThrottled(t *testing.T) {
	book, attempts := newBook(t)
	right := form("username", "kari", "password", secret)
	for range 3 * maxFailures {
		if _, err := book.SignIn(t.Context(), "test", passwordWay, right, noAsk, now); err != nil {
			t.Fatal(err)
		}
	}
	book.SignIn(t.Context(), "test", passwordWay, form("username", "kari", "password", "x"), noAsk, now)
	if _, err := book.SignIn(t.Context(), "test", passwordWay, right, noAsk, now); err != nil {
		t.Fatal(err)
	}
	if len(attempts.failed) != 0 {
		t.Error("a success does not forget the failures before it")
	}
}

func TestParallelGuessesStayBelowTwenty(t *testing.T) {
	book, attempts := newBook(t)
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			book.SignIn(context.Background(), "test", passwordWay, form("username", "kari", "password", "x"), noAsk, now)
		})
	}
	wait.Wait()
	for _, when := range attempts.failed {
		if len(when) > 20 {
			t.Errorf("%d guesses were checked, want at most 20", len(when))
		}
	}
}

// TestUnknownNamesCostTheSame counts the work, because a clock would not be
// believed on a busy machine.
func TestUnknownNamesCostTheSame(t *testing.T) {
	type work struct{ time, memory, length uint32 }
	var done []work
	book, _ := newBook(t)
	book.Hasher.derive = func(password, salt []byte, time, memory uint32, threads uint8, size uint32) []byte {
		done = append(done, work{time, memory, size})
		return argon2.IDKey(password, salt, time, memory, threads, size)
	}
	for _, name := range []string{"kari", "nobody", "ola", strings.Repeat("x", 300)} {
		done = nil
		book.SignIn(t.Context(), "test", passwordWay, form("username", name, "password", "wrong"), noAsk, now)
		if want := []work{{1, 8, keySize}}; !slices.Equal(done, want) {
			t.Errorf("%.10s: work %v, want %v", name, done, want)
		}
	}
}

func TestTestMethodsStayInTestRealms(t *testing.T) {
	book, _ := newBook(t)
	right := form("username", "kari", "password", secret, "otp", "654321", "pin", "1234")
	for _, way := range []*tillit.Way{bid, email, {Code: "TestID", Method: "password", TestOnly: true, ACR: []string{"high"}}} {
		_, err := book.SignIn(t.Context(), "production", way, right, noAsk, now)
		var refused *tillit.SignInRefused
		if err == nil || errors.As(err, &refused) {
			t.Errorf("%s: %v, want a fault of the realm", way.Code, err)
		}
	}
	withCode := &tillit.Way{Code: "password", Method: "password", ACR: []string{"high"}, Fields: []string{"otp"}}
	if _, err := book.SignIn(t.Context(), "production", withCode, right, noAsk, now); refusal(t, err) != wrongCredentials {
		t.Errorf("a fixed code passes in production: %v", err)
	}
	if _, err := book.SignIn(t.Context(), "test", &tillit.Way{Method: "guess"}, right, noAsk, now); err == nil || !strings.Contains(err.Error(), "test-eid") {
		t.Errorf("unknown method: %v, want an error that names what would be right", err)
	}
}

func TestFieldsAndDemoPeople(t *testing.T) {
	book, _ := newBook(t)
	if got := book.Fields("test", bid); !slices.Equal(got, []string{"otp"}) {
		t.Errorf("fields %v", got)
	}
	if got := book.Fields("test", email); !slices.Equal(got, []string{"otp"}) {
		t.Errorf("fields of e-mail %v", got)
	}
	directory := book.Directory.(people)
	book.Demo = func(string) []Demo {
		return []Demo{{*directory["kari"], "Kari Skogheim", secret}, {*directory["jonas"], "", secret}, {*directory["ola"], "", secret}}
	}
	offered := book.DemoPeople("test", bid)
	if len(offered) != 1 || offered[0].Name != "Kari Skogheim" || offered[0].Extra["otp"] != "654321" || offered[0].Password != secret {
		t.Errorf("offered %v, want Kari with her code", offered)
	}
	if got := book.DemoPeople("production", passwordWay); got != nil {
		t.Errorf("production offers %v", got)
	}
}

func TestPHC(t *testing.T) {
	hasher, err := NewHasher(8, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := hasher.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=8,t=1,p=1$") || !hasher.verify(secret, stored) {
		t.Errorf("%s does not verify", stored)
	}
	// Parameters come from the string: a hash outlives a change of cost.
	dearer, err := NewHasher(16, 2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !dearer.verify(secret, stored) {
		t.Error("a hash with other parameters does not verify")
	}
	for _, bad := range []string{"", "x", hasher.dummy, strings.Replace(stored, "m=8", "m=99999999", 1), strings.Replace(stored, "t=1", "t=0", 1), strings.Replace(stored, "argon2id", "argon2i", 1)} {
		if hasher.verify(secret, bad) || hasher.verify("", bad) {
			t.Errorf("%q lets somebody in", bad)
		}
	}
	if _, err := NewHasher(mostMemory+1, 1, rand.Reader); err == nil {
		t.Error("a hash may take all memory")
	}
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=-8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePHC(text)
		if err == nil && (p.memory > mostMemory || p.time > mostTime || len(p.key) != keySize) {
			t.Errorf("%q asks for too much", text)
		}
	})
}

func TestAssumeIsWhatASignInComesTo(t *testing.T) {
	book, _ := newBook(t, func(c *Config) { c.Certificates = issuer{} })
	all := tillit.EvidenceAsk{Kinds: []string{"certificate", "proof"}, Nonce: "n"}
	for _, way := range []*tillit.Way{passwordWay, bid, bis, email} {
		real, err := book.SignIn(t.Context(), "test", way, form("username", "kari", "password", secret, "otp", "654321", "pin", "1234"), all, now)
		if err != nil {
			t.Fatal(err)
		}
		assumed, err := book.Assume(t.Context(), "test", way, "kari", all)
		if err != nil {
			t.Fatal(err)
		}
		if assumed.Person != real.Person || assumed.ACR != real.ACR || !slices.Equal(assumed.Used, real.Used) || !slices.Equal(assumed.Evidence, real.Evidence) {
			t.Errorf("%s: assumed %v, came to %v", way.Code, assumed, real)
		}
	}
	if _, err := book.Assume(t.Context(), "test", bid, "jonas", noAsk); refusal(t, err) != notForThisWay {
		t.Errorf("a way that the person does not have: %v", err)
	}
}
