package exam

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

const (
	tokenPhoneCode TokenUse = "phone_code" // be exchanged, once, for a TokenPhone
	codeLife                = 10 * time.Minute
)

// PhoneCode makes the code by which a phone becomes the attempt's second camera. It works once, for ten minutes; those made before it for the
// attempt do not any more. A phone that is connected already stays until another one comes.
func (x *Exams) PhoneCode(ctx context.Context, attempt uuid.UUID) (text string, until time.Time, err error) {
	text = newTokenText()
	now := x.now().UTC()
	until = now.Add(codeLife)
	err = pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		var id uuid.UUID
		if err := tx.QueryRow(ctx, `select id from attempt where id = $1 for update`, attempt).Scan(&id); errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		} else if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from attempt_token where attempt_id = $1 and (use = $2 or expires_at <= $3)`, attempt, tokenPhoneCode, now); err != nil {
			return err
		}
		return storeToken(ctx, tx, text, Token{Attempt: attempt, Use: tokenPhoneCode, ExpiresAt: until}, now)
	})
	if err != nil {
		return "", until, fmt.Errorf("make a phone's code: %w", err)
	}
	return text, until, nil
}

// ClaimPhone exchanges a code for the token with which a phone sends its picture, and reads how that stands. The token of the phone before it is no
// good any more. ErrToken is all that a holder of a bad code learns.
func (x *Exams) ClaimPhone(ctx context.Context, code string) (string, Token, error) {
	if !strings.HasPrefix(code, tokenPrefix) || len(code) > maxToken {
		return "", Token{}, ErrToken
	}
	text, now := newTokenText(), x.now().UTC()
	t := Token{Use: TokenPhone, ExpiresAt: now.Add(LongestToken)}
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		hash := sha256.Sum256([]byte(code))
		err := tx.QueryRow(ctx, `delete from attempt_token where hash = $1 and use = $2 and expires_at > $3 returning attempt_id`, hash[:], tokenPhoneCode, now).Scan(&t.Attempt)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrToken
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from attempt_token where attempt_id = $1 and use = $2`, t.Attempt, TokenPhone); err != nil {
			return err
		}
		if err := storeToken(ctx, tx, text, t, now); err != nil {
			return err
		}
		return x.RecordIn(ctx, tx, Event{Attempt: t.Attempt, Lane: LaneTechnical, Kind: "phone_joined", At: now})
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("take a phone's code: %w", err)
	}
	return text, t, nil
}
