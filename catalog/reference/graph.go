package reference

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// The picture has four columns, from left to right: who owns, what is opened,
// what is asked for, what is told. A scope stands at the middle of the claims
// that it is the first to yield, and everything else at the middle of what it
// leads to, so lines are short and seldom cross.
const (
	rowHeight = 22.0
	boxHeight = 18.0
	headRoom  = 84.0
	letter    = 6.7 // width of a letter of the picture's font, on average
)

var columns = [...]struct {
	title    string
	x, width float64
}{{"Owner", 16, 190}, {"Resource server", 252, 200}, {"Scope", 508, 290}, {"Claim", 872, 300}}

// sinkColours mark where a claim is delivered.
var sinkColours = []struct {
	sink   tillit.Sink
	colour string
}{
	{tillit.SinkIDToken, "#1f6feb"}, {tillit.SinkUserInfo, "#1a7f37"}, {tillit.SinkAccessToken, "#bc4c00"},
	{tillit.SinkIntrospection, "#8250df"}, {another, "#57606a"},
}

// another stands for the token response and for tokens of the realm's own.
const another tillit.Sink = "another token"

// A box is one node of the picture.
type box struct {
	column      int
	key         string
	text, title string
	y           float64 // of its middle
	marked      bool
	dots        []string
	faint       bool
}

type line struct{ from, to *box }

// A picture is boxes and lines between neighbours.
type picture struct {
	boxes  [len(columns)][]*box
	byKey  [len(columns)]map[string]*box
	lines  []line
	height float64
}

// Graph draws a catalog as SVG, in one of its languages.
func Graph(c *tillit.Catalog, language string) []byte {
	p := &picture{}
	for i := range p.byKey {
		p.byKey[i] = map[string]*box{}
	}
	scopes := make([]*tillit.Scope, len(c.Scopes))
	for i := range c.Scopes {
		scopes[i] = &c.Scopes[i]
	}
	slices.SortStableFunc(scopes, func(a, b *tillit.Scope) int { // of one owner and one server together
		if by := strings.Compare(a.Owner, b.Owner); by != 0 {
			return by
		}
		return strings.Compare(a.Server, b.Server)
	})
	y := headRoom
	for _, s := range scopes {
		y = p.addScope(c, s, language, y)
	}
	p.height = y + 16
	for column := 1; column >= 0; column-- {
		p.centre(column)
	}
	return p.svg(c, language)
}

// addScope draws a scope and the claims that no scope before it yields.
func (p *picture) addScope(c *tillit.Catalog, s *tillit.Scope, language string, y float64) float64 {
	scope := p.add(2, string(s.Name), string(s.Name), s.Title.In(language), y)
	scope.marked = s.Consent != tillit.ConsentNever && s.Consent != "" && s.At&tillit.AtAuthorization != 0
	scope.faint = s.State == tillit.Inactive || s.State == tillit.Disabled
	began := y
	claims := slices.Clone(s.Claims)
	for i := range s.Variants {
		claims = append(claims, s.Variants[i].Claims...)
	}
	for _, name := range claims {
		claim := c.Claim(name)
		if claim == nil {
			continue
		}
		drawn, there := p.byKey[3][string(name)]
		if !there {
			drawn = p.add(3, string(name), claim.Wire(), claim.Title.In(language), y)
			for _, mark := range sinkColours {
				if slices.ContainsFunc(claim.Sinks, func(s tillit.Sink) bool { return s == mark.sink || mark.sink == another && elsewhere(s) }) {
					drawn.dots = append(drawn.dots, mark.colour)
				}
			}
			y += rowHeight
		}
		p.lines = append(p.lines, line{scope, drawn})
	}
	if y == began {
		y += rowHeight
	}
	scope.y = (began + y - rowHeight) / 2
	from := p.owner(c, s.Owner, language)
	if server := c.Server(s.Server); server != nil {
		drawn, there := p.byKey[1][server.Name]
		if !there {
			drawn = p.add(1, server.Name, server.Name, server.Title.In(language), scope.y)
		}
		p.join(from, drawn)
		from = drawn
	}
	p.join(from, scope)
	return y
}

func elsewhere(s tillit.Sink) bool { return !s.Standard() || s == tillit.SinkTokenResponse }

func (p *picture) owner(c *tillit.Catalog, number, language string) *box {
	name := owner(c, number, language)
	if drawn, there := p.byKey[0][name]; there {
		return drawn
	}
	return p.add(0, name, name, number, 0)
}

func (p *picture) add(column int, key, text, title string, y float64) *box {
	b := &box{column: column, key: key, text: text, title: title, y: y}
	p.boxes[column] = append(p.boxes[column], b)
	p.byKey[column][key] = b
	return b
}

func (p *picture) join(from, to *box) {
	if !slices.Contains(p.lines, line{from, to}) {
		p.lines = append(p.lines, line{from, to})
	}
}

// centre puts the boxes of a column at the middle of what they lead to, in that
// order, none upon another.
func (p *picture) centre(column int) {
	boxes := p.boxes[column]
	for _, b := range boxes {
		sum, n := 0.0, 0.0
		for _, l := range p.lines {
			if l.from == b {
				sum, n = sum+l.to.y, n+1
			}
		}
		if n > 0 {
			b.y = sum / n
		}
	}
	slices.SortStableFunc(boxes, func(a, b *box) int {
		switch {
		case a.y < b.y:
			return -1
		case a.y > b.y:
			return 1
		}
		return 0
	})
	last := headRoom - rowHeight
	for _, b := range boxes {
		b.y = max(b.y, last+rowHeight)
		last = b.y
	}
	p.height = max(p.height, last+rowHeight)
}

func (p *picture) svg(c *tillit.Catalog, language string) []byte {
	var b strings.Builder
	end := columns[len(columns)-1]
	width := end.x + end.width + 16
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" font-family="Helvetica, Arial, sans-serif" font-size="12" role="img">`+"\n", width, p.height, width, p.height)
	fmt.Fprintf(&b, "<title>%s: owners, resource servers, scopes and claims</title>\n", html.EscapeString(c.Title.In(language)))
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="#ffffff"/>`+"\n", width, p.height)
	for _, column := range columns {
		fmt.Fprintf(&b, `<text x="%g" y="24" font-size="14" font-weight="bold" fill="#1f2328">%s</text>`+"\n", column.x, column.title)
	}
	p.legend(&b)
	for _, l := range p.lines {
		from, to := columns[l.from.column], columns[l.to.column]
		x1, x2 := from.x+from.width, to.x
		bend := (x2 - x1) / 2
		if l.to.column-l.from.column > 1 { // past a column without a box: along it
			bend = 60
		}
		fmt.Fprintf(&b, `<path d="M%g %g C%g %g %g %g %g %g" fill="none" stroke="#afb8c1"/>`+"\n", x1, l.from.y, x1+bend, l.from.y, x2-bend, l.to.y, x2, l.to.y)
	}
	for column := range p.boxes {
		for _, box := range p.boxes[column] {
			box.draw(&b)
		}
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// legend says what the marks mean.
func (p *picture) legend(b *strings.Builder) {
	scope, claim := columns[2], columns[3]
	fmt.Fprintf(b, `<rect x="%g" y="38" width="24" height="14" rx="3" fill="#fff8c5" stroke="#bf8700"/><text x="%g" y="50" fill="#57606a">a person is asked to agree</text>`+"\n", scope.x, scope.x+30)
	fmt.Fprintf(b, `<rect x="%g" y="56" width="24" height="14" rx="3" fill="#f6f8fa" stroke="#8c959f" stroke-dasharray="3 2"/><text x="%g" y="68" fill="#57606a">switched off</text>`+"\n", scope.x, scope.x+30)
	x, y := claim.x, 46.0
	for i, mark := range sinkColours {
		if i == 3 {
			x, y = claim.x, 62
		}
		fmt.Fprintf(b, `<circle cx="%g" cy="%g" r="4" fill="%s"/><text x="%g" y="%g" fill="#57606a">%s</text>`+"\n", x+4, y, mark.colour, x+12, y+4, mark.sink)
		x += 100
	}
}

func (b *box) draw(w *strings.Builder) {
	column := columns[b.column]
	fill, stroke := "#f6f8fa", "#8c959f"
	if b.marked {
		fill, stroke = "#fff8c5", "#bf8700"
	}
	dash := ""
	if b.faint {
		dash = ` stroke-dasharray="3 2"`
	}
	room := int((column.width-12)/letter) - 2*len(b.dots)
	fmt.Fprintf(w, `<g><title>%s</title><rect x="%g" y="%g" width="%g" height="%g" rx="3" fill="%s" stroke="%s"%s/>`,
		html.EscapeString(strings.TrimSpace(b.text+": "+b.title)), column.x, b.y-boxHeight/2, column.width, boxHeight, fill, stroke, dash)
	fmt.Fprintf(w, `<text x="%g" y="%g" fill="#1f2328">%s</text>`, column.x+6, b.y+4, html.EscapeString(shortened(b.text, room)))
	for i, colour := range b.dots {
		fmt.Fprintf(w, `<circle cx="%g" cy="%g" r="4" fill="%s"/>`, column.x+column.width-10-12*float64(len(b.dots)-1-i), b.y, colour)
	}
	w.WriteString("</g>\n")
}

// shortened leaves the middle out of a text that does not fit.
func shortened(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most || most < 8 {
		return text
	}
	half := (most - 1) / 2
	return string(letters[:half]) + "…" + string(letters[len(letters)-half:])
}
