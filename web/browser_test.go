package web_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tillit/tillit/server"
)

// browse gives a context with a browser in it, and the address of a server that
// shows every specimen under its name, /pages/<language>/<specimen>. What is
// posted to the client comes out of the channel.
func browse(t *testing.T) (context.Context, string, <-chan string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: pages are not looked at in a browser")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	received := make(chan string, 1)
	show := httptest.NewServer(showing(t, received))
	t.Cleanup(show.Close)
	return ctx, show.URL, received
}

func showing(t *testing.T, received chan<- string) http.Handler {
	t.Helper()
	pages := newPages(t)
	mux := http.NewServeMux()
	mux.Handle("/assets/", pages.Handler())
	mux.HandleFunc("POST /callback", func(w http.ResponseWriter, r *http.Request) {
		received <- r.PostFormValue("code")
	})
	mux.HandleFunc("GET /pages/{language}/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, s := range specimens {
			if s.name != r.PathValue("name") {
				continue
			}
			if s.name == "form-post" {
				s.model = server.FormPost{Action: "/callback", Fields: []server.HiddenField{{Name: "code", Value: "c0de"}}}
			}
			var out bytes.Buffer
			if err := pages.Render(&out, s.page, frame(r.PathValue("language")), s.model); err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "+
				"script-src 'nonce-"+nonce+"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
			w.Write(out.Bytes())
		}
	})
	return mux
}

// unfit finds what does not fit the screen or a finger: the page scrolls
// sideways, or something to press is less than 44 px high (a box counts with its
// label).
const unfit = `(() => {
	const found = [];
	const root = document.documentElement;
	if (getComputedStyle(document.body).display !== "flex") found.push("no style sheet");
	if (root.scrollWidth > root.clientWidth) found.push("scrolls sideways: " + root.scrollWidth + " px");
	for (const e of document.querySelectorAll("button, summary, main a, nav a, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), .item-head:has(input)")) {
		const box = e.getBoundingClientRect();
		if (e.checkVisibility() && box.height < 44) found.push(e.tagName + " " + (e.value || e.textContent) + ": " + box.height + " px");
	}
	return found;
})()`

func TestPagesFitEveryScreen(t *testing.T) {
	ctx, base, _ := browse(t)
	for _, width := range []int64{320, 390, 1920} {
		for _, s := range specimens {
			if s.page == "form_post" {
				continue
			}
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(base+"/pages/nn/"+s.name)); err != nil {
				t.Fatal(err)
			}
			found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](unfit))
			if err != nil {
				t.Fatal(err)
			}
			if len(found) > 0 {
				t.Errorf("%s at %d px: %s", s.name, width, strings.Join(found, "; "))
			}
		}
	}
}

// TestFormPostGoesByItself: the script runs under the policy that forbids every
// other one.
func TestFormPostGoesByItself(t *testing.T) {
	ctx, base, received := browse(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/pages/nb/form-post")); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-received:
		if code != "c0de" {
			t.Errorf("the client received %q", code)
		}
	case <-time.After(10 * time.Second):
		t.Error("the response was not posted")
	}
}

// TestSkipLinkComesFirst: one press of the tab key leads past what every page
// repeats, and shows that it does.
func TestSkipLinkComesFirst(t *testing.T) {
	ctx, base, _ := browse(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(base+"/pages/nb/consent"), chromedp.KeyEvent("\t")); err != nil {
		t.Fatal(err)
	}
	visible, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
		`document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().top >= 0`))
	if err != nil || !visible {
		t.Errorf("the skip link is not first, or not seen: %v", err)
	}
}

// TestAccessibility runs axe-core, whose file TILLIT_AXE names.
func TestAccessibility(t *testing.T) {
	path := os.Getenv("TILLIT_AXE")
	if path == "" {
		t.Skip("TILLIT_AXE does not name axe.min.js of axe-core (npm): violations are not looked for")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, base, _ := browse(t)
	const run = `axe.run().then(result => result.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html)))`
	for _, language := range languages {
		for _, s := range specimens {
			if s.page == "form_post" {
				continue
			}
			if err := chromedp.Do(ctx, chromedp.Navigate(base+"/pages/"+language+"/"+s.name),
				chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`),
				chromedp.Evaluate[chromedp.Void](string(axe))); err != nil {
				t.Fatal(err)
			}
			found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](run, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			for _, violation := range found {
				t.Errorf("%s/%s: %s", language, s.name, violation)
			}
		}
	}
}
