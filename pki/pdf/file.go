package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A Fault says why a file cannot be signed, fit to be told to whoever sent it.
type Fault struct{ Text string }

func (f *Fault) Error() string { return f.Text }

func malformed(format string, args ...any) error {
	return &Fault{"malformed PDF: " + fmt.Sprintf(format, args...)}
}

// Reasons that are no question of form.
var (
	errNoPDF     = &Fault{"not a PDF: it does not begin with %PDF-"}
	errEncrypted = &Fault{"the PDF is encrypted"}
	errCertified = &Fault{"the PDF is certified against changes"}
)

// A File is a PDF file that can be signed.
type File struct {
	in      io.ReaderAt
	size    int64
	objects map[int]place
	trailer dict  // of the last revision
	last    int64 // offset of its cross-references
	stream  bool  // they are a stream
	root    ref
	catalog dict
	page    ref // the first
}

// Read reads a file's structure. What is wrong with the file is a *Fault; any
// other error is the reader's.
func Read(in io.ReaderAt, size int64) (*File, error) {
	f := &File{in: in, size: size, objects: map[int]place{}}
	for _, step := range []func() error{f.readHeader, f.readCrossReferences, f.readCatalog, f.readPage} {
		if err := faultOf(step()); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// faultOf tells what was wrong with the file where reading it broke off.
func faultOf(err error) error {
	switch {
	case errors.Is(err, errSyntax):
		return malformed("an object is cut short or not one")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("it ends too early")
	}
	return err
}

func (f *File) readHeader() error {
	var head [5]byte
	if _, err := f.in.ReadAt(head[:], 0); err != nil && err != io.EOF {
		return err
	}
	if string(head[:]) != "%PDF-" {
		return errNoPDF
	}
	return nil
}

// resolve follows references to the object itself; one that is not there is null
// (ISO 32000-1 §7.3.10).
func (f *File) resolve(o object) (object, error) {
	for range 16 {
		r, ok := o.(ref)
		if !ok {
			return o, nil
		}
		var err error
		if o, err = f.load(r); err != nil {
			return nil, err
		}
	}
	return nil, malformed("references go round in a circle")
}

func (f *File) load(r ref) (object, error) {
	p, found := f.objects[r.number]
	switch {
	case !found || p.kind == free:
		return null, nil
	case p.kind == packed:
		return f.unpack(r.number, p)
	}
	o, _, err := f.objectAt(p.at, r.number)
	return o, err
}

// objectAt reads the indirect object at an offset, and gives the scanner behind it.
func (f *File) objectAt(at int64, want int) (object, *scanner, error) {
	if at <= 0 || at >= f.size {
		return nil, nil, malformed("object %d is said to be outside of the file", want)
	}
	s := scan(f.in, at, f.size)
	number, err := s.integer()
	if err == nil {
		_, err = s.integer()
	}
	if err != nil {
		return nil, nil, err
	}
	if w, err := s.word(); err != nil || w != "obj" || want >= 0 && number != int64(want) {
		return nil, nil, malformed("object %d is not where it is said to be", want)
	}
	o, err := s.object(0)
	return o, s, err
}

// dictOf resolves to a dictionary, an empty one for null.
func (f *File) dictOf(o object) (dict, error) {
	o, err := f.resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case dict:
		return v, nil
	case nil:
		return dict{}, nil
	case word:
		if v == null {
			return dict{}, nil
		}
	}
	return nil, malformed("something is no dictionary that ought to be one")
}

func (f *File) arrayOf(o object) (array, error) {
	o, err := f.resolve(o)
	if err != nil {
		return nil, err
	}
	switch v := o.(type) {
	case array:
		return v, nil
	case nil:
		return nil, nil
	case word:
		if v == null {
			return nil, nil
		}
	}
	return nil, malformed("something is no array that ought to be one")
}

func (f *File) readCatalog() error {
	root, ok := f.trailer["Root"].(ref)
	if !ok {
		return malformed("the trailer names no catalog")
	}
	catalog, err := f.dictOf(root)
	if err != nil {
		return err
	}
	if catalog["Type"] != name("Catalog") {
		return malformed("its catalog is none")
	}
	f.root, f.catalog = root, catalog
	return f.readCertification()
}

// readCertification refuses a file whose author allowed no change at all
// (ISO 32000-1 §12.8.2.2).
func (f *File) readCertification() error {
	permissions, err := f.dictOf(f.catalog["Perms"])
	if err != nil || permissions["DocMDP"] == nil {
		return err
	}
	signature, err := f.dictOf(permissions["DocMDP"])
	if err != nil {
		return err
	}
	references, err := f.arrayOf(signature["Reference"])
	if err != nil {
		return err
	}
	for _, item := range references {
		reference, err := f.dictOf(item)
		if err != nil {
			return err
		}
		parameters, err := f.dictOf(reference["TransformParams"])
		if err != nil {
			return err
		}
		if level, ok := number(parameters["P"]); ok && level == 1 {
			return errCertified
		}
	}
	return nil
}

// readPage finds the first page, which gets the field of the signature.
func (f *File) readPage() error {
	node := f.catalog["Pages"]
	for range maxDepth {
		r, ok := node.(ref)
		if !ok {
			return malformed("its pages are not where they ought to be")
		}
		d, err := f.dictOf(r)
		if err != nil {
			return err
		}
		kids, err := f.arrayOf(d["Kids"])
		switch {
		case err != nil:
			return err
		case d["Type"] == name("Page"):
			f.page = r
			return nil
		case len(kids) == 0:
			return malformed("it has no page")
		}
		node = kids[0]
	}
	return malformed("its pages lie too deep")
}

// A joined reader reads one piece after the other as one file.
type joined struct {
	first  io.ReaderAt
	size   int64
	second []byte
}

// Join gives the file with an appendix behind it.
func Join(first io.ReaderAt, size int64, appendix []byte) (io.ReaderAt, int64) {
	if len(appendix) == 0 {
		return first, size
	}
	return &joined{first, size, appendix}, size + int64(len(appendix))
}

func (j *joined) ReadAt(p []byte, at int64) (n int, err error) {
	if at < j.size {
		n = int(min(int64(len(p)), j.size-at))
		if n, err = j.first.ReadAt(p[:n], at); err != nil && err != io.EOF {
			return n, err
		}
		if n == len(p) {
			return n, nil
		}
		if at+int64(n) < j.size {
			return n, io.ErrUnexpectedEOF
		}
	}
	more, err := bytes.NewReader(j.second).ReadAt(p[n:], at+int64(n)-j.size)
	return n + more, err
}
