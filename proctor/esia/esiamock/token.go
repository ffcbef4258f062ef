package esiamock

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/esia"
)

const tokenLifetime = time.Hour

// exchange is the token end point.
func (s *Stand) exchange(w http.ResponseWriter, r *http.Request, generation esia.Generation) {
	var form url.Values
	refused := refuse("invalid_request", "ESIA-007003", "The body is not a form")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && r.ParseForm() == nil {
		form = r.PostForm
		refused = wellFormed(form)
	}
	var granted *signIn
	if refused == nil {
		granted, refused = s.redeem(r, generation, form)
	}
	if refused == nil && s.misbehaves(w, r, PlaceToken, granted.person.OID) {
		return
	}
	if refused == nil {
		var answer tokenAnswer
		if answer, refused = s.tokens(r, granted); refused == nil {
			answer.State = form.Get("state")
			s.logger.Info("tokens issued", "client", granted.client.ID, "generation", string(generation))
			writeJSON(w, http.StatusOK, answer)
			return
		}
	}
	s.logger.Info("refused", "path", r.URL.Path, "code", refused.code)
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": refused.oauth, "error_description": refused.description(), "state": form.Get("state")})
}

// redeem checks a token request and takes the code off the shelf. A request that is not the client's own does not use the code up.
func (s *Stand) redeem(r *http.Request, generation esia.Generation, form url.Values) (*signIn, *refusal) {
	c, refused := s.knownClient(form)
	if refused != nil {
		return nil, refused
	}
	if refused := s.checkSigned(r.Context(), c, generation, form, "code", "grant_type", "token_type"); refused != nil {
		return nil, refused
	}
	if form.Get("grant_type") != "authorization_code" {
		return nil, refuse("unsupported_grant_type", "ESIA-007012", "The grant_type is not supported")
	}
	if form.Get("token_type") != "Bearer" {
		return nil, badParameter("token_type")
	}
	granted, ok := s.codes.take(form.Get("code"), s.now())
	if !ok || granted.client != c || granted.generation != generation || granted.redirectURL != form.Get("redirect_uri") {
		return nil, refuse("invalid_grant", "ESIA-007011", "The code is invalid, expired, revoked, of another client or with another redirect_uri")
	}
	if granted.scope != form.Get("scope") {
		return nil, refuse("invalid_scope", "ESIA-007006", "The scope is not the one that was granted")
	}
	return granted, checkVerifier(granted.challenge, form.Get("code_verifier"))
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token,omitempty"`
	State       string `json:"state"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}

type accessClaims struct {
	NotBefore int64       `json:"nbf"`
	Issuer    string      `json:"iss"`
	SessionID string      `json:"urn:esia:sid"`
	SubjectID json.Number `json:"urn:esia:sbj_id"`
	Expires   int64       `json:"exp"`
	IssuedAt  int64       `json:"iat"`
	ClientID  string      `json:"client_id"`
	Scope     string      `json:"scope"`
}

type idClaims struct {
	Audience  string      `json:"aud"`
	Subject   json.Number `json:"sub"`
	NotBefore int64       `json:"nbf"`
	Method    string      `json:"amr"`
	AuthTime  int64       `json:"auth_time"`
	Issuer    string      `json:"iss"`
	Expires   int64       `json:"exp"`
	IssuedAt  int64       `json:"iat"`
	SessionID string      `json:"urn:esia:sid"`
	Declared  string      `json:"urn:esia:amd"`
	Account   account     `json:"urn:esia:sbj"`
}

type account struct {
	Level   string      `json:"urn:esia:sbj:lvl"`
	Type    string      `json:"urn:esia:sbj:typ"`
	Trusted bool        `json:"urn:esia:sbj:is_tru,omitempty"`
	OID     json.Number `json:"urn:esia:sbj:oid"`
	Name    string      `json:"urn:esia:sbj:nam"`
}

// tokens makes the answer for a sign-in.
func (s *Stand) tokens(r *http.Request, granted *signIn) (tokenAnswer, *refusal) {
	person, now := granted.person, s.now()
	keys, err := s.signer.current(), error(nil)
	if len(s.faults.strike(PlaceToken, person.OID, FaultRotatedKey)) > 0 && granted.client.Algorithm == esia.RS256 {
		keys, err = s.signer.unknown(now)
	}
	if err != nil {
		s.logger.Error("the stand cannot make a key", "error", err)
		return tokenAnswer{}, refuse("server_error", "ESIA-007007", "Internal error")
	}
	access := accessClaims{
		NotBefore: now.Unix(), IssuedAt: now.Unix(), Expires: now.Add(tokenLifetime).Unix(),
		Issuer: s.issuer, ClientID: granted.client.ID, SessionID: granted.sessionID, SubjectID: json.Number(person.OID),
		Scope: grantedScope(granted.scope, person.OID),
	}
	id := idClaims{
		Audience: granted.client.ID, Subject: json.Number(person.OID), Issuer: s.issuer,
		NotBefore: now.Unix(), IssuedAt: now.Unix(), Expires: now.Add(tokenLifetime).Unix(), AuthTime: granted.at.Unix(),
		Method: "PWD", Declared: "PWD", SessionID: granted.sessionID,
		Account: account{Level: claimLevel(person.Level), Type: "P", Trusted: person.Trusted, OID: json.Number(person.OID), Name: "OID." + person.OID},
	}
	answer := tokenAnswer{TokenType: "Bearer", ExpiresIn: int(tokenLifetime / time.Second)}
	if answer.AccessToken, err = keys.token(r.Context(), granted.client.Algorithm, "access", access); err == nil && hasScope(granted.scope, "openid") {
		answer.IDToken, err = keys.token(r.Context(), granted.client.Algorithm, "id", id)
	}
	if err != nil {
		s.logger.Error("the stand cannot sign tokens", "error", err)
		return tokenAnswer{}, refuse("server_error", "ESIA-007007", "Internal error")
	}
	return answer, nil
}

// grantedScope is written as ESIA does: «fullname?oid=1000000001 openid».
func grantedScope(scope, oid string) string {
	var granted []string
	openid := false
	for name := range strings.SplitSeq(scope, " ") {
		if name == "openid" {
			openid = true
			continue
		}
		granted = append(granted, name+"?oid="+oid)
	}
	if openid {
		granted = append(granted, "openid")
	}
	return strings.Join(granted, " ")
}

func hasScope(scope, name string) bool { return strings.Contains(" "+scope+" ", " "+name+" ") }

func claimLevel(level esia.Level) string {
	switch level {
	case esia.LevelConfirmed:
		return "PR"
	case esia.LevelChild:
		return "KD"
	}
	return "P"
}

func newUUID() string { return uuid.NewString() }

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}
