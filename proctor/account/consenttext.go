package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ConsentText is one version of what a student agrees to.
type ConsentText struct {
	ID          uuid.UUID
	Version     int
	Title       string
	Body        string // paragraphs separated by an empty line
	SHA256      []byte // of the body
	PublishedAt time.Time
}

// ErrNoConsentText: the organisation has published none, so nobody can consent and nobody can be identified.
var ErrNoConsentText = errors.New("the organisation has published no consent text")

// ErrConsentText: a text that nobody could agree to.
var ErrConsentText = errors.New("not a consent text")

// Bounds of a text, in bytes.
const (
	maxConsentTitle = 600
	maxConsentBody  = 64 << 10
)

// PublishConsentText makes a text the current one; the same text again keeps its version.
func (a *Accounts) PublishConsentText(ctx context.Context, organisation uuid.UUID, title, body string) error {
	if strings.TrimSpace(title) == "" || strings.TrimSpace(body) == "" || len(title) > maxConsentTitle || len(body) > maxConsentBody {
		return ErrConsentText
	}
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		// Two who publish at once take two numbers.
		if _, err := tx.Exec(ctx, `select from organisation where id = $1 for update`, organisation); err != nil {
			return fmt.Errorf("publish a consent text: %w", err)
		}
		current, err := consentText(ctx, tx, organisation)
		if err != nil && !errors.Is(err, ErrNoConsentText) {
			return err
		}
		sum := sha256.Sum256([]byte(body))
		if current.Title == title && string(current.SHA256) == string(sum[:]) {
			return nil
		}
		if _, err := tx.Exec(ctx, `insert into consent_text (id, organisation_id, version, title, body, sha256, published_at) values ($1, $2, $3, $4, $5, $6, $7)`,
			uuid.New(), organisation, current.Version+1, title, body, sum[:], a.now()); err != nil {
			return fmt.Errorf("publish a consent text: %w", err)
		}
		return nil
	})
}

const selectConsentText = `select id, version, title, body, sha256, published_at from consent_text`

// ConsentText is the current text; ErrNoConsentText when there is none.
func (a *Accounts) ConsentText(ctx context.Context, organisation uuid.UUID) (ConsentText, error) {
	return consentText(ctx, a.pool, organisation)
}

func consentText(ctx context.Context, q queryer, organisation uuid.UUID) (ConsentText, error) {
	rows, _ := q.Query(ctx, selectConsentText+` where organisation_id = $1 order by version desc limit 1`, organisation)
	text, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[ConsentText])
	if errors.Is(err, pgx.ErrNoRows) {
		return text, ErrNoConsentText
	}
	if err != nil {
		return text, fmt.Errorf("read the consent text: %w", err)
	}
	return text, nil
}

// ConsentTexts are all versions, the current one first, at most 200.
func (a *Accounts) ConsentTexts(ctx context.Context, organisation uuid.UUID) ([]ConsentText, error) {
	rows, _ := a.pool.Query(ctx, selectConsentText+` where organisation_id = $1 order by version desc limit 200`, organisation)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ConsentText])
	if err != nil {
		return nil, fmt.Errorf("read the consent texts: %w", err)
	}
	return list, nil
}

// Terms are what 152-ФЗ, article 9, part 4 wants a consent to say. A text says each in a paragraph of its own that begins with a label, so
// that what people read, what is hashed and what can be shown item by item are one and the same.
type Terms struct {
	Operator   string // the operator's name
	Address    string // and address
	Purpose    string
	Data       string // the closed list of data
	Actions    string // the list of actions, and the way of processing
	Processor  string // whom the operator entrusts with it; may be empty
	Term       string
	Withdrawal string // the way to withdraw
}

type term struct {
	label string
	field func(*Terms) *string
}

// terms are the labels, in the order in which Compose writes them.
var terms = []term{
	{"Оператор", func(t *Terms) *string { return &t.Operator }},
	{"Адрес оператора", func(t *Terms) *string { return &t.Address }},
	{"Цель обработки", func(t *Terms) *string { return &t.Purpose }},
	{"Перечень данных", func(t *Terms) *string { return &t.Data }},
	{"Действия с данными", func(t *Terms) *string { return &t.Actions }},
	{"Кому поручена обработка", func(t *Terms) *string { return &t.Processor }},
	{"Срок", func(t *Terms) *string { return &t.Term }},
	{"Как отозвать согласие", func(t *Terms) *string { return &t.Withdrawal }},
}

// ReadTerms finds the terms in a text; what it does not say is empty.
func ReadTerms(body string) Terms {
	var t Terms
	for paragraph := range strings.SplitSeq(body, "\n\n") {
		for _, term := range terms {
			if said, ok := strings.CutPrefix(strings.TrimSpace(paragraph), term.label+": "); ok {
				*term.field(&t) = strings.TrimSpace(said)
			}
		}
	}
	return t
}

// Missing are the labels of what the law wants and the terms leave out.
func (t Terms) Missing() []string {
	var missing []string
	for _, term := range terms {
		if *term.field(&t) == "" && term.label != "Кому поручена обработка" {
			missing = append(missing, term.label)
		}
	}
	return missing
}

// Compose writes a text: the introduction, then the terms, each in its paragraph.
func (t Terms) Compose(introduction string) string {
	var paragraphs []string
	for part := range strings.SplitSeq(strings.ReplaceAll(introduction, "\r\n", "\n"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			paragraphs = append(paragraphs, part)
		}
	}
	for _, term := range terms {
		if said := strings.Join(strings.Fields(*term.field(&t)), " "); said != "" {
			paragraphs = append(paragraphs, term.label+": "+said)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}
