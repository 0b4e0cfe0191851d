package signdoc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tillit/tillit"
)

// Hands make signatures: the person's, and that of the client beside. They are
// brought along for one act.
type Hands interface {
	// EndUser and Merchant sign what has the digest, as CMS. content goes into the
	// signature where it is not nil.
	EndUser(content []byte, digest [sha256.Size]byte) ([]byte, error)
	Merchant(content []byte, digest [sha256.Size]byte) ([]byte, error)
	// PDF gives what has to be appended to a PDF file so that it is signed: by
	// both, or by the person alone.
	PDF(in io.ReaderAt, size int64, alone bool) (appendix []byte, err error)
}

// A result is what an order came to, as it is stored.
type result struct {
	Documents []signed `json:"documents"`
}

type signed struct {
	EndUser  []byte `json:"end_user,omitempty"`
	Merchant []byte `json:"merchant,omitempty"`
	Appendix []byte `json:"appendix,omitempty"`
	SHA256   []byte `json:"sha256,omitempty"` // of a signed PDF
}

// ErrNotToBeSigned says that there is no order of the client to be signed; it
// does not say which of the many reasons it is.
var ErrNotToBeSigned = errors.New("no order to be signed")

// Check says whether a client's order can be signed now.
func (s *Service) Check(ctx context.Context, id string, client tillit.ClientID, at int64) error {
	o, err := s.Store.Order(ctx, s.Realm, id)
	if errors.Is(err, tillit.ErrNotFound) {
		return ErrNotToBeSigned
	}
	if err == nil && (!s.owns(client, o) || o.At(at) != tillit.OrderReceived) {
		return ErrNotToBeSigned
	}
	return err
}

// Admit begins the signing of a client's order in an interaction, and says when
// it must have ended. A second time in the same interaction is no error.
func (s *Service) Admit(ctx context.Context, id string, client tillit.ClientID, interaction string, at int64) (until int64, err error) {
	o, err := s.Store.Order(ctx, s.Realm, id)
	if err == nil && !s.owns(client, o) {
		err = tillit.ErrNotFound
	}
	if errors.Is(err, tillit.ErrNotFound) {
		return 0, ErrNotToBeSigned
	}
	if err != nil {
		return 0, err
	}
	if o.Interaction == interaction && o.At(at) == tillit.OrderSigning {
		return o.Deadline, nil
	}
	until = at + o.Timeout
	if err = s.Store.ClaimOrder(ctx, s.Realm, id, client, interaction, at, until); errors.Is(err, tillit.ErrStale) {
		err = ErrNotToBeSigned
	}
	return until, err
}

// Signing gives the order that is signed in an interaction, whatever became of it.
func (s *Service) Signing(ctx context.Context, id, interaction string, at int64) (*tillit.Order, error) {
	o, err := s.Store.Order(ctx, s.Realm, id)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (o.Interaction != interaction || o.At(at) == tillit.OrderExpired) {
		return nil, ErrNotToBeSigned
	}
	return o, err
}

// Document gives a document of an order, to be shown.
func (s *Service) Document(ctx context.Context, o *tillit.Order, n int) io.ReadSeeker {
	d := &o.Documents[n]
	return io.NewSectionReader(s.reader(ctx, o.ID, d.Place, d.Size), 0, d.Size)
}

// Text gives a text document as a whole.
func (s *Service) Text(ctx context.Context, o *tillit.Order, n int) (string, error) {
	text, err := io.ReadAll(s.Document(ctx, o, n))
	return string(text), err
}

// Sign signs every document of an order and stores what came of it, all at once.
// Of an order that was signed in this interaction before, what was stored stays:
// who sends the form twice, or again after we broke down, has signed once.
func (s *Service) Sign(ctx context.Context, o *tillit.Order, person string, hands Hands, at int64) error {
	if o.State == tillit.OrderCompleted {
		return nil
	}
	whole := result{}
	for n := range o.Documents {
		signed, err := s.signOne(ctx, o, n, hands)
		if err != nil {
			return fmt.Errorf("sign document %d: %w", n+1, err)
		}
		whole.Documents = append(whole.Documents, signed)
	}
	stored, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	return s.end(ctx, o, tillit.OrderCompleted, person, stored, at)
}

func (s *Service) signOne(ctx context.Context, o *tillit.Order, n int, hands Hands) (signed, error) {
	d := &o.Documents[n]
	if o.Kind == kinds[1].name {
		return s.signPDF(ctx, o, d, hands)
	}
	var content []byte
	if strings.HasPrefix(d.Type, "text/") {
		text, err := s.Text(ctx, o, n)
		if err != nil {
			return signed{}, err
		}
		content = []byte(text)
	}
	return signContent(content, [sha256.Size]byte(d.SHA256), hands)
}

// ErrSignature says that a signature could not be made; trying again does not help.
var ErrSignature = errors.New("no signature could be made")

func unsigned(err error) error { return fmt.Errorf("%w: %w", ErrSignature, err) }

func signContent(content []byte, digest [sha256.Size]byte, hands Hands) (out signed, err error) {
	if out.EndUser, err = hands.EndUser(content, digest); err != nil {
		return out, unsigned(err)
	}
	if out.Merchant, err = hands.Merchant(content, digest); err != nil {
		return out, unsigned(err)
	}
	return out, nil
}

func (s *Service) signPDF(ctx context.Context, o *tillit.Order, d *tillit.OrderDocument, hands Hands) (out signed, err error) {
	in := s.reader(ctx, o.ID, d.Place, d.Size)
	if out.Appendix, err = hands.PDF(in, d.Size, d.Alone); err != nil {
		return out, unsigned(err)
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, io.NewSectionReader(in, 0, d.Size)); err != nil {
		return out, err
	}
	digest.Write(out.Appendix)
	out.SHA256 = digest.Sum(nil)
	return out, nil
}

// Decline ends an order that the person does not want to sign; Fail one that
// could not be signed. An order that has ended stays as it ended.
func (s *Service) Decline(ctx context.Context, o *tillit.Order, at int64) error {
	return s.end(ctx, o, tillit.OrderCancelled, "", nil, at)
}

// Fail is Decline for what went wrong here.
func (s *Service) Fail(ctx context.Context, o *tillit.Order, at int64) error {
	return s.end(ctx, o, tillit.OrderFailed, "", nil, at)
}

func (s *Service) end(ctx context.Context, o *tillit.Order, state tillit.OrderState, person string, stored json.RawMessage, at int64) error {
	err := s.Store.EndOrder(ctx, s.Realm, o.ID, o.Interaction, state, person, stored, at, at+s.Timers.Collect)
	if !errors.Is(err, tillit.ErrStale) {
		return err
	}
	ended, err := s.Signing(ctx, o.ID, o.Interaction, at)
	if err == nil && ended.State != state {
		err = ErrNotToBeSigned
	}
	return err
}

// ErrText says that a text to be signed is none.
var ErrText = errors.New("not a text in base64")

// DecodeText reads a text that came in a parameter: base64 of UTF-8, of 1 to most
// characters.
func DecodeText(parameter string, most int) (string, error) {
	// A + that was not escaped in an address comes as a blank.
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(parameter, " ", "+"))
	if err != nil || len(raw) == 0 || !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 || utf8.RuneCount(raw) > most {
		return "", ErrText
	}
	return string(raw), nil
}

// SignText signs a text that no order brought: what is told of it at once.
func SignText(text string, hands Hands) (map[string]any, error) {
	digest := sha256.Sum256([]byte(text))
	s, err := signContent([]byte(text), digest, hands)
	if err != nil {
		return nil, err
	}
	return map[string]any{"endUser": s.EndUser, "merchant": s.Merchant, "hash": digest[:]}, nil
}
