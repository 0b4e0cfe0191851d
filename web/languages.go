package web

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
)

//go:embed languages/*.yaml
var languageFiles embed.FS

// fallback is the language of last resort.
const fallback = "nb"

// sentences are what we say in one language, by key. A sentence may have
// parameters in braces: {client}.
type sentences map[string]string

// languageNames lists the languages we speak.
func languageNames() ([]string, error) {
	entries, err := fs.ReadDir(languageFiles, "languages")
	if err != nil {
		return nil, fmt.Errorf("languages: %w", err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return names, nil
}

func loadSentences(language string) (sentences, error) {
	content, err := fs.ReadFile(languageFiles, path.Join("languages", language+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("languages: %w", err)
	}
	var read sentences
	if err := yaml.Unmarshal(content, &read); err != nil {
		return nil, fmt.Errorf("languages/%s.yaml: %w", language, err)
	}
	return read, nil
}

// known gives the language when we speak it, else the fallback.
func (p *Pages) known(language string) string {
	if _, found := p.languages[language]; found {
		return language
	}
	return fallback
}

// said gives the sentences of a language, those of the fallback where we do not
// speak it.
func (p *Pages) said(language string) sentences { return p.languages[p.known(language)].said() }

// Sentence gives the sentence of a key, e.g. "reason.not_provisioned", in the
// language or else in Norwegian bokmål. A key nobody knows is given back as it
// is, so a caller may pass a finished sentence.
func (p *Pages) Sentence(language, key string) string {
	if s, found := p.said(language)[key]; found {
		return s
	}
	return key
}

// SentenceWith gives the sentence of a key with its {parameters} filled in.
// Values are inserted as they are and never read for parameters themselves.
func (p *Pages) SentenceWith(language, key string, args map[string]string) string {
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(p.Sentence(language, key))
}

// preferenceLimit bounds, in bytes, what is read of one preference: it comes
// from strangers, and matching costs time.
const preferenceLimit = 256

// Language picks the realm's language that suits a person best. A preference is
// a list of tags as in ui_locales (by space, OpenID Connect Core §3.1.2.1) or
// Accept-Language (RFC 9110 §12.5.4); an earlier preference wins over a later
// one. Without a match it is the realm's first language.
func (p *Pages) Language(realmLanguages []string, preferences ...string) string {
	supported := tags(realmLanguages)
	if len(supported) == 0 {
		return fallback
	}
	matcher := language.NewMatcher(supported)
	for _, preference := range preferences {
		wanted := parsePreference(preference)
		if len(wanted) == 0 {
			continue
		}
		// The matcher's tag carries extensions of its own; only its index is ours.
		if _, index, confidence := matcher.Match(wanted...); confidence > language.No {
			return realmLanguages[index]
		}
	}
	return realmLanguages[0]
}

// tags keeps the positions of the names: one that is no tag becomes "und".
func tags(names []string) []language.Tag {
	list := make([]language.Tag, len(names))
	for i, name := range names {
		list[i] = language.Make(name)
	}
	return list
}

func parsePreference(preference string) []language.Tag {
	if len(preference) > preferenceLimit {
		preference = preference[:preferenceLimit]
	}
	if strings.ContainsAny(preference, ",;") {
		list, _, err := language.ParseAcceptLanguage(preference)
		if err != nil {
			return nil
		}
		return list
	}
	var list []language.Tag
	for _, name := range strings.Fields(preference) {
		if tag, err := language.Parse(name); err == nil {
			list = append(list, tag)
		}
	}
	return list
}
