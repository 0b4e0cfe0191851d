package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// functions are what templates can call, in one language.
func (p *Pages) functions(language string) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, pairs ...string) (string, error) {
			return p.translate(language, key, pairs)
		},
		"language": func() string { return language },
		"text":     func(s string) string { return p.Sentence(language, s) },
		"either":   func(s, key string) string { return p.either(language, s, key) },
		"label":    func(name, label string) string { return p.label(language, name, label) },
		"method":   func(method string) string { return p.optional(language, "method."+method) },
		"input":    inputOf,
		"initial":  initial,
		"address":  address,
		"day":      func(date string) string { return p.day(language, date) },
		"lasts":    func(duration string) string { return p.lasts(language, duration) },
		"problem":  func(code string) string { return p.problem(code) },
		"asset":    p.assets.address,
		"size":     func(bytes int64) string { return size(language, bytes) },
	}
}

// translate gives the sentence of a key with its {parameters} filled in from
// name, value pairs. A key that is missing is a fault of the template.
func (p *Pages) translate(language, key string, pairs []string) (string, error) {
	if _, found := p.said(language)[key]; !found {
		return "", fmt.Errorf("no sentence has the key %q", key)
	}
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return p.SentenceWith(language, key, args), nil
}

// either gives s, or the sentence of the key when s is empty. Both may be keys.
func (p *Pages) either(language, s, key string) string {
	if s != "" {
		return p.Sentence(language, s)
	}
	return p.optional(language, key)
}

// optional gives the sentence of a key, or "" when there is none.
func (p *Pages) optional(language, key string) string {
	return p.said(language)[key]
}

// label gives what a field is called: the label of the way, ours, or its name.
func (p *Pages) label(language, name, label string) string {
	key := "field." + name
	if s := p.either(language, label, key); s != "" && s != key {
		return s
	}
	return name
}

// problem gives the key of an error's sentences. A code without sentences of its
// own is the client's mistake; no code at all is ours.
func (p *Pages) problem(code string) string {
	if _, found := p.said(fallback)["error."+code+".text"]; found {
		return "error." + code
	}
	if code == "" {
		return "error.server_error"
	}
	return "error.invalid_request"
}

// lasts says how long an access lasts. A Go duration ("2160h0m0s") becomes a
// sentence in its largest whole unit; anything else is a sentence already.
func (p *Pages) lasts(language, duration string) string {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return p.Sentence(language, duration)
	}
	unit, count := "minutes", int(d.Round(time.Minute)/time.Minute)
	if count%60 == 0 && count > 0 {
		unit, count = "hours", count/60
		if count%24 == 0 {
			unit, count = "days", count/24
		}
	}
	form := "other"
	if count == 1 {
		form = "one" // the plural forms of CLDR, the same in our three languages
	}
	return p.SentenceWith(language, "duration."+unit+"."+form, map[string]string{"count": strconv.Itoa(count)})
}

// initial gives the letter that stands for a client in its mark.
func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return "•"
	}
	return string(unicode.ToUpper(r))
}

// address lets a response be posted to a native application's private-use
// scheme, which has a dot (RFC 8252 §7.1) and which templates would else take for
// an attack. Every other address stays under the templates' own check.
func address(s string) any {
	parsed, err := url.Parse(s)
	if err == nil && strings.Contains(parsed.Scheme, ".") {
		return template.URL(s)
	}
	return s
}

// An input is how a field is typed in.
type input struct{ Type, Autocomplete, Mode string }

// inputs says it of the fields that ways to sign in use.
var inputs = map[string]input{
	"otp":       {"text", "one-time-code", "numeric"},
	"code":      {"text", "one-time-code", "numeric"},
	"pin":       {"password", "off", "numeric"},
	"email":     {"email", "email", "email"},
	"phone":     {"tel", "tel", "tel"},
	"birthdate": {"text", "bday", "numeric"},
}

func inputOf(name string) input {
	if i, found := inputs[name]; found {
		return i
	}
	return input{"text", "off", "text"}
}

// size writes how large a file is.
func size(language string, bytes int64) string {
	unit, n := "kB", float64(bytes)/1e3
	if n >= 1e3 {
		unit, n = "MB", n/1e3
	}
	text := strconv.FormatFloat(n, 'f', 1, 64)
	if language != "en" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text + "\u00a0" + unit
}
