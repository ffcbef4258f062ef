package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// Desk takes requests to an organisation (обращения) of people whose ESIA account matches nobody, and lets staff decide them.
// Safe for concurrent use.
type Desk struct {
	*Accounts
	post Post
}

// Post takes a letter within the caller's transaction: it is sent when, and only when, that commits.
type Post interface {
	Enqueue(ctx context.Context, tx pgx.Tx, m mail.Message) error
}

// NewDesk makes the desk.
func NewDesk(a *Accounts, post Post) *Desk { return &Desk{Accounts: a, post: post} }

// RequestKind says what a request is about.
type RequestKind string

// The kinds of request.
const (
	RequestLink         RequestKind = "link"         // the ESIA account is to be linked
	RequestOrganisation RequestKind = "organisation" // the needed organisation is missing
)

// RequestState is how far a request is.
type RequestState string

// The states of a request.
const (
	RequestOpen    RequestState = "open"
	RequestLinked  RequestState = "linked"
	RequestRefused RequestState = "refused"
)

// Why a request was not taken or not decided.
var (
	// ErrFlood: the account has filed too much.
	ErrFlood = errors.New("too many requests of one account")
	// ErrDecided: the request is no longer open.
	ErrDecided = errors.New("the request is decided already")
	// ErrLinked: the account is linked to somebody of that organisation already, so there is nothing to ask for.
	ErrLinked = errors.New("the account is linked in that organisation already")
	// ErrBadForm: a field is missing or too long, or the e-mail address is none.
	ErrBadForm = errors.New("the form is not filled in well")
)

// The bounds of what one ESIA account may file.
const (
	requestsADay = 3  // requests that are begun
	notesAtMost  = 10 // forms added to one open request
)

// Form is what somebody wrote.
type Form struct {
	Name    string    `json:"name"`
	Faculty string    `json:"faculty,omitempty"`
	Group   string    `json:"group,omitempty"`
	Message string    `json:"message,omitempty"`
	Email   string    `json:"email"`
	English bool      `json:"english,omitempty"` // the answer is to be in English
	At      time.Time `json:"at"`
}

func (f Form) check() error {
	for _, field := range []struct {
		text string
		most int
	}{{f.Name, 200}, {f.Faculty, 200}, {f.Group, 100}, {f.Message, 2000}} {
		if utf8.RuneCountInString(field.text) > field.most || !utf8.ValidString(field.text) || strings.ContainsRune(field.text, 0) {
			return ErrBadForm
		}
	}
	if _, err := mail.CheckAddress(f.Email); err != nil || strings.TrimSpace(f.Name) == "" {
		return ErrBadForm
	}
	return nil
}

// Request is a request to an organisation.
type Request struct {
	ID           uuid.UUID
	Number       string
	Organisation uuid.UUID
	Kind         RequestKind
	State        RequestState
	Claims       Claims // what ESIA said when the last form was filed
	Forms        []Form // the first to the last
	CreatedAt    time.Time
	UpdatedAt    time.Time
	DecidedAt    *time.Time
	Person       uuid.UUID // whom the account was linked to; Nil otherwise
	Reason       string    // why it was refused
}

// Last is the newest form.
func (r Request) Last() Form { return r.Forms[len(r.Forms)-1] }

// personalPart is what of a request is sealed.
type personalPart struct {
	Claims Claims
	Forms  []Form
}

// File takes a form: it begins a request, or is added to the open one of the same account. Only an admitted account may file
// (ErrNotConfirmed). The first form is answered by a letter with the number.
func (d *Desk) File(ctx context.Context, organisation uuid.UUID, kind RequestKind, c Claims, f Form) (Request, error) {
	if !c.Admitted(d.now()) || c.OID == "" {
		return Request{}, ErrNotConfirmed
	}
	if err := f.check(); err != nil {
		return Request{}, err
	}
	f.Email, f.At = strings.TrimSpace(f.Email), d.now().UTC()
	var out Request
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		// Two forms of one account at once become one request.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('request ' || $1, 0))`, c.OID); err != nil {
			return fmt.Errorf("lock the account's requests: %w", err)
		}
		var linked bool
		var today int
		if err := tx.QueryRow(ctx, `select exists (select from person where organisation_id = $1 and esia_oid = $2),
			(select count(*) from request where esia_oid = $2 and created_at > $3)`, organisation, c.OID, f.At.Add(-24*time.Hour)).Scan(&linked, &today); err != nil {
			return fmt.Errorf("look for requests: %w", err)
		}
		if linked && kind == RequestLink {
			return ErrLinked
		}
		open, err := d.requests(ctx, tx, `organisation_id = $1 and esia_oid = $2 and state = 'open'`, organisation, c.OID)
		if err != nil {
			return err
		}
		outcome := "added"
		switch {
		case len(open) == 1 && len(open[0].Forms) >= notesAtMost, len(open) == 0 && today >= requestsADay:
			return ErrFlood
		case len(open) == 1:
			out = open[0]
			out.Claims, out.Forms, out.UpdatedAt = c, append(out.Forms, f), f.At
			err = d.renew(ctx, tx, out)
		default:
			outcome = "filed"
			out = Request{ID: uuid.New(), Organisation: organisation, Kind: kind, State: RequestOpen, Claims: c, Forms: []Form{f}, CreatedAt: f.At, UpdatedAt: f.At}
			if out.Number, err = d.begin(ctx, tx, out); err == nil {
				err = d.send(ctx, tx, out, receivedLetter)
			}
		}
		if err != nil {
			return err
		}
		return d.record(ctx, tx, out, outcome, uuid.Nil, "", "")
	})
	return out, err
}

func (d *Desk) sealRequest(r Request) ([]byte, error) {
	text, err := json.Marshal(personalPart{Claims: r.Claims, Forms: r.Forms})
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return d.ring.Seal("request "+r.ID.String(), text), nil
}

// begin stores a new request and returns its number.
func (d *Desk) begin(ctx context.Context, tx pgx.Tx, r Request) (string, error) {
	sealed, err := d.sealRequest(r)
	if err != nil {
		return "", err
	}
	var number int64
	if err := tx.QueryRow(ctx, `insert into request (id, organisation_id, kind, esia_oid, personal, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $6) returning number`, r.ID, r.Organisation, r.Kind, r.Claims.OID, sealed, r.CreatedAt).Scan(&number); err != nil {
		return "", fmt.Errorf("store the request: %w", err)
	}
	return requestNumber(number), nil
}

func (d *Desk) renew(ctx context.Context, tx pgx.Tx, r Request) error {
	sealed, err := d.sealRequest(r)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `update request set personal = $2, updated_at = $3, filings = $4 where id = $1`, r.ID, sealed, r.UpdatedAt, len(r.Forms)); err != nil {
		return fmt.Errorf("add to the request: %w", err)
	}
	return nil
}

func requestNumber(n int64) string { return fmt.Sprintf("%06d", n) }

// record writes an act on a request into the log; person is whom it concerns, if it is known.
func (d *Desk) record(ctx context.Context, tx pgx.Tx, r Request, outcome string, person uuid.UUID, actor, reason string) error {
	personal := map[string]string{"claimant": r.Claims.Name.String(), "oid": r.Claims.OID}
	if actor != "" {
		personal["actor"] = actor
	}
	if reason != "" {
		personal["reason"] = reason
	}
	_, err := d.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeRequest, At: d.now(), Person: person, Organisation: r.Organisation, Outcome: outcome, Data: ledger.Request{Number: r.Number, Kind: string(r.Kind)}, Personal: personal,
	})
	return err
}

// requests reads those for which a condition holds, the newest first, at most 200.
func (d *Desk) requests(ctx context.Context, q queryer, where string, args ...any) ([]Request, error) {
	rows, _ := q.Query(ctx, `select id, number, organisation_id, kind, state, personal, created_at, updated_at, decided_at, person_id, reason
		from request where `+where+` order by number desc limit 200`, args...)
	type row struct {
		ID             uuid.UUID
		Number         int64
		OrganisationID uuid.UUID
		Kind           RequestKind
		State          RequestState
		Personal       []byte
		CreatedAt      time.Time
		UpdatedAt      time.Time
		DecidedAt      *time.Time
		PersonID       uuid.NullUUID
		Reason         []byte
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	list := make([]Request, len(found))
	for i, r := range found {
		plain, err := d.ring.Unseal("request "+r.ID.String(), r.Personal)
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", r.Number, err)
		}
		var part personalPart
		if err := json.Unmarshal(plain, &part); err != nil {
			return nil, fmt.Errorf("request %d: %w", r.Number, err)
		}
		list[i] = Request{
			ID: r.ID, Number: requestNumber(r.Number), Organisation: r.OrganisationID, Kind: r.Kind, State: r.State, Claims: part.Claims, Forms: part.Forms,
			CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, DecidedAt: r.DecidedAt, Person: r.PersonID.UUID,
		}
		if r.Reason != nil {
			reason, err := d.ring.Unseal("request reason "+r.ID.String(), r.Reason)
			if err != nil {
				return nil, fmt.Errorf("request %d: %w", r.Number, err)
			}
			list[i].Reason = string(reason)
		}
	}
	return list, nil
}

// Requests are an organisation's, the newest first, at most 200: the open ones, or those that were decided.
func (d *Desk) Requests(ctx context.Context, organisation uuid.UUID, open bool) ([]Request, error) {
	return d.requests(ctx, d.pool, `organisation_id = $1 and (state = 'open') = $2`, organisation, open)
}

// OpenRequests tells how many of an organisation wait.
func (d *Desk) OpenRequests(ctx context.Context, organisation uuid.UUID) (int, error) {
	var n int
	if err := d.pool.QueryRow(ctx, `select count(*) from request where organisation_id = $1 and state = 'open'`, organisation).Scan(&n); err != nil {
		return 0, fmt.Errorf("count requests: %w", err)
	}
	return n, nil
}

// Request reads one of an organisation; ErrNotFound when it has none such.
func (d *Desk) Request(ctx context.Context, organisation, id uuid.UUID) (Request, error) {
	list, err := d.requests(ctx, d.pool, `id = $1 and organisation_id = $2`, id, organisation)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Request{}, err
	}
	return list[0], nil
}

// OpenRequestsOf are what an ESIA account waits for, in all organisations.
func (d *Desk) OpenRequestsOf(ctx context.Context, oid string) ([]Request, error) {
	return d.requests(ctx, d.pool, `esia_oid = $1 and state = 'open'`, oid)
}
