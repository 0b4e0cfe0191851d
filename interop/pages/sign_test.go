package pages_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2/clientcredentials"
)

// TestDocumentIsSeen: the browser's own viewer shows every PDF inside the page
// that asks to sign, and a text stands beside them. Nothing is blocked on the way.
func TestDocumentIsSeen(t *testing.T) {
	b := newBrowser(t)
	for _, width := range []int64{390, 1280} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			w := b.window(t, width, "en")
			blocked := w.complaints()
			bank := newSite(t, "bankid", "demo-bank")
			first, second := letter("Loan agreement"), letter("Repayment plan")
			w.open(bank.ask("openid sign", "sign_id", bank.order("/signdoc", first, second, map[string]any{"description": "In short", "text": "250 000 kroner."})).address)
			w.signIn(bank.realm.Person(t, "kari"))
			for n, document := range []map[string]any{first, second} {
				w.seesDocument(n)
				w.seesDigest(n, document["pdf"].([]byte))
			}
			if text := w.text(".document pre"); text != "250 000 kroner." {
				t.Errorf("the text reads %q", text)
			}
			w.seesDigest(2, []byte("250 000 kroner."))
			if found := blocked(); len(found) > 0 {
				t.Errorf("the browser complains: %q", found)
			}
		})
	}
}

// TestDocumentWithoutViewer: where the browser shows no PDF, a link leads to the
// document, and its name, size and digest are told.
func TestDocumentWithoutViewer(t *testing.T) {
	profile := t.TempDir()
	if err := os.Mkdir(filepath.Join(profile, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	preferences := []byte(`{"plugins": {"always_open_pdf_externally": true}}`)
	if err := os.WriteFile(filepath.Join(profile, "Default", "Preferences"), preferences, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newBrowserAt(t, profile).window(t, 390, "en")
	bank := newSite(t, "bankid", "demo-bank")
	document := letter("Loan agreement")
	w.open(bank.ask("openid sign", "sign_id", bank.order("/signdoc/pades", document)).address)
	w.signIn(bank.realm.Person(t, "kari"))
	if evaluate[bool](w, "navigator.pdfViewerEnabled") {
		t.Fatal("the browser has a viewer after all")
	}
	if text := w.text(".document"); !strings.Contains(text, "Loan agreement") || !strings.Contains(text, "cannot show") || !strings.Contains(text, "Open the document (0.7\u00a0kB)") {
		t.Errorf("the document is called %q", text)
	}
	w.seesDigest(0, document["pdf"].([]byte))
	w.demand("sign", `.document .file a[href$="/files/1"]`)
	if n := w.seen(0); n > 0 {
		t.Errorf("%d pixels of the document are seen without a viewer", n)
	}
}

// complaints begins to listen to what the browser reports as blocked, and gives a
// func that tells what came.
func (w *tab) complaints() func() []string {
	w.Helper()
	var mutex sync.Mutex
	var found []string
	if err := chromedp.Listen(w.ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && e.Entry.Level == log.EntryLevelError {
			mutex.Lock()
			defer mutex.Unlock()
			found = append(found, e.Entry.Text)
		}
	}); err != nil {
		w.Fatal(err)
	}
	run(w, command(log.Enable, cdp.Empty{}))
	return func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return found
	}
}

// seesDocument waits until the n-th file of the page is drawn.
func (w *tab) seesDocument(n int) {
	w.Helper()
	w.demand("sign", `object[type="application/pdf"]`)
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for w.seen(n) < 500 {
		if ctx.Err() != nil {
			w.Fatalf("document %d is not drawn at %s", n+1, w.where())
		}
	}
}

// seen counts the pixels of the letter's mark in the frame of the n-th file.
func (w *tab) seen(n int) (marks int) {
	w.Helper()
	var box struct{ X, Y, Width, Height float64 }
	if err := json.Unmarshal([]byte(evaluate[string](w, fmt.Sprintf(`(() => {
		const frame = document.querySelectorAll(".document object")[%d];
		frame.scrollIntoView({block: "center", behavior: "instant"}); // what is out of sight is not drawn
		const box = frame.getBoundingClientRect();
		return JSON.stringify({x: box.x + scrollX, y: box.y + scrollY, width: box.width, height: box.height});
	})()`, n))), &box); err != nil {
		w.Fatal(err)
	}
	picture := w.picture(&page.Viewport{X: box.X, Y: box.Y, Width: box.Width, Height: box.Height, Scale: 1})
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			if r, g, b, _ := picture.At(x, y).RGBA(); r>>8 < 8 && g>>8 > 43 && g>>8 < 59 && b>>8 > 145 && b>>8 < 161 {
				marks++
			}
		}
	}
	return marks
}

// picture takes a picture of a part of the page, in CSS pixels.
func (w *tab) picture(clip *page.Viewport) image.Image {
	w.Helper()
	raw := run(w, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		shot, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true), Clip: clip,
		})
		return shot.Data, err
	})
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		w.Fatal(err)
	}
	return picture
}

// seesDigest demands that the page tells the digest of the n-th document.
func (w *tab) seesDigest(n int, document []byte) {
	w.Helper()
	digest := sha256.Sum256(document)
	told := evaluate[string](w, fmt.Sprintf(`document.querySelectorAll(".document")[%d].querySelector(".digest code")?.textContent ?? ""`, n))
	if told != hex.EncodeToString(digest[:]) {
		w.Errorf("document %d: the page tells the digest %q; want %x", n+1, told, digest)
	}
}

// order leaves documents to be signed and gives the order's id.
func (s *site) order(path string, documents ...map[string]any) string {
	s.t.Helper()
	credentials := clientcredentials.Config{
		ClientID: s.config.ClientID, ClientSecret: s.config.ClientSecret, TokenURL: s.config.Endpoint.TokenURL, Scopes: []string{"signdoc/read_write"},
	}
	order := map[string]any{
		"signProperties": map[string]any{"orderName": "Loan agreement 4711"}, "documents": documents, "resultContent": []string{"documentHash"},
	}
	if path == "/signdoc/pades" {
		order["padesSignProperties"], order["resultContent"] = map[string]any{"addVisualSeals": false}, []string{"padesSignedPdf"}
	}
	body, err := json.Marshal(order)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := credentials.Client(s.t.Context()).Post(s.realm.APIs["signdoc"]+path, "application/json", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var left struct {
		ID string `json:"sign_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&left); err != nil || response.StatusCode != http.StatusCreated {
		s.t.Fatalf("leaving an order: %d, %v", response.StatusCode, err)
	}
	return left.ID
}

// letter is a document with a PDF of one page, on which a mark and a few words
// stand.
func letter(title string) map[string]any {
	text := "0 0.2 0.6 rg 60 740 48 48 re f 0 g BT /F1 20 Tf 124 756 Td (" + title + ") Tj " +
		"/F1 12 Tf -64 -64 Td (Kari Skogheim borrows 250 000 kroner of Granlund Savings Bank.) Tj ET"
	objects := []string{
		"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text),
		"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
	}
	var file, table strings.Builder
	file.WriteString("%PDF-1.4\n")
	for i, object := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", file.Len())
		fmt.Fprintf(&file, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	at := file.Len()
	fmt.Fprintf(&file, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table.String(), len(objects)+1, at)
	return map[string]any{"description": title, "pdf": []byte(file.String())}
}
