package pki

import (
	"crypto"
	"crypto/x509"
	"fmt"
)

// A credential is a certificate with its private key.
type credential struct {
	certificate *x509.Certificate
	signer      crypto.Signer
	revoked     bool
}

// encode writes the private key, to be sealed.
func (c *credential) encode() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.signer)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return key, nil
}

// decodeCredential reads a certificate and what encode wrote.
func decodeCredential(der, key []byte) (*credential, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a %T signs nothing", private)
	}
	return &credential{certificate: certificate, signer: signer}, nil
}
