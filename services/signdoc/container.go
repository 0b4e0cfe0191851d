package signdoc

import (
	"encoding/base64"
	"encoding/xml"

	"github.com/tillit/tillit"
)

// A signedDataObject holds together what belongs to one signed document: the
// digest of what was signed, and the signatures. Nothing in it is signed once
// more.
type signedDataObject struct {
	XMLName     xml.Name `xml:"SignedDataObject"`
	Order       string   `xml:"Order,attr"`
	Number      int      `xml:"Number,attr"`
	Description string
	MediaType   string
	Size        int64
	SHA256      string
	Signatures  []containedSignature `xml:"Signature"`
}

type containedSignature struct {
	By  string `xml:"By,attr"`
	CMS string
}

// container writes one of them; bytes are in base64.
func container(o *tillit.Order, n int, s signed) []byte {
	d, encode := o.Documents[n], base64.StdEncoding.EncodeToString
	object := signedDataObject{
		Order: o.ID, Number: n + 1, Description: d.Description, MediaType: d.Type, Size: d.Size, SHA256: encode(d.SHA256),
		Signatures: []containedSignature{{"endUser", encode(s.EndUser)}, {"merchant", encode(s.Merchant)}},
	}
	text, err := xml.MarshalIndent(object, "", "  ")
	if err != nil {
		return nil // of strings and numbers alone it never fails
	}
	return append([]byte(xml.Header), text...)
}
