package facts

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/smallstep/pkcs7"
	"github.com/tillit/tillit/rs"
)

// The checks of this file are about bankid_proof: what a person signs at sign-in.

// proofOf signs in and gives the proof with the tokens it came with.
func (e *Env) proofOf(way string) (*Tokens, *rs.Evidence) {
	e.t.Helper()
	tokens := e.Login(Request{Scope: "openid bankid_proof", Manners: Manners{Person: e.Person(nil, "nnin"), Way: way}})
	text := tokens.Text("bankid_proof")
	if text == "" {
		e.t.Fatalf("token response: no bankid_proof; scope %q", tokens.Text("scope"))
	}
	claims, header := e.DecodeWith(text)
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != "bankid-proof+jwt" {
		e.t.Errorf("bankid_proof: typ %q; want bankid-proof+jwt", typ)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		e.t.Fatalf("bankid_proof: %v", err)
	}
	proof := &rs.Evidence{}
	if err := json.Unmarshal(body, proof); err != nil {
		e.t.Fatalf("bankid_proof: %v", err)
	}
	return tokens, proof
}

// proofRules are what a client knows that has the ID Token of the same answer.
func (e *Env) proofRules(tokens *Tokens) rs.EvidenceRules {
	e.t.Helper()
	id := e.IDClaims(tokens)
	at, _ := id["auth_time"].(float64)
	serial, _ := id["bankid_altsub"].(string)
	return rs.EvidenceRules{
		Issuer: e.Issuer(), Audience: tokens.Client, Anchors: e.anchors(), Nonce: tokens.Sent.Get("nonce"),
		SerialNumber: serial, AuthTime: time.Unix(int64(at), 0),
	}
}

// anchors are the roots that the fixtures name.
func (e *Env) anchors() []*x509.Certificate {
	e.t.Helper()
	var list []*x509.Certificate
	for _, text := range e.realm.Anchors {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			e.t.Fatalf("trust_anchors: %v", err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			e.t.Fatalf("trust_anchors: %v", err)
		}
		list = append(list, c)
	}
	return list
}

func bankIDProof(t TB, e *Env) {
	person := Manners{Person: e.Person(nil, "nnin"), Way: "BID"}
	plain := e.Login(Request{Scope: "openid", Manners: person})
	e.Absent("token response without the scope", plain.Body, "bankid_proof")
	proved := e.Login(Request{Scope: "openid bankid_proof", Manners: person})
	e.Present("token response", proved.Body, "bankid_proof")
	e.Granted(proved, "openid bankid_proof")
	members := func(tokens *Tokens) []string { return slices.Sorted(maps.Keys(e.IDClaims(tokens))) }
	e.Equal("members of the ID Token", members(proved), members(plain))
	e.Absent("token response of a refresh", e.Succeeded(e.Renew("demo-web", proved.Refresh(), "")).Body, "bankid_proof")
	e.Refused(e.Authorize(Request{Client: "demo-basic", Scope: "openid bankid_proof"}), "invalid_scope")
}

func bankIDProofDigest(t TB, e *Env) {
	// The sample that the scheme's documents publish.
	sample := &rs.Evidence{}
	sample.Challenge.InternalNonce = fromBase64(t, "EBgPFbDvXcsbXch2Ed3U4dvmBbQ=")
	sample.Challenge.ClientNonceHash = fromBase64(t, "+vC+eDrHXsjxogwmjJ7M1Kahummb2+K8DHODAEK0ZkI=")
	digest := sha256.Sum256(sample.Content())
	e.Equal("the sample's hashSigned", base64.StdEncoding.EncodeToString(digest[:]), "xWyTcDzLiB9loBWIClbMnu7ganTPw6Q7gFTo80R+kgU=")

	tokens, proof := e.proofOf("BID")
	digest = sha256.Sum256(proof.Content())
	e.Equal("hashSigned", proof.Digest, digest[:])
	theirs := sha256.Sum256([]byte(tokens.Sent.Get("nonce")))
	e.Equal("hashClientNonce", proof.Challenge.ClientNonceHash, theirs[:])
	e.Equal("bytes of internalNonce", len(proof.Challenge.InternalNonce), 20)
}

func fromBase64(t TB, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return raw
}

func bankIDProofVerified(t TB, e *Env) {
	for _, way := range []string{"BID", "BIM"} {
		tokens, proof := e.proofOf(way)
		rules := e.proofRules(tokens)
		signer, err := proof.Verify(rules)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		e.Equal("serial number attribute of the certificate", signer.Subject.SerialNumber, e.IDClaims(tokens)["bankid_altsub"])
		e.opensslAgrees(proof, signer)

		other := rules
		other.Nonce = random()
		if _, err := proof.Verify(other); err == nil {
			t.Errorf("%s: the proof passes for another request", way)
		}
		forged := *proof
		forged.Signature = slices.Clone(proof.Signature)
		forged.Signature[len(forged.Signature)-1] ^= 1
		if _, err := forged.Verify(rules); err == nil {
			t.Errorf("%s: a changed signature passes", way)
		}
	}
	tokens := e.Login(Request{Scope: "openid bankid_proof", Manners: Manners{Person: e.Person(nil, "nnin"), Way: "BID"}})
	if _, err := rs.ReadEvidence(context.Background(), tokens.Text("bankid_proof"), fixedKeys(e.keys().Keys)); err != nil {
		t.Errorf("ReadEvidence: %v", err)
	}
}

// fixedKeys are keys at hand.
type fixedKeys []jose.JSONWebKey

func (k fixedKeys) Keys(context.Context, string) ([]jose.JSONWebKey, error) { return k, nil }

// opensslAgrees shows that a program of others says the same of signature and
// status.
func (e *Env) opensslAgrees(proof *rs.Evidence, signer *x509.Certificate) {
	e.t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		e.t.Logf("openssl is not installed: that another program agrees is not shown here")
		return
	}
	folder, err := os.MkdirTemp("", "proof")
	if err != nil {
		e.t.Fatalf("%v", err)
	}
	e.t.Cleanup(func() { os.RemoveAll(folder) })
	message, err := pkcs7.Parse(proof.Signature)
	if err != nil {
		e.t.Fatalf("endUserSignature: %v", err)
	}
	issuer := slices.IndexFunc(message.Certificates, func(c *x509.Certificate) bool { return c.IsCA })
	if issuer < 0 {
		e.t.Fatalf("endUserSignature: no certificate of the issuer inside")
	}
	block := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
	for name, content := range map[string][]byte{
		"root.pem": block(e.anchors()[0].Raw), "leaf.pem": block(signer.Raw), "issuing.pem": block(message.Certificates[issuer].Raw),
		"signature": proof.Signature, "status": proof.Status, "content": proof.Content(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			e.t.Fatalf("%v", err)
		}
	}
	at := strconv.FormatInt(e.Now().Unix(), 10) // other checks move the clock
	run := func(want string, arguments ...string) {
		e.t.Helper()
		command := exec.Command(program, arguments...)
		command.Dir = folder
		if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			e.t.Errorf("openssl %s: %v\n%s", strings.Join(arguments, " "), err, out)
		}
	}
	run("Verification successful", "cms", "-verify", "-inform", "DER", "-in", "signature", "-binary", "-content", "content", "-CAfile", "root.pem", "-out", "signed", "-attime", at)
	run("leaf.pem: good", "ocsp", "-respin", "status", "-issuer", "issuing.pem", "-cert", "leaf.pem", "-CAfile", "root.pem", "-verify_other", "issuing.pem", "-no_nonce", "-attime", at, "-validity_period", "1000000000")
}
