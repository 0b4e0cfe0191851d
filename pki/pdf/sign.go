package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A Signature says what is told of a signature beside it.
type Signature struct {
	Name   string // of who signs
	Reason string
	Time   time.Time
	Room   int // most bytes that the signature may take
}

// Widths of what is filled in last.
const byteRange = "[0 %-10d %-10d %-10d]"

// Sign makes the appendix that signs the file as it is now: an invisible field on
// the first page, with a signature in the format ETSI.CAdES.detached (EN 319
// 142-1 §6). sign gets the SHA-256 digest of everything but the signature, and
// gives the signature in DER.
func (f *File) Sign(s Signature, sign func(digest []byte) ([]byte, error)) ([]byte, error) {
	u := &update{file: f, places: map[int]written{}}
	next, ok := number(f.trailer["Size"])
	if !ok || next <= 0 || next > maxObjects {
		return nil, malformed("the trailer does not say how many objects there are")
	}
	for n := range f.objects {
		next = max(next, int64(n)+1)
	}
	u.next = int(next)
	u.out.WriteByte('\n')
	value := ref{u.number(), 0}
	hole := u.signature(value, s)
	field := ref{u.number(), 0}
	u.object(field, dict{
		"Type": name("Annot"), "Subtype": name("Widget"), "FT": name("Sig"), "F": word("132"), "P": f.page, "V": value,
		"T": utf16(fmt.Sprintf("Signature%d", field.number)), "Rect": array{word("0"), word("0"), word("0"), word("0")},
	})
	if err := u.annotate(field); err != nil {
		return nil, err
	}
	if err := u.enlist(field); err != nil {
		return nil, err
	}
	u.crossReferences()
	return u.fill(hole, s.Room, sign)
}

// An update is an incremental update in the making.
type update struct {
	file   *File
	out    bytes.Buffer
	places map[int]written // by number
	next   int             // first number that no object has
}

// written says where an object of the update lies in the whole file.
type written struct {
	at         int64
	generation int
}

func (u *update) number() int {
	u.next++
	return u.next - 1
}

func (u *update) begin(r ref) {
	u.places[r.number] = written{u.file.size + int64(u.out.Len()), r.generation}
	fmt.Fprintf(&u.out, "%d %d obj\n", r.number, r.generation)
}

func (u *update) object(r ref, o object) {
	u.begin(r)
	write(&u.out, o)
	u.out.WriteString("\nendobj\n")
}

// A hole is where the signature will be, with what goes before it.
type hole struct{ rangeAt, rangeLength, from, to int }

// signature writes the signature dictionary with room for what is not known yet.
func (u *update) signature(r ref, s Signature) hole {
	u.begin(r)
	u.out.WriteString("<</Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/ByteRange ")
	h := hole{rangeAt: u.out.Len()}
	fmt.Fprintf(&u.out, byteRange, 0, 0, 0)
	h.rangeLength = u.out.Len() - h.rangeAt
	u.out.WriteString("\n/Contents ")
	h.from = u.out.Len()
	u.out.WriteByte('<')
	u.out.WriteString(strings.Repeat("00", s.Room))
	u.out.WriteByte('>')
	h.to = u.out.Len()
	u.out.WriteString("\n/M ")
	write(&u.out, text(s.Time.UTC().Format("D:20060102150405Z00'00'")))
	for _, told := range []struct {
		key   name
		value string
	}{{"Name", s.Name}, {"Reason", s.Reason}} {
		if told.value != "" {
			writeName(&u.out, told.key)
			u.out.WriteByte(' ')
			write(&u.out, utf16(told.value))
			u.out.WriteByte('\n')
		}
	}
	u.out.WriteString(">>\nendobj\n")
	return h
}

// annotate puts the field on the first page.
func (u *update) annotate(field ref) error {
	page, err := u.file.dictOf(u.file.page)
	if err != nil {
		return err
	}
	list, err := u.file.arrayOf(page["Annots"])
	if err != nil {
		return err
	}
	list = append(slices.Clip(list), field)
	if shared, ok := page["Annots"].(ref); ok {
		u.object(shared, list)
		return nil
	}
	u.object(u.file.page, page.with("Annots", list))
	return nil
}

// enlist puts the field into the document's form, made where there is none.
func (u *update) enlist(field ref) error {
	f := u.file
	form, err := f.dictOf(f.catalog["AcroForm"])
	if err != nil {
		return err
	}
	fields, err := f.arrayOf(form["Fields"])
	if err != nil {
		return err
	}
	form = form.with("Fields", append(slices.Clip(fields), field)).with("SigFlags", word("3")) // signed, append only
	if own, ok := f.catalog["AcroForm"].(ref); ok {
		u.object(own, form)
		return nil
	}
	u.object(f.root, f.catalog.with("AcroForm", form))
	return nil
}

// crossReferences end the update, in the form the file has them in.
func (u *update) crossReferences() {
	trailer := dict{"Root": u.file.root, "Prev": word(fmt.Sprint(u.file.last))}
	for _, key := range []name{"Info", "ID"} {
		if value := u.file.trailer[key]; value != nil {
			trailer[key] = value
		}
	}
	at := u.file.size + int64(u.out.Len())
	if u.file.stream {
		u.crossReferenceStream(trailer)
	} else {
		u.crossReferenceTable(trailer)
	}
	fmt.Fprintf(&u.out, "startxref\n%d\n%%%%EOF\n", at)
}

func (u *update) crossReferenceTable(trailer dict) {
	u.out.WriteString("xref\n")
	for _, run := range u.runs() {
		fmt.Fprintf(&u.out, "%d %d\n", run[0], len(run))
		for _, n := range run {
			fmt.Fprintf(&u.out, "%010d %05d n \n", u.places[n].at, u.places[n].generation)
		}
	}
	trailer["Size"] = word(fmt.Sprint(u.next))
	u.out.WriteString("trailer\n")
	write(&u.out, trailer)
	u.out.WriteByte('\n')
}

func (u *update) crossReferenceStream(trailer dict) {
	own := ref{u.number(), 0}
	u.places[own.number] = written{at: u.file.size + int64(u.out.Len())}
	var rows []byte
	var index array
	for _, run := range u.runs() {
		index = append(index, word(fmt.Sprint(run[0])), word(fmt.Sprint(len(run))))
		for _, n := range run {
			rows = append(rows, direct)
			for shift := 56; shift >= 0; shift -= 8 {
				rows = append(rows, byte(u.places[n].at>>shift))
			}
			rows = append(rows, byte(u.places[n].generation))
		}
	}
	trailer["Type"], trailer["Index"], trailer["Size"] = name("XRef"), index, word(fmt.Sprint(u.next))
	trailer["W"] = array{word("1"), word("8"), word("1")}
	trailer["Length"] = word(fmt.Sprint(len(rows)))
	u.begin(own)
	write(&u.out, trailer)
	u.out.WriteString("\nstream\n")
	u.out.Write(rows)
	u.out.WriteString("\nendstream\nendobj\n")
}

// runs gives the numbers of the update's objects, those that follow each other
// together.
func (u *update) runs() [][]int {
	numbers := make([]int, 0, len(u.places))
	for n := range u.places {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var runs [][]int
	for _, n := range numbers {
		if k := len(runs) - 1; k >= 0 && runs[k][len(runs[k])-1] == n-1 {
			runs[k] = append(runs[k], n)
			continue
		}
		runs = append(runs, []int{n})
	}
	return runs
}

// fill says what is signed, has it signed, and puts the signature in.
func (u *update) fill(h hole, room int, sign func([]byte) ([]byte, error)) ([]byte, error) {
	out, size := u.out.Bytes(), u.file.size
	said := fmt.Sprintf(byteRange, size+int64(h.from), size+int64(h.to), len(out)-h.to)
	if len(said) != h.rangeLength {
		return nil, malformed("it is too large to be signed")
	}
	copy(out[h.rangeAt:], said)
	digest := sha256.New()
	if _, err := io.Copy(digest, io.NewSectionReader(u.file.in, 0, size)); err != nil {
		return nil, err
	}
	digest.Write(out[:h.from])
	digest.Write(out[h.to:])
	signature, err := sign(digest.Sum(nil))
	if err != nil {
		return nil, err
	}
	if len(signature) > room {
		return nil, fmt.Errorf("a signature of %d bytes; there is room for %d", len(signature), room)
	}
	hex.Encode(out[h.from+1:], signature)
	return out, nil
}
