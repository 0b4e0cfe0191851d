package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a minimal container has no time zones of its own
)

// Date writes a moment out as people in Norway read it, in the time of Oslo:
// "20. november 2026 kl. 13.05".
func (p *Pages) Date(language string, t time.Time) string {
	local := t.In(p.oslo)
	months := strings.Fields(p.Sentence(language, "date.months"))
	return p.SentenceWith(language, "date.moment", map[string]string{
		"day":    strconv.Itoa(local.Day()),
		"month":  months[local.Month()-1],
		"year":   strconv.Itoa(local.Year()),
		"hour":   fmt.Sprintf("%02d", local.Hour()),
		"minute": fmt.Sprintf("%02d", local.Minute()),
	})
}

// day writes a date of the form 1946-11-03 out, "3. november 1946"; "" for
// anything else.
func (p *Pages) day(language, date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return ""
	}
	months := strings.Fields(p.Sentence(language, "date.months"))
	return p.SentenceWith(language, "date.day", map[string]string{
		"day": strconv.Itoa(t.Day()), "month": months[t.Month()-1], "year": strconv.Itoa(t.Year()),
	})
}
