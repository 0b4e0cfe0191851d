package aml

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// letters are those that do not come apart into a letter and a mark.
var letters = map[rune]string{
	'æ': "ae", 'ø': "o", 'œ': "oe", 'ß': "ss", 'ð': "d", 'þ': "th", 'ł': "l", 'đ': "d", 'ı': "i", 'ħ': "h",
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "i", 'і': "i", 'ї': "i", 'є': "e",
	'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh",
	'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'ґ': "g",
}

// fold writes a name in small Latin letters, in parts.
func fold(name string) []string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(name)) {
		if latin, known := letters[r]; known {
			b.WriteString(latin)
			continue
		}
		for _, r := range norm.NFKD.String(string(r)) {
			switch {
			case unicode.Is(unicode.Mn, r), strings.ContainsRune("'’‘`ʼ", r):
			case unicode.IsLetter(r), unicode.IsDigit(r):
				b.WriteRune(unicode.ToLower(r))
			default:
				b.WriteByte(' ')
			}
		}
	}
	return strings.Fields(b.String())
}

// sounds are spellings of one sound in names that were written in other letters.
// The order counts: longer ones first.
var sounds = strings.NewReplacer(
	"shch", "s", "tsch", "s", "sch", "s", "tch", "s", "kh", "h", "gh", "g", "ph", "f", "sh", "s", "ch", "s", "zh", "s", "dj", "j", "dh", "d", "th", "t",
	"ck", "k", "ou", "u", "oo", "u", "ee", "i", "ae", "e", "oe", "o", "aa", "a", "ie", "i", "iy", "i", "ij", "i", "yi", "i", "y", "i", "ja", "ia", "ju", "iu",
	"q", "k", "c", "k", "x", "ks", "w", "v", "z", "s", "o", "u", "e", "i",
)

// sound gives what spellings of one name have in common.
func sound(part string) string {
	text := sounds.Replace(part)
	var b strings.Builder
	var last rune
	for _, r := range text {
		if r != last {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// weights of parts that say little.
const (
	particle = 0.15
	form     = 0.1
)

// weight is how much a part of a name says.
func weight(part string) float64 {
	switch part {
	case "al", "el", "bin", "ibn", "bint", "abu", "van", "von", "de", "der", "la", "da", "dos", "di", "ul", "ud", "and", "of", "the", "og", "for":
		return particle
	case "as", "asa", "ltd", "limited", "llc", "inc", "corp", "corporation", "co", "company", "gmbh", "ag", "sa", "ooo", "oao", "zao", "pjsc", "jsc", "plc", "bv", "nv", "ab", "oy", "srl":
		return form
	}
	if len(part) == 1 {
		return particle
	}
	return 1
}
