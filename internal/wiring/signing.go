package wiring

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/tillit/tillit"
	"github.com/tillit/tillit/login"
	"github.com/tillit/tillit/pki"
	"github.com/tillit/tillit/pki/pdf"
	"github.com/tillit/tillit/server"
	"github.com/tillit/tillit/services/signdoc"
)

// signing carries out the need sign: a page that shows what is to be signed, a
// text that came with the request or the documents of an order, and the
// signatures of the person and of the client beside.
type signing struct {
	house *House
	book  *login.Book
}

// actsKept is how long what was signed without an order can be asked for again by
// the page (seconds): longer than any interaction.
const actsKept = 3 * 3600

var (
	errNothingToSign = &server.Error{Code: "invalid_request", Description: "what is to be signed is not there, or not any longer"}
	errNoText        = &server.Error{Code: "invalid_request", Description: "the text to be signed is not base64 of UTF-8, empty or too long"}
	errNotSigned     = &server.Error{Code: "access_denied", Description: "it could not be signed", Reason: "act_failed"}
	errNoService     = errors.New("the scope's variant opens no server at which documents are signed")
)

// Check looks at a request before anybody signs in.
func (s *signing) Check(ctx context.Context, act *server.Act) error {
	service, order, err := s.order(act)
	if err == nil && service != nil {
		err = service.Check(ctx, order, act.Client.ID, act.At)
	}
	return refusedSigning(err)
}

// Admit takes the order on; from then on it waits for the person.
func (s *signing) Admit(ctx context.Context, act *server.Act) (until int64, err error) {
	service, order, err := s.order(act)
	if err == nil && service != nil {
		until, err = service.Admit(ctx, order, act.Client.ID, act.Interaction, act.At)
	}
	return until, refusedSigning(err)
}

// order gives the service and the id of the order that is to be signed; no
// service where it is a text.
func (s *signing) order(act *server.Act) (service *signdoc.Service, id string, err error) {
	v := act.Variant
	if v == nil {
		return nil, "", errNothingToSign
	}
	if v.Text > 0 {
		_, err := signdoc.DecodeText(act.Parameters[v.Parameter], v.Text)
		return nil, "", err
	}
	if at := s.house.services.get(act.Realm, v.Server); at != nil {
		if service, ok := at.handler.(*signdoc.Service); ok {
			return service, act.Parameters[v.Parameter], nil
		}
	}
	return nil, "", errNoService
}

// refusedSigning tells the client what it may know.
func refusedSigning(err error) error {
	switch {
	case errors.Is(err, signdoc.ErrNotToBeSigned):
		return errNothingToSign
	case errors.Is(err, signdoc.ErrText):
		return errNoText
	}
	return err
}

// Begin is there to look at the order once more: it may have run out of time.
func (s *signing) Begin(ctx context.Context, act *server.Act) error {
	_, _, err := s.taken(ctx, act)
	return err
}

// taken gives the order that is signed in the interaction.
func (s *signing) taken(ctx context.Context, act *server.Act) (*signdoc.Service, *tillit.Order, error) {
	service, id, err := s.order(act)
	if err != nil || service == nil {
		return nil, nil, refusedSigning(err)
	}
	o, err := service.Signing(ctx, id, act.Interaction, act.At)
	switch {
	case err != nil:
		return nil, nil, refusedSigning(err)
	case o.State != tillit.OrderSigning && o.State != tillit.OrderCompleted:
		return nil, nil, errNotSigned
	}
	return service, o, nil
}

// Page shows what is to be signed.
func (s *signing) Page(ctx context.Context, act *server.Act, form server.Form) (string, any, error) {
	page := server.Sign{Form: form, Client: act.Card, Person: act.Name, Password: s.book.Confirms(act.Person)}
	service, o, err := s.taken(ctx, act)
	if err != nil {
		return "", nil, err
	}
	if service == nil {
		text, err := signdoc.DecodeText(act.Parameters[act.Variant.Parameter], act.Variant.Text)
		page.Documents = []server.SignDocument{{Text: text}}
		return "sign", page, err
	}
	page.Name = o.Name
	for n, d := range o.Documents {
		shown := server.SignDocument{Title: d.Description, Size: d.Size, Type: d.Type, Digest: hex.EncodeToString(d.SHA256)}
		if strings.HasPrefix(d.Type, "text/") {
			if shown.Text, err = service.Text(ctx, o, n); err != nil {
				return "", nil, err
			}
		} else {
			shown.URL = form.Action + "/files/" + strconv.Itoa(n+1)
		}
		page.Documents = append(page.Documents, shown)
	}
	return "sign", page, nil
}

// File gives a document that the page shows.
func (s *signing) File(ctx context.Context, act *server.Act, name string) (*server.File, error) {
	service, o, err := s.taken(ctx, act)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(name)
	if err != nil || o == nil || n < 1 || n > len(o.Documents) || strconv.Itoa(n) != name {
		return nil, tillit.ErrNotFound
	}
	d := &o.Documents[n-1]
	return &server.File{Type: d.Type, Size: d.Size, Content: service.Document(ctx, o, n-1)}, nil
}

// Finish signs, or notes that the person does not want to. What was signed is
// stored under the interaction before it is reported: however often the form
// comes, and wherever we broke down, it is signed once.
func (s *signing) Finish(ctx context.Context, act *server.Act, form map[string][]string) (server.ActOutcome, string, error) {
	none := server.ActOutcome{}
	action, password := first(form["action"]), first(form["password"])
	if action != "sign" {
		return none, "", s.decline(ctx, act)
	}
	service, o, err := s.taken(ctx, act)
	if err != nil {
		return none, "", err
	}
	if s.book.Confirms(act.Person) {
		err := s.book.Confirm(ctx, act.Realm, act.Person, password, act.At)
		if refused, ok := errors.AsType[*tillit.SignInRefused](err); ok {
			return none, "refused." + refused.Key, nil
		}
		if err != nil {
			return none, "", err
		}
	}
	done := server.ActOutcome{Done: true}
	if service == nil {
		done.Values, err = s.signText(ctx, act)
		return done, "", err
	}
	if o.State == tillit.OrderCompleted {
		return done, "", nil
	}
	hands, err := s.hands(ctx, act)
	if err != nil {
		return none, "", errors.Join(service.Fail(ctx, o, act.At), err)
	}
	err = service.Sign(ctx, o, act.Person.ID, hands, act.At)
	if errors.Is(err, signdoc.ErrSignature) {
		s.house.config.Log.Error("signing", "realm", act.Realm, "order", o.ID, "cause", err.Error())
		return none, "", errors.Join(service.Fail(ctx, o, act.At), errNotSigned)
	}
	return done, "", refusedSigning(err)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// decline notes that the person does not want to sign, where an order waits.
func (s *signing) decline(ctx context.Context, act *server.Act) error {
	service, o, err := s.taken(ctx, act)
	if _, refused := errors.AsType[*server.Error](err); refused || err == nil && service == nil {
		return nil // there is nothing to decline any more
	}
	if err == nil {
		err = service.Decline(ctx, o, act.At)
	}
	if errors.Is(err, signdoc.ErrNotToBeSigned) {
		return nil
	}
	return err
}

// signText signs a text that came with the request.
func (s *signing) signText(ctx context.Context, act *server.Act) (json.RawMessage, error) {
	kind := string(tillit.NeedSign)
	kept, err := s.house.Store.Act(ctx, act.Realm, act.Interaction, kind)
	if !errors.Is(err, tillit.ErrNotFound) {
		return kept, err
	}
	text, err := signdoc.DecodeText(act.Parameters[act.Variant.Parameter], act.Variant.Text)
	if err != nil {
		return nil, refusedSigning(err)
	}
	hands, err := s.hands(ctx, act)
	if err != nil {
		return nil, err
	}
	result, err := signdoc.SignText(text, hands)
	if err != nil {
		return nil, err
	}
	values, err := json.Marshal(map[string]any{"sign_result": result})
	if err != nil {
		return nil, err
	}
	return s.house.Store.KeepAct(ctx, act.Realm, act.Interaction, kind, act.Person.ID, values, act.At+actsKept)
}

// hands are those of the person and of the client's organization. Who has no
// certificate any more signs nothing.
func (s *signing) hands(ctx context.Context, act *server.Act) (*hands, error) {
	person, err := s.house.PKI.Person(ctx, act.Realm, act.Person)
	if _, refused := errors.AsType[*tillit.SignInRefused](err); refused {
		return nil, errNotSigned
	}
	if err != nil {
		return nil, fmt.Errorf("certificate of the person: %w", err)
	}
	number, name := act.Client.Organization, act.Card.Organization
	if number == "" {
		number, name = string(act.Client.ID), act.Card.Name
	}
	merchant, err := s.house.PKI.Organization(ctx, act.Realm, number, name)
	if err != nil {
		return nil, fmt.Errorf("certificate of the client's organization: %w", err)
	}
	return &hands{person, merchant, time.Unix(act.At, 0)}, nil
}

// hands sign with the certificates of the realm's authority.
type hands struct {
	person, merchant *pki.Signatory
	at               time.Time
}

// EndUser signs as the person.
func (h *hands) EndUser(content []byte, digest [sha256.Size]byte) ([]byte, error) {
	return signature(h.person, content, digest)
}

// Merchant signs as the client's organization.
func (h *hands) Merchant(content []byte, digest [sha256.Size]byte) ([]byte, error) {
	return signature(h.merchant, content, digest)
}

func signature(who *pki.Signatory, content []byte, digest [sha256.Size]byte) ([]byte, error) {
	if content != nil {
		return who.SignCMS(content, pki.CMSOptions{})
	}
	return who.SignDigest(digest, pki.CMSOptions{Detached: true})
}

// signatureRoom is more than a signature with its chain has ever taken, in bytes.
const signatureRoom = 12 << 10

// PDF signs as the organization first: the person's signature is over everything.
func (h *hands) PDF(in io.ReaderAt, size int64, alone bool) ([]byte, error) {
	signatories := []*pki.Signatory{h.merchant, h.person}
	if alone {
		signatories = signatories[1:]
	}
	var appendix []byte
	for _, who := range signatories {
		file, err := pdf.Read(pdf.Join(in, size, appendix))
		if err != nil {
			return nil, err
		}
		about := pdf.Signature{Name: who.Certificate().Subject.CommonName, Time: h.at, Room: signatureRoom}
		more, err := file.Sign(about, func(digest []byte) ([]byte, error) {
			return who.SignDigest([sha256.Size]byte(digest), pki.CMSOptions{Detached: true, Timeless: true})
		})
		if err != nil {
			return nil, err
		}
		appendix = append(appendix, more...)
	}
	return appendix, nil
}

// openSigning makes the service at which documents are left to be signed.
func openSigning(h *House, at mount) (http.Handler, error) {
	binding := strings.Split(at.server.Service.Settings["order"], ".")
	if claim := at.claim("binding"); claim != "" {
		binding = append([]string{claim}, binding...)
	}
	timers := signdoc.Timers{Unclaimed: 90, Signing: 1800, Collect: 90}
	for word, timer := range map[string]*int64{"unclaimed": &timers.Unclaimed, "signing": &timers.Signing, "collect": &timers.Collect} {
		said := at.server.Service.Settings[word]
		if said == "" {
			continue
		}
		lasts, err := time.ParseDuration(said)
		if err != nil || lasts < time.Second {
			return nil, fmt.Errorf("setting %s: %q; right would be a time such as 90s", word, said)
		}
		*timer = int64(lasts / time.Second)
	}
	open := 500
	if said := at.server.Service.Settings["open"]; said != "" {
		var err error
		if open, err = strconv.Atoi(said); err != nil || open < 1 {
			return nil, fmt.Errorf("setting open: %q; right would be how many orders a client may have at once", said)
		}
	}
	off := map[string]bool{}
	for _, name := range h.config.WithoutChecks {
		off[name] = true
	}
	return signdoc.New(signdoc.Config{
		Realm: at.realm, Server: at.server.Name, Guard: at.guard, Binding: binding, Timers: timers, Open: open, Store: h.Store, Now: h.Now,
		Scopes: signdoc.Scopes{Orders: at.scope("orders"), Signing: at.scope("signing")}, Examine: examine, NewID: uuid.NewString, Off: off,
	}), nil
}

// examine says why a file cannot be signed: what is wrong with it, or all that it
// does beside showing its pages.
func examine(in io.ReaderAt, size int64) (string, error) {
	file, err := pdf.Read(in, size)
	var active []string
	if err == nil {
		active, err = file.Active()
	}
	if fault, ok := errors.AsType[*pdf.Fault](err); ok {
		return fault.Text, nil
	}
	if len(active) > 0 {
		return "the PDF is more than its pages show: " + strings.Join(active, ", "), err
	}
	return "", err
}
