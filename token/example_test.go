package token

import (
	"context"
	"crypto/rand"
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

func ExampleHalfHash() {
	fmt.Println(HalfHash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"))
	// Output: 77QmUPtjPfzWtF2AnpK9RQ
}
