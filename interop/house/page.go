package house

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// A page is the form on it, as the outside contract names its fields.
type page struct {
	action  string
	hidden  url.Values
	inputs  []string            // names of what is typed
	boxes   []string            // values of name="consent"
	buttons map[string][]string // name → values
	alert   string              // what stands in role="alert"
}

func readPage(body []byte) (*page, error) {
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	p := &page{hidden: url.Values{}, buttons: map[string][]string{}}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			p.read(n)
		}
	}
	return p, nil
}

func (p *page) read(n *html.Node) {
	attributes := map[string]string{}
	for _, a := range n.Attr {
		attributes[a.Key] = a.Val
	}
	if attributes["role"] == "alert" {
		p.alert = strings.Join(strings.Fields(text(n)), " ")
	}
	name, value := attributes["name"], attributes["value"]
	switch {
	case n.Data == "form" && p.action == "":
		p.action = attributes["action"]
	case n.Data == "button" && name != "":
		p.buttons[name] = append(p.buttons[name], value)
	case n.Data == "input" && attributes["type"] == "hidden":
		p.hidden.Add(name, value)
	case n.Data == "input" && name == "consent":
		p.boxes = append(p.boxes, value)
	case n.Data == "input" && name != "":
		p.inputs = append(p.inputs, name)
	}
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
