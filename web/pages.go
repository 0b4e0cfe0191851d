package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"slices"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pageNames lists the pages, each with a template of its name.
var pageNames = []string{
	"choose", "sign_in", "passkey", "consent", "sign", "logout", "done", "error", "form_post", "account", "change_password",
}

// Pages renders every page in every language. It is made once, by New, and is
// safe for concurrent use.
type Pages struct {
	sentences map[string]sentences                     // by language
	templates map[string]map[string]*template.Template // by language and page
	assets    *assets
	oslo      *time.Location
}

// New reads the embedded templates, sentences and assets. It fails only when the
// program was built with a broken one.
func New() (*Pages, error) {
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	p := &Pages{oslo: oslo, templates: map[string]map[string]*template.Template{}}
	if p.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if p.sentences, err = loadSentences(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for language := range p.sentences {
		if p.templates[language], err = p.parse(language); err != nil {
			return nil, fmt.Errorf("pages in %s: %w", language, err)
		}
	}
	return p, nil
}

// parse makes the templates of one language: their functions speak it.
func (p *Pages) parse(language string) (map[string]*template.Template, error) {
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
	t := p.templates[p.known(languageOf(frame))][page]
	if err := t.ExecuteTemplate(&out, "layout.html", data); err != nil {
		return fmt.Errorf("render %s: %w", page, err)
	}
	_, err := out.WriteTo(w)
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
