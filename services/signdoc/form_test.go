package signdoc

import (
	"strings"
	"testing"
)

func TestEveryFaultIsTold(t *testing.T) {
	pdf := func(mark string) (int, string, bool) {
		return 0, map[string]string{"broken": "the PDF is encrypted"}[mark], mark == "good" || mark == "broken"
	}
	for name, c := range map[string]struct {
		kind *kind
		body string
		want []string // in this order; nothing else
	}{
		"right":       {kinds[0], `{"signProperties":{"orderName":"n"},"documents":[{"text":"t"},{"pdf":"good"}],"resultContent":["sdo"]}`, nil},
		"right pades": {kinds[1], `{"signProperties":{"orderName":"n","timeoutSeconds":60},"padesSignProperties":{"addVisualSeals":false},"documents":[{"pdf":"good","endUserOnly":true,"endUserSealPos":{"page":1,"x":1,"y":2.5}}],"resultContent":["padesAppendix"]}`, nil},
		"nothing": {kinds[1], `{}`, []string{"Missing field: 'signProperties'", "Missing field: 'orderName'", "Missing field: 'padesSignProperties'",
			"Missing field: 'documents'", "Missing field: 'resultContent'"}},
		"no object": {kinds[0], `[]`, []string{"Not an order: right would be one object"}},
		"two":       {kinds[0], `{} {}`, []string{"Not JSON: right would be one object"}},
		"types": {kinds[1], `{"signProperties":{"orderName":7,"timeoutSeconds":"x","showConfirmation":1,"documentDisplayMode":"wide"},"padesSignProperties":{},
			"documents":[{"pdf":"broken","description":true,"endUserSealPos":{"page":1,"x":-1,"y":0}},{"pdf":"unknown"},7],"resultContent":["documentHash"]}`, []string{
			"Invalid field: 'signProperties.orderName' must be a string",
			"Invalid field: 'signProperties.timeoutSeconds' must be a whole number from 1 to 7200",
			"Invalid field: 'signProperties.showConfirmation' must be true or false",
			"Invalid field: 'signProperties.documentDisplayMode' must be one of interior, window, overlay",
			"Missing field: 'addVisualSeals'",
			"Invalid field: 'documents[0].description' must be a string",
			"Invalid field: 'documents[0].pdf': the PDF is encrypted",
			"Invalid field: 'documents[0].endUserSealPos.x' must be a number, 0 or more",
			"Invalid field: 'documents[1].pdf' must be a PDF in base64",
			"Invalid field: 'documents[2]' must be an object",
			"Invalid field: 'resultContent' must be a list with padesSignedPdf or padesAppendix",
		}},
		"not supported": {kinds[1], `{"signProperties":{"orderName":"n"},"padesSignProperties":{"addVisualSeals":true,"extendToLTA":true,"useConversion":"PDFA_2B"},
			"documents":[{"pdf":"good","xml":"<a/>"}],"resultContent":["padesSignedPdf"]}`, []string{
			"Not supported: 'padesSignProperties.addVisualSeals'", "Not supported: 'padesSignProperties.extendToLTA'",
			"Not supported: 'padesSignProperties.useConversion'", "Not supported: 'documents[0].xml'",
		}},
		"contents": {kinds[0], `{"signProperties":{"orderName":" "},"documents":[{},{"text":"a","pdf":"good"},{"text":""}],"resultContent":["padesSignedPdf"]}`, []string{
			"Invalid field: 'signProperties.orderName' must be more than blanks",
			"Missing field: 'documents[0].text' or 'documents[0].pdf'",
			"Invalid document: 'documents[1]' has a text and a PDF; right would be one of them",
			"Invalid field: 'documents[2].text' must be a text of 1 to 262144 bytes",
			"Invalid field: 'resultContent' must be a list of documentHash, sdo, basicSignature",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := readForm(c.kind, []byte(c.body), pdf)
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

func TestDecodeText(t *testing.T) {
	for parameter, want := range map[string]string{"w6U=": "å", "SSBvd2U": "", "": "", "/w==": "", "AA==": "", "w6XDpcOl": "", "w6X+": ""} {
		got, err := DecodeText(parameter, 2)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", parameter, got, err, want)
		}
	}
	if got, err := DecodeText("8J d4", 5); err == nil {
		t.Errorf("half a letter: %q", got)
	}
}
