package pki

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" // the identifier of a certificate in OCSP, not a signature
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/tillit/tillit"
)

// The structures of RFC 6960 §4, written by hand because the instant at which a
// response is produced is the provider's clock's.
type (
	certificateID struct {
		Algorithm pkix.AlgorithmIdentifier
		NameHash  []byte
		KeyHash   []byte
		Serial    *big.Int
	}
	statusRequest struct {
		TBS struct {
			Version    int           `asn1:"explicit,tag:0,default:0,optional"`
			Requestor  asn1.RawValue `asn1:"explicit,tag:1,optional"`
			List       []singleRequest
			Extensions []pkix.Extension `asn1:"explicit,tag:2,optional"`
		}
		Signature asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	singleRequest struct {
		ID         certificateID
		Extensions []pkix.Extension `asn1:"explicit,tag:0,optional"`
	}
	singleStatus struct {
		ID         certificateID
		Status     asn1.RawValue
		ThisUpdate time.Time `asn1:"generalized"`
		NextUpdate time.Time `asn1:"generalized,explicit,tag:0"`
	}
	revocation struct {
		At     time.Time       `asn1:"generalized"`
		Reason asn1.Enumerated `asn1:"explicit,tag:0"`
	}
	statusData struct {
		Responder  asn1.RawValue
		ProducedAt time.Time `asn1:"generalized"`
		Responses  []singleStatus
		Extensions []pkix.Extension `asn1:"explicit,tag:1,optional,omitempty"`
	}
	basicStatus struct {
		Data         statusData
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates []asn1.RawValue `asn1:"explicit,tag:0"`
	}
	statusBytes struct {
		Type     asn1.ObjectIdentifier
		Response []byte
	}
	statusAnswer struct {
		Status asn1.Enumerated
		Bytes  statusBytes `asn1:"explicit,tag:0"`
	}
)

var (
	oidBasicStatus = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidStatusNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidNoCheck     = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidSHA1        = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
)

// What a responder answers without a signature (RFC 6960 §4.2.1).
const (
	statusMalformed    = 1
	statusInternal     = 2
	statusUnauthorized = 6
)

// Bounds of what is asked, and for how long an answer is good.
const (
	mostAsked   = 16
	mostNonce   = 128 // bytes
	statusFresh = time.Hour
)

// errForeign says that a certificate is not of this realm's issuing authority.
var errForeign = errors.New("a certificate of another authority")

// AnswerStatus answers an OCSP request about certificates of the realm, both in
// DER. What is not understood is answered as the protocol has it; the error is
// ours.
func (a *Authority) AnswerStatus(ctx context.Context, realm string, request []byte) ([]byte, error) {
	var asked statusRequest
	rest, err := asn1.Unmarshal(request, &asked)
	if err != nil || len(rest) > 0 || len(asked.TBS.List) == 0 || len(asked.TBS.List) > mostAsked {
		return unsigned(statusMalformed), nil
	}
	r, err := a.realm(ctx, realm)
	if err != nil {
		return unsigned(statusInternal), err
	}
	ids := make([]certificateID, len(asked.TBS.List))
	for i := range asked.TBS.List {
		ids[i] = asked.TBS.List[i].ID
	}
	var echoed []pkix.Extension
	for _, e := range asked.TBS.Extensions {
		if e.Id.Equal(oidStatusNonce) && len(e.Value) <= mostNonce {
			echoed = append(echoed, pkix.Extension{Id: e.Id, Value: e.Value})
		}
	}
	answer, err := a.status(ctx, r, ids, echoed)
	switch {
	case errors.Is(err, errForeign):
		return unsigned(statusUnauthorized), nil
	case err != nil:
		return unsigned(statusInternal), err
	}
	return answer, nil
}

// statusOf answers about one certificate without being asked in DER.
func (a *Authority) statusOf(ctx context.Context, r *realm, certificate *x509.Certificate) ([]byte, error) {
	id := certificateID{Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA1, Parameters: asn1.NullRawValue}, Serial: certificate.SerialNumber}
	var err error
	if id.NameHash, id.KeyHash, err = issuerHashes(r.issuing.certificate, oidSHA1); err != nil {
		return nil, err
	}
	return a.status(ctx, r, []certificateID{id}, nil)
}

func unsigned(status int) []byte {
	der, _ := asn1.Marshal(struct{ Status asn1.Enumerated }{asn1.Enumerated(status)}) // an integer always encodes
	return der
}

// issuerHashes gives what names an issuer in a request.
func issuerHashes(issuer *x509.Certificate, algorithm asn1.ObjectIdentifier) (name, key []byte, err error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil, nil, err
	}
	switch {
	case algorithm.Equal(oidSHA1):
		n, k := sha1.Sum(issuer.RawSubject), sha1.Sum(info.Key.RightAlign())
		return n[:], k[:], nil
	case algorithm.Equal(oidSHA256):
		n, k := sha256.Sum256(issuer.RawSubject), sha256.Sum256(info.Key.RightAlign())
		return n[:], k[:], nil
	}
	return nil, nil, errForeign
}

// status signs what the register says of the certificates.
func (a *Authority) status(ctx context.Context, r *realm, ids []certificateID, echoed []pkix.Extension) ([]byte, error) {
	responder, err := a.keep(ctx, r, tillit.CertificateStatus, "", func(int) (*credential, error) { return a.issueStatus(r) })
	if err != nil {
		return nil, err
	}
	now := a.config.Now().UTC().Truncate(time.Second)
	data := statusData{
		Responder:  asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: responder.certificate.RawSubject},
		ProducedAt: now, Extensions: echoed,
	}
	for _, id := range ids {
		name, key, err := issuerHashes(r.issuing.certificate, id.Algorithm.Algorithm)
		if err != nil {
			return nil, err
		}
		if string(name) != string(id.NameHash) || string(key) != string(id.KeyHash) {
			return nil, errForeign
		}
		value, err := a.statusValue(ctx, r.name, id.Serial)
		if err != nil {
			return nil, err
		}
		data.Responses = append(data.Responses, singleStatus{ID: id, Status: value, ThisUpdate: now, NextUpdate: now.Add(statusFresh)})
	}
	return signStatus(responder, data, a)
}

// statusValue is good, revoked with when and why, or unknown (RFC 6960 §4.2.1).
func (a *Authority) statusValue(ctx context.Context, realm string, serial *big.Int) (asn1.RawValue, error) {
	row, err := a.config.Register.CertificateBySerial(ctx, realm, serial.String())
	value := asn1.RawValue{Class: asn1.ClassContextSpecific}
	switch {
	case errors.Is(err, tillit.ErrNotFound):
		value.Tag = 2
		return value, nil
	case err != nil || row.Revoked == 0:
		return value, err
	}
	der, err := asn1.Marshal(revocation{time.Unix(row.Revoked, 0).UTC(), asn1.Enumerated(row.Reason)})
	if err != nil {
		return value, err
	}
	var inner asn1.RawValue
	if _, err := asn1.Unmarshal(der, &inner); err != nil {
		return value, err
	}
	value.Tag, value.IsCompound, value.Bytes = 1, true, inner.Bytes
	return value, nil
}

func signStatus(responder *credential, data statusData, a *Authority) ([]byte, error) {
	tbs, err := asn1.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("OCSP: %w", err)
	}
	digest := sha256.Sum256(tbs)
	signature, err := responder.signer.Sign(a.config.Random, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("OCSP: sign: %w", err)
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
	if _, ok := responder.certificate.PublicKey.(*rsa.PublicKey); ok {
		algorithm = pkix.AlgorithmIdentifier{Algorithm: oidRSAWithSHA256, Parameters: asn1.NullRawValue}
	}
	der, err := asn1.Marshal(basicStatus{
		Data: data, Algorithm: algorithm, Signature: asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
		Certificates: []asn1.RawValue{{FullBytes: responder.certificate.Raw}},
	})
	if err != nil {
		return nil, fmt.Errorf("OCSP: %w", err)
	}
	return asn1.Marshal(statusAnswer{Bytes: statusBytes{oidBasicStatus, der}})
}
