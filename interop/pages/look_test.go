package pages_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// narrowest is the width at which nothing may scroll sideways (WCAG 1.4.10).
const narrowest = 320

// unfit finds what does not fit: the page scrolls sideways, or something to
// press is too low for a finger.
const unfit = `(() => {
	const found = [], root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) {
		const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest("pre"));
		found.push("scrolls sideways by " + (root.scrollWidth - root.clientWidth) + " px: " + wide.slice(0, 3).map(e => e.outerHTML.slice(0, 80)).join(" | "));
	}
	for (const e of document.querySelectorAll("main button, summary, input:not([type=hidden]):not([type=checkbox]), select")) {
		const box = e.getBoundingClientRect();
		if (e.checkVisibility() && box.height < 44) found.push(e.outerHTML.slice(0, 80) + " is " + box.height + " px high");
	}
	return found;
})()`

// violations asks axe-core, with everything folded out.
const violations = `axe.run().then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 160) + " " + (n.any[0]?.message ?? ""))))`

// An eye looks at pages, and keeps pictures of them when asked to.
type eye struct {
	axe      string
	pictures string // folder, "" for none
}

// newEye reads axe-core, which npm installed; without it there is no test.
func newEye(w interface {
	Helper()
	Fatal(...any)
	Skip(...any)
}) *eye {
	w.Helper()
	axe, err := os.ReadFile(filepath.Join("..", "node", "node_modules", "axe-core", "axe.min.js"))
	if os.IsNotExist(err) {
		w.Skip("axe-core is not installed (npm ci in interop/node): nobody looks for violations")
	}
	if err != nil {
		w.Fatal(err)
	}
	e := &eye{axe: string(axe)}
	if *pictures {
		e.pictures = filepath.Join("..", "..", "docs", "pages")
		if err := os.MkdirAll(e.pictures, 0o755); err != nil {
			w.Fatal(err)
		}
	}
	return e
}

// at looks at the page that is shown: its language, its size, what axe-core
// finds in light and dark.
func (e *eye) at(w *tab, name, language string) {
	w.Helper()
	if got := evaluate[string](w, "document.documentElement.lang"); got != language {
		w.Errorf("%s is in %q; want %s", name, got, language)
	}
	if e.pictures != "" {
		e.take(w, name)
	}
	for _, width := range []int64{w.width, narrowest} {
		w.resize(width)
		for _, fault := range evaluate[[]string](w, unfit) {
			w.Errorf("%s at %d px: %s", name, width, fault)
		}
	}
	w.resize(w.width)
	evaluate[chromedp.Void](w, `document.querySelectorAll("details").forEach(d => d.open = true)`)
	evaluate[chromedp.Void](w, e.axe)
	for _, scheme := range []string{"light", "dark"} {
		w.scheme(scheme)
		found := run(w, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise))
		if len(found) > 0 {
			w.Errorf("%s at %d px, %s: %s", name, w.width, scheme, strings.Join(found, "\n\t"))
		}
	}
	w.scheme("light")
	evaluate[chromedp.Void](w, `document.querySelectorAll("details").forEach(d => d.open = false)`)
}

// scheme says which colours the person prefers.
func (w *tab) scheme(name string) {
	w.Helper()
	run(w, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	}))
}

// tallest is how much of a long page is in its picture, in CSS pixels.
const tallest = 1300

// whole are long pages that are taken to their end.
var whole = map[string]bool{"consent": true, "sign": true}

// once are the pages taken only narrow: wide they say nothing more.
var once = map[string]bool{
	"account-empty": true, "account-sign_in": true, "sign_in-wrong": true, "sign_in-named": true, "signed_out": true,
	"sign-text": true, "consent-claim": true, "contact": true,
}

// dark are the pages that are also taken as those see them who prefer the dark.
var dark = map[string]bool{"consent": true, "account": true}

// take keeps a picture: narrow in bokmål, wide in English.
func (e *eye) take(w *tab, name string) {
	w.Helper()
	narrow := w.width < 600
	if narrow != (w.language == "nb") || once[name] && !narrow || name == "account-withdrawn" {
		return
	}
	if !narrow {
		e.shoot(w, name, "wide")
		return
	}
	e.shoot(w, name, "narrow")
	if dark[name] {
		w.scheme("dark")
		e.shoot(w, name, "dark")
		w.scheme("light")
	}
}

func (e *eye) shoot(w *tab, name, look string) {
	w.Helper()
	height := evaluate[float64](w, "document.documentElement.scrollHeight")
	if !whole[name] {
		height = min(height, tallest)
	}
	picture := w.picture(&page.Viewport{Width: float64(w.width), Height: height, Scale: 1})
	// The browser compresses for speed; what is kept in the repository is worth more.
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, picture); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(e.pictures, name+"-"+look+".png"), small.Bytes(), 0o644); err != nil {
		w.Fatal(err)
	}
}
