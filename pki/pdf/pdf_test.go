package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A sheet writes small PDF files, one object after the other.
type sheet struct {
	b       bytes.Buffer
	offsets []int // of object n at n-1
}

func newSheet() *sheet {
	s := &sheet{}
	s.b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return s
}

func (s *sheet) object(text string) {
	s.offsets = append(s.offsets, s.b.Len())
	fmt.Fprintf(&s.b, "%d 0 obj\n%s\nendobj\n", len(s.offsets), text)
}

// table ends the file with a table of cross-references.
func (s *sheet) table(trailer string) []byte {
	at := s.b.Len()
	fmt.Fprintf(&s.b, "xref\n0 %d\n0000000000 65535 f \n", len(s.offsets)+1)
	for _, offset := range s.offsets {
		fmt.Fprintf(&s.b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&s.b, "trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n", len(s.offsets)+1, trailer, at)
	return s.b.Bytes()
}

func plain() []byte {
	s := newSheet()
	s.object("<</Type /Catalog /Pages 2 0 R>>")
	s.object("<</Type /Pages /Kids [3 0 R] /Count 1>>")
	s.object("<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 144] /Resources <<>> >>")
	return s.table("/Root 1 0 R /ID [<00ff> <00ff>] /Info << /Title (a \\(b\\) \\101) >>")
}

// packed is a file whose catalog and pages are in a packed stream, and whose
// cross-references are a stream with a predictor.
func packedFile() []byte { return packedObjects() }

// packedObjects has further objects in the packed stream.
func packedObjects(more ...string) []byte {
	s := newSheet()
	inner := append([]string{"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>", "<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 144]>>"}, more...)
	head, body := "", ""
	for n, text := range inner {
		if n >= 3 {
			n += 3 // 4 and 5 are the streams
		}
		before, after, _ := strings.Cut("|"+text, "|")
		if left, right, hidden := strings.Cut(after, "|"); hidden { // the head points behind what comes first
			before, after = left, right
		}
		head += fmt.Sprintf("%d %d ", n+1, len(body)+len(before))
		body += before + after + " "
	}
	stream := deflate([]byte(head + body))
	s.offsets = make([]int, 3) // those are inside
	s.object(fmt.Sprintf("<</Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream", len(inner), len(head), len(stream), stream))
	at := s.b.Len()
	rows := [][]byte{{0, 0, 0, 0}, {2, 0, 4, 0}, {2, 0, 4, 1}, {2, 0, 4, 2}, {1, byte(s.offsets[3] >> 8), byte(s.offsets[3]), 0}, {1, byte(at >> 8), byte(at), 0}}
	var predicted []byte
	above := make([]byte, 4)
	for _, row := range rows {
		predicted = append(predicted, 2) // up
		for i := range row {
			predicted = append(predicted, row[i]-above[i])
		}
		above = row
	}
	references := deflate(predicted)
	s.object(fmt.Sprintf("<</Type /XRef /Size 6 /W [1 2 1] /Root 1 0 R /Filter /FlateDecode /DecodeParms <</Predictor 12 /Columns 4>> /Length %d>>\nstream\n%s\nendstream", len(references), references))
	fmt.Fprintf(&s.b, "startxref\n%d\n%%%%EOF", at) // without a line's end
	return s.b.Bytes()
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// withForm is a file that has a form and annotations already, each an object of
// its own.
func withForm() []byte {
	s := newSheet()
	s.object("<</Type /Catalog /Pages 2 0 R /AcroForm 4 0 R>>")
	s.object("<</Type /Pages /Kids [3 0 R] /Count 1>>")
	s.object("<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 144] /Annots 5 0 R>>")
	s.object("<</Fields [6 0 R] /DR <<>> >>")
	s.object("[6 0 R]")
	s.object("<</Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [10 10 90 30] /P 3 0 R>>")
	return s.table("/Root 1 0 R")
}

var shapes = map[string]func() []byte{"table": plain, "packed": packedFile, "with a form": withForm}

// fake is a signature that only says what it is over.
func fake(digest []byte) ([]byte, error) { return append([]byte("signs "), digest...), nil }

func sign(t *testing.T, file []byte) []byte {
	t.Helper()
	f, err := Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	about := Signature{Name: "Åse (Østlund)", Reason: "låneavtale 𝄞", Time: time.Unix(1_800_000_000, 0), Room: 64}
	appendix, err := f.Sign(about, fake)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(file), appendix...)
}

func TestSignsEveryShapeTwice(t *testing.T) {
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			file := shape()
			once := sign(t, file)
			twice := sign(t, once)
			if !bytes.HasPrefix(twice, once) || !bytes.HasPrefix(once, file) {
				t.Fatal("signing changed what was there")
			}
			f, err := Read(bytes.NewReader(twice), int64(len(twice)))
			if err != nil {
				t.Fatal(err)
			}
			checkSignatures(t, f, twice, map[int]int{0: len(once), 1: len(twice)}, name == "with a form")
			if path, err := exec.LookPath("qpdf"); err == nil {
				at := filepath.Join(t.TempDir(), "twice.pdf")
				if err := os.WriteFile(at, twice, 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := exec.Command(path, "--check", at).CombinedOutput(); err != nil {
					t.Errorf("qpdf --check: %v\n%s", err, out)
				}
			}
		})
	}
}

// checkSignatures demands that every signature field covers the file up to its
// own end, but for the signature.
func checkSignatures(t *testing.T, f *File, file []byte, ends map[int]int, hadField bool) {
	t.Helper()
	form, err := f.dictOf(f.catalog["AcroForm"])
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.arrayOf(form["Fields"])
	if err != nil {
		t.Fatal(err)
	}
	if hadField {
		fields = fields[1:]
	}
	if len(fields) != len(ends) {
		t.Fatalf("%d fields; want %d", len(fields), len(ends))
	}
	for n, item := range fields {
		field, err := f.dictOf(item)
		if err != nil {
			t.Fatal(err)
		}
		value, err := f.dictOf(field["V"])
		if err != nil || value["SubFilter"] != name("ETSI.CAdES.detached") {
			t.Fatalf("field %d: %v, %v", n, value, err)
		}
		said := value["ByteRange"].(array)
		var at [4]int64
		for i := range at {
			at[i], _ = number(said[i])
		}
		if at[0] != 0 || at[2]+at[3] != int64(ends[n]) {
			t.Errorf("signature %d is over %v; want up to %d", n, at, ends[n])
		}
		digest := sha256.New()
		digest.Write(file[:at[1]])
		digest.Write(file[at[2] : at[2]+at[3]])
		want, _ := fake(digest.Sum(nil))
		if got := value["Contents"].(text); !bytes.HasPrefix(got, want) || file[at[1]] != '<' || file[at[2]-1] != '>' {
			t.Errorf("signature %d is %q; want %q", n, got, want)
		}
	}
}

func TestRefusesWithReasons(t *testing.T) {
	change := func(old, new string) []byte { return []byte(strings.Replace(string(plain()), old, new, 1)) }
	circle := strings.Replace(string(plain()), "/Size 4", "/Size 4 /Prev "+fmt.Sprint(bytes.Index(plain(), []byte("xref\n0"))), 1)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":          {nil, "not a PDF"},
		"text":           {[]byte("I owe you 4711."), "not a PDF"},
		"header alone":   {[]byte("%PDF-1.7\n"), "malformed"},
		"cut short":      {plain()[:len(plain())-40], "malformed"},
		"encrypted":      {change("/Root 1 0 R", "/Root 1 0 R /Encrypt <</Filter /Standard>>"), "encrypted"},
		"no catalog":     {change("/Type /Catalog", "/Type /Katalog"), "malformed"},
		"no pages":       {change("[3 0 R]", "[     ]"), "malformed"},
		"page elsewhere": {change("3 0 obj", "4 0 obj"), "malformed"},
		"own parent":     {change("/Kids [3 0 R]", "/Kids [2 0 R]"), "malformed"},
		"circle":         {[]byte(circle), "malformed"},
		"far away":       {[]byte(strings.Replace(string(plain()), "startxref\n", "startxref\n9", 1)), "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(c.file), int64(len(c.file)))
			fault, ok := errors.AsType[*Fault](err)
			if !ok || !strings.Contains(fault.Text, c.want) {
				t.Errorf("%v; want a fault that says %q", err, c.want)
			}
		})
	}
}

// TestActive: what a file does beside showing its pages is found, wherever it
// stands, and all of it is told.
func TestActive(t *testing.T) {
	with := func(objects ...string) []byte {
		s := newSheet()
		s.object("<</Type /Catalog /Pages 2 0 R>>")
		s.object("<</Type /Pages /Kids [3 0 R] /Count 1>>")
		s.object("<</Type /Page /Parent 2 0 R>>")
		for _, o := range objects {
			s.object(o)
		}
		return s.table("/Root 1 0 R")
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"plain":             {plain(), ""},
		"packed":            {packedFile(), ""},
		"with a form":       {withForm(), ""},
		"signed":            {sign(t, plain()), ""},
		"link":              {with("<</S /URI /URI (https://example.no)>>"), ""},
		"script":            {with("<</S /JavaScript /JS (app.alert(1))>>"), "scripts"},
		"escaped script":    {with("<</S /Java#53cript>>"), "scripts"},
		"script in a list":  {with("[1 [<</Next <</S /Rendition /JS (x)>> >>]]"), "scripts, sound, film or models"},
		"program":           {with("<</S /Launch /F (calc.exe)>>"), "actions that start programs"},
		"sending":           {with("<</S /SubmitForm /F (https://example.no)>>"), "actions that send or fetch data"},
		"hiding":            {with("<</S /Hide /T (field)>>"), "actions that change what is seen"},
		"embedded file":     {with("<</Type /Filespec /EF <</F 5 0 R>> >>", "<</Type /EmbeddedFile /Length 0>>\nstream\n\nendstream"), "embedded files"},
		"attachment":        {with("<</Type /Annot /Subtype /FileAttachment>>"), "embedded files"},
		"XFA":               {with("<</Fields [] /XFA 5 0 R>>", "<</Length 0>>\nstream\n\nendstream"), "a form in XFA"},
		"film":              {with("<</Type /Annot /Subtype /RichMedia>>"), "sound, film or models"},
		"script, packed":    {packedObjects("<</S /JavaScript>>"), "scripts"},
		"script, hidden":    {packedObjects("null |<</S /JavaScript>>"), "scripts"},
		"objects of a text": {with("[(3 0 obj <</S /JavaScript>> endobj)]"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Read(bytes.NewReader(c.file), int64(len(c.file)))
			if err != nil {
				t.Fatal(err)
			}
			found, err := f.Active()
			if got := strings.Join(found, ", "); got != c.want || err != nil {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// TestActiveHasAnEnd: objects that lie over one another are refused, not read
// again and again.
func TestActiveHasAnEnd(t *testing.T) {
	s := newSheet()
	s.object("<</Type /Catalog /Pages 2 0 R>>")
	s.object("<</Type /Pages /Kids [3 0 R] /Count 1>>")
	s.object("<</Type /Page /Parent 2 0 R>>")
	s.object("[[ 5 0 obj 1 endobj ]]")
	s.offsets = append(s.offsets, s.offsets[3]+len("4 0 obj\n[[ "))
	file := s.table("/Root 1 0 R")
	f, err := Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Active(); err == nil || !strings.Contains(err.Error(), "lies in another") {
		t.Errorf("%v; want a fault that says that an object lies in another", err)
	}
}

func TestCertified(t *testing.T) {
	for level, refused := range map[int]bool{1: true, 2: false} {
		s := newSheet()
		s.object("<</Type /Catalog /Pages 2 0 R /Perms <</DocMDP 4 0 R>> >>")
		s.object("<</Type /Pages /Kids [3 0 R] /Count 1>>")
		s.object("<</Type /Page /Parent 2 0 R>>")
		s.object(fmt.Sprintf("<</Type /Sig /Reference [<</TransformMethod /DocMDP /TransformParams <</P %d>> >>] >>", level))
		file := s.table("/Root 1 0 R")
		if _, err := Read(bytes.NewReader(file), int64(len(file))); errors.Is(err, errCertified) != refused {
			t.Errorf("level %d: %v; want it refused: %v", level, err, refused)
		}
	}
}

func TestJoin(t *testing.T) {
	in, size := Join(strings.NewReader("abc"), 3, []byte("def"))
	for from := range int64(7) {
		got, err := io.ReadAll(io.NewSectionReader(in, from, size-from))
		if err != nil || string(got) != "abcdef"[from:] {
			t.Errorf("from %d: %q, %v", from, got, err)
		}
	}
}

// FuzzRead: whatever is sent, it is read or refused, and what is read can be
// signed and read again.
func FuzzRead(f *testing.F) {
	for _, shape := range shapes {
		f.Add(shape())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		read, err := Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			if _, told := errors.AsType[*Fault](err); !told {
				t.Fatalf("%v; want a fault of the file", err)
			}
			return
		}
		if _, err := read.Active(); err != nil {
			if _, told := errors.AsType[*Fault](err); !told {
				t.Fatalf("%v; want a fault of the file", err)
			}
		}
		appendix, err := read.Sign(Signature{Room: 64}, fake)
		if err != nil {
			if _, told := errors.AsType[*Fault](err); !told && !errors.Is(err, errSyntax) && !errors.Is(err, io.EOF) {
				t.Fatalf("%v; want a fault of the file", err)
			}
			return
		}
		in, size := Join(bytes.NewReader(file), int64(len(file)), appendix)
		if _, err := Read(in, size); err != nil {
			t.Fatalf("what was signed cannot be read: %v", err)
		}
	})
}
