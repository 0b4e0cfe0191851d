package server_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// TestFileOfAnAct: the page that asks to sign frames the very file whose digest it
// tells; nothing inside the file loads anything, no other site may frame it, and
// no other browser gets it. A page without files admits none.
func TestFileOfAnAct(t *testing.T) {
	o := open(t, "bankid")
	until := func(request facts.Request) (*facts.Authorization, http.Header) {
		request.Client, request.Scope = "demo-bank", "openid sign"
		request.Manners = facts.Manners{Person: o.Named("kari"), Way: "BID", Until: "sign"}
		a := o.Authorize(request)
		response := fileAt(t, a, a.Page.URL.String(), true)
		return a, response.Header
	}
	id := o.Orders("demo-bank").Leave("/signdoc/pades", facts.PDFOrder(facts.Leaflet))
	a, header := until(facts.Request{Params: map[string]string{"sign_id": id}})
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "object-src 'self'; frame-src 'self'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the page's policy: %s", policy)
	}
	if len(a.Page.Files) != 1 {
		t.Fatalf("the page shows %q; want one file", a.Page.Files)
	}
	at, err := a.Page.URL.Parse(a.Page.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	response := fileAt(t, a, at.String(), true)
	file, err := io.ReadAll(response.Body)
	if err != nil || string(file) != facts.Leaflet {
		t.Fatalf("the file has %d bytes, %v; want what was left", len(file), err)
	}
	if digest := fmt.Sprintf("%x", sha256.Sum256(file)); !strings.Contains(a.Page.Text, digest) {
		t.Errorf("the page does not tell %s", digest)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Frame-Options": "SAMEORIGIN", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s of the file: %q; want %q", name, got, want)
		}
	}
	if response := fileAt(t, a, at.String(), false); response.StatusCode == http.StatusOK {
		t.Error("another browser gets the file")
	}
	_, header = until(facts.Request{Params: map[string]string{"sign_txt": "SSBvd2UgeW91"}})
	if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "object-src") {
		t.Errorf("a page that shows a text alone admits files: %s", policy)
	}
}

// fileAt asks for an address, as the browser of an authorization or as another.
func fileAt(t *testing.T, a *facts.Authorization, address string, own bool) *http.Response {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if own {
		jar.SetCookies(a.Page.URL, a.Browser.Cookies(a.Page.URL))
	}
	response, err := (&http.Client{Jar: jar}).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// TestActiveDocumentsAreRefused: a document that does more than show its pages is
// refused, together with everything else that is wrong with the order.
func TestActiveDocumentsAreRefused(t *testing.T) {
	o := open(t, "bankid")
	active := strings.Replace(facts.Leaflet, "/Type /Page ", "/Type /Page /AA <</O <</S /JavaScript /JS (x) /Next <</S /Launch>> >> >> ", 1)
	if active == facts.Leaflet {
		t.Fatal("the document is as it was")
	}
	// The offsets behind have moved; the references are written anew.
	body, _, _ := strings.Cut(active, "xref\n")
	table := "xref\n0 4\n0000000000 65535 f \n"
	for n := 1; n <= 3; n++ {
		table += fmt.Sprintf("%010d 00000 n \n", strings.Index(body, fmt.Sprintf("%d 0 obj", n)))
	}
	active = body + table + fmt.Sprintf("trailer\n<</Size 4 /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(body))
	order := facts.PDFOrder(active)
	delete(order, "resultContent")
	status, answer := o.Orders("demo-bank").Do(http.MethodPost, "/signdoc/pades", order)
	told := fmt.Sprint(answer["errors"])
	if status != http.StatusBadRequest || !strings.Contains(told, "actions that start programs, scripts") || !strings.Contains(told, "resultContent") {
		t.Errorf("%d %s; want 400 that tells the script, the program and what is missing", status, told)
	}
}
