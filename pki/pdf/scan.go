package pdf

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

// Bounds of one object: deeper or larger ones are nothing a file needs.
const (
	maxDepth  = 64
	maxTokens = 1 << 20
	maxText   = 1 << 20
)

var errSyntax = errors.New("not an object")

// A scanner reads objects from a place in a file on.
type scanner struct {
	in     *bufio.Reader
	at     int64 // offset of the next byte
	tokens int
}

func scan(r io.ReaderAt, from, size int64) *scanner {
	return &scanner{in: bufio.NewReaderSize(io.NewSectionReader(r, from, size-from), 4096), at: from}
}

func (s *scanner) next() (byte, error) {
	c, err := s.in.ReadByte()
	if err == nil {
		s.at++
	}
	return c, err
}

func (s *scanner) back() {
	if s.in.UnreadByte() == nil {
		s.at--
	}
}

func blank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func delimits(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// skip passes over blanks and comments and gives the byte after them.
func (s *scanner) skip() (byte, error) {
	for {
		c, err := s.next()
		if err != nil {
			return 0, err
		}
		if c == '%' {
			for c != '\n' && c != '\r' {
				if c, err = s.next(); err != nil {
					return 0, err
				}
			}
		}
		if !blank(c) {
			return c, nil
		}
	}
}

// word reads letters and digits up to a blank or delimiter.
func (s *scanner) word() (string, error) {
	c, err := s.skip()
	if err != nil {
		return "", err
	}
	return s.rest(c)
}

func (s *scanner) rest(c byte) (string, error) {
	var b []byte
	for !blank(c) && !delimits(c) {
		if b = append(b, c); len(b) > 256 {
			return "", errSyntax
		}
		var err error
		if c, err = s.next(); err == io.EOF {
			return string(b), nil
		} else if err != nil {
			return "", err
		}
	}
	s.back()
	if len(b) == 0 {
		return "", errSyntax
	}
	return string(b), nil
}

// integer reads a whole number that is not negative.
func (s *scanner) integer() (int64, error) {
	w, err := s.word()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(w, 10, 64)
	if err != nil || n < 0 {
		return 0, errSyntax
	}
	return n, nil
}

// object reads one object.
func (s *scanner) object(depth int) (object, error) {
	c, err := s.skip()
	if err != nil {
		return nil, err
	}
	if s.tokens++; s.tokens > maxTokens || depth > maxDepth {
		return nil, errSyntax
	}
	switch {
	case c == '/':
		return s.name()
	case c == '(':
		return s.text()
	case c == '[':
		return s.array(depth)
	case c == '<':
		if c, err = s.next(); err != nil {
			return nil, err
		}
		if c == '<' {
			return s.dict(depth)
		}
		s.back()
		return s.hex()
	case delimits(c):
		return nil, errSyntax
	}
	w, err := s.rest(c)
	if err != nil {
		return nil, err
	}
	return s.reference(w), nil
}

// reference makes a number and what follows it a reference, if that is what
// stands there.
func (s *scanner) reference(w string) object {
	number, err := strconv.Atoi(w)
	if err != nil || number < 0 || w[0] == '+' {
		return word(w)
	}
	ahead, _ := s.in.Peek(24) // shorter at the end of the file
	i := 0
	for i < len(ahead) && blank(ahead[i]) {
		i++
	}
	from := i
	for i < len(ahead) && ahead[i] >= '0' && ahead[i] <= '9' {
		i++
	}
	generation, err := strconv.Atoi(string(ahead[from:i]))
	if err != nil || from == 0 {
		return word(w)
	}
	to := i
	for i < len(ahead) && blank(ahead[i]) {
		i++
	}
	if i == to || i >= len(ahead) || ahead[i] != 'R' || i+1 < len(ahead) && !blank(ahead[i+1]) && !delimits(ahead[i+1]) {
		return word(w)
	}
	n, _ := s.in.Discard(i + 1)
	s.at += int64(n)
	return ref{number, generation}
}

func (s *scanner) name() (object, error) {
	var b []byte
	for {
		c, err := s.next()
		if err == io.EOF {
			return name(b), nil
		}
		if err != nil {
			return nil, err
		}
		if blank(c) || delimits(c) {
			s.back()
			return name(b), nil
		}
		if c == '#' {
			if ahead, err := s.in.Peek(2); err == nil {
				if n, err := strconv.ParseUint(string(ahead), 16, 8); err == nil {
					s.in.Discard(2)
					s.at += 2
					c = byte(n)
				}
			}
		}
		if b = append(b, c); len(b) > 1024 {
			return nil, errSyntax
		}
	}
}

// text reads a literal string (ISO 32000-1 §7.3.4.2).
func (s *scanner) text() (object, error) {
	b, open := text{}, 1
	for {
		c, err := s.next()
		if err != nil {
			return nil, err
		}
		switch c {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return b, nil
			}
		case '\\':
			escaped, there, err := s.escape()
			if err != nil {
				return nil, err
			}
			if there {
				b = append(b, escaped)
			}
			continue
		}
		if b = append(b, c); len(b) > maxText {
			return nil, errSyntax
		}
	}
}

// escape reads what a backslash makes of the following; an escaped end of line
// is nothing.
func (s *scanner) escape() (c byte, there bool, err error) {
	if c, err = s.next(); err != nil {
		return 0, false, err
	}
	switch c {
	case 'n':
		return '\n', true, nil
	case 'r':
		return '\r', true, nil
	case 't':
		return '\t', true, nil
	case 'b':
		return '\b', true, nil
	case 'f':
		return '\f', true, nil
	case '\n':
		return 0, false, nil
	case '\r':
		if c, err = s.next(); err == nil && c != '\n' {
			s.back()
		}
		return 0, false, err
	}
	if c < '0' || c > '7' {
		return c, true, nil
	}
	value := int(c - '0')
	for range 2 {
		if c, err = s.next(); err != nil {
			return 0, false, err
		}
		if c < '0' || c > '7' {
			s.back()
			break
		}
		value = value*8 + int(c-'0')
	}
	return byte(value), true, nil
}

func (s *scanner) hex() (object, error) {
	b, high, odd := text{}, byte(0), false
	for {
		c, err := s.skip()
		if err != nil {
			return nil, err
		}
		if c == '>' {
			if odd {
				b = append(b, high<<4)
			}
			return b, nil
		}
		n, err := strconv.ParseUint(string(c), 16, 8)
		if err != nil || len(b) > maxText {
			return nil, errSyntax
		}
		if odd {
			b = append(b, high<<4|byte(n))
		}
		high, odd = byte(n), !odd
	}
}

func (s *scanner) array(depth int) (object, error) {
	list := array{}
	for {
		c, err := s.skip()
		if err != nil {
			return nil, err
		}
		if c == ']' {
			return list, nil
		}
		s.back()
		item, err := s.object(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
}

func (s *scanner) dict(depth int) (object, error) {
	d := dict{}
	for {
		c, err := s.skip()
		if err != nil {
			return nil, err
		}
		switch c {
		case '/':
			key, err := s.name()
			if err != nil {
				return nil, err
			}
			value, err := s.object(depth + 1)
			if err != nil {
				return nil, err
			}
			d[key.(name)] = value
		case '>':
			if c, err = s.next(); err == nil && c != '>' {
				err = errSyntax
			}
			return d, err
		default:
			return nil, errSyntax
		}
	}
}
