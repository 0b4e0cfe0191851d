package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// A browser is new for each flow: nobody is signed in. It follows redirects and
// fills in forms as a person would who agrees to everything.
type browser struct {
	client *http.Client
	person person
	origin string
}

type person struct{ Username, Password, OTP, PIN string }

func newBrowser(transport http.RoundTripper, origin string, who person) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{&http.Client{Transport: transport, Jar: jar, CheckRedirect: stay}, who, origin}, nil
}

// longest is how many answers a flow may take before it is a circle.
const longest = 16

// walk opens an address and goes on until it is sent to the redirect URI, whose
// parameters it gives.
func (b *browser) walk(address, redirect string) (url.Values, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	for range longest {
		resp, err := b.client.Do(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		if location := resp.Header.Get("Location"); location != "" {
			if strings.HasPrefix(location, redirect+"?") {
				return parametersOf(location)
			}
			next, err := req.URL.Parse(location)
			if err != nil {
				return nil, err
			}
			if req, err = http.NewRequest(http.MethodGet, next.String(), nil); err != nil {
				return nil, err
			}
			continue
		}
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s %s: status %d", req.Method, req.URL.Path, resp.StatusCode)
		}
		if req, err = b.submit(req.URL, body); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("no end after %d answers; the last was %s", longest, req.URL.Path)
}

func parametersOf(location string) (url.Values, error) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, err
	}
	values := u.Query()
	if code := values.Get("error"); code != "" {
		return nil, fmt.Errorf("authorization: %s", code)
	}
	return values, nil
}

// submit answers the page: the form that asks for a name, or else the first.
func (b *browser) submit(at *url.URL, page []byte) (*http.Request, error) {
	forms := b.forms(page)
	if len(forms) == 0 {
		return nil, fmt.Errorf("%s: a page without a form", at.Path)
	}
	chosen := forms[0]
	for _, f := range forms {
		if f.asks {
			chosen = f
			break
		}
	}
	target, err := at.Parse(chosen.action)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(chosen.fields.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.origin)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req, nil
}

// A form is one that is posted, filled in.
type form struct {
	action  string
	fields  url.Values
	asks    bool // who is there
	pressed bool // has its button
}

func (b *browser) forms(page []byte) []*form {
	var all []*form
	var in *form
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return all
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "form" {
				in = nil
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			attribute := map[string]string{}
			for _, a := range tag.Attr {
				attribute[a.Key] = a.Val
			}
			if tag.Data == "form" && strings.EqualFold(attribute["method"], "post") {
				in = &form{action: attribute["action"], fields: url.Values{}}
				all = append(all, in)
			}
			if in != nil && tag.Data != "form" {
				b.fill(in, tag.Data, attribute)
			}
		}
	}
}

// fill sets one field; of the buttons the first one is pressed, which goes on.
func (b *browser) fill(in *form, tag string, attribute map[string]string) {
	name, value := attribute["name"], attribute["value"]
	switch {
	case tag == "button" && !in.pressed:
		in.pressed = true
		if name != "" {
			in.fields.Set(name, value)
		}
	case tag != "input" || name == "":
	case attribute["type"] == "hidden", attribute["type"] == "checkbox":
		in.fields.Add(name, value) // boxes are ticked
	case name == "username", name == "login":
		in.fields.Set(name, b.person.Username)
		in.asks = true
	case name == "password":
		in.fields.Set(name, b.person.Password)
	case name == "otp":
		in.fields.Set(name, b.person.OTP)
	case name == "pin":
		in.fields.Set(name, b.person.PIN)
	}
}
