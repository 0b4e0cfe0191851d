package wiring

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

// demoKey gives the private key of a demo client that signs. It is made once and
// kept with the demo data: whoever runs dev may see it.
func (h *House) demoKey(ctx context.Context, registry string, id tillit.ClientID, algorithm string) (crypto.Signer, error) {
	var failed error
	stored, err := h.Store.Secret(ctx, "", "demo key of "+registry+" "+string(id)+" "+algorithm, func() []byte {
		var signer any
		if h.config.NewKey != nil {
			signer, failed = h.config.NewKey(algorithm)
		} else if algorithm == "RS256" {
			signer, failed = rsa.GenerateKey(rand.Reader, 2048)
		} else {
			signer, failed = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		}
		if failed != nil {
			return nil
		}
		var text []byte
		text, failed = x509.MarshalPKCS8PrivateKey(signer)
		return text
	})
	if err := errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(stored)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	return key.(crypto.Signer), nil
}

// certificateKey makes the keys of certificates by NewKey, where there is one.
func (h *House) certificateKey() func(rsaBits int) (crypto.Signer, error) {
	if h.config.NewKey == nil {
		return nil
	}
	return func(rsaBits int) (crypto.Signer, error) {
		switch rsaBits {
		case 0:
			return h.config.NewKey("ES256")
		case 2048:
			return h.config.NewKey("RS256")
		}
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
}
