// Command signing measures what signing documents costs a running `tillit dev`:
// the most memory it ever took while an order of 20 MiB was left, signed and
// collected, and what signing in costs others while fifty people sign at once.
//
//	go build -o tillit ./cmd/tillit && ./tillit dev & go run ./bench/signing -realm NAME -pid $!
//
// It asks over HTTP alone; of the process it reads /proc.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

const path = "/signdoc/pades"

// running stands where facts want to start a provider: here one runs.
type running struct{}

func (running) Shipped() (fs.FS, fs.FS) { return nil, nil }

func (running) Start(t facts.TB, _ facts.Options) (*facts.Provider, error) {
	t.Fatalf("this provider is not started again")
	return nil, nil
}

// A Report is what is written.
type Report struct {
	When       string
	DocumentMB float64
	Memory     struct{ BeforeMB, MostMB float64 } // of the process
	Seconds    struct{ Leave, Sign, Collect float64 }
	SignIn     struct{ Alone, Beside Times } // while nobody signs, and while all do
	Signing    struct {
		People  int
		Seconds float64 // until all had signed
		Failed  int
	}
}

// Times are of one kind of request, in milliseconds.
type Times struct {
	Count         int
	P50, P95, Max float64
}

func main() {
	base := flag.String("base", "http://localhost:8080", "where dev serves")
	realm := flag.String("realm", "", "the realm that has a signing service")
	pid := flag.Int("pid", 0, "its process")
	people := flag.Int("people", 50, "who sign at once")
	size := flag.Int("size", 20<<20, "bytes of the document")
	flag.Parse()
	report := Report{When: time.Now().UTC().Format(time.RFC3339), DocumentMB: float64(*size) / (1 << 20)}
	for _, failure := range facts.Record(context.Background(), func(t facts.TB) {
		env := func(t facts.TB) *facts.Env {
			return (&facts.World{Starter: running{}}).Env(t, &facts.Provider{Base: *base}, *realm)
		}
		large(env(t), *pid, *size, &report)
		together(t, env, *people, &report)
	}) {
		fmt.Fprintln(os.Stderr, failure)
		os.Exit(1)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// large leaves, signs and collects one large document.
func large(e *facts.Env, pid, size int, report *Report) {
	own := e.Orders("demo-bank")
	own.Leave(path, facts.PDFOrder(facts.Leaflet)) // what is made at first need is made
	report.Memory.BeforeMB = most(pid)
	body, err := json.Marshal(facts.PDFOrder(filled(size)))
	if err != nil {
		panic(err)
	}
	begun := time.Now()
	id := own.LeaveText(path, body)
	report.Seconds.Leave = time.Since(begun).Seconds()
	begun = time.Now()
	e.Login(request(e, id))
	report.Seconds.Sign = time.Since(begun).Seconds()
	begun = time.Now()
	if n := own.Collect(path, id); n < int64(size) {
		panic(fmt.Sprintf("collected %d bytes", n))
	}
	report.Seconds.Collect = time.Since(begun).Seconds()
	report.Memory.MostMB = most(pid)
}

func request(e *facts.Env, id string) facts.Request {
	return facts.Request{
		Client: "demo-bank", Scope: "openid sign", Params: map[string]string{"sign_id": id},
		Manners: facts.Manners{Person: e.Named("kari"), Way: "BID"},
	}
}

// together signs people in alone, then while others sign.
func together(t facts.TB, env func(facts.TB) *facts.Env, people int, report *Report) {
	report.SignIn.Alone = signIns(t, env, func() bool { return false })
	ids := make([]string, people)
	own := env(t).Orders("demo-bank")
	for n := range ids {
		ids[n] = own.Leave(path, facts.PDFOrder(facts.Leaflet))
	}
	waiting := make([]*facts.Authorization, people) // on the page that asks to sign
	e := env(t)
	for n, id := range ids {
		r := request(e, id)
		r.Until = "sign"
		waiting[n] = e.Authorize(r)
	}
	var signing sync.WaitGroup
	var mu sync.Mutex
	done := make(chan struct{})
	begun := time.Now()
	for _, a := range waiting {
		signing.Go(func() {
			code := ""
			facts.Record(t.Context(), func(t facts.TB) {
				exit := a.Browser.On(t).Again(a.Page, request(e, "").Manners)
				code = exit.Params.Get("code")
			})
			mu.Lock()
			defer mu.Unlock()
			if code == "" {
				report.Signing.Failed++
			}
		})
	}
	go func() { signing.Wait(); close(done) }()
	report.SignIn.Beside = signIns(t, env, func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	<-done
	report.Signing.People, report.Signing.Seconds = people, time.Since(begun).Seconds()
}

// signIns signs one person in after the other, twenty times or until stopped.
func signIns(t facts.TB, env func(facts.TB) *facts.Env, stop func() bool) Times {
	e := env(t)
	var took []float64
	for len(took) < 20 && !(len(took) > 0 && stop()) {
		begun := time.Now()
		e.Login(facts.Request{Client: "demo-web", Scope: "openid", Manners: facts.Manners{Person: e.Named("jonas"), Way: "BID"}})
		took = append(took, float64(time.Since(begun).Microseconds())/1e3)
	}
	slices.Sort(took)
	return Times{len(took), took[len(took)/2], took[len(took)*95/100], took[len(took)-1]}
}

// filled is a PDF of about so many bytes, which no packing makes smaller.
func filled(size int) string {
	head, tail, _ := strings.Cut(facts.Leaflet, "xref\n")
	noise := make([]byte, size)
	rand.New(rand.NewSource(1)).Read(noise)
	noise = bytes.ReplaceAll(noise, []byte("startxref"), nil)
	at := len(head)
	head += fmt.Sprintf("4 0 obj\n<</Length %d>>\nstream\n", len(noise)) + string(noise) + "\nendstream\nendobj\n"
	tail = strings.Replace(tail, "0 4\n", "0 5\n", 1)
	tail = strings.Replace(tail, "trailer", fmt.Sprintf("%010d 00000 n \ntrailer", at), 1)
	tail = strings.Replace(tail, "/Size 4", "/Size 5", 1)
	tail = strings.Replace(tail, "startxref\n180", fmt.Sprintf("startxref\n%d", len(head)), 1)
	return head + "xref\n" + tail
}

// most is the most memory that a process ever held, in MB, 0 where it is not told.
func most(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kB, _ := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kB / 1024
		}
	}
	return 0
}
