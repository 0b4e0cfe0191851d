package token

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// A realm's first signature makes its key; whoever has the JWK Set can verify.
func ExampleRing() {
	ctx := context.Background()
	text, _ := GenerateMasterKey(rand.Reader) // kept in a file
	master, _ := ParseMasterKey(text)
	ring := NewRing(&shelf{}, master, time.Now, rand.Reader)

	jws, _ := ring.Sign(ctx, "buypass", "ES256", "at+jwt", []byte(`{"sub":"12c2b0de"}`))
	claims, typ, algorithm, err := ring.Verify(ctx, "buypass", jws)
	fmt.Println(string(claims), typ, algorithm, err)
	// Output: {"sub":"12c2b0de"} at+jwt ES256 <nil>
}

// A handle goes to the client, its hash into the store.
func ExampleNewSecret() {
	value, hash := NewSecret(Refresh, rand.Reader)
	fmt.Println(value[:3], len(value), len(hash))
	// Output: tr_ 46 32
}

// A client proves who it is with a key of its own; the caller then spends the
// assertion's ID until it expires.
func ExampleVerifyAssertion() {
	jwks := `{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}]}`
	keys, _ := ParseJWKS([]byte(jwks))
	_, err := VerifyAssertion("eyJhbGciOiJub25lIn0.e30.", keys, AssertionRules{
		Client:    "demo-jwt",
		Audiences: []string{"https://op.example.no/buypass"},
		At:        time.Now().Unix(),
	})
	var refusal *Refusal
	fmt.Println(errors.As(err, &refusal), refusal.Key)
	// Output: true wrong_issuer
}

func ExampleHalfHash() {
	fmt.Println(HalfHash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"))
	// Output: 77QmUPtjPfzWtF2AnpK9RQ
}
