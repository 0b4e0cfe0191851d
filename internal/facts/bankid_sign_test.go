package facts

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOthersVerifyWhatIsSigned goes from client credentials through the page to
// results, and lets programs of others say whether they are right.
func TestOthersVerifyWhatIsSigned(t *testing.T) {
	e := openRealm(t, "bankid")
	folder := t.TempDir()
	put := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	anchor, err := base64.StdEncoding.DecodeString(e.realm.Anchors[0])
	if err != nil {
		t.Fatal(err)
	}
	put("root.der", anchor)
	t.Run("openssl", func(t *testing.T) {
		openssl := program(t, "openssl")
		openssl(folder, "x509", "-inform", "DER", "-in", "root.der", "-out", "root.pem")
		own := e.Orders("demo-bank")
		id := own.Leave("/signdoc", TextOrder("I owe you 4711.", "Until Christmas."))
		e.Login(signing(e, "demo-bank", id))
		_, answer := own.Read("/signdoc", id)
		for _, list := range []string{"endUserSignatures", "merchantSignatures"} {
			signatures := texts(answer[list])
			if len(signatures) != 2 || len(texts(answer["sdos"])) != 2 || len(texts(answer["documentHashes"])) != 2 {
				t.Fatalf("%v; want two of each", answer)
			}
			for n, text := range []string{"I owe you 4711.", "Until Christmas."} {
				put("cms", decode(e, signatures[n]))
				openssl(folder, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "cms", "-CAfile", "root.pem", "-out", "content")
				if got, err := os.ReadFile(filepath.Join(folder, "content")); err != nil || string(got) != text {
					t.Errorf("%s %d is over %q, %v; want %q", list, n, got, err, text)
				}
			}
		}
		tokens := e.Login(signingText(e, shortText))
		put("cms", decode(e, Dig(e.IDClaims(tokens), "sign_result", "endUser")))
		openssl(folder, "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile", "root.pem", "-out", "content")
	})
	t.Run("pdfsig", func(t *testing.T) {
		pdfsig := program(t, "pdfsig")
		own := e.Orders("demo-bank")
		for name, alone := range map[string]bool{"both.pdf": false, "alone.pdf": true} {
			body := PDFOrder(Leaflet)
			body["documents"].([]Order)[0]["endUserOnly"] = alone
			id := own.Leave("/signdoc/pades", body)
			e.Login(signing(e, "demo-bank", id))
			_, answer := own.Read("/signdoc/pades", id)
			put(name, checkSignedPDF(e, answer))
			said := pdfsig(folder, "-nocert", name)
			want := 2
			if alone {
				want = 1
			}
			if got := strings.Count(said, "Signature Validation: Signature is Valid."); got != want || strings.Count(said, "ETSI.CAdES.detached") != want {
				t.Errorf("%s: want %d valid signatures\n%s", name, want, said)
			}
			if !strings.Contains(said, "Total document signed") || !strings.Contains(said, "Kari Skogheim") {
				t.Errorf("%s: want the whole document signed by Kari\n%s", name, said)
			}
		}
	})
}

// program gives a program of others to run in a folder; what it says must be
// success.
func program(t *testing.T, name string) func(folder string, arguments ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip("a verifier of others is not installed: that it agrees cannot be shown here: " + name)
	}
	return func(folder string, arguments ...string) string {
		t.Helper()
		command := exec.Command(name, arguments...)
		command.Dir = folder
		out, err := command.CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: %v\n%s", name, arguments, err, out)
		}
		return string(out)
	}
}
