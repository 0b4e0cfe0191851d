package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets/*
var assetFiles embed.FS

// assets are the files that pages link to. A file's address carries the hash of
// its content, so it may be kept for good and is never stale after an upgrade.
type assets struct {
	paths    map[string]string // file name → address
	contents map[string][]byte // address → content
}

func loadAssets() (*assets, error) {
	a := &assets{paths: map[string]string{}, contents: map[string][]byte{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	for _, entry := range entries {
		content, err := fs.ReadFile(assetFiles, path.Join("assets", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("assets: %w", err)
		}
		a.add(entry.Name(), content)
	}
	return a, nil
}

func (a *assets) add(name string, content []byte) {
	hash := sha256.Sum256(content)
	extension := path.Ext(name)
	address := "/assets/" + strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(hash[:8]) + extension
	a.paths[name] = address
	a.contents[address] = content
}

// address gives where a page finds a file. base is what stands before /assets/:
// "" at the root of a host, else the path or URL of the provider. The address of
// the style sheet itself says the same.
func (a *assets) address(base, name string) string {
	base = strings.TrimSuffix(base, a.paths["tillit.css"])
	return strings.TrimSuffix(base, "/") + a.paths[name]
}

// Stylesheet gives the path of the style sheet, below the base URL's path.
func (p *Pages) Stylesheet() string { return p.assets.paths["tillit.css"] }

// Handler serves what pages link to, below /assets/.
func (p *Pages) Handler() http.Handler {
	return http.HandlerFunc(p.serveAsset)
}

func (p *Pages) serveAsset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	content, found := p.assets.contents[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	// An icon is a document of its own when opened by itself: it may do nothing.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
