package tillit

// A Certificate is one that a realm's test authority issued, with its key.
// Rows of one holder follow each other by number; a revoked one stays.
type Certificate struct {
	Realm   string
	Kind    CertificateKind
	Holder  string // id of the person, number of the organization; "" of authorities
	Number  int    // 0 for the holder's first
	Serial  string // in decimals, unique in the realm
	DER     []byte
	Private []byte // PKCS #8, encrypted under the master key
	Issued  int64
	Expires int64
	Revoked int64 // 0: not
	Reason  int   // of the revocation, a CRLReason of RFC 5280 §5.3.1
}

// A CertificateKind says what a certificate is for.
type CertificateKind string

const (
	CertificateRoot         CertificateKind = "root"
	CertificateIssuing      CertificateKind = "issuing"
	CertificateStatus       CertificateKind = "status" // signs OCSP responses
	CertificatePerson       CertificateKind = "person"
	CertificateOrganization CertificateKind = "organization"
)
