package agree

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	demodata "github.com/tillit/tillit/realms/demo"
	"github.com/tillit/tillit/server"
)

// perRealm is how many requests each realm gets.
const perRealm = 2000

const verifier = "the-verifier-of-every-request-that-is-generated-here"

// A harness is one realm of a running provider.
type harness struct {
	t     *testing.T
	realm string
	house *wiring.House
	env   *facts.Env
	gen   *generator
	said  *command // explains too, where the comparison wants it
}

// open starts the provider that dev runs, over real HTTP.
func open(t *testing.T) (*wiring.House, *facts.Provider, string) {
	t.Helper()
	data := t.TempDir()
	key := masterKey(t, filepath.Join(data, "master.key"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	config := wiring.Config{Base: base, Realms: realms.Files(), Demo: demodata.Files, Store: filepath.Join(data, "tillit.db"), Stamp: "dev", MasterKey: key, Cheap: true}
	if os.Getenv("TILLIT_AGREE_LOG") != "" { // to see what the provider says of a disagreement
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	house, err := wiring.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", house.Handler)
	mux.HandleFunc("GET /dev/fixtures.json", func(w http.ResponseWriter, _ *http.Request) {
		fixtures, err := house.Fixtures()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(fixtures)
	})
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := house.Close(); err != nil {
			t.Errorf("close the house: %v", err)
		}
	})
	return house, &facts.Provider{Base: base, Advance: house.Advance}, data
}

// started stands where a world wants to start providers: here one runs already.
type started struct{}

func (started) Shipped() (fs.FS, fs.FS) { return realms.Files(), demodata.Files }

func (started) Start(t facts.TB, _ facts.Options) (*facts.Provider, error) {
	t.Fatalf("this provider is not started again")
	return nil, nil
}

func newHarness(t *testing.T, house *wiring.House, provider *facts.Provider, realm string) *harness {
	t.Helper()
	h := &harness{t: t, realm: realm, house: house}
	h.env = (&facts.World{Starter: started{}}).Env(t, provider, realm)
	h.gen = &generator{
		Rand: rand.New(rand.NewPCG(2026, uint64(len(realm)))), catalog: house.Catalogs.Catalog(realm, ""),
		people: h.env.People(nil), hints: map[string]string{}, ways: map[string][]string{},
	}
	for _, person := range h.gen.people {
		for i := range h.gen.catalog.Ways {
			way := &h.gen.catalog.Ways[i]
			if _, err := house.Provider.Login.Assume(context.Background(), realm, way, person.Username, tillit.EvidenceAsk{}); err == nil {
				h.gen.ways[person.Username] = append(h.gen.ways[person.Username], way.Code)
			}
		}
	}
	for i := range house.Loaded.Realms {
		if house.Loaded.Realms[i].Name != realm {
			continue
		}
		for _, c := range house.Loaded.Realms[i].Clients {
			h.client(tillit.ClientID(c.ID))
		}
	}
	return h
}

// client lets a demo client take part, if it has credentials that this test can
// show.
func (h *harness) client(id tillit.ClientID) {
	h.t.Helper()
	c, err := h.house.Store.Client(context.Background(), h.gen.catalog.Registry, id)
	if err != nil {
		h.t.Fatalf("client %s: %v", id, err)
	}
	if c.AuthMethod != "client_secret_basic" && c.AuthMethod != "client_secret_post" && c.AuthMethod != "none" || c.Server != "" {
		return
	}
	if len(c.RedirectURIs) > 0 && c.MayUse("authorization_code") {
		h.gen.clients = append(h.gen.clients, c)
		if t := h.hint(string(c.ID)); t != "" {
			h.gen.hints[string(c.ID)] = t
		}
	}
	if c.MayUse("client_credentials") {
		h.gen.machine = append(h.gen.machine, c)
	}
}

// hint signs the first person in, for an ID Token to be sent back later.
func (h *harness) hint(client string) string {
	r := request{Endpoint: "authorization", Client: client, Person: h.gen.people[0], Way: h.gen.catalog.Ways[0].Code, Params: url.Values{"scope": {"openid"}}}
	sent := h.sent(r)
	b := h.env.NewBrowser()
	exit := b.Open(h.env.Address(sent), facts.Manners{Person: r.Person})
	if exit.URL == nil || exit.Params.Get("code") == "" {
		return ""
	}
	return h.env.Token(client, url.Values{
		"grant_type": {"authorization_code"}, "code": {exit.Params.Get("code")},
		"redirect_uri": {sent.Get("redirect_uri")}, "code_verifier": {verifier},
	}).ID()
}

// sent gives the parameters of a request as both sides get them.
func (h *harness) sent(r request) url.Values {
	sent := url.Values{}
	if r.Endpoint == "authorization" {
		sent = h.env.Prepare(facts.Request{Client: r.Client, Scope: "openid"}).Sent
		sum := sha256.Sum256([]byte(verifier))
		sent.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
		sent.Del("scope")
	}
	maps.Copy(sent, r.Params)
	return sent
}

// A run compares both sides over generated requests.
type run struct {
	asked         int
	issued        int
	reasons       map[tillit.Reason]int
	errors        map[string]int
	disagreements []string
}

func (h *harness) compare(explainer *server.Provider, requests, enough int) *run {
	h.t.Helper()
	out := &run{reasons: map[tillit.Reason]int{}, errors: map[string]int{}}
	for range requests {
		r := h.gen.next()
		sent := h.sent(r)
		explained, x, err := explain(explainer, h.realm, r, sent)
		again, _, err2 := explain(explainer, h.realm, r, sent)
		said, err3 := h.said.explain(h.realm, r, sent)
		issued := h.issue(r, sent)
		out.asked++
		out.errors[issued.Error]++
		if issued.Error == "" {
			out.issued++
		}
		if x != nil {
			for reason := range reasonsOf(&x.Decision) {
				out.reasons[reason]++
			}
		}
		list := differences(issued, explained, again)
		if said != nil {
			list = append(list, differences(issued.unrecorded(), *said, again)...)
		}
		if err := errors.Join(err, err2, err3); err != nil {
			list = append(list, "explain: "+err.Error())
		}
		if len(list) > 0 {
			sent.Del("code_challenge")
			out.disagreements = append(out.disagreements, fmt.Sprintf("%s by %s, person %s, way %s, declines %v, deny %v\n\t%v\n\t%s",
				r.Endpoint, r.Client, r.Person.Username, r.Way, r.Decline, r.Deny, sent, strings.Join(list, "\n\t")))
			if len(out.disagreements) >= enough {
				break
			}
		}
	}
	return out
}

// reasonsOf gives every reason in a decision, once.
func reasonsOf(d *tillit.Decision) map[tillit.Reason]bool {
	found := map[tillit.Reason]bool{}
	for _, v := range d.Scopes {
		found[v.Reason] = true
	}
	for _, v := range d.Claims {
		found[v.Reason] = true
	}
	for _, v := range d.Resources {
		found[v.Reason] = true
	}
	for _, v := range d.Details {
		found[v.Reason] = true
	}
	if d.Refused != nil {
		found[d.Refused.Reason] = true
	}
	return found
}

// TestExplainAgreesWithIssuance is the promise: nothing is issued that was not
// explained, and nothing explained that is not issued.
func TestExplainAgreesWithIssuance(t *testing.T) {
	house, provider, data := open(t)
	said := start(t, provider.Base, data)
	total := map[tillit.Reason]int{}
	for _, realm := range []string{"bankid", "buypass", "idporten"} {
		h := newHarness(t, house, provider, realm)
		h.said = said
		out := h.compare(house.Provider, perRealm, 20)
		t.Logf("%s: %d requests, %d issued, errors %v", realm, out.asked, out.issued, out.errors)
		if out.asked < perRealm && len(out.disagreements) == 0 || out.issued < perRealm/4 {
			t.Errorf("%s: %d requests, %d issued; want %d, and at least a quarter issued", realm, out.asked, out.issued, perRealm)
		}
		for _, d := range out.disagreements {
			t.Errorf("%s: %s", realm, d)
		}
		for reason, n := range out.reasons {
			total[reason] += n
		}
	}
	histogram(t, total)
}

// leastOften is how often every reachable reason must come up.
const leastOften = 20

// unreachable says why no request to these realms, as they are shipped, can come
// to a reason. One that comes up all the same is to be taken off the list.
var unreachable = map[tillit.Reason]string{
	tillit.ActMissing:          "what lacks an act waits at its page, where an explanation ends",
	tillit.ActDeclined:         "an act is the person's own: an explanation ends at its page",
	tillit.NotDelegable:        "somebody else's organization is acted for with the JWT grant alone",
	tillit.NotDelegated:        "somebody else's organization is acted for with the JWT grant alone",
	tillit.ConsumerIsSelf:      "somebody else's organization is acted for with the JWT grant alone",
	tillit.NotInGrant:          "only what uses a stored grant can find it: refresh, UserInfo, introspection",
	tillit.NotAskedNow:         "only a refresh narrows",
	tillit.GrantEnded:          "only what uses a stored grant can find it: refresh, UserInfo, introspection",
	tillit.AccessNotGranted:    "the demo clients' organizations were let in to every scope that is on them",
	tillit.AudienceConflict:    "one scope alone forces an audience",
	tillit.DetailsNotAlone:     "the only type that stands alone must be pushed, which is found first",
	tillit.DetailsNotGranted:   "details that a source completes are asked for with the JWT grant alone",
	tillit.DetailsNotPermitted: "no demo client is bound to some types of details",
	tillit.ValueError:          "no demo person's data make an expression fail",
}

// histogram prints how often each reason came up, and demands enough of each.
func histogram(t *testing.T, total map[tillit.Reason]int) {
	t.Helper()
	for _, reason := range reasons(t) {
		why, never := unreachable[reason]
		switch n := total[reason]; {
		case never && n > 0:
			t.Errorf("%s came up %d times; it is said to be out of reach: %s", reason, n, why)
		case never:
			t.Logf("     -  %-24s %s", reason, why)
		case n < leastOften:
			t.Errorf("%6d  %s; want at least %d", n, reason, leastOften)
		default:
			t.Logf("%6d  %s", n, reason)
		}
	}
}

// reasons reads the list that is part of the outside contract.
func reasons(t *testing.T) []tillit.Reason {
	t.Helper()
	text, err := os.ReadFile("../../reason.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []tillit.Reason
	for _, found := range regexp.MustCompile(`Reason = "([a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
		list = append(list, tillit.Reason(found[1]))
	}
	if len(list) < 40 {
		t.Fatalf("%d reasons in reason.go; want the whole list", len(list))
	}
	return list
}

// A faulty provider explains without one rule, while the rule still holds where
// tokens are issued.
type faulty struct {
	server.Catalogs
	without tillit.Reason
}

func (f faulty) Catalog(realm, dialect string) *tillit.Catalog {
	c := f.Catalogs.Catalog(realm, dialect)
	if c == nil {
		return nil
	}
	return c.WithoutRule(f.without)
}

// TestBrokenProjectionIsFound: the comparison is worth something only if it
// notices when one side forgets a rule.
func TestBrokenProjectionIsFound(t *testing.T) {
	house, provider, _ := open(t)
	for realm, rules := range map[string][]tillit.Reason{
		"bankid":   {tillit.ConsentDeclined, tillit.RequirementMissing, tillit.ClaimInactive, tillit.NotProvisioned},
		"buypass":  {tillit.OtherResource, tillit.NotPrompted},
		"idporten": {tillit.Withheld, tillit.WrongEndpoint},
	} {
		for _, rule := range rules {
			t.Run(realm+" "+string(rule), func(t *testing.T) {
				h := newHarness(t, house, provider, realm)
				broken := *house.Provider
				broken.Catalogs = faulty{house.Provider.Catalogs, rule}
				if out := h.compare(&broken, perRealm, 1); len(out.disagreements) == 0 {
					t.Errorf("explain without the rule %s agreed with issuance in %d requests; want it to be found", rule, out.asked)
				} else {
					t.Logf("found after %d requests", out.asked)
				}
			})
		}
	}
	t.Run("check switched off", func(t *testing.T) {
		h := newHarness(t, house, provider, "buypass")
		broken := *house.Provider
		broken.Off = map[string]bool{"prompt is consistent": true}
		if out := h.compare(&broken, perRealm, 1); len(out.disagreements) == 0 {
			t.Errorf("explain without a check agreed with issuance; want it to be found")
		}
	})
}
