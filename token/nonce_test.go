package token

import "testing"

func TestNonces(t *testing.T) {
	secret, other := []byte("a secret of one realm"), []byte("a secret of another")
	nonce := Nonce(secret, now)
	for name, c := range map[string]struct {
		secret []byte
		nonce  string
		at     int64
		want   bool
	}{
		"at once":                    {secret, nonce, now, true},
		"when the next one is out":   {secret, nonce, now + nonceTime, true},
		"when two others are out":    {secret, nonce, now + 2*nonceTime, false},
		"by a clock that lags":       {secret, nonce, now - nonceTime, true},
		"by a clock that lags badly": {secret, nonce, now - 2*nonceTime, false},
		"of another secret":          {secret, Nonce(other, now), now, false},
		"with another secret":        {other, nonce, now, false},
		"none":                       {secret, "", now, false},
		"shorter":                    {secret, nonce[1:], now, false},
	} {
		if got := GoodNonce(c.secret, c.nonce, c.at); got != c.want {
			t.Errorf("%s: %v; want %v", name, got, c.want)
		}
	}
	if again := Nonce(secret, now); again != nonce || len(nonce) != 22 {
		t.Errorf("%q, then %q; want the same 128 bits", nonce, again)
	}
	if next := Nonce(secret, now+nonceTime); next == nonce {
		t.Errorf("%q again after its time", next)
	}
}
