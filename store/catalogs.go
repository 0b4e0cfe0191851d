package store

import "context"

const (
	sqlKeepCatalog = `INSERT INTO catalogs (version, document) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING`
	sqlCatalog     = `SELECT document FROM catalogs WHERE version = $1`
)

// PutCatalogVersion keeps the document that a catalog version is the digest of,
// for as long as audit records name it.
func (s *Store) PutCatalogVersion(ctx context.Context, version string, document []byte) error {
	return s.write(ctx, "put catalog version", func(tx *tx) error {
		_, err := tx.exec(sqlKeepCatalog, version, bytes(document))
		return err
	})
}

// CatalogVersion gives the document of a catalog version.
func (s *Store) CatalogVersion(ctx context.Context, version string) (document []byte, err error) {
	err = s.row(ctx, "catalog version", sqlCatalog, []any{version}, &document)
	return document, err
}
