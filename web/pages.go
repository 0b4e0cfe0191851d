package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"slices"
	"sync"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pageNames lists the pages, each with a template of its name.
var pageNames = []string{
	"choose", "sign_in", "passkey", "consent", "sign", "logout", "done", "error", "form_post", "account", "change_password",
	"choose_principal",
}

// Pages renders every page in every language. New gives it, and it is safe for
// concurrent use.
type Pages struct {
	languages map[string]*spoken
	assets    *assets
	oslo      *time.Location
}

// A spoken language is read when somebody is first answered in it: a program that
// starts, and most that run, need one or two of them.
type spoken struct {
	read  func() (sentences, error)
	pages func() (map[string]*template.Template, error) // by name
}

// said gives the sentences. They are part of the program, and a test reads all.
func (s *spoken) said() sentences {
	said, _ := s.read() // Render has the error
	return said
}

// New gives the pages. All of it is part of the program, so it is made once and
// shared. It fails only when the program was built with something broken.
func New() (*Pages, error) { return made() }

var made = sync.OnceValues(func() (*Pages, error) {
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	p := &Pages{oslo: oslo, languages: map[string]*spoken{}}
	if p.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	names, err := languageNames()
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, language := range names {
		p.languages[language] = &spoken{
			read:  sync.OnceValues(func() (sentences, error) { return loadSentences(language) }),
			pages: sync.OnceValues(func() (map[string]*template.Template, error) { return p.parse(language) }),
		}
	}
	return p, nil
})

// parse makes the templates of one language: their functions speak it.
func (p *Pages) parse(language string) (map[string]*template.Template, error) {
	if _, err := p.languages[language].read(); err != nil {
		return nil, err
	}
	shared, err := template.New("layout.html").Funcs(p.functions(language)).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range pageNames {
		page, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if pages[name], err = page.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// Render writes a page. The name is one of pageNames; frame has what is around
// every page, with at least a Language; model is the page's own. Nothing is
// written when the page cannot be rendered.
func (p *Pages) Render(w io.Writer, page string, frame, model any) error {
	if !slices.Contains(pageNames, page) {
		return fmt.Errorf("render: no page is named %q", page)
	}
	var out bytes.Buffer
	data := struct {
		Name        string
		Frame, Page any
	}{page, frame, model}
	pages, err := p.languages[p.known(languageOf(frame))].pages()
	if err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	if err := pages[page].ExecuteTemplate(&out, "layout.html", data); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	_, err = out.WriteTo(w)
	return err
}

// languageOf reads the field Language of a frame, whose type belongs to the
// caller.
func languageOf(frame any) string {
	value := reflect.Indirect(reflect.ValueOf(frame))
	if value.Kind() != reflect.Struct {
		return ""
	}
	if field := value.FieldByName("Language"); field.Kind() == reflect.String {
		return field.String()
	}
	return ""
}
