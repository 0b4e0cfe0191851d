package facts

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"
)

// TestPermissionDigest: a permission that was pushed comes back with its digest, in
// the access token and alone in the ID Token.
func TestPermissionDigest(t *testing.T) {
	e := openRealm(t, "bankid")
	const permission = `{"payment":{"amount":"4711.00","currency":"NOK"}}`
	tokens := e.Login(Request{
		Scope: "openid", By: ByPush, Params: map[string]string{"authorization_details": `[{"type":"permission","permission":` + permission + `}]`},
	})
	sum := sha256.Sum256([]byte(permission))
	want := base64.StdEncoding.EncodeToString(sum[:])
	e.Equal("ID Token: permission_digest", e.IDClaims(tokens)["permission_digest"], want)
	details, _ := e.AccessClaims(tokens)["authorization_details"].([]any)
	if len(details) != 1 {
		t.Fatalf("access token: authorization_details %v; want one", details)
	}
	e.Equal("access token: permission_digest", Dig(details[0], "permission_digest"), want)
	e.Absent("ID Token without a permission", e.IDClaims(e.Login(Request{Scope: "openid"})), "permission_digest")
}
