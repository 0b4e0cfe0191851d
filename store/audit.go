package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

// A chain is an audit chain of this process: every record's hash covers the hash
// before it, so that nothing can be changed, taken out or moved unseen. It begins
// where the chain before it stood. On SQLite a process has one; on PostgreSQL one
// for each of the jobs that ran at once.
type chain struct {
	id    string
	begun bool // it has its row in audit_chains
	seq   int64
	last  [sha256.Size]byte
}

// An entry is an audit record ready to be appended.
type entry struct {
	record *tillit.AuditRecord
	text   string // canonical form: what is hashed and kept
}

// prepare writes a record in its canonical form; nil stays nil.
func prepare(record *tillit.AuditRecord) (*entry, error) {
	if record == nil {
		return nil, nil
	}
	text, err := encode(record)
	if err != nil {
		return nil, err
	}
	return &entry{record, text}, nil
}

const (
	sqlNewestChain = `SELECT chain, number, seq, hash FROM audit_chains ORDER BY number DESC, chain DESC LIMIT 1`
	sqlBeginChain  = `INSERT INTO audit_chains (chain, number, anchor_chain, anchor_seq, anchor_hash, seq, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlChainHead   = `UPDATE audit_chains SET seq = $1, hash = $2 WHERE chain = $3`
	sqlAppend      = `INSERT INTO audit (chain, seq, prev, hash, realm, time, event, client, subject, grant_id, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	sqlAppendToken = `INSERT INTO audit_tokens (realm, jti, chain, seq) VALUES ($1, $2, $3, $4) ON CONFLICT (realm, jti) DO NOTHING`
)

// append adds a record to the chain, in the job's transaction; nil adds nothing.
func (t *tx) append(e *entry) error {
	if e == nil {
		return nil
	}
	if !t.audit.begun {
		if err := t.beginChain(); err != nil {
			return err
		}
	}
	prev := t.audit.last
	hash := link(prev[:], e.text)
	r := e.record
	_, err := t.exec(sqlAppend, t.audit.id, t.audit.seq+1, prev[:], hash[:], r.Realm, r.Time, r.Event, string(r.Client), r.Subject, r.Grant, e.text)
	if err != nil {
		return fmt.Errorf("append to audit: %w", err)
	}
	t.audit.seq++
	t.audit.last = hash
	for _, jti := range r.JTI {
		if _, err := t.exec(sqlAppendToken, r.Realm, jti, t.audit.id, t.audit.seq); err != nil {
			return fmt.Errorf("append to audit: %w", err)
		}
	}
	return nil
}

func (t *tx) beginChain() error {
	var before string
	var number, seq int64
	var hash []byte
	err := t.row(sqlNewestChain, nil, &before, &number, &seq, &hash)
	if err != nil && !errors.Is(err, tillit.ErrNotFound) {
		return fmt.Errorf("anchor audit chain: %w", err)
	}
	t.audit.last = genesis(t.audit.id, hash)
	_, err = t.exec(sqlBeginChain, t.audit.id, number+1, before, seq, bytes(hash), int64(0), t.audit.last[:])
	if err != nil {
		return fmt.Errorf("begin audit chain: %w", err)
	}
	t.audit.begun = true
	return nil
}

// head notes where the chain stands, so that records missing at its end are seen.
func (c *chain) head(ctx context.Context, on querier) error {
	_, err := on.exec(ctx, sqlChainHead, c.seq, c.last[:], c.id)
	return err
}

func link(prev []byte, text string) [sha256.Size]byte {
	b := make([]byte, 0, len(prev)+len(text))
	return sha256.Sum256(append(append(b, prev...), text...))
}

func genesis(chain string, anchor []byte) [sha256.Size]byte { return link(anchor, chain) }

// Record appends to the audit chain.
func (s *Store) Record(ctx context.Context, record *tillit.AuditRecord) error {
	e, err := prepare(record)
	if err != nil {
		return err
	}
	return s.write(ctx, "record", func(tx *tx) error { return tx.append(e) })
}

// Chain is the id of this process's first audit chain.
func (s *Store) Chain() string { return s.engine.chains()[0] }

// An AuditFilter picks audit records; zero fields pick all. Limit 0: 100.
type AuditFilter struct {
	Realm    string
	Client   tillit.ClientID
	Subject  string // pseudonym
	Event    string
	Grant    string
	From, To int64 // unix seconds, both included; To 0: no end
	Limit    int
}

const (
	sqlAuditByToken = `SELECT a.record FROM audit_tokens t JOIN audit a ON a.chain = t.chain AND a.seq = t.seq WHERE t.realm = $1 AND t.jti = $2`
	sqlAuditRecords = `SELECT record FROM audit
WHERE realm = $1 AND time >= $2 AND time <= $3 AND ($4 = '' OR client = $4) AND ($5 = '' OR subject = $5)
AND ($6 = '' OR event = $6) AND ($7 = '' OR grant_id = $7)
ORDER BY time DESC, chain DESC, seq DESC LIMIT $8`
	sqlSignIns = `SELECT record FROM audit WHERE realm = $1 AND subject = $2 AND event = 'signed_in'
ORDER BY time DESC, chain DESC, seq DESC LIMIT $3`
	sqlAnswered = `SELECT record FROM audit WHERE realm = $1 AND subject = $2 AND event = 'decided'
ORDER BY time DESC, chain DESC, seq DESC LIMIT $3`
)

// AuditByJTI gives the record of the token's issuance.
func (s *Store) AuditByJTI(ctx context.Context, realm, jti string) (*tillit.AuditRecord, error) {
	var text string
	if err := s.row(ctx, "audit by jti", sqlAuditByToken, []any{realm, jti}, &text); err != nil {
		return nil, err
	}
	record := new(tillit.AuditRecord)
	return record, decode(text, record)
}

// AuditRecords gives the records of a realm that the filter picks, newest first.
func (s *Store) AuditRecords(ctx context.Context, f AuditFilter) ([]tillit.AuditRecord, error) {
	if f.To == 0 {
		f.To = 1<<63 - 1
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	return s.records(ctx, "audit records", sqlAuditRecords, f.Realm, f.From, f.To, string(f.Client), f.Subject, f.Event, f.Grant, f.Limit)
}

// SignIns lists a person's last sign-ins, newest first: the records of event
// signed_in that bear the person's pseudonym.
func (s *Store) SignIns(ctx context.Context, realm, person string, limit int) ([]tillit.AuditRecord, error) {
	return s.recordsOf(ctx, "sign-ins", sqlSignIns, realm, person, limit)
}

// Answered lists the last requests that were answered for a person, newest first:
// the records of event decided, those of single sign-on among them.
func (s *Store) Answered(ctx context.Context, realm, person string, limit int) ([]tillit.AuditRecord, error) {
	return s.recordsOf(ctx, "answered", sqlAnswered, realm, person, limit)
}

func (s *Store) recordsOf(ctx context.Context, what, query, realm, person string, limit int) ([]tillit.AuditRecord, error) {
	var pseudonym string
	err := s.row(ctx, what, sqlPseudonym, []any{realm, person}, &pseudonym)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.records(ctx, what, query, realm, pseudonym, limit)
}

func (s *Store) records(ctx context.Context, what, query string, args ...any) ([]tillit.AuditRecord, error) {
	var records []tillit.AuditRecord
	err := s.rows(ctx, what, query, args, func(scan scan) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		var record tillit.AuditRecord
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			return fmt.Errorf("decode audit record: %w", err)
		}
		records = append(records, record)
		return nil
	})
	return records, err
}

const (
	sqlPseudonym    = `SELECT pseudonym FROM pseudonyms WHERE realm = $1 AND person = $2`
	sqlAddPseudonym = `INSERT INTO pseudonyms (realm, person, pseudonym) VALUES ($1, $2, $3) ON CONFLICT (realm, person) DO NOTHING`
)

// Pseudonym gives the realm's pseudonym of a person in audit records, making
// one at first use. It is random, and only this row ties it to the person.
func (s *Store) Pseudonym(ctx context.Context, realm, person string) (pseudonym string, err error) {
	err = s.row(ctx, "pseudonym", sqlPseudonym, []any{realm, person}, &pseudonym)
	if !errors.Is(err, tillit.ErrNotFound) {
		return pseudonym, err
	}
	made, err := newID(s.options.Random)
	if err != nil {
		return "", fmt.Errorf("pseudonym: %w", err)
	}
	err = s.write(ctx, "pseudonym", func(tx *tx) error {
		if _, err := tx.exec(sqlAddPseudonym, realm, person, made); err != nil {
			return err
		}
		return tx.row(sqlPseudonym, []any{realm, person}, &pseudonym)
	})
	return pseudonym, err
}
