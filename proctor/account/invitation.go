package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/mail"
)

// InvitationLife is how long a parent may take to come.
const InvitationLife = 7 * 24 * time.Hour

// maxInvitations is how many a student may make within a day.
const maxInvitations = 5

// Why a code does not open.
var (
	ErrCode        = errors.New("there is no such code")
	ErrCodeUsed    = errors.New("the code was used")
	ErrCodeExpired = errors.New("the code has expired")
	ErrTooMany     = errors.New("too many invitations")
)

const (
	purposeInvitation      = "guardian invitation"
	purposeInvitationEmail = "guardian invitation email"
)

// Invitation asks a parent to come, as the student sees it.
type Invitation struct {
	ID        uuid.UUID
	Email     string // masked; empty: the student hands the code over
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
	Code      string // only when it was made just now and has no address
}

// invitation is one as it is worked with.
type invitation struct {
	ID           uuid.UUID
	Student      uuid.UUID
	Organisation uuid.UUID
	ExpiresAt    time.Time
	Email        string
}

// codeLetters leaves out what people mistake for one another. 20 of 31 letters are 99 bits.
const codeLetters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

func newCode() string {
	var b strings.Builder
	for i := 0; i < 20; {
		var one [1]byte
		rand.Read(one[:])
		if int(one[0]) >= 256/len(codeLetters)*len(codeLetters) {
			continue // every letter is as likely as any other
		}
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(codeLetters[int(one[0])%len(codeLetters)])
		i++
	}
	return b.String()
}

// plainCode is a code as people type it: without hyphens and spaces, in capitals.
func plainCode(code string) string {
	if len(code) > 100 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(code))
}

// Invite makes an invitation for one of the student's parents: with an address the link goes there by e-mail, without one the code is for the student
// to hand over. ErrOfAge, ErrTooMany and mail.ErrAddress say why not.
func (g *Guardians) Invite(ctx context.Context, student Person, email string) (Invitation, error) {
	if email != "" {
		var err error
		if email, err = mail.CheckAddress(email); err != nil {
			return Invitation{}, err
		}
	}
	if !g.Minor(student) {
		return Invitation{}, ErrOfAge
	}
	now, code := g.now(), newCode()
	in := Invitation{ID: uuid.New(), Email: maskedEmail(email), CreatedAt: now, ExpiresAt: now.Add(InvitationLife)}
	err := pgx.BeginFunc(ctx, g.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from person where id = $1 for update`, student.ID); err != nil {
			return fmt.Errorf("lock the student: %w", err)
		}
		var made int
		if err := tx.QueryRow(ctx, `select count(*) from guardian_invitation where student_id = $1 and created_at > $2`, student.ID, now.Add(-24*time.Hour)).Scan(&made); err != nil {
			return fmt.Errorf("count the invitations: %w", err)
		}
		if made >= maxInvitations {
			return ErrTooMany
		}
		var sealed []byte
		if email != "" {
			sealed = g.ring.Seal(purposeInvitationEmail, []byte(email))
		}
		if _, err := tx.Exec(ctx, `insert into guardian_invitation (id, student_id, code_hash, email_sealed, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)`,
			in.ID, student.ID, g.ring.Lookup(purposeInvitation, plainCode(code)), sealed, now, in.ExpiresAt); err != nil {
			return fmt.Errorf("store an invitation: %w", err)
		}
		if email == "" {
			in.Code = code
			return nil
		}
		return g.invite(ctx, tx, student, email, g.link(code), in.ExpiresAt)
	})
	if err != nil {
		return Invitation{}, err
	}
	return in, nil
}

// Opened looks at a code without using it: whose organisation asks. ErrCode, ErrCodeUsed and ErrCodeExpired say why it does not open.
func (g *Guardians) Opened(ctx context.Context, code string) (Organisation, time.Time, error) {
	in, err := g.invitation(ctx, g.pool, code, "")
	if err != nil {
		return Organisation{}, time.Time{}, err
	}
	rows, _ := g.pool.Query(ctx, `select id, name, short_name, act_number, act_date, contact from organisation where id = $1`, in.Organisation)
	o, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Organisation])
	if err != nil {
		return o, time.Time{}, fmt.Errorf("organisation: %w", err)
	}
	return o, in.ExpiresAt, nil
}

func (g *Guardians) invitation(ctx context.Context, q queryer, code, lock string) (invitation, error) {
	var in invitation
	plain := plainCode(code)
	if plain == "" {
		return in, ErrCode
	}
	rows, _ := q.Query(ctx, `select i.id, i.student_id, p.organisation_id, i.expires_at, i.used_at is not null, i.email_sealed
		from guardian_invitation i join person p on p.id = i.student_id where i.code_hash = $1`+lock, g.ring.Lookup(purposeInvitation, plain))
	var used bool
	var email []byte
	found := false
	if _, err := pgx.ForEachRow(rows, []any{&in.ID, &in.Student, &in.Organisation, &in.ExpiresAt, &used, &email}, func() error { found = true; return nil }); err != nil {
		return in, fmt.Errorf("read an invitation: %w", err)
	}
	switch {
	case !found:
		return in, ErrCode
	case used:
		return in, ErrCodeUsed
	case !g.now().Before(in.ExpiresAt):
		return in, ErrCodeExpired
	}
	if email != nil {
		plain, err := g.ring.Unseal(purposeInvitationEmail, email)
		if err != nil {
			return in, fmt.Errorf("the invitation's address: %w", err)
		}
		in.Email = string(plain)
	}
	return in, nil
}

// Invitations are the student's, the newest first, at most 20.
func (g *Guardians) Invitations(ctx context.Context, student uuid.UUID) ([]Invitation, error) {
	rows, _ := g.pool.Query(ctx, `select id, email_sealed, created_at, expires_at, used_at from guardian_invitation where student_id = $1 order by created_at desc, id limit 20`, student)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (in Invitation, err error) {
		var email []byte
		if err := row.Scan(&in.ID, &email, &in.CreatedAt, &in.ExpiresAt, &in.UsedAt); err != nil || email == nil {
			return in, err
		}
		plain, err := g.ring.Unseal(purposeInvitationEmail, email)
		in.Email = maskedEmail(string(plain))
		return in, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the invitations: %w", err)
	}
	return list, nil
}

// maskedEmail is an address for screens: «a•••@example.org».
func maskedEmail(email string) string {
	name, domain, ok := strings.Cut(email, "@")
	if !ok {
		return ""
	}
	return string([]rune(name)[:min(1, len([]rune(name)))]) + "•••@" + domain
}
