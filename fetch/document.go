package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Document is what an address gave.
type Document struct {
	Body   []byte
	Type   string        // Content-Type as told
	MaxAge time.Duration // how long its owner lets it be kept (RFC 9111 §5.2.2.1); negative: not told, 0: not at all
}

// ErrTooLarge says that a document is larger than the fetcher reads.
var ErrTooLarge = errors.New("the document is too large")

// do sends a request and reads the answer, which has to be 200, or any 2xx
// without interest in its body. Errors name the host alone: paths and queries
// may hold what is not for a log.
func do(client *http.Client, request *http.Request, most int64) (*Document, error) {
	fault := func(err error) error { return fmt.Errorf("read from %s: %w", request.URL.Host, err) }
	response, err := client.Do(request)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return nil, fault(err)
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, fault(fmt.Errorf("status %d; right would be 200", response.StatusCode))
	}
	if response.Header.Get("Content-Encoding") != "" {
		return nil, fault(errors.New("the body is compressed, which was not asked for"))
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err == nil {
		err = request.Context().Err() // an end that came because we hung up is none
	}
	if err != nil {
		return nil, fault(err)
	}
	if int64(len(body)) > most {
		return nil, fault(ErrTooLarge)
	}
	return &Document{Body: body, Type: response.Header.Get("Content-Type"), MaxAge: maxAge(response.Header)}, nil
}

// get makes a GET request for JSON or anything else.
func get(ctx context.Context, address string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("address: %w", ErrForbidden)
	}
	request.Header.Set("Accept", "application/json, */*;q=0.5")
	return request, nil
}

// maxAge reads Cache-Control.
func maxAge(header http.Header) time.Duration {
	age := time.Duration(-1)
	for _, directive := range strings.Split(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32)
			if err != nil || seconds < 0 {
				return 0
			}
			age = time.Duration(seconds) * time.Second
		}
	}
	return age
}

// never refuses to follow a redirect: it would lead where nobody looked.
func never(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
