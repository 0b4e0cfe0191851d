package store

import (
	stdbytes "bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tillit/tillit"
)

// An AuditReport says what VerifyAudit found.
type AuditReport struct {
	Chains      int          `json:"chains"`
	Records     int64        `json:"records"`
	Checkpoints int          `json:"checkpoints"`
	Broken      *AuditBroken `json:"broken,omitempty"` // the first fault of the first broken chain; nil: whole
}

// AuditBroken names a record that is not what it was when it was written.
type AuditBroken struct {
	Chain string `json:"chain"`
	Seq   int64  `json:"seq"`
	What  string `json:"what"`
}

// A Checkpoint is a chain's hash at a record, signed: whoever holds one can tell
// whether everything up to it is still there.
type Checkpoint struct {
	Chain string
	Seq   int64
	Hash  []byte
	JWS   string // the signature is the caller's to check
}

const (
	sqlChains = `SELECT c.chain, c.anchor_chain, c.anchor_seq, c.anchor_hash, c.seq, c.hash, (SELECT COALESCE(MAX(a.seq), 0) FROM audit a WHERE a.chain = c.chain)
FROM audit_chains c ORDER BY c.number, c.chain`
	sqlStrayChains = `SELECT a.chain, MIN(a.seq) FROM audit a WHERE NOT EXISTS (SELECT 1 FROM audit_chains c WHERE c.chain = a.chain) GROUP BY a.chain`
	sqlLinks       = `SELECT seq, prev, hash, realm, time, event, client, subject, grant_id, record FROM audit
WHERE chain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`
	sqlLinkHash      = `SELECT hash FROM audit WHERE chain = $1 AND seq = $2`
	sqlPutCheckpoint = `INSERT INTO audit_checkpoints (chain, seq, hash, jws) VALUES ($1, $2, $3, $4) ON CONFLICT (chain, seq) DO NOTHING`
	sqlCheckpoints   = `SELECT chain, seq, hash, jws FROM audit_checkpoints ORDER BY chain, seq`
	sqlHead          = `SELECT seq, hash FROM audit_chains WHERE chain = $1 AND seq > 0`
	sqlGrown         = `SELECT c.seq, c.hash FROM audit_chains c WHERE c.chain = $1
AND c.seq > (SELECT COALESCE(MAX(p.seq), 0) FROM audit_checkpoints p WHERE p.chain = c.chain)`
)

// linksAtOnce is how many records are verified per read.
const linksAtOnce = 500

// Head gives where this process's first chain stands; 0 and nil before its first
// record.
func (s *Store) Head(ctx context.Context) (seq int64, hash []byte, err error) {
	err = s.row(ctx, "audit head", sqlHead, []any{s.Chain()}, &seq, &hash)
	if errors.Is(err, tillit.ErrNotFound) {
		return 0, nil, nil
	}
	return seq, hash, err
}

// Heads gives where those of this process's chains stand that grew since their
// last checkpoint; each needs one of its own.
func (s *Store) Heads(ctx context.Context) ([]Checkpoint, error) {
	var heads []Checkpoint
	for _, chain := range s.engine.chains() {
		head := Checkpoint{Chain: chain}
		err := s.row(ctx, "audit heads", sqlGrown, []any{chain}, &head.Seq, &head.Hash)
		if errors.Is(err, tillit.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		heads = append(heads, head)
	}
	return heads, nil
}

// PutCheckpoint keeps a signed checkpoint.
func (s *Store) PutCheckpoint(ctx context.Context, chain string, seq int64, hash []byte, jws string) error {
	return s.write(ctx, "put checkpoint", func(tx *tx) error {
		_, err := tx.exec(sqlPutCheckpoint, chain, seq, bytes(hash), jws)
		return err
	})
}

// Checkpoints lists the signed checkpoints by chain and record.
func (s *Store) Checkpoints(ctx context.Context) ([]Checkpoint, error) {
	var checkpoints []Checkpoint
	err := s.rows(ctx, "checkpoints", sqlCheckpoints, nil, func(scan scan) error {
		var c Checkpoint
		err := scan(&c.Chain, &c.Seq, &c.Hash, &c.JWS)
		checkpoints = append(checkpoints, c)
		return err
	})
	return checkpoints, err
}

// A chainRow is a chain as it is noted.
type chainRow struct {
	chain, anchorChain string
	anchorSeq, seq     int64
	anchorHash, hash   []byte
	last               int64 // the last record there is
}

// VerifyAudit computes every chain anew and reports the first record that was
// edited, removed, added or moved. It may run beside a serving process.
func (s *Store) VerifyAudit(ctx context.Context) (AuditReport, error) {
	var report AuditReport
	var chains []chainRow
	err := s.rows(ctx, "verify audit", sqlChains, nil, func(scan scan) error {
		var c chainRow
		err := scan(&c.chain, &c.anchorChain, &c.anchorSeq, &c.anchorHash, &c.seq, &c.hash, &c.last)
		chains = append(chains, c)
		return err
	})
	if err != nil {
		return report, err
	}
	for _, c := range chains {
		report.Chains++
		if report.Broken, err = s.verifyChain(ctx, c, &report.Records); err != nil || report.Broken != nil {
			return report, err
		}
	}
	if report.Broken, err = s.verifyStray(ctx); err != nil || report.Broken != nil {
		return report, err
	}
	checkpoints, err := s.Checkpoints(ctx)
	if err != nil {
		return report, err
	}
	for _, c := range checkpoints {
		report.Checkpoints++
		same, err := s.hashed(ctx, c.Chain, c.Seq, c.Hash)
		if err != nil {
			return report, err
		}
		if !same {
			report.Broken = &AuditBroken{c.Chain, c.Seq, "the record is not the one its checkpoint was signed for"}
			return report, nil
		}
	}
	return report, nil
}

func (s *Store) verifyChain(ctx context.Context, c chainRow, records *int64) (*AuditBroken, error) {
	broken := func(seq int64, what string) (*AuditBroken, error) { return &AuditBroken{c.chain, seq, what}, nil }
	if c.anchorChain != "" && c.anchorSeq > 0 {
		same, err := s.hashed(ctx, c.anchorChain, c.anchorSeq, c.anchorHash)
		if err != nil {
			return nil, err
		}
		if !same {
			return &AuditBroken{c.anchorChain, c.anchorSeq, "the record that the next chain hangs on is missing or was changed"}, nil
		}
	}
	start := genesis(c.chain, c.anchorHash)
	prev := start[:]
	var seq int64
	for seq < c.seq {
		fault, n, err := s.verifyLinks(ctx, c, &seq, &prev)
		*records += n
		if err != nil || fault != nil {
			return fault, err
		}
		if n == 0 {
			return broken(seq+1, "the record is missing")
		}
	}
	if !stdbytes.Equal(prev, c.hash) {
		return broken(c.seq, "the chain does not end as noted")
	}
	if c.last > c.seq {
		return broken(c.seq+1, "the record was added from outside")
	}
	return nil, nil
}

// verifyLinks checks the next records of a chain and moves seq and prev past them.
func (s *Store) verifyLinks(ctx context.Context, c chainRow, seq *int64, prev *[]byte) (fault *AuditBroken, n int64, err error) {
	err = s.rows(ctx, "verify audit", sqlLinks, []any{c.chain, *seq, c.seq, linksAtOnce}, func(scan scan) error {
		if fault != nil {
			return nil
		}
		var at int64
		var before, hash []byte
		var kept tillit.AuditRecord
		var text string
		if err := scan(&at, &before, &hash, &kept.Realm, &kept.Time, &kept.Event, &kept.Client, &kept.Subject, &kept.Grant, &text); err != nil {
			return err
		}
		n++
		if what := checkLink(at, *seq+1, before, *prev, hash, kept, text); what != "" {
			fault = &AuditBroken{c.chain, *seq + 1, what}
			return nil
		}
		*seq, *prev = at, hash
		return nil
	})
	return fault, n, err
}

// checkLink says what is wrong with a record, "" when nothing is.
func checkLink(seq, want int64, before, prev, hash []byte, kept tillit.AuditRecord, text string) string {
	if seq != want {
		return "the record is missing"
	}
	if !stdbytes.Equal(before, prev) {
		return "the record does not follow the one before it"
	}
	if right := link(prev, text); !stdbytes.Equal(hash, right[:]) {
		return "the record was edited"
	}
	var r tillit.AuditRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return fmt.Sprintf("the record cannot be read: %v", err)
	}
	if r.Realm != kept.Realm || r.Time != kept.Time || r.Event != kept.Event || r.Client != kept.Client || r.Subject != kept.Subject || r.Grant != kept.Grant {
		return "the record is filed under something else than it says"
	}
	return ""
}

func (s *Store) verifyStray(ctx context.Context) (broken *AuditBroken, err error) {
	err = s.rows(ctx, "verify audit", sqlStrayChains, nil, func(scan scan) error {
		broken = &AuditBroken{What: "the record is of a chain that nobody began"}
		return scan(&broken.Chain, &broken.Seq)
	})
	return broken, err
}

// hashed reports whether a record is there with the hash.
func (s *Store) hashed(ctx context.Context, chain string, seq int64, hash []byte) (bool, error) {
	var have []byte
	err := s.row(ctx, "verify audit", sqlLinkHash, []any{chain, seq}, &have)
	if errors.Is(err, tillit.ErrNotFound) {
		return false, nil
	}
	return err == nil && stdbytes.Equal(have, hash), err
}
