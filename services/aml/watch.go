package aml

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/tillit/tillit"
)

const (
	// compareLease is how long a monitor is left to the process that compares it
	// (seconds), from one batch to the next.
	compareLease = 300
	// compareBatch is how many are compared and stored at a time.
	compareBatch = 100
	// monitorBatch is how many monitors a process takes at a time.
	monitorBatch = 4
	// alertsKept is how long an alert waits to be received (seconds).
	alertsKept = 90 * 86400
)

// An alertView is an alert as its client sees it.
type alertView struct {
	ID           string    `json:"id"`
	Person       *whom     `json:"person,omitempty"`
	Organization *whom     `json:"organization,omitempty"`
	Change       string    `json:"change"`               // new or changed
	Attributes   []string  `json:"attributes,omitempty"` // what of the hit is another than before
	List         listIdent `json:"list"`
	Hit          Hit       `json:"hit"`
	Created      int64     `json:"created"`
}

// A whom is who an alert is about, as the client wrote it.
type whom struct {
	ID string `json:"id"`
	party
}

type listIdent struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// Watch compares those who are watched with lists that have changed, and tells the
// clients of what is new. Any number of processes may do it side by side. It may
// take long.
func (a *API) Watch(ctx context.Context) error {
	if a.Monitors == nil {
		return nil
	}
	if any, err := a.forget(ctx); err != nil || !any {
		return err
	}
	if err := a.compareAll(ctx); err != nil {
		return err
	}
	return a.tellAll(ctx)
}

// forget deletes what clients had watched that are no more, and reports whether
// there is any monitor.
func (a *API) forget(ctx context.Context) (any bool, err error) {
	m := a.Monitors
	clients, err := m.Store.MonitoringClients(ctx, m.Realm, m.Server)
	if err != nil {
		return false, err
	}
	for _, client := range clients {
		_, err := m.Permitted(ctx, client, "")
		if errors.Is(err, tillit.ErrNotFound) {
			err = m.Store.RemoveMonitors(ctx, m.Realm, m.Server, client)
		}
		if err != nil {
			return false, err
		}
	}
	return len(clients) > 0, nil
}

// compareAll compares all that is due, template by template.
func (a *API) compareAll(ctx context.Context) error {
	m := a.Monitors
	lists, err := a.Screener.current(ctx, 0) // and not those of two seconds ago
	if err != nil {
		return err
	}
	for _, template := range m.templates() {
		names := m.Templates[template]
		with := slices.DeleteFunc(slices.Clone(lists), func(l list) bool { return !slices.Contains(names, l.Name) })
		p := &pass{API: a, names: names, lists: with, state: stateOf(with, names)}
		for ctx.Err() == nil {
			at := m.Now().Unix()
			due, err := m.Store.TakeMonitors(ctx, m.Realm, m.Server, template, p.state, at, at+compareLease, monitorBatch)
			if err != nil {
				return err
			}
			for i := range due {
				if err == nil {
					err = p.compare(ctx, &due[i])
				}
				if err != nil { // anybody may go on with it
					err = errors.Join(err, m.Store.ReleaseMonitor(context.WithoutCancel(ctx), &due[i]))
				}
			}
			if errors.Is(err, tillit.ErrStale) {
				break // another list has become current; the next time finds it
			}
			if err != nil {
				return err
			}
			if len(due) < monitorBatch {
				break
			}
		}
	}
	return ctx.Err()
}

func stateOf(lists []list, names []string) string {
	all := make([]tillit.ScreeningList, len(lists))
	for i := range lists {
		all[i] = lists[i].ScreeningList
	}
	return tillit.ListState(all, names)
}

// A pass compares monitors of one template with one state of its lists.
type pass struct {
	*API
	names []string
	lists []list
	state string
}

// compare compares all that a monitor watches, a batch at a time: what a process
// that dies has done stays done. A client that lost the scope has nothing
// compared until it has it again.
func (p *pass) compare(ctx context.Context, monitor *tillit.Monitor) error {
	m := p.Monitors
	permitted := map[string]bool{}
	for kind, scope := range map[string]string{kindPerson: m.WatchPeople, kindOrganization: m.WatchOrganizations} {
		may, err := m.Permitted(ctx, monitor.Client, scope)
		if err == nil && may && m.guarded(monitor.Template) {
			may, err = m.Permitted(ctx, monitor.Client, p.Sanctions)
		}
		if errors.Is(err, tillit.ErrNotFound) {
			return nil // it goes with its monitors
		}
		if err != nil {
			return err
		}
		permitted[kind] = may || p.Off["watching ends with the scope"]
	}
	for ctx.Err() == nil {
		left, err := m.Store.Uncompared(ctx, monitor, p.state, compareBatch)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return m.Store.FinishComparing(ctx, monitor, p.state, m.NewID(), m.Now().Unix())
		}
		done := make([]tillit.Compared, len(left))
		for i := range left {
			done[i] = tillit.Compared{Watched: left[i], Before: left[i].State}
			if permitted[left[i].Kind] {
				if err := p.one(ctx, monitor, &done[i]); err != nil {
					return fmt.Errorf("compare one of monitor %s: %w", monitor.ID, err)
				}
			}
		}
		err = m.Store.KeepCompared(ctx, monitor, p.names, p.state, done, m.Now().Unix()+compareLease)
		if errors.Is(err, tillit.ErrNotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// one compares one of those who are watched.
func (p *pass) one(ctx context.Context, monitor *tillit.Monitor, c *tillit.Compared) error {
	m := p.Monitors
	var who party
	if err := m.open(ctx, c.Document, m.purpose("watched", monitor.ID, c.ID), &who); err != nil {
		return err
	}
	var before []Hit
	if len(c.Hits) > 0 {
		if err := m.open(ctx, c.Hits, m.purpose("hits", monitor.ID, c.ID), &before); err != nil {
			return err
		}
	}
	if p.Off["what is known of somebody is no news"] {
		before = nil
	}
	sources, hits := screen(p.lists, who.subject())
	for i := range hits {
		change, attributes := news(&hits[i], before)
		if change == "" {
			continue
		}
		at := m.Now().Unix()
		a := tillit.Alert{ID: m.NewID(), Watched: c.ID, Created: at, Expires: at + alertsKept}
		view := alertView{ID: a.ID, Change: change, Attributes: attributes, Hit: hits[i], Created: at}
		if c.Kind == kindPerson {
			view.Person = &whom{c.ID, who}
		} else {
			view.Organization = &whom{c.ID, who}
		}
		for _, source := range sources {
			if source.List == hits[i].List {
				view.List = listIdent{source.List, source.Version, source.Digest}
			}
		}
		var err error
		if a.Document, err = m.seal(ctx, view, m.purpose("alert", monitor.ID, a.ID)); err != nil {
			return err
		}
		c.Alerts = append(c.Alerts, a)
	}
	c.Hits = nil
	if len(hits) == 0 {
		return nil
	}
	var err error
	c.Hits, err = m.seal(ctx, hits, m.purpose("hits", monitor.ID, c.ID))
	return err
}

// news says what is new of a hit against those of the last time: nothing (""), the
// hit itself (new), or some of its attributes (changed). The list's version is none
// of them: it changes with every import.
func news(hit *Hit, before []Hit) (change string, attributes []string) {
	i := slices.IndexFunc(before, func(b Hit) bool { return b.List == hit.List && b.Entry == hit.Entry })
	if i < 0 {
		return "new", nil
	}
	was := &before[i]
	for name, same := range map[string]bool{
		"kind": was.Kind == hit.Kind, "name": was.Name == hit.Name, "matched": was.Matched == hit.Matched, "programs": slices.Equal(was.Programs, hit.Programs),
		"score": was.Score == hit.Score, "parts": reflect.DeepEqual(was.Parts, hit.Parts), "birth": was.Birth == hit.Birth,
	} {
		if !same {
			attributes = append(attributes, name)
		}
	}
	if len(attributes) == 0 {
		return "", nil
	}
	slices.Sort(attributes)
	return "changed", attributes
}
