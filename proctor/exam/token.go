package exam

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// TokenUse is what a token lets its holder do with one attempt.
type TokenUse string

// The uses of tokens.
const (
	TokenPublish TokenUse = "publish" // send camera and microphone
	TokenWatch   TokenUse = "watch"   // see and hear what is sent
	TokenPhone   TokenUse = "phone"   // send a second camera, and read how that stands
)

// Bounds of tokens.
const (
	LongestToken = 24 * time.Hour
	MostTokens   = 20 // of one attempt that are good at a time
)

// Errors of tokens.
var (
	// ErrToken: there is no such token, it has expired, or it is for something else.
	ErrToken = errors.New("no such token")
	// ErrTooManyTokens: the attempt has MostTokens that are good.
	ErrTooManyTokens = errors.New("too many tokens")
	// ErrTokenIssuer: whoever watches does so in the name of a proctor, and none was named.
	ErrTokenIssuer = errors.New("a token for watching needs the one in whose name it is used")
	// ErrTokenLife: it is to be good for less than a minute or for longer than LongestToken.
	ErrTokenLife = errors.New("a token is good for a minute to 24 hours")
)

// Token is what the store knows of one: not its text.
type Token struct {
	Attempt   uuid.UUID
	Use       TokenUse
	IssuedBy  uuid.UUID // zero: on the command line
	ExpiresAt time.Time
}

const (
	tokenPrefix = "ochno_" // so that a scanner of repositories and logs knows what it found
	tokenBytes  = 32
	maxToken    = 128
)

// IssueToken makes a token for one attempt. Its text is returned and not kept; that it was issued is an event of the attempt. By whom is zero on the
// command line.
func (x *Exams) IssueToken(ctx context.Context, attempt uuid.UUID, use TokenUse, by uuid.UUID, life time.Duration) (string, Token, error) {
	if life < time.Minute || life > LongestToken {
		return "", Token{}, ErrTokenLife
	}
	if use == TokenWatch && by == uuid.Nil {
		return "", Token{}, ErrTokenIssuer
	}
	text := newTokenText()
	now := x.now().UTC()
	t := Token{Attempt: attempt, Use: use, IssuedBy: by, ExpiresAt: now.Add(life)}
	err := pgx.BeginFunc(ctx, x.pool, func(tx pgx.Tx) error {
		// The attempt's row is locked: two at once do not exceed the bound.
		var id uuid.UUID
		if err := tx.QueryRow(ctx, `select id from attempt where id = $1 for update`, attempt).Scan(&id); errors.Is(err, pgx.ErrNoRows) {
			return ErrNotFound
		} else if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from attempt_token where attempt_id = $1 and expires_at <= $2`, attempt, now); err != nil {
			return err
		}
		var good int
		if err := tx.QueryRow(ctx, `select count(*) from attempt_token where attempt_id = $1`, attempt).Scan(&good); err != nil {
			return err
		}
		if good >= MostTokens {
			return ErrTooManyTokens
		}
		if err := storeToken(ctx, tx, text, t, now); err != nil {
			return err
		}
		return x.RecordIn(ctx, tx, Event{
			Attempt: attempt, Lane: LaneTechnical, Kind: "token_issued", At: now, Detail: map[string]any{"use": use, "minutes": int(life.Minutes())},
		})
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("issue a token: %w", err)
	}
	return text, t, nil
}

func newTokenText() string {
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // never fails
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
}

func storeToken(ctx context.Context, tx pgx.Tx, text string, t Token, now time.Time) error {
	hash := sha256.Sum256([]byte(text))
	_, err := tx.Exec(ctx, `insert into attempt_token (hash, attempt_id, use, issued_by, issued_at, expires_at) values ($1, $2, $3, $4, $5, $6)`,
		hash[:], t.Attempt, t.Use, uuid.NullUUID{UUID: t.IssuedBy, Valid: t.IssuedBy != uuid.Nil}, now, t.ExpiresAt)
	return err
}

// Token finds what a token of one of these uses is for. ErrToken is all that a holder of a bad one learns.
func (x *Exams) Token(ctx context.Context, text string, uses ...TokenUse) (Token, error) {
	if !strings.HasPrefix(text, tokenPrefix) || len(text) > maxToken {
		return Token{}, ErrToken
	}
	hash := sha256.Sum256([]byte(text))
	var t Token
	var by uuid.NullUUID
	err := x.pool.QueryRow(ctx, `select attempt_id, use, issued_by, expires_at from attempt_token where hash = $1 and use = any($2)`, hash[:], uses).
		Scan(&t.Attempt, &t.Use, &by, &t.ExpiresAt)
	t.IssuedBy = by.UUID
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !x.now().Before(t.ExpiresAt) {
		return Token{}, ErrToken
	}
	if err != nil {
		return Token{}, fmt.Errorf("find a token: %w", err)
	}
	return t, nil
}
