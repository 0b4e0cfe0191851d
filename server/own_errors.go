package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
)

// unnamed stands for what a realm's words would name.
var unnamed = strings.NewReplacer(", {scope}", "", "{scope}", "…", "{consumer}", "…", "{supplier}", "…")

// ownError explains one of the realm's own codes: it is where error_uri leads.
func (p *Provider) ownError(w http.ResponseWriter, r *http.Request, realm *realm) error {
	code := r.PathValue("code")
	language := p.language(r, realm, words(r.URL.Query().Get("ui_locales")))
	var told []string
	for _, key := range slices.Sorted(maps.Keys(realm.catalog.Errors)) {
		text := realm.catalog.Errors[key]
		if text.Code != code {
			continue
		}
		for _, sentence := range []string{unnamed.Replace(text.Description), p.meaning(language, key)} {
			if sentence != "" && !slices.Contains(told, sentence) {
				told = append(told, sentence)
			}
		}
	}
	if len(told) == 0 {
		return &Error{Code: "not_found", Description: "no error of that code", Status: http.StatusNotFound}
	}
	for i := range told {
		told[i] = strings.TrimSuffix(told[i], ".") + "."
	}
	return p.page(w, r, realm, http.StatusOK, "error", language, "", ErrorPage{Code: code, Title: "own_error.title", Text: strings.Join(told, " ")})
}

// meaning is the sentence of a reason, "" for a key that is none.
func (p *Provider) meaning(language string, key tillit.Reason) string {
	name := "reason." + string(key)
	if sentence := p.Pages.Sentence(language, name); sentence != name {
		return sentence
	}
	return ""
}
