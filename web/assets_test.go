package web

import (
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestAssets(t *testing.T) {
	pages := newPages(t)
	for _, test := range []struct {
		method, path, contentType string
		status                    int
	}{
		{"GET", pages.Stylesheet(), "text/css; charset=utf-8", 200},
		{"HEAD", pages.Stylesheet(), "text/css; charset=utf-8", 200},
		{"GET", pages.assets.paths["icon.svg"], "image/svg+xml", 200},
		{"GET", "/assets/tillit.css", "text/plain; charset=utf-8", 404},
		{"GET", "/assets/../pages.go", "text/plain; charset=utf-8", 404},
		{"GET", "/assets/", "text/plain; charset=utf-8", 404},
		{"POST", pages.Stylesheet(), "text/plain; charset=utf-8", 405},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			pages.Handler().ServeHTTP(w, httptest.NewRequest(test.method, "http://localhost"+test.path, nil))
			header := w.Result().Header
			if w.Code != test.status || header.Get("Content-Type") != test.contentType {
				t.Errorf("%d %q, want %d %q", w.Code, header.Get("Content-Type"), test.status, test.contentType)
			}
			if header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("nosniff is missing")
			}
			if kept := strings.Contains(header.Get("Cache-Control"), "immutable"); kept != (test.status == http.StatusOK) {
				t.Errorf("Cache-Control is %q", header.Get("Cache-Control"))
			}
		})
	}
}

func TestStylesheetFetchesNothing(t *testing.T) {
	css := stylesheet(t)
	if found := regexp.MustCompile(`url\(|@import|@font-face`).FindString(css); found != "" {
		t.Errorf("the style sheet has %s", found)
	}
	if len(css) > 17_000 {
		t.Errorf("the style sheet has %d bytes", len(css))
	}
}

// TestContrast holds WCAG 2.2 AA in both schemes: 4.5:1 for text (1.4.3), 3:1
// for edges and focus (1.4.11).
func TestContrast(t *testing.T) {
	css := stylesheet(t)
	light := tokens(css)
	dark := tokens(css[strings.Index(css, "prefers-color-scheme: dark"):])
	for scheme, token := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "ground", 4.5}, {"ink", "paper", 4.5}, {"ink", "sunken", 4.5}, {"ink", "tint", 4.5},
			{"muted", "ground", 4.5}, {"muted", "paper", 4.5}, {"muted", "sunken", 4.5}, {"muted", "tint", 4.5},
			{"brand", "ground", 4.5}, {"brand", "paper", 4.5}, {"on-brand", "brand", 4.5}, {"on-brand", "brand-deep", 4.5},
			{"on-tint", "tint", 4.5}, {"danger", "paper", 4.5}, {"danger", "danger-tint", 4.5}, {"on-notice", "notice", 4.5},
			{"edge", "paper", 3}, {"edge", "ground", 3}, {"focus", "ground", 3}, {"focus", "paper", 3},
		} {
			if got := contrast(t, token[pair.front], token[pair.back]); got < pair.least {
				t.Errorf("%s: %s on %s is %.2f:1, want %.1f:1", scheme, pair.front, pair.back, got, pair.least)
			}
		}
	}
}

func stylesheet(t *testing.T) string {
	t.Helper()
	pages := newPages(t)
	return string(pages.assets.contents[pages.Stylesheet()])
}

// tokens reads the first value of every color token.
func tokens(css string) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		if found[m[1]] == "" {
			found[m[1]] = m[2]
		}
	}
	return found
}

// contrast is the ratio of WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(color, 16, 32)
	if err != nil {
		t.Fatalf("color %q: %v", color, err)
	}
	channel := func(shift uint) float64 {
		v := float64(rgb>>shift&0xff) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}
