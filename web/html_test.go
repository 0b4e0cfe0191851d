package web_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// walk visits every element in the order of the document, which is also the
// order of the keyboard.
func walk(root *html.Node, visit func(*html.Node)) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			visit(n)
		}
	}
}

func match(root *html.Node, matches func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	walk(root, func(n *html.Node) {
		if matches(n) {
			found = append(found, n)
		}
	})
	return found
}

func find(root *html.Node, element string) []*html.Node {
	return match(root, func(n *html.Node) bool { return n.Data == element && n.Namespace == "" })
}

func inputs(root *html.Node, name string) []*html.Node {
	return match(root, func(n *html.Node) bool { return n.Data == "input" && get(n, "name") == name })
}

func withAttribute(root *html.Node, name, value string) []*html.Node {
	return match(root, func(n *html.Node) bool { return has(n, name) && get(n, name) == value })
}

func withClass(root *html.Node, class string) []*html.Node {
	return match(root, func(n *html.Node) bool { return slices.Contains(strings.Fields(get(n, "class")), class) })
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func get(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(root *html.Node) string {
	var text strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

func specimenOf(t *testing.T, name string) specimen {
	t.Helper()
	for _, s := range specimens {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no specimen is named %q", name)
	return specimen{}
}
