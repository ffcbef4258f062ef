package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/ledger"
	"ochno/proctor/registrar/export"
)

func (s *Server) systemOperations() {
	route(s, http.MethodGet, "/api/system", "system", "What the installation does now", administrators, s.system)
	route(s, http.MethodPost, "/api/system/checks", "checkSystem", "Check one thing that the service depends on", administrators, s.checkSystem)
	route(s, http.MethodGet, "/api/audit", "audit", "Who did what, newest first, by kind", administrators, s.audit)
}

// SystemState is what the service does now: its node, the queues of the installation, the organisation's exams.
type SystemState struct {
	At      time.Time  `json:"at"`
	Version string     `json:"version"`
	Checks  []string   `json:"checks" nullable:"false" doc:"What can be checked, by name"`
	Rooms   []RoomLoad `json:"rooms" nullable:"false" doc:"Of the organisation, the busiest first"`
	Nodes   []NodeLoad `json:"nodes" nullable:"false" doc:"Of the last day, the oldest first"`
	Media   MediaLoad  `json:"media"`
	Queues  QueueLoads `json:"queues"`
	Keys    KeySummary `json:"keys"`
}

// RoomLoad is an exam that goes on, in numbers.
type RoomLoad struct {
	ExamID   uuid.UUID `json:"examId"`
	Node     string    `json:"node,omitempty" doc:"The name of the node that it is on, where there are several"`
	Title    string    `json:"title"`
	StartsAt time.Time `json:"startsAt"`
	EndsAt   time.Time `json:"endsAt"`
	Roster   int       `json:"roster"`
	Joined   int       `json:"joined"`
	Live     int       `json:"live" doc:"Whose camera and microphone arrive"`
	Sitting  int       `json:"sitting"`
	Waiting  int       `json:"waiting" doc:"For a member of staff"`
	Done     int       `json:"done"`
	Watching int       `json:"watching" doc:"Proctors' pages"`
}

// NodeLoad is a node of the service. Its name tells nothing of the machine.
type NodeLoad struct {
	Name       string    `json:"name"`
	Self       bool      `json:"self" doc:"Which answers now"`
	Up         bool      `json:"up"`
	Version    string    `json:"version"`
	StartedAt  time.Time `json:"startedAt"`
	SeenAt     time.Time `json:"seenAt"`
	Rooms      int       `json:"rooms"`
	Publishers int       `json:"publishers"`
	Viewers    int       `json:"viewers"`
}

// nodeName is how people tell nodes apart.
func nodeName(id uuid.UUID) string { return id.String()[:8] }

// MediaLoad is what this node receives and forwards.
type MediaLoad struct {
	Publishers int `json:"publishers"`
	Viewers    int `json:"viewers"`
}

// QueueLoads are what waits.
type QueueLoads struct {
	SpoolSegments int        `json:"spoolSegments" doc:"Pieces of recordings that are not stored yet"`
	SpoolBytes    int64      `json:"spoolBytes"`
	SpoolOldest   *time.Time `json:"spoolOldest,omitempty"`
	SpoolFree     int64      `json:"spoolFree" doc:"Bytes left on the spool's disk"`
	MailWaiting   int        `json:"mailWaiting"`
	MailOldest    *time.Time `json:"mailOldest,omitempty"`
	MailDead      int        `json:"mailDead" doc:"Given up"`
	Exports       int        `json:"exports" doc:"Waiting or being made"`
	ExportsFailed int        `json:"exportsFailed"`
	LogPending    int64      `json:"logPending" doc:"Records that no checkpoint covers yet"`
}

// KeySummary names the keys in use; it tells nothing of them.
type KeySummary struct {
	Master   []string   `json:"master" nullable:"false" doc:"Ids of the master keys, the one that seals first"`
	Log      string     `json:"log" doc:"The public key of the log's checkpoints"`
	LogSince *time.Time `json:"logSince,omitempty" doc:"When it took over from another one"`
}

func (s *Server) system(ctx context.Context, _ *struct{}) (*body[SystemState], error) {
	going, err := s.Exams.GoingOn(ctx, caller(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	held, err := s.Rooms.Held(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := s.Rooms.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	load := s.Media.Load()
	out := SystemState{
		At: s.Now().UTC(), Version: s.Version, Checks: slices.Sorted(maps.Keys(s.Checks)), Rooms: []RoomLoad{}, Nodes: []NodeLoad{},
		Media: MediaLoad{Publishers: load.Publishers, Viewers: load.Viewers}, Keys: KeySummary{Master: s.Ring.IDs(), Log: s.LogKey},
	}
	for _, n := range nodes {
		out.Nodes = append(out.Nodes, NodeLoad{
			Name: nodeName(n.ID), Self: n.ID == s.Rooms.Node(), Up: n.Up, Version: n.Version, StartedAt: n.StartedAt.UTC(), SeenAt: n.SeenAt.UTC(),
			Rooms: n.Rooms, Publishers: n.Publishers, Viewers: n.Viewers,
		})
	}
	for _, g := range going {
		live, watching := s.liveIn(held, g.ID)
		node := ""
		if h, known := held[g.ID]; known {
			node = nodeName(h.Node)
		}
		out.Rooms = append(out.Rooms, RoomLoad{
			ExamID: g.ID, Node: node, Title: g.Title, StartsAt: g.StartsAt.UTC(), EndsAt: g.EndsAt.UTC(), Roster: g.Roster, Joined: g.Joined, Live: live,
			Sitting: g.Sitting, Waiting: g.Waiting, Done: g.Done, Watching: watching,
		})
	}
	if out.Queues, err = s.queues(ctx); err != nil {
		return nil, err
	}
	out.Keys.LogSince, err = s.Log.KeySince(ctx)
	return answer(out), err
}

func (s *Server) queues(ctx context.Context) (QueueLoads, error) {
	var out QueueLoads
	spool, err := s.Media.Backlog()
	if err != nil {
		return out, err
	}
	out.SpoolSegments, out.SpoolBytes, out.SpoolFree = spool.Segments, spool.Bytes, spool.Free
	if !spool.Oldest.IsZero() {
		oldest := spool.Oldest.UTC()
		out.SpoolOldest = &oldest
	}
	letters, err := s.Mail.State(ctx)
	if err != nil {
		return out, err
	}
	out.MailWaiting, out.MailOldest, out.MailDead = letters.Waiting, inUTC(letters.Oldest), letters.Dead
	exports, err := s.Exports.Numbers(ctx)
	if err != nil {
		return out, err
	}
	out.Exports, out.ExportsFailed = int(exports[export.Waiting]+exports[export.Running]), int(exports[export.Failed])
	out.LogPending, _, err = s.Log.Backlog(ctx)
	return out, err
}

// checkPatience is how long a check may take; what answers later is as good as down.
const checkPatience = 15 * time.Second

// Checked is how a check ended. What was found stays in the service's log: it may name the inside of the installation.
type Checked struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	TookMs int64  `json:"tookMs"`
}

type checkInput struct {
	Body struct {
		Name string `json:"name" maxLength:"40"`
	}
}

func (s *Server) checkSystem(ctx context.Context, in *checkInput) (*body[Checked], error) {
	check, ok := s.Checks[in.Body.Name]
	if !ok {
		return nil, problem(http.StatusNotFound, "not_found")
	}
	if !s.noticed.allow("check " + caller(ctx).ID.String()) {
		return nil, problem(http.StatusTooManyRequests, "too_many_notes")
	}
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	began := time.Now()
	err := check(ctx)
	if err != nil {
		s.Logger.Warn("an administrator's check failed", "check", in.Body.Name, "error", err)
	}
	return answer(Checked{Name: in.Body.Name, OK: err == nil, TookMs: time.Since(began).Milliseconds()}), nil
}

// AuditEntry is one act of a member of staff.
type AuditEntry struct {
	ID      uuid.UUID `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Outcome string    `json:"outcome"`
	Actor   string    `json:"actor" doc:"Empty: the service itself, or the command line"`
	Person  string    `json:"person" doc:"Whom it concerns, if anybody"`
	Exam    string    `json:"exam"`
	What    string    `json:"what" doc:"What was changed or looked at"`
	Class   string    `json:"class" doc:"Of a change: which setting or role"`
	Before  string    `json:"before" doc:"Of a setting, as JSON"`
	After   string    `json:"after"`
}

// AuditPage is a page of them.
type AuditPage struct {
	Entries []AuditEntry `json:"entries" nullable:"false"`
	Next    string       `json:"next,omitempty" doc:"Cursor of the next page"`
}

type auditInput struct {
	Kind   string `query:"kind" default:"staff" enum:"staff,decision,policy_change,access,hold,request,link,unlink,sign_in"`
	From   string `query:"from" format:"date" doc:"The first day"`
	Cursor string `query:"cursor" maxLength:"20"`
}

const auditAtOnce = 50

// audit tells who did what, from the log itself. Looking here is a look that the log tells of, too.
func (s *Server) audit(ctx context.Context, in *auditInput) (*body[AuditPage], error) {
	filter := ledger.Filter{Organisation: caller(ctx).Organisation, Type: ledger.Type(in.Kind)}
	if in.From != "" {
		from, err := time.ParseInLocation(time.DateOnly, in.From, time.Local)
		if err != nil {
			return nil, badField("query.from")
		}
		filter.From = from
	}
	var cursor int64
	if in.Cursor != "" {
		var err error
		if cursor, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || cursor < 1 {
			return nil, badField("query.cursor")
		}
	}
	if err := s.look(ctx, ledger.Look{What: ledger.SawLog}); err != nil {
		return nil, err
	}
	rows, next, err := s.Log.Page(ctx, filter, cursor, auditAtOnce)
	if err != nil {
		return nil, err
	}
	out := AuditPage{Entries: []AuditEntry{}}
	if next != 0 {
		out.Next = strconv.FormatInt(next, 10)
	}
	for _, r := range rows {
		var d struct {
			Exam   ledger.ExamRef `json:"exam"`
			What   string         `json:"what"`
			Class  string         `json:"class"`
			Role   string         `json:"role"`
			Before string         `json:"before"`
			After  string         `json:"after"`
		}
		if err := r.Data(&d); err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, AuditEntry{
			ID: r.ID, At: r.At.UTC(), Kind: string(r.Type), Outcome: r.Outcome, Actor: r.Personal["actor"],
			Person: cmp.Or(r.Personal["student"], r.Personal["person"], r.Personal["claimant"]), Exam: d.Exam.Title, What: d.What, Class: cmp.Or(d.Class, d.Role), Before: d.Before, After: d.After,
		})
	}
	return answer(out), nil
}
