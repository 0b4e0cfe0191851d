package story

import (
	"fmt"
	"strings"

	"github.com/tillit/tillit"
)

// A Story is a sentence, a scene and the decision it comes to; then, as often as
// it goes on, what is different later and the decision at redemption or refresh.
//
//	Who declines the number is signed in all the same.
//	-- scene --
//	realm library
//	…
//	-- decision --
//	openid  given
//	-- later --
//	…
//	-- decision --
//	…
//
// Instead of the whole decision, or beside it, -- expect -- says what matters of it:
//
//	-- expect --
//	given openid mail
//	not phone consent_declined
type Story struct {
	Name  string // of its file, without .txt
	Title string
	Parts []Part
}

// A Part is one scene, or what changes in it, and what it comes to: its whole
// decision as a text, single expectations, or both.
type Part struct{ Scene, Expect, Decision string }

const (
	sceneMark    = "-- scene --\n"
	laterMark    = "-- later --\n"
	expectMark   = "-- expect --\n"
	decisionMark = "-- decision --\n"
)

// Parse reads the text of a story. One without a sentence or a scene is an error.
func Parse(name, text string) (*Story, error) {
	title, rest, found := strings.Cut(text, sceneMark)
	if !found || strings.TrimSpace(title) == "" {
		return nil, fmt.Errorf("%s: right would be a sentence, and below it a line %q", name, strings.TrimSpace(sceneMark))
	}
	s := &Story{Name: name, Title: title}
	for _, part := range strings.Split(rest, laterMark) {
		scene, decision, _ := strings.Cut(part, decisionMark)
		scene, expect, _ := strings.Cut(scene, expectMark)
		s.Parts = append(s.Parts, Part{strings.TrimRight(scene, "\n"), strings.TrimRight(expect, "\n"), decision})
	}
	return s, nil
}

// A Told is one part as Decide tells it today.
type Told struct {
	Scene    *Scene // as it stood when it was decided; the next part goes on from it
	Decision tillit.Decision
}

// Tell decides every part. Each later one begins with what the former came to.
// A line that cannot be read is an error that names it.
func (s *Story) Tell(find Find) ([]Told, error) {
	var told []Told
	scene := NewScene(find)
	for i, part := range s.Parts {
		if i > 0 {
			scene.GoOn(&told[i-1].Decision)
		}
		for _, line := range strings.Split(part.Scene, "\n") {
			if err := scene.Read(line); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", s.Name, line, err)
			}
		}
		if scene.Catalog == nil {
			return nil, fmt.Errorf("%s: no realm; right would be a first line such as: realm NAME", s.Name)
		}
		now := *scene
		told = append(told, Told{&now, scene.Decide()})
	}
	return told, nil
}

// Faults compares the story with what Tell gave, and gives a sentence for everything
// that is otherwise. A part that says nothing of its decision is one, too.
func (s *Story) Faults(told []Told) []string {
	var faults []string
	for i, part := range s.Parts {
		got := told[i].Decision.String()
		if part.Expect == "" && part.Decision == "" {
			faults = append(faults, fmt.Sprintf("part %d expects nothing; it comes to:\n%s", i+1, got))
			continue
		}
		if part.Decision != "" && part.Decision != got {
			faults = append(faults, fmt.Sprintf("part %d comes to:\n%sand the story says:\n%s", i+1, got, part.Decision))
		}
		for _, line := range strings.Split(part.Expect, "\n") {
			if fault := told[i].expect(line); fault != "" {
				faults = append(faults, fmt.Sprintf("part %d: %s: %s", i+1, line, fault))
			}
		}
	}
	return faults
}

// Format writes the story with what Tell gave as its decisions. A part with
// expectations alone keeps them and no more.
func (s *Story) Format(told []Told) string {
	var b strings.Builder
	b.WriteString(s.Title)
	for i, part := range s.Parts {
		mark := laterMark
		if i == 0 {
			mark = sceneMark
		}
		b.WriteString(mark + part.Scene + "\n")
		if part.Expect != "" {
			b.WriteString(expectMark + part.Expect + "\n")
		}
		if part.Expect == "" || part.Decision != "" {
			b.WriteString(decisionMark + told[i].Decision.String())
		}
	}
	return b.String()
}
