package web

import "testing"

func TestLasts(t *testing.T) {
	pages := newPages(t)
	for duration, want := range map[string]string{
		"2160h0m0s":          "Access lasts for 90 days, or until you take it back.",
		"24h0m0s":            "Access lasts for 1 day, or until you take it back.",
		"36h0m0s":            "Access lasts for 36 hours, or until you take it back.",
		"1h0m0s":             "Access lasts for 1 hour, or until you take it back.",
		"10m0s":              "Access lasts for 10 minutes.",
		"1m0s":               "Access lasts for 1 minute.",
		"duration.open":      "Access lasts until you take it back.",
		"Finished sentence.": "Finished sentence.",
	} {
		if got := pages.lasts("en", duration); got != want {
			t.Errorf("%s: %q, want %q", duration, got, want)
		}
	}
}

func TestLabel(t *testing.T) {
	pages := newPages(t)
	for _, test := range []struct{ name, label, want string }{
		{"otp", "", "Engangskode"},
		{"otp", "Kode fra brikken", "Kode fra brikken"},
		{"shoe_size", "field.shoe_size", "shoe_size"},
		{"shoe_size", "", "shoe_size"},
	} {
		if got := pages.label("nb", test.name, test.label); got != test.want {
			t.Errorf("%s %q: %q, want %q", test.name, test.label, got, test.want)
		}
	}
}

func TestInitial(t *testing.T) {
	for name, want := range map[string]string{"fjordbanken": "F", " øya": "Ø", "3 venner": "3", "": "•", "<b>": "•", "\xff": "•"} {
		if got := initial(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestAssetAddress(t *testing.T) {
	pages := newPages(t)
	sheet := pages.Stylesheet()
	for base, want := range map[string]string{
		"": sheet, "/": sheet, sheet: sheet,
		"/login": "/login" + sheet, "https://id.example/login/": "https://id.example/login" + sheet,
	} {
		if got := pages.assets.address(base, "tillit.css"); got != want {
			t.Errorf("%q: %q, want %q", base, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	if _, trusted := address("no.example.app:/callback").(string); trusted {
		t.Error("a private-use scheme is left to the templates, which refuse it")
	}
	for _, hostile := range []string{"javascript:alert(1)", "data:text/html,x", "https://a.example/", "%zz"} {
		if _, checked := address(hostile).(string); !checked {
			t.Errorf("%s escapes the templates' check", hostile)
		}
	}
}
