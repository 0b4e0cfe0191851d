package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// CMSOptions say what a signature looks like.
type CMSOptions struct {
	// Detached leaves the content out: whoever verifies has it from elsewhere.
	Detached bool
	// Timeless leaves the signing time out, where the document says it (PAdES).
	Timeless bool
}

// SignCMS signs the content: the DER of a CMS SignedData (RFC 5652) with the
// signatory's certificate, its chain and, among what is signed, a digest of that
// certificate (RFC 5035). `openssl cms -verify -inform DER -binary` takes it.
func (s *Signatory) SignCMS(content []byte, options CMSOptions) ([]byte, error) {
	digest := sha256.Sum256(content)
	if options.Detached {
		return s.signCMS(digest[:], nil, options)
	}
	return s.signCMS(digest[:], content, options)
}

// SignDigest is SignCMS, detached, over content of which only the SHA-256 digest
// is at hand.
func (s *Signatory) SignDigest(digest [sha256.Size]byte, options CMSOptions) ([]byte, error) {
	return s.signCMS(digest[:], nil, options)
}

var (
	oidData               = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035 §3
	oidSHA256             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA                = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSAWithSHA256      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidECDSAWithSHA256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// The structures of RFC 5652 §5, as far as one signer needs them.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"`
	}
	signedData struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      contentInfo
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	}
	signerInfo struct {
		Version    int
		ID         issuerAndSerial
		Digest     pkix.AlgorithmIdentifier
		Attributes asn1.RawValue
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	signedAttribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue
	}
	signingCertificate struct{ Certificates []certificateDigest }
	certificateDigest  struct{ SHA256 []byte } // SHA-256 is the default algorithm
)

func (s *Signatory) signCMS(digest, content []byte, options CMSOptions) ([]byte, error) {
	attributes, err := s.attributes(digest, options)
	if err != nil {
		return nil, fmt.Errorf("CMS: %w", err)
	}
	// What is signed is the SET itself, what stands in the message is tagged
	// [0] instead (RFC 5652 §5.4).
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes})
	if err != nil {
		return nil, fmt.Errorf("CMS: %w", err)
	}
	sum := sha256.Sum256(set)
	signature, err := s.sign(sum[:])
	if err != nil {
		return nil, fmt.Errorf("CMS: %w", err)
	}
	certificate := s.credential.certificate
	chain := slices.Clone(certificate.Raw)
	for _, c := range s.Chain() {
		chain = append(chain, c.Raw...)
	}
	inner := contentInfo{Type: oidData}
	if content != nil {
		octets, err := asn1.Marshal(content)
		if err != nil {
			return nil, fmt.Errorf("CMS: %w", err)
		}
		inner.Content = tagged(octets)
	}
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	der, err := asn1.Marshal(signedData{
		Version: 1, Digests: []pkix.AlgorithmIdentifier{sha}, Content: inner, Certificates: tagged(chain),
		Signers: []signerInfo{{
			Version: 1, ID: issuerAndSerial{asn1.RawValue{FullBytes: certificate.RawIssuer}, certificate.SerialNumber},
			Digest: sha, Attributes: tagged(attributes), Algorithm: s.algorithm(), Signature: signature,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("CMS: %w", err)
	}
	return asn1.Marshal(contentInfo{Type: oidSignedData, Content: tagged(der)})
}

// tagged is a constructed value with the context's tag 0.
func tagged(inner []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: inner}
}

// algorithm names how the signatory's key signs in a message.
func (s *Signatory) algorithm() pkix.AlgorithmIdentifier {
	if _, ok := s.credential.certificate.PublicKey.(*rsa.PublicKey); ok {
		return pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	}
	return pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
}

// attributes gives what is signed, in the order of DER: the content's type and
// digest, the time, and whose certificate it is.
func (s *Signatory) attributes(digest []byte, options CMSOptions) ([]byte, error) {
	own := sha256.Sum256(s.credential.certificate.Raw)
	list := []struct {
		id    asn1.ObjectIdentifier
		value any
	}{
		{oidContentType, oidData},
		{oidMessageDigest, digest},
		{oidSigningCertificate, signingCertificate{[]certificateDigest{{own[:]}}}},
	}
	if !options.Timeless {
		at := s.authority.config.Now().UTC().Truncate(time.Second)
		list = append(list, struct {
			id    asn1.ObjectIdentifier
			value any
		}{oidSigningTime, at})
	}
	encoded := make([][]byte, 0, len(list))
	for _, a := range list {
		value, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		der, err := asn1.Marshal(signedAttribute{a.id, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: value}})
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, der)
	}
	slices.SortFunc(encoded, bytes.Compare)
	return bytes.Join(encoded, nil), nil
}
