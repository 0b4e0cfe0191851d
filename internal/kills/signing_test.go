package kills

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// TestKilledWhileSigning kills the command around the moment in which a signature
// is stored. What was acknowledged is there; what was signed is signed once,
// however often the person presses afterwards.
func TestKilledWhileSigning(t *testing.T) {
	rounds := 4
	if kills, _ := size(); kills > 2 {
		rounds = 20
	}
	v := &victim{t: t, binary: build(t), data: t.TempDir(), listen: freeAddress(t)}
	v.base = "http://" + v.listen
	v.start()
	acknowledged, between := 0, 0
	for round := range rounds {
		a, b := killedSigning(t, v, round%2 == 0)
		if a {
			acknowledged++
		}
		if b {
			between++
		}
	}
	v.kill()
	t.Logf("%d rounds: %d acknowledged before the kill, %d signed and not acknowledged", rounds, acknowledged, between)
}

// killedSigning lets a person sign and kills the command meanwhile: as soon as
// the order is told to be signed, or at any moment.
func killedSigning(t *testing.T, v *victim, watched bool) (acknowledged, between bool) {
	t.Helper()
	const path = "/signdoc/pades"
	e := envOf(t, v.base).At("bankid")
	own := e.Orders("demo-bank")
	id := own.Leave(path, facts.PDFOrder(facts.Leaflet))
	manners := facts.Manners{Person: e.Named("kari"), Way: "BID", Until: "sign"}
	request := facts.Request{Client: "demo-bank", Scope: "openid sign", Params: map[string]string{"sign_id": id}, Manners: manners}
	a := e.Authorize(request)
	if a.Page == nil || a.Page.Kind != "sign" {
		t.Fatalf("authorization ended with %q; want the page that asks to sign", a.Error())
	}
	pressed := make(chan *facts.Exit, 1)
	go func() {
		var exit *facts.Exit
		facts.Record(t.Context(), func(quiet facts.TB) { exit = a.Browser.On(quiet).Again(a.Page, manners) })
		pressed <- exit
	}()
	var before any
	if watched {
		for begun := time.Now(); before == nil && time.Since(begun) < 20*time.Second; {
			if _, answer := own.Read(path, id); answer["orderState"] == "SIGN_COMPLETED" {
				before = answer["signingResults"]
			}
		}
	} else {
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	}
	v.kill()
	exit := <-pressed
	acknowledged = exit != nil && exit.URL != nil && exit.Params.Get("code") != ""
	v.start()

	_, stored := own.Read(path, id)
	if acknowledged && stored["orderState"] != "SIGN_COMPLETED" {
		t.Errorf("an acknowledged signature is lost: %v", stored["orderState"])
	}
	if before == nil {
		before = stored["signingResults"]
	}
	between = before != nil && !acknowledged
	if !acknowledged { // the person tries again, in the same browser
		manners.Until = ""
		again := a.Browser.Open(a.Page.URL.String(), manners)
		if again.URL == nil || again.Params.Get("code") == "" {
			t.Errorf("signing again after the kill: %v; want a code", again.Params)
		}
	}
	status, after := own.Read(path, id)
	if status != http.StatusOK || after["orderState"] != "SIGN_COMPLETED" {
		t.Errorf("in the end the order is %d %v; want it signed", status, after["orderState"])
	}
	if before != nil && text(after["signingResults"]) != text(before) {
		t.Error("it was signed twice: the result is another than before")
	}
	return acknowledged, between
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
