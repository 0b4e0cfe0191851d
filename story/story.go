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
type Story struct {
	Name  string // of its file, without .txt
	Title string
	Parts []Part
}

// A Part is one scene, or what changes in it, and its decision as a text.
type Part struct{ Scene, Decision string }

const (
	sceneMark    = "-- scene --\n"
	laterMark    = "-- later --\n"
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
		s.Parts = append(s.Parts, Part{strings.TrimRight(scene, "\n"), decision})
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

// Format writes the story with what Tell gave as its decisions.
func (s *Story) Format(told []Told) string {
	var b strings.Builder
	b.WriteString(s.Title)
	for i, part := range s.Parts {
		mark := laterMark
		if i == 0 {
			mark = sceneMark
		}
		b.WriteString(mark + part.Scene + "\n" + decisionMark + told[i].Decision.String())
	}
	return b.String()
}
