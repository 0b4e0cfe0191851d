package pki

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/tillit/tillit"
)

// internalNonceSize is how much of what a person signs we choose, in bytes.
const internalNonceSize = 20

// PersonProof lets a person sign a request's nonce, for evidence that outlives the
// tokens: CMS over the bytes
//
//	internal nonce ‖ SHA-256(nonce)
//
// so that the digest in the signature binds what we chose and what the client
// chose. The members are what expressions read below sign_in.proof, in base64.
func (a *Authority) PersonProof(ctx context.Context, realm string, person *tillit.Person, nonce string) (map[string]any, error) {
	who, err := a.Person(ctx, realm, person)
	if err != nil {
		return nil, err
	}
	content := make([]byte, internalNonceSize, internalNonceSize+sha256.Size)
	if _, err := io.ReadFull(a.config.Random, content); err != nil {
		return nil, fmt.Errorf("nonce of a proof: %w", err)
	}
	theirs := sha256.Sum256([]byte(nonce))
	content = append(content, theirs[:]...)
	signature, err := who.SignCMS(content, CMSOptions{})
	if err != nil {
		return nil, err
	}
	status, err := who.Status(ctx)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(content)
	encode := base64.StdEncoding.EncodeToString
	return map[string]any{
		"signature": encode(signature), "ocsp": encode(status), "digest": encode(digest[:]),
		"client_nonce_hash": encode(theirs[:]), "internal_nonce": encode(content[:internalNonceSize]),
	}, nil
}
