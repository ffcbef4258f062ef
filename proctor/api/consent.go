package api

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

// ConsentItem is a consent that was given, with all that it says.
type ConsentItem struct {
	ID          uuid.UUID    `json:"id"`
	Text        ConsentText  `json:"text"`
	Terms       ConsentTerms `json:"terms"`
	GrantedAt   time.Time    `json:"grantedAt"`
	WithdrawnAt *time.Time   `json:"withdrawnAt,omitempty"`
	Guardian    string       `json:"guardian,omitempty" doc:"Who gave it for a minor"`
	WithdrawnBy string       `json:"withdrawnBy,omitempty"`
}

// ConsentTerms are what 152-ФЗ, article 9 wants a consent to say; empty where the text does not say it in a paragraph of its own.
type ConsentTerms struct {
	Operator   string `json:"operator" maxLength:"2000"`
	Address    string `json:"address" maxLength:"2000"`
	Purpose    string `json:"purpose" maxLength:"4000"`
	Data       string `json:"data" maxLength:"4000"`
	Actions    string `json:"actions" maxLength:"4000"`
	Processor  string `json:"processor" maxLength:"2000"`
	Term       string `json:"term" maxLength:"2000"`
	Withdrawal string `json:"withdrawal" maxLength:"4000"`
}

// MyConsents are a person's consents, the newest first.
type MyConsents struct {
	Consents []ConsentItem `json:"consents" nullable:"false"`
	Standing *uuid.UUID    `json:"standing,omitempty" doc:"The one in force"`
	Minor    bool          `json:"minor" doc:"A parent consents and withdraws"`
	// EraseDays is how long after a withdrawal recordings are still there.
	EraseDays int `json:"eraseDays"`
}

// Withdrawn says what follows from a withdrawal.
type Withdrawn struct {
	Stopped int       `json:"stopped" doc:"Attempts that went on in another form"`
	EraseBy time.Time `json:"eraseBy" doc:"When the recordings are erased at the latest"`
}

// ConsentTextList are the versions of the organisation's text.
type ConsentTextList struct {
	Texts []PublishedConsentText `json:"texts" nullable:"false"`
}

// PublishedConsentText is a version with its terms.
type PublishedConsentText struct {
	ConsentText
	Terms       ConsentTerms `json:"terms"`
	PublishedAt time.Time    `json:"publishedAt"`
}

func consentTextShape(t account.ConsentText) ConsentText {
	return ConsentText{ID: t.ID, Version: t.Version, Title: t.Title, Body: t.Body, SHA256: hex.EncodeToString(t.SHA256)}
}

func consentItems(list []account.Given) []ConsentItem {
	items := make([]ConsentItem, 0, len(list))
	for _, g := range list {
		items = append(items, ConsentItem{
			ID: g.ID, Text: consentTextShape(g.Text), Terms: ConsentTerms(account.ReadTerms(g.Text.Body)), GrantedAt: g.GrantedAt.UTC(), WithdrawnAt: g.WithdrawnAt,
			Guardian: g.Guardian, WithdrawnBy: g.WithdrawnBy,
		})
	}
	return items
}

// consentUse is an attempt as what a consent is for.
func (s *Server) consentUse(ctx context.Context, a exam.Attempt) (account.Use, error) {
	ref, err := s.Exams.Ref(ctx, a)
	return account.Use{Exam: a.ExamID, Attempt: a.ID, Ref: ref}, err
}

// shownText is the organisation's text, which must be the one that was shown.
func (s *Server) shownText(ctx context.Context, organisation, id uuid.UUID, sha256 string) (account.ConsentText, error) {
	text, err := s.Accounts.ConsentText(ctx, organisation)
	if err == nil && (text.ID != id || hex.EncodeToString(text.SHA256) != sha256) {
		err = account.ErrTextChanged
	}
	return text, err
}

// goOnWithConsent moves an attempt past the consent when one stands already: it is asked once.
func (s *Server) goOnWithConsent(ctx context.Context, a exam.Attempt) (*body[Attempt], error) {
	person := caller(ctx)
	if a.State != exam.Registered {
		return s.attemptAnswer(ctx, a, nil)
	}
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		standing, err := s.Accounts.Standing(ctx, tx, *person)
		if err != nil || standing == nil {
			return err
		}
		if _, err := s.Exams.Move(ctx, tx, a.ID, exam.Move{From: exam.Registered, To: exam.Ready, Actor: person.ID, Reason: "consent_stands"}); err != nil {
			return err
		}
		use, err := s.consentUse(ctx, a)
		if err != nil {
			return err
		}
		if err := s.Archive.Spare(ctx, tx, a.ID); err != nil {
			return err
		}
		return s.Accounts.RelyOnConsent(ctx, tx, *person, *standing, use)
	})
	if illegal := (*exam.IllegalMove)(nil); err != nil && !errors.As(err, &illegal) { // another tab was faster
		return nil, err
	}
	a, err = s.Exams.Attempt(ctx, a.ID)
	return s.attemptAnswer(ctx, a, err)
}

func (s *Server) myConsents(ctx context.Context, _ *struct{}) (*body[MyConsents], error) {
	person := caller(ctx)
	list, err := s.Accounts.Consents(ctx, person.ID)
	if err != nil {
		return nil, err
	}
	standing, err := s.Accounts.Standing(ctx, nil, *person)
	if err != nil {
		return nil, err
	}
	out := MyConsents{Consents: consentItems(list), Minor: s.Accounts.Minor(*person), EraseDays: int(account.EraseAfter / (24 * time.Hour))}
	if standing != nil {
		out.Standing = &standing.ID
	}
	return answer(out), nil
}

func (s *Server) withdrawConsent(ctx context.Context, _ *struct{}) (*body[Withdrawn], error) {
	return s.withdraw(ctx, account.Withdrawal{Person: *caller(ctx)}, func(pgx.Tx) error { return nil })
}

// withdraw ends the consents and, in the same transaction, all that is done with the person's data; tell writes to whom it concerns.
func (s *Server) withdraw(ctx context.Context, w account.Withdrawal, tell func(pgx.Tx) error) (*body[Withdrawn], error) {
	out := Withdrawn{EraseBy: s.Now().Add(account.EraseAfter).UTC()}
	actor := w.Person.ID
	if w.Guardian != nil {
		actor = w.Guardian.ID
	}
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if err := s.Accounts.WithdrawConsent(ctx, tx, w); err != nil {
			return err
		}
		attempts, stopped, err := s.Exams.Leave(ctx, tx, w.Person.ID, actor)
		if err != nil {
			return err
		}
		out.Stopped = stopped
		if err := s.Archive.Doom(ctx, tx, attempts, out.EraseBy); err != nil {
			return err
		}
		return tell(tx)
	})
	if err != nil {
		return nil, err
	}
	return answer(out), nil
}

func (s *Server) consentTexts(ctx context.Context, _ *struct{}) (*body[ConsentTextList], error) {
	list, err := s.Accounts.ConsentTexts(ctx, caller(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	out := ConsentTextList{Texts: make([]PublishedConsentText, 0, len(list))}
	for _, t := range list {
		out.Texts = append(out.Texts, PublishedConsentText{ConsentText: consentTextShape(t), Terms: ConsentTerms(account.ReadTerms(t.Body)), PublishedAt: t.PublishedAt.UTC()})
	}
	return answer(out), nil
}

type publishInput struct {
	Body struct {
		Title        string       `json:"title" minLength:"1" maxLength:"300"`
		Introduction string       `json:"introduction" maxLength:"12000" doc:"Paragraphs before the terms, separated by an empty line"`
		Terms        ConsentTerms `json:"terms"`
	}
}

// publishConsentText makes a new version, which everybody is asked for anew.
func (s *Server) publishConsentText(ctx context.Context, in *publishInput) (*body[ConsentTextList], error) {
	terms := account.Terms(in.Body.Terms)
	text := terms.Compose(in.Body.Introduction)
	if missing := account.ReadTerms(text).Missing(); len(missing) > 0 {
		p := problem(http.StatusUnprocessableEntity, "consent_text_invalid")
		p.Fields = missing
		return nil, p
	}
	if err := s.Accounts.PublishConsentText(ctx, caller(ctx).Organisation, in.Body.Title, text); err != nil {
		return nil, err
	}
	return s.consentTexts(ctx, nil)
}
