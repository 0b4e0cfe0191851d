package signdoc

import (
	"context"
	"io"
)

// A partReader reads a document where it lies, keeping the parts it needed last:
// whoever reads a file's structure goes back and forth.
type partReader struct {
	ctx   context.Context
	store Store
	realm string
	order string
	place int
	size  int64
	held  [4]struct {
		part int
		body []byte
	}
	next int
}

func (s *Service) reader(ctx context.Context, order string, place int, size int64) *partReader {
	return &partReader{ctx: ctx, store: s.Store, realm: s.Realm, order: order, place: place, size: size}
}

// ReadAt reads from the parts that hold the range.
func (p *partReader) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		if at >= p.size {
			return n, io.EOF
		}
		body, err := p.part(int(at / partSize))
		if err != nil {
			return n, err
		}
		from := int(at % partSize)
		if from >= len(body) {
			return n, io.ErrUnexpectedEOF // the store lost something
		}
		copied := copy(b[n:], body[from:])
		n += copied
		at += int64(copied)
	}
	return n, nil
}

func (p *partReader) part(part int) ([]byte, error) {
	for i := range p.held {
		if p.held[i].body != nil && p.held[i].part == part {
			return p.held[i].body, nil
		}
	}
	body, err := p.store.Content(p.ctx, p.realm, p.order, p.place, part)
	if err != nil {
		return nil, err
	}
	p.held[p.next].part, p.held[p.next].body = part, body
	p.next = (p.next + 1) % len(p.held)
	return body, nil
}
