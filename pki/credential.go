package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// A credential is a certificate with its private key.
type credential struct {
	certificate *x509.Certificate
	signer      crypto.Signer
}

// encode writes a credential as two PEM blocks, to be sealed.
func (c *credential) encode() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.signer)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.certificate.Raw}); err != nil {
		return nil, err
	}
	if err := pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: key}); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// decodeCredential reads what encode wrote.
func decodeCredential(text []byte) (*credential, error) {
	first, rest := pem.Decode(text)
	second, _ := pem.Decode(rest)
	if first == nil || second == nil {
		return nil, errors.New("not a certificate and a private key")
	}
	certificate, err := x509.ParseCertificate(first.Bytes)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(second.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T signs nothing", private)
	}
	return &credential{certificate, signer}, nil
}
