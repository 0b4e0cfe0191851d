package pki

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

// Facts gives what expressions read below sign_in.certificate: what stands in
// the certificate, under the catalog's names, and of the profile the number and
// name of the originator. Numbers are int64.
func Facts(certificate *x509.Certificate, profile Profile) (map[string]any, error) {
	algorithm, size, err := keyFacts(certificate)
	if err != nil {
		return nil, err
	}
	facts := map[string]any{
		"subject": map[string]any{
			"serial_number": certificate.Subject.SerialNumber,
			"common_name":   certificate.Subject.CommonName,
			"name":          distinguished(certificate.Subject),
		},
		"originator":    originator(certificate.Issuer, profile),
		"not_before":    certificate.NotBefore.Unix(),
		"not_before_ms": certificate.NotBefore.UnixMilli(),
		"not_after_ms":  certificate.NotAfter.UnixMilli(),
		"serial_number": certificate.SerialNumber.String(),
		"key_algorithm": algorithm,
		"key_size":      size,
		"qualified":     qualified(certificate),
		"version":       int64(certificate.Version),
		"pem":           string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})),
	}
	if len(certificate.Policies) > 0 {
		facts["policy"] = certificate.Policies[0].String()
	}
	for name, value := range map[string]string{
		"given_name":  attribute(certificate.Subject, oidGivenName),
		"family_name": attribute(certificate.Subject, oidSurname),
		"birthdate":   birthdate(certificate),
	} {
		if value != "" {
			facts[name] = value
		}
	}
	return facts, nil
}

func keyFacts(certificate *x509.Certificate) (algorithm string, bits int64, err error) {
	switch key := certificate.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "EC", int64(key.Curve.Params().BitSize), nil
	case *rsa.PublicKey:
		return "RSA", int64(key.N.BitLen()), nil
	}
	return "", 0, fmt.Errorf("certificate with a %T; right would be an EC or RSA key", certificate.PublicKey)
}

// originator names the issuer as relying parties meet it: its distinguished
// name, then its number and name among issuers.
func originator(issuer pkix.Name, profile Profile) string {
	text := distinguished(issuer)
	if profile.OriginatorID != "" {
		text += ";OriginatorId=" + profile.OriginatorID + ";OriginatorName=" + profile.OriginatorName
	}
	return text
}

// distinguished writes a name in the order people expect, the escapes those of
// RFC 4514 §2.4. pkix.Name.String follows the encoding's order instead.
func distinguished(name pkix.Name) string {
	var parts []string
	add := func(key string, values ...string) {
		for _, value := range values {
			if value != "" {
				parts = append(parts, key+"="+escape(value))
			}
		}
	}
	add("CN", name.CommonName)
	add("OU", name.OrganizationalUnit...)
	add("O", name.Organization...)
	add("C", name.Country...)
	add("SERIALNUMBER", name.SerialNumber)
	return strings.Join(parts, ",")
}

func escape(value string) string {
	var b strings.Builder
	for i, c := range value {
		edge := c == ' ' && (i == 0 || i == len(value)-1) || c == '#' && i == 0
		switch {
		case c == 0:
			b.WriteString(`\00`)
			continue
		case edge, strings.ContainsRune(`,+"\<>;`, c):
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// attribute gives a part of a name, or "".
func attribute(name pkix.Name, id asn1.ObjectIdentifier) string {
	for _, part := range name.Names {
		if text, ok := part.Value.(string); ok && part.Type.Equal(id) {
			return text
		}
	}
	return ""
}

// extension gives the value of an extension, or nil.
func extension(certificate *x509.Certificate, id asn1.ObjectIdentifier) []byte {
	for _, e := range certificate.Extensions {
		if e.Id.Equal(id) {
			return e.Value
		}
	}
	return nil
}

// qualified reports whether the certificate states that it is qualified.
func qualified(certificate *x509.Certificate) bool {
	var statements []asn1.RawValue
	if _, err := asn1.Unmarshal(extension(certificate, oidStatements), &statements); err != nil {
		return false
	}
	for _, s := range statements {
		var id asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(s.Bytes, &id); err == nil && id.Equal(oidQualified) {
			return true
		}
	}
	return false
}

// birthdate gives the holder's date of birth, or "".
func birthdate(certificate *x509.Certificate) string {
	var values []struct {
		ID     asn1.ObjectIdentifier
		Values asn1.RawValue // of any type
	}
	if _, err := asn1.Unmarshal(extension(certificate, oidDirectoryAttributes), &values); err != nil {
		return ""
	}
	for _, v := range values {
		var born time.Time
		if !v.ID.Equal(oidDateOfBirth) {
			continue
		}
		if _, err := asn1.UnmarshalWithParams(v.Values.Bytes, &born, "generalized"); err == nil {
			return born.UTC().Format(time.DateOnly)
		}
	}
	return ""
}
