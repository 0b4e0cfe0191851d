package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed migrations
var migrations embed.FS

// A step is one file of migrations/ENGINE, named NNNN_what.sql. A step that was
// released is never edited: a new one follows it.
type step struct {
	name, checksum, statements string
}

func readSteps(files fs.FS, engine string) ([]step, error) {
	names, err := fs.Glob(files, path.Join("migrations", engine, "*.sql"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	steps := make([]step, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		steps = append(steps, step{path.Base(name), hex.EncodeToString(sum[:]), string(text)})
	}
	return steps, nil
}

const (
	sqlVersions   = `SELECT version, name, checksum FROM schema_version ORDER BY version`
	sqlAddVersion = `INSERT INTO schema_version (version, name, checksum) VALUES ($1, $2, $3)`
	sqlVersionDDL = `CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)`
)

// migrate brings the schema up to date, one transaction per step.
func migrate(ctx context.Context, db *sql.DB, engine string) error {
	steps, err := readSteps(migrations, engine)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return migrateTo(ctx, db, steps)
}

func migrateTo(ctx context.Context, db *sql.DB, steps []step) error {
	if _, err := db.ExecContext(ctx, sqlVersionDDL); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for {
		more, err := migrateOne(ctx, db, steps)
		if err != nil || !more {
			return err
		}
	}
}

// migrateOne takes the next step, if there is one. It reads the versions inside
// its own transaction, so that of two processes only one takes it.
func migrateOne(ctx context.Context, db *sql.DB, steps []step) (more bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("migrate: %w", err)
	}
	defer func() {
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = errors.Join(err, back)
		}
	}()
	taken, err := checkVersions(ctx, tx, steps)
	if err != nil || taken == len(steps) {
		return false, err
	}
	next := steps[taken]
	if _, err := tx.ExecContext(ctx, next.statements); err != nil {
		return false, fmt.Errorf("migrate %s: %w", next.name, err)
	}
	if _, err := tx.ExecContext(ctx, sqlAddVersion, taken+1, next.name, next.checksum); err != nil {
		return false, fmt.Errorf("migrate %s: %w", next.name, err)
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("migrate %s: %w", next.name, err)
	}
	return true, nil
}

// checkVersions compares what was taken with what this program knows.
func checkVersions(ctx context.Context, tx *sql.Tx, steps []step) (taken int, err error) {
	rows, err := tx.QueryContext(ctx, sqlVersions)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var version int
		var name, checksum string
		if err := rows.Scan(&version, &name, &checksum); err != nil {
			return 0, fmt.Errorf("migrate: %w", err)
		}
		if version != taken+1 {
			return 0, fmt.Errorf("migrate: the schema went from step %d to %d; restore it from a backup", taken, version)
		}
		if version > len(steps) {
			return 0, fmt.Errorf("migrate: the schema is at %s, newer than this program, which ends at step %d; use the newer program", name, len(steps))
		}
		if known := steps[version-1]; checksum != known.checksum {
			return 0, fmt.Errorf("migrate: step %s was edited after it was taken (%s there, %s here); use the program that made the store",
				name, strings.ToLower(checksum[:min(8, len(checksum))]), known.checksum[:8])
		}
		taken = version
	}
	return taken, rows.Err()
}
