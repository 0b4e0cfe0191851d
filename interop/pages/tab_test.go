package pages_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A browser is one running Chromium; every window of it keeps its own cookies.
type browser struct{ ctx context.Context }

// newBrowser starts Chromium in a profile of its own.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	return newBrowserAt(t, t.TempDir())
}

// newBrowserAt starts Chromium in the profile of a folder.
func newBrowserAt(t *testing.T, profile string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: the pages are not walked in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		// Going back asks the provider again, which is the harder case: a page kept in memory asks nobody.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,BackForwardCache"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("close the browser: %v", err)
		}
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return &browser{ctx}
}

// A tab is where one person looks.
type tab struct {
	*testing.T
	ctx      context.Context
	width    int64
	language string
}

// patience is how long one action may take.
const patience = 20 * time.Second

// window opens a window with cookies of its own.
func (b *browser) window(t *testing.T, width int64, language string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return dressed(t, ctx, width, language)
}

// another opens a further tab of the same window.
func (w *tab) another() *tab {
	w.Helper()
	id := chromedp.FromContext(w.ctx).BrowserContextID
	ctx, cancel := chromedp.NewContext(w.ctx, chromedp.WithExistingBrowserContext(id))
	w.Cleanup(cancel)
	return dressed(w.T, ctx, w.width, w.language)
}

func dressed(t *testing.T, ctx context.Context, width int64, language string) *tab {
	t.Helper()
	w := &tab{t, ctx, width, language}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	w.resize(width)
	run(w, command(network.Enable, network.EnableParams{}))
	run(w, command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}}))
	return w
}

// command makes an action of a protocol command without an answer.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[cdp.Empty] {
	return func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, target, c, params)
	}
}

// run runs one action, for no longer than patience.
func run[T any](w *tab, action chromedp.Action[T]) T {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		w.Fatalf("browser at %s: %v", w.where(), err)
	}
	return value
}

// where gives the present address, for messages.
func (w *tab) where() string {
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Second)
	defer cancel()
	address, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return "an unknown address"
	}
	return address
}

func (w *tab) resize(width int64) {
	w.Helper()
	run(w, chromedp.EmulateViewport(width, 900))
}

// withoutScripts switches the scripts of pages off.
func (w *tab) withoutScripts() {
	w.Helper()
	run(w, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
}

// forget throws the window's cookies away.
func (w *tab) forget() {
	w.Helper()
	run(w, command(network.ClearBrowserCookies, cdp.Empty{}))
}

func (w *tab) open(address string) {
	w.Helper()
	run(w, chromedp.Navigate(address))
}

// press clicks and waits for the page that follows.
func (w *tab) press(selector string) {
	w.Helper()
	run(w, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(selector))))
}

// click clicks where no new page follows.
func (w *tab) click(selector string) {
	w.Helper()
	run(w, chromedp.Click(chromedp.CSS(selector)))
}

// fill types into fields that the page has.
func (w *tab) fill(fields map[string]string) {
	w.Helper()
	for name, value := range fields {
		selector := `input[name="` + name + `"]`
		if w.has(selector) {
			evaluate[string](w, `document.querySelector(`+quote(selector)+`).value = ""`)
			run(w, chromedp.SendKeys(chromedp.CSS(selector), value))
		}
	}
}

func (w *tab) has(selector string) bool {
	w.Helper()
	return evaluate[bool](w, `document.querySelector(`+quote(selector)+`) !== null`)
}

// demand fails when the page has no such element.
func (w *tab) demand(what, selector string) {
	w.Helper()
	if !w.has(selector) {
		w.Fatalf("%s: nothing matches %s at %s: %s", what, selector, w.where(), w.text("main"))
	}
}

// text gives what is read in an element, "" where there is none.
func (w *tab) text(selector string) string {
	w.Helper()
	return evaluate[string](w, `document.querySelector(`+quote(selector)+`)?.innerText ?? ""`)
}

func evaluate[T any](w *tab, expression string) T {
	w.Helper()
	return run(w, chromedp.Evaluate[T](expression))
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `\'`) + "'" }
