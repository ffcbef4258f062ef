package exam

import (
	"context"
	"fmt"
	"net/url"

	"github.com/google/uuid"
)

// PageRules say what of the student's page is watched while she sits the exam. She is told of it beforehand; what was seen are hints for the
// proctor, in the behaviour lane.
type PageRules struct {
	// Tabs: the page was hidden by another tab, or minimised.
	Tabs bool `json:"tabs"`
	// Focus: another window was in front.
	Focus bool `json:"focus"`
	// FullScreen: the page is to fill the screen, and whoever leaves that is seen.
	FullScreen bool `json:"fullScreen"`
}

// Work is where the exam itself is, as a rule a page of the learning system. It is told to those who sit the exam, and to nobody before.
type Work struct {
	// URL is its https address; empty: the teacher has told it otherwise.
	URL string `json:"url"`
	// Embed: it is shown within the exam's page; else a link opens it beside.
	Embed bool `json:"embed"`
}

// Origin is the scheme and host of the work's address.
func (w Work) Origin() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

const maxWorkURL = 1000

// valid tells whether the address can be opened safely: https, and http on this very machine for trials.
func (w Work) valid() bool {
	if w.URL == "" {
		return !w.Embed
	}
	u, err := url.Parse(w.URL)
	if err != nil || len(w.URL) > maxWorkURL || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"))
}

// pageKinds are the hints that a student's page gives; others are the service's own.
var pageKinds = []string{"tab_hidden", "focus_lost", "full_screen_left"}

// maxSeen bounds the hints of one attempt: who leaves the page every second tells nothing new.
const maxSeen = 300

// Seen stores what a student's page noticed of her behaviour; false: there are enough of them already.
func (x *Exams) Seen(ctx context.Context, e Event) (bool, error) {
	var count int
	if err := x.pool.QueryRow(ctx, `select count(*) from event where attempt_id = $1 and lane = 'behaviour' and kind = any($2)`, e.Attempt, pageKinds).Scan(&count); err != nil {
		return false, fmt.Errorf("count what was seen: %w", err)
	}
	if count >= maxSeen {
		return false, nil
	}
	e.Lane = LaneBehaviour
	return true, x.Record(ctx, e)
}

// Queue is how many students of the exam wait for a member of staff, and the attempt's place among them, from 1; 0: it does not wait. Whoever
// has waited longest comes first.
func (x *Exams) Queue(ctx context.Context, exam, attempt uuid.UUID) (place, length int, err error) {
	err = x.pool.QueryRow(ctx, `
		with waiting as (
			select a.id, (select max(m.id) from attempt_move m where m.attempt_id = a.id) as since
			from attempt a where a.exam_id = $1 and (a.state in ('identified', 'manual_identification') or (a.state = 'ready' and a.tries_left = 0))
		), ordered as (select id, row_number() over (order by since nulls first, id) as place from waiting)
		select coalesce((select place from ordered where id = $2), 0), (select count(*) from ordered)`, exam, attempt).Scan(&place, &length)
	if err != nil {
		return 0, 0, fmt.Errorf("find the place in the queue: %w", err)
	}
	return place, length, nil
}
