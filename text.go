package tillit

import "strings"

// Text is one sentence or title in several languages, keyed by BCP 47 tag.
type Text map[string]string

// In gives the text in the first of the languages that it has, else in any of
// the languages every text must have, else "".
func (t Text) In(languages ...string) string {
	for _, language := range languages {
		if s := t[language]; s != "" {
			return s
		}
		if base, _, found := strings.Cut(language, "-"); found && t[base] != "" {
			return t[base]
		}
	}
	for _, language := range [...]string{"nb", "en", "nn"} {
		if s := t[language]; s != "" {
			return s
		}
	}
	return ""
}
