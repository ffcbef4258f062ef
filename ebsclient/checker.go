package ebsclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxToken bounds a verdict in bytes.
const maxToken = 16 << 10

// CheckerConfig says which verdicts are believed.
type CheckerConfig struct {
	// Issuer is the verifier's name, Audience our mnemonic there.
	Issuer, Audience string
	// Keys of the issuer.
	Keys KeySource
	// Algorithms allowed. Default: GOST, or RS256 for a stand.
	Algorithms []string
	// Stand allows the test algorithms.
	Stand bool
	// GOST checks GOST signatures; needed when that algorithm is allowed.
	GOST SignatureVerifier
	// Leeway is how far the issuer's clock may be from ours; default 30 s. MaxAge is how old a verdict may be, whatever its
	// own expiry says; default 5 min.
	Leeway, MaxAge time.Duration
	// Claims are the names of the issuer's own claims.
	Claims ClaimNames
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Checker decides whether a verdict may be believed. It is safe for concurrent use.
type Checker struct {
	cfg CheckerConfig
}

// NewChecker checks the configuration: a Checker that would believe too much is refused.
func NewChecker(cfg CheckerConfig) (*Checker, error) {
	if cfg.Issuer == "" || cfg.Audience == "" {
		return nil, errors.New("ebsclient: checker: Issuer and Audience are needed")
	}
	if cfg.Keys == nil {
		return nil, errors.New("ebsclient: checker: Keys are needed")
	}
	if cfg.Leeway < 0 || cfg.MaxAge < 0 {
		return nil, errors.New("ebsclient: checker: negative time")
	}
	cfg.Algorithms = slices.Clone(cfg.Algorithms)
	if len(cfg.Algorithms) == 0 {
		cfg.Algorithms = []string{GOST}
		if cfg.Stand {
			cfg.Algorithms = []string{RS256}
		}
	}
	for _, a := range cfg.Algorithms {
		switch a {
		case GOST:
			if cfg.GOST == nil {
				return nil, fmt.Errorf("ebsclient: checker: %s is allowed and nothing checks it", a)
			}
		case RS256, ES256:
			if !cfg.Stand {
				return nil, fmt.Errorf("ebsclient: checker: %s is a test algorithm, for a stand only", a)
			}
		default:
			return nil, fmt.Errorf("ebsclient: checker: algorithm %q is not known here", a)
		}
	}
	setDefault(&cfg.Leeway, 30*time.Second)
	setDefault(&cfg.MaxAge, 5*time.Minute)
	cfg.Claims.setDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Checker{cfg: cfg}, nil
}

// Expect is what a verdict has to be about. Subject, Session, Replay, and Challenge or AnyChallenge are needed.
type Expect struct {
	Subject, Session, Challenge string
	// AnyChallenge: the digits were the verifier's own, as in a [SessionVerifier]'s session, so that no verdict can be about
	// the wrong ones. Challenge is empty then.
	AnyChallenge bool
	// Modalities that must have a score. Default: both.
	Modalities []Modality
	// Replay sees to it that a verdict is used once.
	Replay ReplayStore
	// At is when the verdict was received, for one that was kept and is checked later; default now. A time in the future
	// counts as now.
	At time.Time
}

// Check returns the verdict if it may be believed: signed by the issuer's key with an allowed algorithm, said by the issuer to
// us about this subject, session and challenge, recent, whole, and not used before. The use is noted last, so that a verdict
// refused for another reason is not used up.
//
// A verdict that is not to be believed is an [*Error] with the code [BrokenVerdict] and a [Reason]; keys that cannot be had
// now are one with [Unavailable]. Any other error is the caller's or its replay store's.
func (c *Checker) Check(ctx context.Context, token string, e Expect) (*Verdict, error) {
	if e.Subject == "" || e.Session == "" || e.Replay == nil || (e.Challenge == "") != e.AnyChallenge {
		return nil, errors.New("ebsclient: check: Subject, Session, Replay, and either Challenge or AnyChallenge are needed")
	}
	if len(e.Modalities) == 0 {
		e.Modalities = []Modality{Photo, Sound}
	}
	for _, m := range e.Modalities {
		if m != Photo && m != Sound {
			return nil, fmt.Errorf("ebsclient: check: no modality %q", m)
		}
	}
	payload, header, err := c.signed(ctx, token)
	if err != nil {
		return nil, err
	}
	cl, err := parseClaims(payload, c.cfg.Claims)
	if err != nil {
		return nil, err
	}
	v, err := c.judge(cl, e)
	if err != nil {
		return nil, err
	}
	v.Token, v.KeyID, v.Algorithm = token, header.Kid, header.Alg
	forget := v.IssuedAt.Add(c.cfg.MaxAge)
	if v.ExpiresAt.Before(forget) {
		forget = v.ExpiresAt
	}
	switch err := e.Replay.Use(ctx, v.ID, forget.Add(2*c.cfg.Leeway)); {
	case errors.Is(err, ErrReplayed):
		return nil, &Error{Code: BrokenVerdict, Reason: ReasonReplayed, Err: err}
	case err != nil:
		return nil, fmt.Errorf("ebsclient: note the use of a verdict: %w", err)
	}
	return v, nil
}

// header is the part of a JWS header that is looked at. Keys it may carry or point to (jwk, jku, x5c, x5u) are not: a verdict
// does not choose whom we believe.
type header struct {
	Alg  string          `json:"alg"`
	Kid  string          `json:"kid"`
	Crit json.RawMessage `json:"crit"`
}

// signed returns the payload if the signature is the issuer's.
func (c *Checker) signed(ctx context.Context, token string) ([]byte, header, error) {
	var h header
	if len(token) > maxToken {
		return nil, h, broken(ReasonMalformed, "a verdict of %d bytes", len(token))
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, h, broken(ReasonMalformed, "not a JWS of three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") {
			return nil, h, broken(ReasonMalformed, "part %d is not base64url", i+1)
		}
		decoded[i] = b
	}
	if err := json.Unmarshal(decoded[0], &h); err != nil || !bytes.HasPrefix(bytes.TrimSpace(decoded[0]), []byte("{")) {
		return nil, h, broken(ReasonMalformed, "the header is not a JSON object")
	}
	if h.Crit != nil {
		return nil, h, broken(ReasonMalformed, "the header has extensions that must be understood")
	}
	if len(h.Kid) > maxText {
		return nil, h, broken(ReasonMalformed, "a kid of %d bytes", len(h.Kid))
	}
	if !slices.Contains(c.cfg.Algorithms, h.Alg) {
		return nil, h, broken(ReasonWrongAlgorithm, "the algorithm is not allowed")
	}
	keys, err := c.cfg.Keys.Keys(ctx, h.Kid)
	if err != nil {
		return nil, h, &Error{Code: Unavailable, Err: fmt.Errorf("the verifier's keys: %w", err)}
	}
	input := []byte(parts[0] + "." + parts[1])
	tried := false
	for _, key := range keys {
		if !fits(key, h.Alg) {
			continue
		}
		tried = true
		switch err := c.verifySignature(ctx, h.Alg, key, input, decoded[2]); {
		case err == nil:
			return decoded[1], h, nil
		case !errors.Is(err, ReasonBadSignature):
			return nil, h, &Error{Code: Unavailable, Err: fmt.Errorf("check the signature: %w", err)}
		}
	}
	if !tried {
		return nil, h, broken(ReasonUnknownKey, "no key for it")
	}
	return nil, h, broken(ReasonBadSignature, "the signature does not fit")
}

// judge compares a signed verdict with what was expected.
func (c *Checker) judge(cl *claims, e Expect) (*Verdict, error) {
	now := c.cfg.Now()
	if !e.At.IsZero() && e.At.Before(now) {
		now = e.At
	}
	if cl.id == "" || cl.issuedAt == nil || cl.expiresAt == nil || cl.result == nil {
		return nil, broken(ReasonMalformed, "jti, iat, exp or the result is missing")
	}
	for _, rule := range []struct {
		broken bool
		reason Reason
	}{
		{cl.issuer != c.cfg.Issuer, ReasonWrongIssuer},
		{!slices.Contains(cl.audience, c.cfg.Audience), ReasonWrongAudience},
		{cl.subject != e.Subject, ReasonWrongSubject},
		{cl.session != e.Session, ReasonWrongSession},
		{!e.AnyChallenge && cl.challenge != e.Challenge, ReasonWrongChallenge},
		{cl.issuedAt.After(now.Add(c.cfg.Leeway)), ReasonNotYetValid},
		{cl.notBefore != nil && cl.notBefore.After(now.Add(c.cfg.Leeway)), ReasonNotYetValid},
		{!cl.expiresAt.After(now.Add(-c.cfg.Leeway)), ReasonExpired},
		{cl.issuedAt.Before(now.Add(-c.cfg.MaxAge - c.cfg.Leeway)), ReasonExpired},
	} {
		if rule.broken {
			// What it says instead stays out of the text: it may be somebody's oid.
			return nil, &Error{Code: BrokenVerdict, Reason: rule.reason}
		}
	}
	modalities, err := cl.checkScores(e.Modalities)
	if err != nil {
		return nil, err
	}
	return &Verdict{
		ID:         cl.id,
		Issuer:     cl.issuer,
		Subject:    cl.subject,
		Session:    cl.session,
		Challenge:  cl.challenge,
		IssuedAt:   *cl.issuedAt,
		ExpiresAt:  *cl.expiresAt,
		Result:     *cl.result,
		Modalities: modalities,
		Match:      Scores{Overall: *cl.overall, Photo: orZero(cl.photo), Sound: orZero(cl.sound)},
		Liveness:   Liveness{Passed: *cl.livenessPassed, Score: *cl.livenessScore},
		Engine:     cl.engine,
	}, nil
}

// checkScores sees to it that the scores needed are there and that those there are scores, and says of which modalities there
// are some.
func (cl *claims) checkScores(needed []Modality) (have []Modality, err error) {
	if cl.livenessPassed == nil {
		return nil, broken(ReasonModalityMissing, "no opinion on liveness")
	}
	for _, m := range []struct {
		name  string
		score *float64
	}{
		{"overall", cl.overall},
		{"liveness", cl.livenessScore},
		{string(Photo), cl.photo},
		{string(Sound), cl.sound},
	} {
		modality := Modality(m.name)
		isModality := modality == Photo || modality == Sound
		if m.score == nil {
			if isModality && !slices.Contains(needed, modality) {
				continue
			}
			return nil, broken(ReasonModalityMissing, "no score for %s", m.name)
		}
		if !(*m.score >= 0 && *m.score <= 1) {
			return nil, broken(ReasonScoreOutOfRange, "the score for %s is %g", m.name, *m.score)
		}
		if isModality {
			have = append(have, modality)
		}
	}
	return have, nil
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}
