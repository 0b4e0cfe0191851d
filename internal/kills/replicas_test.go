package kills

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// replicas are several processes of the command on one database, behind one
// address: whoever asks there is answered by each of them in turn, or by the one
// that the test points at.
type replicas struct {
	t       *testing.T
	base    string
	data    string // one master key for all
	store   string
	binary  string
	each    []*victim
	turn    atomic.Int64
	pointed atomic.Int64 // 0: in turn
	between sync.RWMutex // held by good requests that belong together
}

// startReplicas starts so many of them, of that binary, on the database.
func startReplicas(t *testing.T, binary, store string, n int) *replicas {
	t.Helper()
	address := freeAddress(t)
	r := &replicas{t: t, base: "http://" + address, data: t.TempDir(), store: store, binary: binary}
	for range n {
		r.each = append(r.each, &victim{t: t, binary: r.binary, data: r.data, store: store, base: r.base, listen: freeAddress(t)})
	}
	front := &http.Server{Addr: address, Handler: r, ReadHeaderTimeout: time.Minute}
	go front.ListenAndServe()
	t.Cleanup(func() { front.Close() })
	for _, v := range r.each { // the first makes schema and master key
		v.start()
	}
	return r
}

// point lets one replica alone answer, in the order of their start; -1: each in turn.
func (r *replicas) point(to int) { r.pointed.Store(int64(to + 1)) }

// everywhere runs a check against each replica alone.
func (r *replicas) everywhere(check func(i int)) {
	for i := range r.each {
		r.point(i)
		check(i)
	}
	r.point(-1)
}

// ServeHTTP passes a request on. A replica that takes no connections has not seen
// it: the next one gets it, as a load balancer would do.
func (r *replicas) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	at, tries := int(r.turn.Add(1)), len(r.each)
	if pointed := r.pointed.Load(); pointed > 0 {
		at, tries = int(pointed-1), 1
	}
	err = errors.New("no replica")
	for range tries {
		v := r.each[at%len(r.each)]
		at++
		if v.drained.Load() {
			continue
		}
		var resp *http.Response
		if resp, err = v.forward(req, body); err == nil {
			defer resp.Body.Close()
			for name, values := range resp.Header {
				w.Header()[name] = values
			}
			w.WriteHeader(resp.StatusCode)
			_, _ = io.Copy(w, resp.Body)
			return
		}
		if !unseen(err) {
			break
		}
	}
	http.Error(w, err.Error(), http.StatusBadGateway)
}

// forward asks one replica what was asked at the common address.
func (v *victim) forward(req *http.Request, body []byte) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.Host = "http", v.listen, req.Host
	out.RequestURI, out.Body, out.ContentLength = "", io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return carrier.RoundTrip(out)
}

// kept, so that a balanced request costs no connection
var carrier = &http.Transport{MaxIdleConnsPerHost: 64}

// run gives what the command says with the replicas' data and store.
func (r *replicas) run(args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), r.binary, append(args, "--data", r.data, "--store", r.store)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("tillit %s: %v\n%s", args, err, out)
	}
	return string(out)
}

// within waits until a condition holds, and complains when that took longer than
// was promised. Only the long run measures: elsewhere the machine may be busy.
func within(t *testing.T, promised time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	if !waitFor(ctx, holds) {
		t.Fatalf("%s: not within a minute", what)
	}
	took := time.Since(begun).Round(time.Millisecond)
	t.Logf("%s: after %s", what, took)
	if long() && took > promised {
		t.Errorf("%s: after %s; promised are %s", what, took, promised)
	}
}

func long() bool { return os.Getenv("TILLIT_LONG") != "" }

// many is how many replicas there are.
func many() int {
	if long() {
		return 3
	}
	return 2
}

// TestReplicasUnderKills kills one replica after the other without warning while
// all are asked, and takes the database down under them: every acknowledged thing
// is there, nothing single-use works twice, and errors end once it is back.
func TestReplicasUnderKills(t *testing.T) {
	for _, test := range []struct {
		name  string
		long  bool
		store func(t *testing.T) (url string, fail func())
	}{
		{"the database crashes", false, crashing},
		{"a standby takes over", true, failingOver},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.long && !long() {
				return // the short run shows one of the two
			}
			store, fail := test.store(t)
			r := startReplicas(t, build(t), store, many())
			r.suffer(fail)
		})
	}
}

// suffer loads the replicas, kills each once and the database once, and compares
// what was acknowledged with what is there.
func (r *replicas) suffer(fail func()) {
	t := r.t
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	stop := load(t, r.base, path)
	acknowledged := 0
	more := func(n int) {
		t.Helper()
		r.each[0].waitForAcknowledgements(path, acknowledged+n)
		_, acknowledged, _ = readLedger(path)
	}
	more(20)
	for _, v := range r.each {
		v.kill()
		more(10) // by the others
		v.start()
	}
	fail()
	within(t, 5*time.Second, "a token after the database was back", r.works)
	more(20)
	stop()
	flows, acknowledged, err := readLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	tried := (&victim{t: t, base: r.base}).verify(flows)
	t.Logf("%d replicas, %d acknowledgements in %d flows; %d statements of theirs tried", len(r.each), acknowledged, len(flows), tried)
}

// works reports whether every replica gives a token, which takes a write.
func (r *replicas) works() bool {
	defer r.point(-1)
	for i := range r.each {
		r.point(i)
		ok := false
		facts.Record(r.t.Context(), func(t facts.TB) {
			ok = envOf(t, r.base).Machine("demo-service", "myservice.data_read").Status == http.StatusOK
		})
		if !ok {
			return false
		}
	}
	return true
}
