package pdf

import (
	"bytes"
	"compress/zlib"
	"io"
	"strconv"
)

// A place says where an object lies.
type place struct {
	kind int
	at   int64 // offset; of packed ones the number of the stream they are in
}

// Kinds of places, as cross-reference streams number them.
const (
	free   = 0
	direct = 1
	packed = 2
)

// Bounds of what a file may make us read.
const (
	maxRevisions = 1000
	maxObjects   = 8 << 20
	maxUnpacked  = 32 << 20
	tail         = 2048 // bytes at the end that are searched for startxref
)

// readCrossReferences reads them from the last revision to the first: what a
// later one says of an object counts.
func (f *File) readCrossReferences() error {
	at, err := f.startOfLast()
	if err != nil {
		return err
	}
	f.last = at
	seen := map[int64]bool{}
	for {
		if seen[at] || len(seen) >= maxRevisions {
			return malformed("its revisions go round in a circle")
		}
		seen[at] = true
		section, stream, err := f.section(at)
		if err != nil {
			return err
		}
		if section["Encrypt"] != nil {
			return errEncrypted
		}
		if f.trailer == nil {
			f.trailer, f.stream = section, stream
		}
		if hidden, ok := number(section["XRefStm"]); ok && !stream { // both ways at once
			if _, _, err := f.section(hidden); err != nil {
				return err
			}
		}
		previous, ok := number(section["Prev"])
		if !ok {
			return nil
		}
		at = previous
	}
}

func (f *File) startOfLast() (int64, error) {
	from := max(0, f.size-tail)
	end := make([]byte, f.size-from)
	if _, err := f.in.ReadAt(end, from); err != nil && err != io.EOF {
		return 0, err
	}
	i := bytes.LastIndex(end, []byte("startxref"))
	if i < 0 {
		return 0, malformed("nothing at its end says where its objects are")
	}
	if !bytes.Contains(end[i:], []byte("%%EOF")) {
		return 0, malformed("it has no end")
	}
	return scan(f.in, from+int64(i)+int64(len("startxref")), f.size).integer()
}

// section reads one section of cross-references and gives its trailer.
func (f *File) section(at int64) (trailer dict, stream bool, err error) {
	if at <= 0 || at >= f.size {
		return nil, false, malformed("its cross-references are said to be outside of the file")
	}
	s := scan(f.in, at, f.size)
	if c, err := s.skip(); err != nil {
		return nil, false, err
	} else if s.back(); c != 'x' {
		trailer, err = f.crossReferenceStream(at)
		return trailer, true, err
	}
	if w, err := s.word(); err != nil || w != "xref" {
		return nil, false, malformed("its cross-references are not where they are said to be")
	}
	for {
		w, err := s.word()
		if err != nil {
			return nil, false, err
		}
		if w == "trailer" {
			o, err := s.object(0)
			d, ok := o.(dict)
			if err == nil && !ok {
				err = errSyntax
			}
			return d, false, err
		}
		first, err := strconv.Atoi(w)
		if err != nil || first < 0 {
			return nil, false, errSyntax
		}
		if err := f.subsection(s, first); err != nil {
			return nil, false, err
		}
	}
}

func (f *File) subsection(s *scanner, first int) error {
	count, err := s.integer()
	if err != nil {
		return err
	}
	for i := range count {
		at, err := s.integer()
		if err != nil {
			return err
		}
		if _, err := s.integer(); err != nil {
			return err
		}
		kind, err := s.word()
		switch {
		case err != nil:
			return err
		case kind == "n":
			err = f.put(first+int(i), place{direct, at})
		case kind == "f":
			err = f.put(first+int(i), place{free, 0})
		default:
			err = errSyntax
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put notes a place unless a later revision has said another.
func (f *File) put(number int, p place) error {
	if len(f.objects) >= maxObjects || number < 0 || number > maxObjects {
		return malformed("too many objects")
	}
	if _, known := f.objects[number]; !known {
		f.objects[number] = p
	}
	return nil
}

// crossReferenceStream reads a stream of cross-references (ISO 32000-1 §7.5.8).
func (f *File) crossReferenceStream(at int64) (dict, error) {
	o, s, err := f.objectAt(at, -1)
	if err != nil {
		return nil, err
	}
	d, ok := o.(dict)
	if !ok || d["Type"] != name("XRef") {
		return nil, malformed("its cross-references are not where they are said to be")
	}
	if d["Encrypt"] != nil {
		return nil, errEncrypted
	}
	content, err := f.content(d, s)
	if err != nil {
		return nil, err
	}
	widths, _ := d["W"].(array)
	if len(widths) != 3 {
		return nil, errSyntax
	}
	var w [3]int
	row := 0
	for i := range w {
		n, ok := number(widths[i])
		if !ok || n < 0 || n > 8 {
			return nil, errSyntax
		}
		w[i] = int(n)
		row += w[i]
	}
	index, _ := d["Index"].(array)
	if index == nil {
		index = array{word("0"), d["Size"]}
	}
	for ; len(index) >= 2; index = index[2:] {
		first, ok1 := number(index[0])
		count, ok2 := number(index[1])
		if !ok1 || !ok2 || row == 0 || first < 0 || first > maxObjects || count < 0 || count > int64(len(content)/row) {
			return nil, errSyntax
		}
		for i := range count {
			kind := int64(direct)
			if w[0] > 0 {
				kind = bigEndian(content[:w[0]])
			}
			p := place{int(kind), bigEndian(content[w[0] : w[0]+w[1]])}
			if kind > packed {
				p.kind = free
			}
			if err := f.put(int(first+i), p); err != nil {
				return nil, err
			}
			content = content[row:]
		}
	}
	return d, nil
}

func bigEndian(b []byte) (n int64) {
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}

// content gives the bytes of a stream, unpacked.
func (f *File) content(d dict, s *scanner) ([]byte, error) {
	if w, err := s.word(); err != nil || w != "stream" {
		return nil, errSyntax
	}
	if c, err := s.next(); err != nil {
		return nil, err
	} else if c == '\r' {
		if c, err = s.next(); err != nil {
			return nil, err
		} else if c != '\n' {
			s.back()
		}
	}
	resolved, err := f.resolve(d["Length"])
	if err != nil {
		return nil, err
	}
	length, ok := number(resolved)
	if !ok || length < 0 || length > f.size-s.at || length > maxUnpacked {
		return nil, malformed("a stream has no sound length")
	}
	var in io.Reader = io.NewSectionReader(f.in, s.at, length)
	filter := d["Filter"]
	if list, ok := filter.(array); ok && len(list) == 1 {
		filter = list[0]
	}
	switch filter {
	case nil:
	case name("FlateDecode"):
		unpacked, err := zlib.NewReader(in)
		if err != nil {
			return nil, malformed("a stream cannot be unpacked")
		}
		in = unpacked
	default:
		return nil, malformed("objects are packed in a way that is not known")
	}
	out, err := io.ReadAll(io.LimitReader(in, maxUnpacked+1))
	if err != nil && err != io.ErrUnexpectedEOF && filter != nil || len(out) > maxUnpacked {
		return nil, malformed("a stream cannot be unpacked")
	}
	return f.unpredict(d, out)
}

// unpredict undoes the PNG predictors (ISO 32000-1 §7.4.4.4; RFC 2083 §6).
func (f *File) unpredict(d dict, b []byte) ([]byte, error) {
	parameters := d["DecodeParms"]
	if list, ok := parameters.(array); ok && len(list) == 1 {
		parameters = list[0]
	}
	p, err := f.dictOf(parameters)
	if err != nil {
		return nil, err
	}
	if predictor, _ := number(p["Predictor"]); predictor < 10 {
		return b, nil
	}
	columns, ok := number(p["Columns"])
	if !ok {
		columns = 1
	}
	if columns < 1 || columns > 1<<16 {
		return nil, errSyntax
	}
	row := int(columns)
	out := make([]byte, 0, len(b))
	above := make([]byte, row)
	for ; len(b) >= row+1; b = b[row+1:] {
		line := bytes.Clone(b[1 : row+1])
		for i := range line {
			left, corner := byte(0), byte(0)
			if i > 0 {
				left, corner = line[i-1], above[i-1]
			}
			switch b[0] {
			case 1:
				line[i] += left
			case 2:
				line[i] += above[i]
			case 3:
				line[i] += byte((int(left) + int(above[i])) / 2)
			case 4:
				line[i] += paeth(left, above[i], corner)
			}
		}
		out = append(out, line...)
		above = line
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	distance := func(x byte) int { return max(p-int(x), int(x)-p) }
	switch {
	case distance(a) <= distance(b) && distance(a) <= distance(c):
		return a
	case distance(b) <= distance(c):
		return b
	}
	return c
}

// unpack reads an object out of the stream of objects it is in (ISO 32000-1
// §7.5.7).
func (f *File) unpack(wanted int, p place) (object, error) {
	holder := f.objects[int(p.at)]
	if holder.kind != direct {
		return nil, malformed("object %d is packed into nothing", wanted)
	}
	o, s, err := f.objectAt(holder.at, int(p.at))
	if err != nil {
		return nil, err
	}
	d, ok := o.(dict)
	if !ok || d["Type"] != name("ObjStm") {
		return nil, malformed("object %d is packed into nothing", wanted)
	}
	content, err := f.content(d, s)
	if err != nil {
		return nil, err
	}
	count, ok1 := number(d["N"])
	first, ok2 := number(d["First"])
	if !ok1 || !ok2 || first < 0 || first > int64(len(content)) {
		return nil, errSyntax
	}
	in := bytes.NewReader(content)
	head := scan(in, 0, int64(len(content)))
	for range count {
		number, err := head.integer()
		if err != nil {
			return nil, err
		}
		offset, err := head.integer()
		if err != nil {
			return nil, err
		}
		if number == int64(wanted) {
			if offset > int64(len(content))-first {
				return nil, errSyntax
			}
			return scan(in, first+offset, int64(len(content))).object(0)
		}
	}
	return null, nil
}
