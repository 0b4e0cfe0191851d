package rs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/smallstep/pkcs7"
	"golang.org/x/crypto/ocsp"
)

// ErrInvalidEvidence says that evidence of a sign-in does not show what it is shown for.
var ErrInvalidEvidence = errors.New("invalid evidence")

// Evidence is a person's own signature over a request's nonce, as an issuer hands
// it to the client beside the ID Token. It is evidence for as long as the
// algorithms hold, and does not expire.
type Evidence struct {
	Issuer      string       `json:"iss"`
	Audience    jwt.Audience `json:"aud"`
	Nonce       string       `json:"nonce"`
	Transaction string       `json:"tid"`
	Signature   []byte       `json:"endUserSignature"` // CMS SignedData, DER
	Status      []byte       `json:"endUserOcsp"`      // OCSP response, DER
	Digest      []byte       `json:"hashSigned"`
	Challenge   struct {
		ClientNonceHash []byte `json:"hashClientNonce"`
		InternalNonce   []byte `json:"internalNonce"`
	} `json:"serverChallenge"`
}

// Content is what the person signed: the issuer's nonce, then the hash of the
// client's.
func (e *Evidence) Content() []byte {
	return slices.Concat(e.Challenge.InternalNonce, e.Challenge.ClientNonceHash)
}

// EvidenceRules say what evidence must prove. Issuer, Audience and Anchors are
// required.
type EvidenceRules struct {
	Issuer   string
	Audience string
	// Anchors are the roots to which people's certificates chain.
	Anchors []*x509.Certificate
	// Policies lists the certificate policies that are good enough, OIDs in dots;
	// empty: any.
	Policies []string
	// Nonce is the one that was sent with the authorization request.
	Nonce string
	// SerialNumber is what the ID Token calls the person: the serial number
	// attribute of the certificate's subject. "": whoever signed.
	SerialNumber string
	// AuthTime is the ID Token's auth_time, Tolerance how far the signature and
	// the answer about the certificate may be from it; zero: five minutes.
	AuthTime  time.Time
	Tolerance time.Duration
}

const (
	maxEvidence      = 64 << 10 // bytes
	internalNonce    = 20       // bytes
	defaultTolerance = 5 * time.Minute
)

// ReadEvidence checks the issuer's signature of evidence and reads it. What the person
// signed is not looked at yet: that is [Evidence.Verify].
func ReadEvidence(ctx context.Context, text string, keys Keys, algorithms ...jose.SignatureAlgorithm) (*Evidence, error) {
	if len(text) > maxEvidence {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrInvalidEvidence, maxEvidence)
	}
	if len(algorithms) == 0 {
		algorithms = (&Guard{}).algorithms()
	}
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, fmt.Errorf("%w: not a JWS of an accepted algorithm", ErrInvalidEvidence)
	}
	header := signed.Signatures[0].Protected
	known, err := keys.Keys(ctx, header.KeyID)
	if err != nil {
		return nil, fmt.Errorf("keys of evidence: %w", err)
	}
	for i := range known {
		payload, err := signed.Verify(&known[i])
		if err != nil || known[i].Algorithm != "" && known[i].Algorithm != header.Algorithm {
			continue
		}
		var e Evidence
		if err := json.Unmarshal(payload, &e); err != nil {
			return nil, fmt.Errorf("%w: its members are not those of evidence", ErrInvalidEvidence)
		}
		return &e, nil
	}
	return nil, fmt.Errorf("%w: no key of the issuer made the signature", ErrInvalidEvidence)
}

// Verify checks all that the evidence says and gives the certificate of the person who
// signed. An error wraps [ErrInvalidEvidence].
func (e *Evidence) Verify(rules EvidenceRules) (*x509.Certificate, error) {
	if rules.Tolerance == 0 {
		rules.Tolerance = defaultTolerance
	}
	signer, err := e.verify(&rules)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidEvidence, err)
	}
	return signer, nil
}

func (e *Evidence) verify(rules *EvidenceRules) (*x509.Certificate, error) {
	if err := e.checkRequest(rules); err != nil {
		return nil, err
	}
	computed := sha256.Sum256(e.Content())
	if subtle.ConstantTimeCompare(computed[:], e.Digest) != 1 {
		return nil, errors.New("hashSigned is not the digest of internalNonce and hashClientNonce")
	}
	chain, err := e.checkSignature(rules)
	if err != nil {
		return nil, err
	}
	if err := e.checkStatus(chain, rules); err != nil {
		return nil, err
	}
	if rules.SerialNumber != "" && chain[0].Subject.SerialNumber != rules.SerialNumber {
		return nil, errors.New("the certificate is somebody else's")
	}
	return chain[0], nil
}

// checkRequest finds out whether the evidence is of this issuer, for this client and
// for this request.
func (e *Evidence) checkRequest(rules *EvidenceRules) error {
	theirs := sha256.Sum256([]byte(rules.Nonce))
	switch {
	case e.Issuer != rules.Issuer:
		return fmt.Errorf("iss is %q; right would be %q", e.Issuer, rules.Issuer)
	case !e.Audience.Contains(rules.Audience):
		return fmt.Errorf("aud does not name %s", rules.Audience)
	case e.Nonce != rules.Nonce:
		return errors.New("the nonce is another request's")
	case subtle.ConstantTimeCompare(theirs[:], e.Challenge.ClientNonceHash) != 1:
		return errors.New("hashClientNonce is not the hash of the nonce")
	case len(e.Challenge.InternalNonce) != internalNonce:
		return fmt.Errorf("internalNonce has %d bytes; right would be %d", len(e.Challenge.InternalNonce), internalNonce)
	}
	return nil
}

// checkSignature verifies the person's signature and gives the chain from their
// certificate to an anchor.
func (e *Evidence) checkSignature(rules *EvidenceRules) ([]*x509.Certificate, error) {
	message, err := pkcs7.Parse(e.Signature)
	if err != nil {
		return nil, fmt.Errorf("endUserSignature: no CMS: %w", err)
	}
	signer := message.GetOnlySigner()
	if signer == nil {
		return nil, errors.New("endUserSignature: not by exactly one person whose certificate is inside")
	}
	if len(message.Content) > 0 && !bytes.Equal(message.Content, e.Content()) {
		return nil, errors.New("endUserSignature: it is over something else")
	}
	message.Content = e.Content()
	var digest []byte
	if err := message.UnmarshalSignedAttribute(pkcs7.OIDAttributeMessageDigest, &digest); err != nil || !bytes.Equal(digest, e.Digest) {
		return nil, errors.New("endUserSignature: the digest it signs is not hashSigned")
	}
	if err := message.Verify(); err != nil {
		return nil, fmt.Errorf("endUserSignature: %w", err)
	}
	at := rules.AuthTime
	if err := message.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &at); err == nil && !rules.near(at) {
		return nil, errors.New("endUserSignature: made at another time than the sign-in")
	}
	return rules.chain(signer, message.Certificates, at)
}

// chain leads from a certificate to an anchor, all of it valid at the instant.
func (r *EvidenceRules) chain(leaf *x509.Certificate, between []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range r.Anchors {
		roots.AddCert(c)
	}
	for _, c := range between {
		others.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if leaf.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, errors.New("certificate: its key is not for signatures")
	}
	if len(r.Policies) > 0 && !slices.ContainsFunc(leaf.Policies, func(p x509.OID) bool { return slices.Contains(r.Policies, p.String()) }) {
		return nil, fmt.Errorf("certificate: its policy is none of %v", r.Policies)
	}
	return chains[0], nil
}

// checkStatus verifies the answer about the person's certificate: by its issuer,
// or by whom the issuer has appointed for such answers (RFC 6960 §4.2.2.2).
func (e *Evidence) checkStatus(chain []*x509.Certificate, rules *EvidenceRules) error {
	if len(chain) < 2 {
		return errors.New("certificate: an anchor signed by itself")
	}
	answer, err := ocsp.ParseResponseForCert(e.Status, chain[0], chain[1])
	switch {
	case err != nil:
		return fmt.Errorf("endUserOcsp: %w", err)
	case answer.Certificate != nil && !slices.Contains(answer.Certificate.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errors.New("endUserOcsp: signed by a certificate that is not for it")
	case answer.Certificate != nil && (rules.AuthTime.Before(answer.Certificate.NotBefore.Add(-rules.Tolerance)) || rules.AuthTime.After(answer.Certificate.NotAfter)):
		return errors.New("endUserOcsp: the responder's certificate was not valid then")
	case answer.Status != ocsp.Good:
		return errors.New("endUserOcsp: the certificate was not good")
	case !rules.near(answer.ProducedAt) || !rules.near(answer.ThisUpdate):
		return errors.New("endUserOcsp: made at another time than the sign-in")
	}
	return nil
}

// near reports whether an instant is close enough to the sign-in.
func (r *EvidenceRules) near(at time.Time) bool {
	return at.Sub(r.AuthTime).Abs() <= r.Tolerance
}
