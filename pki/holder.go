package pki

import (
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/tillit/tillit"
)

// A holder is whom a certificate is for. Zero times and a nil number mean that
// the issuer chooses.
type holder struct {
	serialNumber          string // of the subject: the person's stable identifier
	commonName            string
	givenName, familyName string
	birthdate             string // YYYY-MM-DD
	notBefore, notAfter   time.Time
	number                *big.Int // of the certificate
	rsaBits               int      // 0: a P-256 key
	policy                string   // OID in dots, or ""
}

// attributes are the members of a person that a certificate is made from. What
// is said of the certificate itself goes before what is said of the person.
type attributes struct {
	named
	PID    string `json:"pid"`
	SignIn struct {
		named
		Facts struct {
			named
			Certificate struct {
				named
				Subject struct {
					SerialNumber string `json:"serial_number"`
					CommonName   string `json:"common_name"`
				} `json:"subject"`
				SerialNumber string `json:"serial_number"`
				KeyAlgorithm string `json:"key_algorithm"` // RSA, else P-256
				KeySize      int    `json:"key_size"`
				Policy       string `json:"policy"`
				NotBefore    int64  `json:"not_before"`   // unix seconds
				NotAfter     int64  `json:"not_after_ms"` // unix milliseconds
			} `json:"certificate"`
		} `json:"facts"`
	} `json:"sign_in"`
}

// named are members that stand at several places.
type named struct {
	Name       string `json:"name"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	Birthdate  string `json:"birthdate"`
}

// holderOf reads from the directory whom a person's certificate is for.
func holderOf(person *tillit.Person) (holder, error) {
	var a attributes
	if len(person.Attributes) > 0 {
		if err := json.Unmarshal(person.Attributes, &a); err != nil {
			// The decoder's error is left out: it quotes from the person's data.
			return holder{}, fmt.Errorf("attributes of person %s of realm %s: not what a certificate is made from", person.ID, person.Realm)
		}
	}
	said := a.SignIn.Facts.Certificate
	h := holder{
		serialNumber: first(said.Subject.SerialNumber, a.PID, string(person.Subject), person.ID),
		givenName:    first(said.GivenName, a.SignIn.Facts.GivenName, a.SignIn.GivenName, a.GivenName),
		familyName:   first(said.FamilyName, a.SignIn.Facts.FamilyName, a.SignIn.FamilyName, a.FamilyName),
		birthdate:    first(said.Birthdate, a.SignIn.Facts.Birthdate, a.SignIn.Birthdate, a.Birthdate),
	}
	h.commonName = first(said.Subject.CommonName, a.SignIn.Facts.Name, a.Name, strings.TrimSpace(h.givenName+" "+h.familyName), person.Username)
	if said.NotBefore > 0 {
		h.notBefore = time.Unix(said.NotBefore, 0)
	}
	if said.NotAfter > 0 {
		h.notAfter = time.UnixMilli(said.NotAfter)
	}
	if n, ok := new(big.Int).SetString(said.SerialNumber, 10); ok && n.Sign() > 0 && n.BitLen() <= 159 {
		h.number = n
	}
	h.policy = said.Policy
	if said.KeyAlgorithm == "RSA" {
		h.rsaBits = min(max(said.KeySize, leastRSA), mostRSA)
	}
	return h, nil
}

// again is the holder of a further certificate: what the directory says of times
// and number is of the first.
func (h holder) again() holder {
	h.notBefore, h.notAfter, h.number = time.Time{}, time.Time{}, nil
	return h
}

// Bounds of RSA keys, in bits: below they are weak, above too slow to make while
// somebody waits.
const (
	leastRSA = 2048
	mostRSA  = 3072
)

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// names gives the parts of the subject's name that pkix.Name has no field for.
func (h holder) names() []pkix.AttributeTypeAndValue {
	var names []pkix.AttributeTypeAndValue
	if h.givenName != "" {
		names = append(names, pkix.AttributeTypeAndValue{Type: oidGivenName, Value: h.givenName})
	}
	if h.familyName != "" {
		names = append(names, pkix.AttributeTypeAndValue{Type: oidSurname, Value: h.familyName})
	}
	return names
}

// validity gives the times the directory says, else from just now for as long as
// the profile says; never longer than the issuing authority.
func (h holder) validity(now time.Time, r *realm) (notBefore, notAfter time.Time) {
	notBefore, notAfter = h.notBefore, h.notAfter
	if notBefore.IsZero() || notBefore.After(now) {
		notBefore = now.Add(-personBackdate)
	}
	if !notAfter.After(notBefore) {
		notAfter = notBefore.Add(r.profile.Validity)
	}
	if end := r.issuing.certificate.NotAfter; notAfter.After(end) {
		notAfter = end
	}
	return notBefore, notAfter
}
