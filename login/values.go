package login

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/tillit/tillit"
)

// certificate is the kind of evidence, and the member below sign_in, of a
// person's certificate.
const certificate = tillit.EvidenceCertificate

// values gives what expressions read below sign_in.
func (b *Book) values(ctx context.Context, realm string, m method, c claimant, way *tillit.Way) (map[string]any, error) {
	values := c.facts(way)
	transaction, err := uuid.NewRandomFromReader(b.Random)
	if err != nil {
		return nil, fmt.Errorf("transaction id: %w", err)
	}
	values["transaction"] = transaction.String()
	return values, b.addCertificate(ctx, realm, m, c, way, values)
}

// addCertificate tells of the certificate that the person really has, unless the
// directory has the certificate itself: what it says of one otherwise is what one
// is issued from. A way whose certificate is not shown to us tells only whose it
// is; a method that has none, or a way with other evidence, tells nothing of one.
func (b *Book) addCertificate(ctx context.Context, realm string, m method, c claimant, way *tillit.Way, values map[string]any) error {
	brought := slices.Contains(way.Evidence, certificate)
	if !m.brings() || len(way.Evidence) > 0 && !brought {
		delete(values, certificate)
		return nil
	}
	told, _ := values[certificate].(map[string]any)
	if told == nil && !brought {
		return nil
	}
	if _, whole := told["pem"]; !whole && b.Certificates != nil {
		issued, err := b.Certificates.PersonFacts(ctx, realm, c.person)
		if err != nil {
			return fmt.Errorf("certificate of person %s of realm %s: %w", c.person.ID, realm, err)
		}
		told = issued
	}
	if !brought {
		told = whose(told)
	}
	values[certificate] = told
	return nil
}

// whose gives what a certificate says of its holder.
func whose(certificate map[string]any) map[string]any {
	told := pick(certificate, "given_name", "family_name", "birthdate", "not_before")
	if subject, ok := certificate["subject"].(map[string]any); ok {
		told["subject"] = pick(subject, "serial_number", "common_name")
	}
	return told
}

func pick(from map[string]any, names ...string) map[string]any {
	picked := make(map[string]any, len(names))
	for _, name := range names {
		if value, there := from[name]; there {
			picked[name] = value
		}
	}
	return picked
}

// facts gives what the directory says the way tells: never a code, a PIN or a
// list of ways.
func (c claimant) facts(way *tillit.Way) map[string]any {
	facts := map[string]any{}
	for name, value := range c.signIn {
		switch {
		case name == "ways", name == "acr", name == "facts", fixedCodes[name] != "", slices.Contains(way.Fields, name):
		default:
			facts[name] = value
		}
	}
	said, _ := c.signIn["facts"].(map[string]any)
	maps.Copy(facts, said)
	return facts
}

func encode(values map[string]any) (json.RawMessage, error) { return json.Marshal(values) }
