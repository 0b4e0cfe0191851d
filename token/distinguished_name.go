package token

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxName bounds a distinguished name, in bytes.
const maxName = 1024

var errName = errors.New("not a distinguished name; right would be one such as CN=client.example,O=Example AS,C=NO (RFC 4514)")

// attributeTypes are the short names of RFC 4514 §3, and others that are common
// in certificates.
var attributeTypes = map[string]asn1.ObjectIdentifier{
	"CN": {2, 5, 4, 3}, "SN": {2, 5, 4, 4}, "SERIALNUMBER": {2, 5, 4, 5}, "C": {2, 5, 4, 6}, "L": {2, 5, 4, 7}, "ST": {2, 5, 4, 8},
	"STREET": {2, 5, 4, 9}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "BUSINESSCATEGORY": {2, 5, 4, 15}, "POSTALCODE": {2, 5, 4, 17},
	"GIVENNAME": {2, 5, 4, 42}, "ORGANIZATIONIDENTIFIER": {2, 5, 4, 97},
	"DC": {0, 9, 2342, 19200300, 100, 1, 25}, "UID": {0, 9, 2342, 19200300, 100, 1, 1},
	"EMAILADDRESS": {1, 2, 840, 113549, 1, 9, 1}, "E": {1, 2, 840, 113549, 1, 9, 1},
}

// parseName reads a distinguished name as RFC 4514 writes it, the last part
// first, into the order of a certificate.
func parseName(text string) (pkix.RDNSequence, error) {
	if text == "" || len(text) > maxName || !utf8.ValidString(text) {
		return nil, errName
	}
	var sequence pkix.RDNSequence
	set := pkix.RelativeDistinguishedNameSET{}
	for rest := text; ; {
		attribute, after, err := parseAttribute(rest)
		if err != nil {
			return nil, err
		}
		set = append(set, attribute)
		if after == "" {
			sequence = append(sequence, set)
			break
		}
		if after[0] == ',' {
			sequence, set = append(sequence, set), pkix.RelativeDistinguishedNameSET{}
		}
		rest = after[1:]
	}
	for i, j := 0, len(sequence)-1; i < j; i, j = i+1, j-1 {
		sequence[i], sequence[j] = sequence[j], sequence[i]
	}
	return sequence, nil
}

// parseAttribute reads type=value; after begins with the comma or plus sign that
// ended it.
func parseAttribute(text string) (a pkix.AttributeTypeAndValue, after string, err error) {
	name, rest, found := strings.Cut(text, "=")
	if !found {
		return a, "", errName
	}
	if a.Type = attributeType(strings.Trim(name, " ")); a.Type == nil {
		return a, "", errName
	}
	value, after, err := parseValue(strings.TrimLeft(rest, " "))
	a.Value = value
	return a, after, err
}

func attributeType(name string) asn1.ObjectIdentifier {
	if known, ok := attributeTypes[strings.ToUpper(name)]; ok {
		return known
	}
	parts := strings.Split(name, ".")
	if len(parts) < 2 || len(parts) > 20 {
		return nil
	}
	oid := make(asn1.ObjectIdentifier, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || part != strconv.FormatUint(n, 10) {
			return nil
		}
		oid[i] = int(n)
	}
	return oid
}

// parseValue undoes the escapes of RFC 4514 §2.4; blanks at the end count only
// when they are escaped.
func parseValue(text string) (value, after string, err error) {
	var b strings.Builder
	kept := 0 // bytes of b that the end may not take away
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ',' || c == '+':
			return ended(b.String(), kept, text[i:])
		case c != '\\':
			if strings.IndexByte("\"<>;\x00", c) >= 0 || c == '#' && b.Len() == 0 {
				return "", "", errName
			}
			b.WriteByte(c)
			if c != ' ' {
				kept = b.Len()
			}
		case i+1 < len(text) && strings.IndexByte(` "#+,;<=>\`, text[i+1]) >= 0:
			i++
			b.WriteByte(text[i])
			kept = b.Len()
		case i+2 < len(text):
			raw, err := hex.DecodeString(text[i+1 : i+3])
			if err != nil {
				return "", "", errName
			}
			i += 2
			b.WriteByte(raw[0])
			kept = b.Len()
		default:
			return "", "", errName
		}
	}
	return ended(b.String(), kept, "")
}

func ended(value string, kept int, after string) (string, string, error) {
	value = value[:kept]
	if value == "" || !utf8.ValidString(value) {
		return "", "", errName
	}
	return value, after, nil
}

// sameName compares a registered name with that of a certificate: the same
// attributes in the same order, their values letter by letter. Several in one
// part may stand in any order.
func sameName(registered, certificate pkix.RDNSequence) bool {
	if len(registered) != len(certificate) {
		return false
	}
	for i := range registered {
		if len(registered[i]) != len(certificate[i]) {
			return false
		}
		for _, a := range registered[i] {
			if !holds(certificate[i], a) {
				return false
			}
		}
	}
	return true
}

func holds(set pkix.RelativeDistinguishedNameSET, a pkix.AttributeTypeAndValue) bool {
	for _, b := range set {
		if value, ok := b.Value.(string); ok && b.Type.Equal(a.Type) && value == a.Value {
			return true
		}
	}
	return false
}
