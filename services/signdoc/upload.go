package signdoc

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/rs"
)

// Bounds of what a client may leave.
const (
	maxDocuments = 30
	maxSize      = 35 << 20 // bytes of all documents of an order
	maxBody      = maxSize/3*4 + maxOrder + 1<<20
	maxOrder     = 2 << 20 // bytes of an order beside its PDFs
	maxTimeout   = 7200    // seconds a client may give a person
	partSize     = 256 << 10
)

// create takes an order: the documents go to the store as they come, and are
// taken back when the order turns out not to do.
func (s *Service) create(k *kind, w http.ResponseWriter, r *http.Request) error {
	client := tillit.ClientID(rs.FromContext(r.Context()).Client)
	open, err := s.Store.OpenOrders(r.Context(), s.Realm, client, s.now())
	if err != nil {
		return err
	}
	if open >= s.Open {
		w.Header().Set("Retry-After", "10")
		return refuse(http.StatusTooManyRequests, fmt.Sprintf("Too many orders: at most %d wait at once; collect them with DELETE", s.Open))
	}
	u := &upload{service: s, ctx: r.Context(), id: s.NewID()}
	u.expires = s.now() + s.Timers.Unclaimed + maxTimeout + s.Timers.Collect
	order, err := u.receive(k, http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		order.Client = client
		err = s.Store.AddOrder(r.Context(), order)
	}
	if err != nil {
		// The request's context may have ended, which is no reason to keep them.
		if u.stored {
			err = errors.Join(err, s.Store.RemoveContents(context.WithoutCancel(r.Context()), s.Realm, u.id))
		}
		return told(err)
	}
	answer(w, http.StatusCreated, map[string]string{"sign_id": order.ID})
	return nil
}

// told gives the answer to what went wrong in an upload.
func told(err error) error {
	var f *refusal
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &tooLarge), errors.Is(err, errTooLong), errors.Is(err, errTooMuch):
		return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("Too large: an order has at most %d MiB of documents and %d MiB beside them", maxSize>>20, maxOrder>>20))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(http.StatusBadRequest, "Not JSON: it ends too early")
	}
	return err
}

var errTooMuch = errors.New("the documents are too large")

// An upload is an order on its way in.
type upload struct {
	service *Service
	ctx     context.Context
	id      string
	expires int64
	stored  bool
	size    int64 // of all documents so far
	pdfs    []content
}

// A content is a document that came in, or what is wrong with it.
type content struct {
	size   int64
	sha256 []byte
	fault  string
}

func (u *upload) receive(k *kind, body io.Reader) (*tillit.Order, error) {
	s := splitter{in: bufio.NewReaderSize(body, 64<<10), member: "pdf", most: maxOrder, take: u.takePDF}
	left, err := s.split()
	if err != nil {
		return nil, err
	}
	form, faults := readForm(k, left, u.pdf)
	if len(faults) > 1 && u.service.Off["every fault of an order is told"] {
		faults = faults[:1]
	}
	if len(faults) > 0 {
		return nil, &refusal{status: http.StatusBadRequest, errors: faults}
	}
	return u.order(k, form)
}

// order makes an order of what was found to be right. PDFs are where they came
// in; texts are stored now.
func (u *upload) order(k *kind, f *form) (*tillit.Order, error) {
	s := u.service
	now := s.now()
	o := &tillit.Order{
		Realm: s.Realm, ID: u.id, Server: s.Server, Kind: k.name, Name: f.name, State: tillit.OrderReceived,
		Wanted: f.wanted, Timeout: f.timeout, Created: now, Deadline: now + s.Timers.Unclaimed,
	}
	if o.Timeout == 0 {
		o.Timeout = s.Timers.Signing
	}
	for n, d := range f.documents {
		stored := tillit.OrderDocument{Description: d.description, Type: "application/pdf", Alone: d.alone, Place: d.pdf}
		c := content{}
		if d.isText {
			stored.Type, stored.Place = "text/plain; charset=utf-8", maxDocuments+n
			var err error
			if c, err = u.put(stored.Place, bytes.NewReader([]byte(d.text))); err != nil {
				return nil, err
			}
		} else {
			c = u.pdfs[d.pdf]
		}
		stored.Size, stored.SHA256 = c.size, c.sha256
		o.Documents = append(o.Documents, stored)
	}
	return o, nil
}

// takePDF stores one document and finds out whether it can be signed. What is
// wrong with it is told together with everything else.
func (u *upload) takePDF(encoded io.Reader) (mark string, err error) {
	place := len(u.pdfs)
	if place >= maxDocuments {
		return "", refuse(http.StatusBadRequest, fmt.Sprintf("Too many documents: at most %d", maxDocuments))
	}
	c, err := u.put(place, base64.NewDecoder(base64.StdEncoding, encoded))
	var corrupt base64.CorruptInputError
	switch {
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF) && !ended(encoded):
		c.fault = "not base64"
	case err != nil:
		return "", err
	case c.size == 0:
		c.fault = "empty"
	default:
		if c.fault, err = u.service.Examine(u.service.reader(u.ctx, u.id, place, c.size), c.size); err != nil {
			return "", err
		}
	}
	u.pdfs = append(u.pdfs, c)
	return u.mark(place), nil
}

// ended reports whether the body broke off inside the string.
func ended(encoded io.Reader) bool {
	r, ok := encoded.(*stringReader)
	return ok && !r.done
}

// mark is what stands for a document in the text; nobody outside can guess it,
// for nobody knows the order's id.
func (u *upload) mark(place int) string { return fmt.Sprintf("%s %d", u.id, place) }

// pdf finds the document that a mark stands for.
func (u *upload) pdf(mark string) (place int, fault string, found bool) {
	for n := range u.pdfs {
		if u.mark(n) == mark {
			return n, u.pdfs[n].fault, true
		}
	}
	return 0, "", false
}

// put stores a document in parts.
func (u *upload) put(place int, in io.Reader) (content, error) {
	c := content{}
	digest := sha256.New()
	buffer := make([]byte, partSize)
	for part := 0; ; part++ {
		n, err := fill(in, buffer)
		if n > 0 {
			if err := u.putPart(place, part, buffer[:n], &c, digest); err != nil {
				return c, err
			}
		}
		if err == io.EOF {
			c.sha256 = digest.Sum(nil)
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// fill reads until the buffer is full or the reader has no more. Unlike
// io.ReadFull it leaves apart how the reader ended.
func fill(in io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var m int
		m, err = in.Read(buffer[n:])
		n += m
	}
	return n, err
}

func (u *upload) putPart(place, part int, body []byte, c *content, digest hash.Hash) error {
	if u.size += int64(len(body)); u.size > maxSize {
		return errTooMuch
	}
	c.size += int64(len(body))
	digest.Write(body)
	u.stored = true
	return u.service.Store.AddContent(u.ctx, u.service.Realm, u.id, place, part, bytes.Clone(body), u.expires)
}
