package demo

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/nationalid"
	demodata "github.com/tillit/tillit/realms/demo"
)

func readAll(t *testing.T) []Data {
	t.Helper()
	all, err := Read(demodata.Files)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 {
		t.Fatalf("%d realms with demo data; want 4", len(all))
	}
	return all
}

// weighted gives the check digit of modulus 11, 10 when there is none.
func weighted(digits string, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	return (11 - sum%11) % 11
}

func checkOrganization(number string) error {
	if len(number) != 9 || weighted(number, 3, 2, 7, 6, 5, 4, 3, 2) != int(number[8]-'0') {
		return fmt.Errorf("organization number %q fails modulus 11", number)
	}
	return nil
}

func checkNational(number string) error {
	kind, err := nationalid.Parse(number)
	if err == nil && kind != nationalid.Synthetic {
		err = errors.New("it is not synthetic: right would be month + 80")
	}
	return err
}

func TestNumbersAreSynthetic(t *testing.T) {
	seen := map[string]bool{}
	people := 0
	for _, data := range readAll(t) {
		for _, o := range data.Organizations {
			if err := checkOrganization(o.Number); err != nil {
				t.Error(err)
			}
		}
		for id, c := range data.Clients {
			if err := checkOrganization(c.Organization); err != nil {
				t.Errorf("client %s: %v", id, err)
			}
		}
		for _, numbers := range data.Access {
			for _, n := range numbers {
				if err := checkOrganization(n); err != nil {
					t.Error(err)
				}
			}
		}
		for _, p := range data.People {
			number, ok := p.Attributes["nnin"].(string)
			if !ok {
				continue
			}
			people++
			if err := checkNational(number); err != nil {
				t.Errorf("%s: %v", p.Username, err)
			}
			if seen[number] {
				t.Errorf("%s: number %s is someone else's", p.Username, number)
			}
			seen[number] = true
			if born, ok := p.Attributes["birthdate"].(string); ok && !bornOn(number, born) {
				t.Errorf("%s: born %s, but the number says %s", p.Username, born, number[:6])
			}
		}
	}
	if people < 9 {
		t.Errorf("%d people with a national number; want 9", people)
	}
}

func bornOn(number, date string) bool {
	born, err := time.Parse(time.DateOnly, date)
	return err == nil && number[:6] == fmt.Sprintf("%02d%02d%02d", born.Day(), int(born.Month())+80, born.Year()%100)
}

func TestLastChangeIsTheLatest(t *testing.T) {
	for _, data := range readAll(t) {
		for _, p := range data.People {
			latest := int64(0)
			for _, at := range p.Updated {
				latest = max(latest, at)
			}
			holder := p.Attributes
			if source, ok := p.Attributes["tinfo"].(map[string]any); ok {
				holder = source
				for element, name := range map[string]string{"phone": "phone_number", "email": "email", "address": "address"} {
					if part, ok := source[element].(map[string]any); ok && whole(part["updated_at"]) != p.Updated[name] {
						t.Errorf("%s/%s: %s changed at %v, updated says %d", data.Realm, p.Username, element, part["updated_at"], p.Updated[name])
					}
				}
			}
			if at, ok := holder["updated_at"]; ok && latest > 0 && whole(at) != latest {
				t.Errorf("%s/%s: updated_at %v; want %d, the latest of its elements", data.Realm, p.Username, at, latest)
			}
		}
	}
}

func whole(v any) int64 {
	switch n := v.(type) {
	case uint64:
		return int64(n)
	case int64:
		return n
	}
	return -1
}

// The preferred number stands among all numbers, with the same flag.
func TestPreferredPhoneIsAmongAll(t *testing.T) {
	found := 0
	for _, data := range readAll(t) {
		for _, p := range data.People {
			source, _ := p.Attributes["tinfo"].(map[string]any)
			phone, ok := source["phone"].(map[string]any)
			if !ok {
				continue
			}
			match := false
			for _, item := range source["phones"].([]any) {
				other := item.(map[string]any)
				match = match || other["number"] == phone["number"] && other["verified"] == phone["verified"]
			}
			if !match {
				t.Errorf("%s: %v is not among all numbers", p.Username, phone["number"])
			}
			found++
		}
	}
	if found < 2 {
		t.Errorf("%d people with a phone; want at least 2", found)
	}
}

// A certificate is issued from what is said of it, so that must be the person's.
func TestCertificatesNameTheirOwner(t *testing.T) {
	found := 0
	for _, data := range readAll(t) {
		for _, p := range data.People {
			said, ok := p.SignIn.Facts["certificate"].(map[string]any)
			if !ok {
				continue
			}
			subject, _ := said["subject"].(map[string]any)
			if subject["serial_number"] == nil || subject["common_name"] != p.Name {
				t.Errorf("%s: certificate of %v; want one of %s", p.Username, subject, p.Name)
			}
			found++
		}
	}
	if found < 2 {
		t.Errorf("%d certificates; want at least 2", found)
	}
}
