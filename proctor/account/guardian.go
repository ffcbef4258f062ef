package account

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/ledger"
)

// Authority is what tells that somebody is a minor's parent.
type Authority string

// The authorities.
const (
	ByESIA   Authority = "esia"   // the child is among the parent's at ESIA
	ByPapers Authority = "papers" // the organisation looked at papers
)

// Parent is somebody known to be a minor's parent or other legal representative (законный представитель).
type Parent struct {
	Person
	By Authority
}

// Why a parent's act is refused; nothing changes then.
var (
	// ErrOfAge: the student has come of age and decides herself.
	ErrOfAge = errors.New("the student has come of age")
	// ErrNotParent: ESIA does not name the student among the account's children.
	ErrNotParent = errors.New("not known to be the student's parent")
	// ErrStands: a consent is in force; it can be withdrawn, not refused.
	ErrStands = errors.New("a consent stands")
	// ErrTextChanged: it is not the current text that was read.
	ErrTextChanged = errors.New("the consent text has changed")
)

// Guardians is what parents do for minors: they come by an invitation, are known as parents, consent and withdraw. Safe for concurrent use.
type Guardians struct {
	*Accounts
	post Post
	link func(code string) string
}

// NewGuardians makes it; link is the address in an invitation's letter.
func NewGuardians(a *Accounts, post Post, link func(code string) string) *Guardians {
	return &Guardians{Accounts: a, post: post, link: link}
}

// Arrive takes a parent who came with an invitation's code and signed in: children are what ESIA says of hers. She is tied to her account, and
// known as the student's parent from then on; the code is used up. What is refused leaves the code as it was: the Err… of Opened,
// ErrNotConfirmed, ErrOfAge, ErrAmbiguous, and ErrNotParent, after which Claim is the way on.
func (g *Guardians) Arrive(ctx context.Context, code string, c Claims, children []Claims) (Person, error) {
	var guardian Person
	err := pgx.BeginFunc(ctx, g.pool, func(tx pgx.Tx) error {
		in, student, err := g.arriving(ctx, tx, code, c)
		if err != nil {
			return err
		}
		if known, err := g.isChild(ctx, tx, student, children); err != nil {
			return err
		} else if !known {
			return ErrNotParent
		}
		if guardian, err = g.ensureGuardian(ctx, tx, student.Organisation, c, in); err != nil {
			return err
		}
		return g.confirm(ctx, tx, student, guardian, ByESIA, nil)
	})
	return guardian, err
}

// arriving checks the code, the account and the student, and holds the invitation until the transaction ends.
func (g *Guardians) arriving(ctx context.Context, tx pgx.Tx, code string, c Claims) (invitation, Person, error) {
	in, err := g.invitation(ctx, tx, code, " for update of i")
	if err != nil {
		return in, Person{}, err
	}
	if c.Level != Confirmed || c.OID == "" {
		return in, Person{}, ErrNotConfirmed
	}
	student, err := g.person(ctx, tx, "p.id = $1", in.Student)
	switch {
	case err != nil:
		return in, student, err
	case !g.Minor(student):
		return in, student, ErrOfAge
	case c.OID == student.OID || Age(c.BirthDate, g.now()) < Adult:
		return in, student, ErrNotParent
	}
	return in, student, nil
}

// isChild tells whether the student is among the children: the same account or, where the university or ESIA knows no account, the same SNILS, name and
// birth date; without a SNILS on one side, the same name and birth date.
func (g *Guardians) isChild(ctx context.Context, tx pgx.Tx, student Person, children []Claims) (bool, error) {
	var snils []byte
	if err := tx.QueryRow(ctx, `select snils_hash from person where id = $1`, student.ID).Scan(&snils); err != nil {
		return false, fmt.Errorf("read the student: %w", err)
	}
	for _, child := range children {
		hash := g.keyed(child.SNILS, purposeSNILS).hash
		switch {
		case child.OID != "" && child.OID == student.OID:
			return true, nil
		case !child.Name.agrees(student.Name) || !child.BirthDate.Equal(student.BirthDate):
		case hash == nil || snils == nil || string(hash) == string(snils):
			return true, nil
		}
	}
	return false, nil
}

// ensureGuardian finds or adds the person behind the account, with the guardian's role, and uses the invitation up.
func (g *Guardians) ensureGuardian(ctx context.Context, tx pgx.Tx, organisation uuid.UUID, c Claims, in invitation) (Person, error) {
	guardian, err := g.person(ctx, tx, "p.esia_oid = $1 and p.organisation_id = $2", c.OID, organisation)
	switch {
	case errors.Is(err, ErrNotFound):
		id, err := g.Ensure(ctx, tx, NewPerson{Organisation: organisation, Name: c.Name, BirthDate: c.BirthDate, SNILS: c.SNILS, Roles: []Role{Guardian}})
		if err != nil {
			return guardian, err
		}
		tag, err := tx.Exec(ctx, `update person set esia_oid = $2, linked_at = $3 where id = $1 and esia_oid is null`, id, c.OID, g.now())
		if err != nil {
			return guardian, fmt.Errorf("link the parent's account: %w", err)
		}
		if tag.RowsAffected() == 0 { // the person of that SNILS has another account
			return guardian, ErrAmbiguous
		}
		if guardian, err = g.person(ctx, tx, "p.id = $1", id); err != nil {
			return guardian, err
		}
		if _, err := g.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeLink, At: g.now(), Person: id, Data: ledger.Link{By: "guardian"},
			Personal: map[string]string{"person": guardian.Name.String(), "oid": c.OID},
		}); err != nil {
			return guardian, err
		}
	case err != nil:
		return guardian, err
	default:
		if _, err := tx.Exec(ctx, `insert into person_role (person_id, role) values ($1, $2) on conflict do nothing`, guardian.ID, Guardian); err != nil {
			return guardian, fmt.Errorf("make a parent: %w", err)
		}
		if !guardian.Has(Guardian) {
			guardian.Roles = append(guardian.Roles, Guardian)
		}
	}
	if in.Email != "" {
		if _, err := tx.Exec(ctx, `update person set email_sealed = $2 where id = $1 and email_sealed is null`, guardian.ID, g.sealEmail(guardian.ID, in.Email)); err != nil {
			return guardian, fmt.Errorf("keep the parent's address: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, `update guardian_invitation set used_at = $2, used_by = $3 where id = $1`, in.ID, g.now(), guardian.ID); err != nil {
		return guardian, fmt.Errorf("use the invitation up: %w", err)
	}
	return guardian, nil
}

// confirm makes somebody the student's parent; actor is who looked at the papers.
func (g *Guardians) confirm(ctx context.Context, tx pgx.Tx, student, guardian Person, by Authority, actor *Person) error {
	var confirmedBy uuid.NullUUID
	personal := map[string]string{"student": student.Name.String(), "guardian": guardian.Name.String(), "guardian_oid": guardian.OID}
	if actor != nil {
		confirmedBy = uuid.NullUUID{UUID: actor.ID, Valid: true}
		personal["actor"] = actor.Name.String()
	}
	tag, err := tx.Exec(ctx, `insert into guardianship (student_id, guardian_id, authority, since, confirmed_by) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		student.ID, guardian.ID, by, g.now(), confirmedBy)
	if err != nil {
		return fmt.Errorf("make a parent: %w", err)
	}
	if tag.RowsAffected() == 0 { // known already
		return nil
	}
	_, err = g.log.Append(ctx, tx, ledger.Entry{
		Type: ledger.TypeGuardian, At: g.now(), Person: student.ID, Outcome: "confirmed", Data: ledger.Guardian{By: string(by)}, Personal: personal,
	})
	return err
}

// ParentOf reads the two of a guardianship; ErrNotFound when there is none.
func (g *Guardians) ParentOf(ctx context.Context, guardian Person, student uuid.UUID) (Parent, Person, error) {
	return g.parentOf(ctx, g.pool, guardian, student)
}

func (g *Guardians) parentOf(ctx context.Context, q queryer, guardian Person, student uuid.UUID) (Parent, Person, error) {
	rows, _ := q.Query(ctx, `select authority from guardianship where student_id = $1 and guardian_id = $2`, student, guardian.ID)
	by, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[Authority])
	if errors.Is(err, pgx.ErrNoRows) {
		return Parent{}, Person{}, ErrNotFound
	}
	if err != nil {
		return Parent{}, Person{}, fmt.Errorf("read a parent: %w", err)
	}
	child, err := g.person(ctx, q, "p.id = $1", student)
	return Parent{Person: guardian, By: by}, child, err
}

// Grant is the parent's consent for the student; the text is the one that was shown. Student and parents are told.
func (g *Guardians) Grant(ctx context.Context, guardian Person, student uuid.UUID, text ConsentText) error {
	return g.decide(ctx, guardian, student, text, func(tx pgx.Tx, parent Parent, child Person) error {
		if standing, err := g.Standing(ctx, tx, child); err != nil || standing != nil {
			return err // the other parent was faster: it stands
		}
		if err := g.GrantConsent(ctx, tx, Grant{Person: child, Text: text, Guardian: &parent}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from consent_refusal where student_id = $1 and guardian_id = $2`, child.ID, guardian.ID); err != nil {
			return fmt.Errorf("forget a refusal: %w", err)
		}
		return g.tell(ctx, tx, child, grantedLetter)
	})
}

// Refuse is the parent's «no»; the other parent may still consent. ErrStands when a consent is in force.
func (g *Guardians) Refuse(ctx context.Context, guardian Person, student uuid.UUID, text ConsentText) error {
	return g.decide(ctx, guardian, student, text, func(tx pgx.Tx, parent Parent, child Person) error {
		if standing, err := g.Standing(ctx, tx, child); err != nil {
			return err
		} else if standing != nil {
			return ErrStands
		}
		now := g.now()
		tag, err := tx.Exec(ctx, `insert into consent_refusal (student_id, guardian_id, text_id, at) values ($1, $2, $3, $4) on conflict do nothing`,
			child.ID, guardian.ID, text.ID, now)
		if err != nil {
			return fmt.Errorf("keep a refusal: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		if _, err := g.log.Append(ctx, tx, ledger.Entry{
			Type: ledger.TypeConsent, At: now, Person: child.ID, Outcome: "refused",
			Data:     ledger.Consent{By: "guardian", Authority: string(parent.By), Version: text.Version, TextSHA256: hex.EncodeToString(text.SHA256)},
			Personal: map[string]string{"student": child.Name.String(), "oid": child.OID, "guardian": guardian.Name.String(), "guardian_oid": guardian.OID},
		}); err != nil {
			return err
		}
		return g.tell(ctx, tx, child, refusedConsentLetter)
	})
}

// decide does what both answers have in common: a parent, a minor, the current text.
func (g *Guardians) decide(ctx context.Context, guardian Person, student uuid.UUID, text ConsentText, act func(pgx.Tx, Parent, Person) error) error {
	return pgx.BeginFunc(ctx, g.pool, func(tx pgx.Tx) error {
		parent, child, err := g.parentOf(ctx, tx, guardian, student)
		if err != nil {
			return err
		}
		if !g.Minor(child) {
			return ErrOfAge
		}
		current, err := consentText(ctx, tx, child.Organisation)
		if err != nil {
			return err
		}
		if current.ID != text.ID || string(current.SHA256) != string(text.SHA256) {
			return ErrTextChanged
		}
		return act(tx, parent, child)
	})
}

// Ward is a student as her parent sees her.
type Ward struct {
	Student   Person
	By        Authority
	Minor     bool
	Standing  *Standing // the consent in force
	Consents  []Given
	RefusedAt *time.Time // this parent refused the current text
}

// Wards are the students whose parent somebody is.
func (g *Guardians) Wards(ctx context.Context, guardian Person) ([]Ward, error) {
	rows, _ := g.pool.Query(ctx, `select s.student_id, s.authority, r.at from guardianship s join person p on p.id = s.student_id
		left join consent_refusal r on r.student_id = s.student_id and r.guardian_id = s.guardian_id
			and r.text_id = (select id from consent_text t where t.organisation_id = p.organisation_id order by version desc limit 1)
		where s.guardian_id = $1 order by s.since, s.student_id limit 50`, guardian.ID)
	type row struct {
		Student uuid.UUID
		By      Authority
		Refused *time.Time
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("read a parent's children: %w", err)
	}
	wards := make([]Ward, len(list))
	for i, r := range list {
		student, err := g.Person(ctx, r.Student)
		if err != nil {
			return nil, err
		}
		wards[i] = Ward{Student: student, By: r.By, Minor: g.Minor(student), RefusedAt: r.Refused}
		if wards[i].Standing, err = g.Standing(ctx, nil, student); err != nil {
			return nil, err
		}
		if wards[i].Consents, err = g.Consents(ctx, student.ID); err != nil {
			return nil, err
		}
	}
	return wards, nil
}

// RefusedAt tells when a parent refused the current text last; nil: none did, or another one consented since.
func (g *Guardians) RefusedAt(ctx context.Context, student Person) (*time.Time, error) {
	var at *time.Time
	if err := g.pool.QueryRow(ctx, `select max(at) from consent_refusal where student_id = $1
		and text_id = (select id from consent_text where organisation_id = $2 order by version desc limit 1)`, student.ID, student.Organisation).Scan(&at); err != nil {
		return nil, fmt.Errorf("read a refusal: %w", err)
	}
	return at, nil
}
