package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/tillit/tillit"
)

// maxAnswer bounds what an HTTP source may say, in bytes.
const maxAnswer = 256 << 10

// An HTTP source is asked by POST with {"by": "…"} and answers with the object
// of the root; 404 is nobody. What the person is known by stands in no address,
// where logs would keep it.
type HTTP struct {
	address, bearer string
	client          *http.Client
}

// NewHTTP asks at an address of the operator's: https, or http on this machine.
// The bearer token may be "".
func NewHTTP(address, bearer string, client *http.Client) (*HTTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		return nil, errors.New("the address of an HTTP source; right would be https://host/path, or http on this machine")
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return errors.New("it leads elsewhere") }
	return &HTTP{address, bearer, &own}, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Close lets idle connections go.
func (h *HTTP) Close() error {
	h.client.CloseIdleConnections()
	return nil
}

// Ask sends the question.
func (h *HTTP) Ask(ctx context.Context, use tillit.SourceUse, by string) (map[string]any, error) {
	body, err := json.Marshal(map[string]string{"by": by})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is malformed")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if h.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+h.bearer)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return map[string]any{}, nil
	default:
		return nil, fmt.Errorf("status %d; right would be 200 or 404", resp.StatusCode)
	}
	if media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, errors.New("the answer is not application/json")
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(text) > maxAnswer {
		return nil, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	return object(text)
}
