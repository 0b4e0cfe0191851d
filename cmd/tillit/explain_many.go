package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/tillit/tillit/server"
)

// A manyRequest is one line of --requests.
type manyRequest struct {
	Realm    string   `json:"realm"`
	Endpoint string   `json:"endpoint"`
	Query    string   `json:"query"`
	Client   string   `json:"client"`
	Person   string   `json:"person"`
	Way      string   `json:"way"`
	Decline  []string `json:"decline"`
	Agree    []string `json:"agree"`
	Deny     bool     `json:"deny"`
}

// maxLine bounds one line of --requests, in bytes.
const maxLine = 1 << 20

// many answers every line with a line, in the order of the requests. A line that
// cannot be answered says so and the others go on.
func (e *explainCommand) many(c *console) error {
	in := io.Reader(os.Stdin)
	if e.Requests != "-" {
		file, err := os.Open(e.Requests)
		if err != nil {
			return fmt.Errorf("--requests: %w", err)
		}
		defer file.Close()
		in = file
	}
	p, err := e.whole(c, e.BaseURL)
	if err != nil {
		return err
	}
	defer p.close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	out := json.NewEncoder(c.out)
	out.SetEscapeHTML(false)
	for number := 1; lines.Scan(); number++ {
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		answer, err := p.explainLine(c.ctx, lines.Bytes())
		if err != nil {
			answer = explained{Failed: fmt.Sprintf("line %d: %v", number, err)}
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("--requests %s: %w", e.Requests, err)
	}
	return nil
}

func (p *premises) explainLine(ctx context.Context, line []byte) (explained, error) {
	var sent manyRequest
	if err := strictJSON(line, &sent); err != nil {
		return explained{}, err
	}
	asked, err := complete(server.ExplainRequest(sent))
	if err != nil {
		return explained{}, err
	}
	x, err := p.explain(ctx, asked)
	if err != nil {
		return explained{}, err
	}
	return answerOf(x), nil
}
