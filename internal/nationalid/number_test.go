package nationalid

import "testing"

func TestParse(t *testing.T) {
	for _, c := range []struct {
		number string
		kind   Kind
		wrong  string
	}{
		{"17858504325", Synthetic, ""},
		{"02917204457", Synthetic, ""},
		{"17858504326", 0, "its check digits are wrong"},
		{"17858504335", 0, "its check digits are wrong"},
		{"1785850432", 0, "it does not have 11 digits"},
		{"178585043251", 0, "it does not have 11 digits"},
		{"1785850432x", 0, "it has something else than digits"},
		{"00858504325", 0, "it does not begin with a date"},
		{"17938504325", 0, "it does not begin with a date"},
		{"17138504325", 0, "it does not begin with a date"},
		{"99999999999", 0, "it does not begin with a date"},
		{"", 0, "it does not have 11 digits"},
	} {
		kind, err := Parse(c.number)
		if kind != c.kind || err == nil && c.wrong != "" || err != nil && err.Error() != c.wrong {
			t.Errorf("%q: %v, %v; want %v, %s", c.number, kind, err, c.kind, c.wrong)
		}
	}
}

// Every date has numbers with and without the month's mark, and both kinds are
// told apart. The day is one that nobody was born on, 31 February.
func TestKinds(t *testing.T) {
	for base, want := range map[string]Kind{"310285": Real, "318285": Synthetic, "710285": Real} {
		found := 0
		for individual := range 1000 {
			number := base + string([]byte{byte('0' + individual/100), byte('0' + individual/10%10), byte('0' + individual%10)}) + "00"
			k1 := digit(number, first[:])
			number = number[:9] + string(rune('0'+k1%10)) + "0"
			k2 := digit(number, second[:])
			if k1 == 10 || k2 == 10 {
				continue
			}
			number = number[:10] + string(rune('0'+k2))
			kind, err := Parse(number)
			if err != nil || kind != want {
				t.Fatalf("a number of %s: %v, %v; want %v", base, kind, err, want)
			}
			found++
		}
		if found < 800 {
			t.Errorf("%d numbers of %s; want most of 1000", found, base)
		}
	}
}
