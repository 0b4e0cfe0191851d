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
// released is never edited: a new one follows it. Steps expand: what the version
// before uses stays, so that processes of two versions work side by side.
type step struct {
	name, checksum, statements string
}

// A dialect is what migrations must know of an engine.
type dialect struct {
	name   string           // folder of its steps
	absent func(error) bool // the table is not there
	rival  func(error) bool // another process was there at the same time
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

// prepareSchema checks the schema and, if the options let it, brings it up to date.
func prepareSchema(ctx context.Context, db *sql.DB, d dialect, options Options) error {
	steps, err := readSteps(migrations, d.name)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return prepareSteps(ctx, db, d, steps, options)
}

func prepareSteps(ctx context.Context, db *sql.DB, d dialect, steps []step, options Options) error {
	taken, err := checkVersions(ctx, db, d, steps)
	if err != nil || taken == len(steps) {
		return err
	}
	if options.Migrate || options.Stamp == StampDev || options.Create && taken == 0 {
		_, err = migrateTo(ctx, db, d, steps)
		return err
	}
	if taken == 0 {
		return errors.New("there is no schema in the database; run tillit migrate")
	}
	return fmt.Errorf("the schema is at %s and this program needs %s; run tillit migrate", steps[taken-1].name, steps[len(steps)-1].name)
}

// Migrate brings the schema of the store that the url names up to date and gives
// the names of the steps that it took. Processes of the version before go on
// working meanwhile and afterwards. Doing it twice, or twice at once, is no error.
func Migrate(ctx context.Context, url string) (taken []string, err error) {
	db, d, err := openToMigrate(url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	steps, err := readSteps(migrations, d.name)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	return migrateTo(ctx, db, d, steps)
}

func openToMigrate(url string) (*sql.DB, dialect, error) {
	if isPostgres(url) {
		connector, err := postgresConnector(url)
		if err != nil {
			return nil, dialect{}, err
		}
		return postgresPool(connector, 1), postgresDialect, nil
	}
	file, err := sqlitePath(url)
	if err != nil {
		return nil, dialect{}, err
	}
	if err := touchFile(file, false); err != nil {
		return nil, dialect{}, err
	}
	db := sql.OpenDB(connector{sqliteDriver(), sqliteDSN(file, false, false)})
	db.SetMaxOpenConns(1)
	return db, sqliteDialect, nil
}

func migrateTo(ctx context.Context, db *sql.DB, d dialect, steps []step) (names []string, err error) {
	if _, err := db.ExecContext(ctx, sqlVersionDDL); err != nil && !d.rival(err) {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	for lost := 0; ; {
		taken, err := checkVersions(ctx, db, d, steps)
		if err != nil || taken == len(steps) {
			return names, err
		}
		switch err = migrateOne(ctx, db, taken+1, steps[taken]); {
		case err == nil:
			names = append(names, steps[taken].name)
		case d.rival(err) && lost < len(steps)+tries: // another process takes it
			lost++
		default:
			return names, fmt.Errorf("migrate %s: %w", steps[taken].name, err)
		}
	}
}

// migrateOne takes a step in one transaction. Its version is written first: of two
// processes one waits there for the other, and then knows that it came second.
func migrateOne(ctx context.Context, db *sql.DB, version int, next step) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = errors.Join(err, back)
		}
	}()
	if _, err := tx.ExecContext(ctx, sqlAddVersion, version, next.name, next.checksum); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, next.statements); err != nil {
		return err
	}
	return tx.Commit()
}

// checkVersions compares what was taken with what this program knows.
func checkVersions(ctx context.Context, db *sql.DB, d dialect, steps []step) (taken int, err error) {
	rows, err := db.QueryContext(ctx, sqlVersions)
	if err != nil && d.absent(err) {
		return 0, nil
	}
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
