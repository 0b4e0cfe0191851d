package facts

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A Page is what a person meets, as its forms say it.
type Page struct {
	Kind   string // sign_in, choose, consent, sign, change_password, choose_principal, logout, form_post, account, error or final
	Status int
	URL    *url.URL
	Code   string   // data-error of an error page
	Alert  string   // the text with role="alert"
	Ways   []string // idp buttons
	Boxes  []string // consent boxes
	Radios []Radio
	Files  []string // addresses of what it shows inside itself
	Frames []string // addresses of what it loads unseen
	Text   string   // everything written on it

	forms []form
}

// A Radio is a radio button with what its label says.
type Radio struct{ Name, Value, Label, id string }

// A form is one form with its fields as they came.
type form struct {
	action  string
	method  string
	fields  url.Values // hidden and prefilled
	names   []string   // of every input that is filled in
	boxes   []string
	buttons []button
}

type button struct{ name, value string }

func (f *form) has(name, value string) bool {
	return slices.ContainsFunc(f.buttons, func(b button) bool { return b.name == name && (value == "" || b.value == value) })
}

// parsePage reads a page. origin is the provider's, to tell a form that leaves.
func parsePage(body []byte, address *url.URL, status int, origin string) (*Page, error) {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	p := &Page{Status: status, URL: address}
	p.read(root, nil)
	p.Text = strings.Join(strings.Fields(p.Text), " ")
	p.Kind = p.kind(origin)
	return p, nil
}

func (p *Page) read(n *html.Node, in *form) {
	switch {
	case n.Type == html.TextNode && n.Parent != nil && n.Parent.Data != "script" && n.Parent.Data != "style":
		p.Text += n.Data + " "
	case n.Type == html.ElementNode:
		if code := attribute(n, "data-error"); code != "" {
			p.Code = code
		}
		if n.Data == "iframe" {
			p.Frames = append(p.Frames, attribute(n, "src"))
		}
		if n.Data == "object" {
			p.Files = append(p.Files, attribute(n, "data"))
		}
		if attribute(n, "role") == "alert" {
			p.Alert = strings.TrimSpace(textOf(n))
		}
		if n.Data == "form" {
			p.forms = append(p.forms, form{action: attribute(n, "action"), method: strings.ToUpper(attribute(n, "method")), fields: url.Values{}})
			at := len(p.forms) - 1
			for child := n.FirstChild; child != nil; child = child.NextSibling {
				p.read(child, &p.forms[at])
			}
			return
		}
		if n.Data == "label" {
			for i := range p.Radios { // a radio button stands before its label
				if p.Radios[i].id == attribute(n, "for") {
					p.Radios[i].Label = strings.Join(strings.Fields(textOf(n)), " ")
				}
			}
		}
		if in != nil {
			p.readField(n, in)
		}
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		p.read(child, in)
	}
}

func (p *Page) readField(n *html.Node, f *form) {
	name, value, kind := attribute(n, "name"), attribute(n, "value"), attribute(n, "type")
	if name == "" {
		return
	}
	switch {
	case n.Data == "button" && (kind == "" || kind == "submit"), n.Data == "input" && kind == "submit":
		f.buttons = append(f.buttons, button{name, value})
		if name == "idp" {
			p.Ways = append(p.Ways, value)
		}
	case n.Data == "input" && kind == "checkbox":
		f.boxes = append(f.boxes, value)
		if name == "consent" {
			p.Boxes = append(p.Boxes, value)
		}
	case n.Data == "input" && kind == "radio":
		p.Radios = append(p.Radios, Radio{Name: name, Value: value, id: attribute(n, "id")})
	case n.Data == "input" && kind == "hidden":
		f.fields.Add(name, value)
	case n.Data == "input", n.Data == "textarea", n.Data == "select":
		f.names = append(f.names, name)
		if value != "" {
			f.fields.Set(name, value)
		}
	}
}

// kind tells a page by the fields that the contract names.
func (p *Page) kind(origin string) string {
	if p.Code != "" {
		return "error"
	}
	for i := range p.forms {
		f := &p.forms[i]
		target, err := p.URL.Parse(f.action)
		switch {
		case err == nil && target.Scheme+"://"+target.Host != origin:
			return "form_post"
		case slices.Contains(f.names, "username"), f.has("action", "somebody_else"):
			return "sign_in"
		case slices.Contains(f.names, "new_password"):
			return "change_password"
		case f.has("idp", ""):
			return "choose"
		case f.has("action", "allow"):
			return "consent"
		case f.has("action", "sign"):
			return "sign"
		case f.has("action", "choose"):
			return "choose_principal"
		case f.has("action", "logout"):
			return "logout"
		case f.has("action", "revoke"), f.fields.Has("grant"):
			return "account"
		}
	}
	return "final"
}

// form gives the page's form that has the button, or else one that accepts.
func (p *Page) form(accepts func(*form) bool) *form {
	for i := range p.forms {
		if accepts(&p.forms[i]) {
			return &p.forms[i]
		}
	}
	return nil
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(textOf(child))
	}
	return b.String()
}
