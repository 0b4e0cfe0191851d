package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// partial is what a file is called until all of it is there.
const partial = ".partial"

// errPostgres says what to do instead.
var errPostgres = errors.New("PostgreSQL is backed up and restored by its own tools: pg_dump, pg_restore, or a base backup with archived logs")

// Backup copies the SQLite store that the url names into a new file, as it stands
// at one instant, while others read and write it. The file is there whole or not
// at all. Keys in it are encrypted under the master key, which is not.
func Backup(ctx context.Context, url, file string) error {
	source, err := sqliteFile(url)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := touchFile(source, false); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	err = entire(file, func(into *os.File) error {
		db := sql.OpenDB(connector{sqliteDriver(), sqliteDSN(source, false, false)})
		db.SetMaxOpenConns(1)
		_, err := db.ExecContext(ctx, `VACUUM INTO ?`, into.Name())
		return errors.Join(err, db.Close())
	})
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// Restore makes the SQLite store that the url names, where there is none, from a
// file that Backup wrote, and says what it found of the audit chains. A file that
// is damaged, of a newer program, or whose chains are broken is refused and
// nothing is left of it; an older schema is brought up to date.
func Restore(ctx context.Context, file, url string) (AuditReport, error) {
	var report AuditReport
	target, err := sqliteFile(url)
	if err != nil {
		return report, fmt.Errorf("restore: %w", err)
	}
	for _, beside := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(target + beside); err == nil {
			return report, fmt.Errorf("restore: %s is there; right would be a place where nothing was", target+beside)
		}
	}
	from, err := os.Open(file)
	if err != nil {
		return report, fmt.Errorf("restore: %w", err)
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return report, fmt.Errorf("restore: %w", err)
	}
	err = entire(target, func(into *os.File) error {
		if _, err := io.Copy(into, from); err != nil {
			return err
		}
		report, err = examine(ctx, into.Name())
		return err
	})
	if err != nil {
		return report, fmt.Errorf("restore %s: %w", file, err)
	}
	return report, nil
}

func sqliteFile(url string) (string, error) {
	if isPostgres(url) {
		return "", errPostgres
	}
	path, err := sqlitePath(url)
	if err == nil && (path == "" || path == ":memory:") {
		err = errors.New("a store in memory is nowhere else")
	}
	return path, err
}

// entire lets write fill a file beside the path, and gives it that name when all of
// it is on the disk. A file that is there is never replaced.
func entire(path string, write func(*os.File) error) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there; right would be a name that nothing has", path)
	}
	into, err := os.OpenFile(path+partial, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if into.Close(); err != nil {
			for _, beside := range []string{"", "-wal", "-shm"} {
				os.Remove(path + partial + beside)
			}
		}
	}()
	if err := write(into); err != nil {
		return err
	}
	if err := into.Sync(); err != nil {
		return err
	}
	if err := os.Rename(path+partial, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory makes a new name survive loss of power.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// examine says whether a file is a store, undamaged, with whole audit chains.
func examine(ctx context.Context, path string) (report AuditReport, err error) {
	if err := checkPages(ctx, path); err != nil {
		return report, err
	}
	s, err := Open(ctx, path, Options{Migrate: true})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if report, err = s.VerifyAudit(ctx); err != nil {
		return report, err
	}
	if b := report.Broken; b != nil {
		return report, fmt.Errorf("audit chain %s is broken at record %d: %s", b.Chain, b.Seq, b.What)
	}
	return report, nil
}

// checkPages reads the whole file, and which schema it has.
func checkPages(ctx context.Context, path string) (err error) {
	db := sql.OpenDB(connector{sqliteDriver(), sqliteDSN(path, false, true)})
	defer func() { err = errors.Join(err, db.Close()) }()
	var told string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&told); err != nil {
		return fmt.Errorf("it is no store, or damaged: %w", err)
	}
	if told != "ok" {
		return fmt.Errorf("it is damaged: %s", told)
	}
	steps, err := readSteps(migrations, sqliteDialect.name)
	if err != nil {
		return err
	}
	taken, err := checkVersions(ctx, db, sqliteDialect, steps)
	if err == nil && taken == 0 {
		err = errors.New("it is no store: there is no schema in it")
	}
	return err
}
