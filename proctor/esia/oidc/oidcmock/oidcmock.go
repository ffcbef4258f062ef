// Package oidcmock is a stand of a plain OIDC sign-on for tests: discovery, JWKS, authorization code with PKCE, userinfo. Its people are
// those of the ESIA stand. It checks every parameter that it is sent; the service never imports it.
//
// Start reading at [New] for the map of its addresses.
package oidcmock

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"ochno/proctor/esia/esiamock"
)

// Config of a stand. Tamper and the switches may be left out.
type Config struct {
	Issuer       string // where browsers and systems reach the stand
	ClientID     string
	ClientSecret string
	RedirectURL  string
	People       []esiamock.Person
	Now          func() time.Time
	// Tamper may change the claims of an ID token before it is signed.
	Tamper func(claims map[string]any)
	// SecretInForm wants the client's secret in the form, not in the Authorization header.
	SecretInForm bool
	// NumericSubject writes sub as a number, as some gateways do.
	NumericSubject bool
}

// Stand is an http.Handler. It holds codes in memory and starts no goroutines.
type Stand struct {
	config Config
	mux    *http.ServeMux

	mu      sync.Mutex // guards what follows
	key     *rsa.PrivateKey
	keyID   int
	keys    []map[string]any // published
	codes   map[string]grant
	tokens  map[string]string // access token to OID
	fetched map[string]int    // path to number of requests
}

type grant struct {
	oid, nonce, challenge, redirect string
	until                           time.Time
}

// New makes a stand with a key of its own.
func New(config Config) (*Stand, error) {
	s := &Stand{config: config, mux: http.NewServeMux(), codes: make(map[string]grant), tokens: make(map[string]string), fetched: make(map[string]int)}
	if err := s.Rotate(); err != nil {
		return nil, err
	}
	s.mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	s.mux.HandleFunc("GET /jwks", s.jwks)
	s.mux.HandleFunc("GET /authorize", s.authorize)
	s.mux.HandleFunc("POST /authorize", s.answer)
	s.mux.HandleFunc("POST /token", s.token)
	s.mux.HandleFunc("GET /userinfo", s.userinfo)
	s.mux.HandleFunc("GET /logout", s.logout)
	return s, nil
}

// Rotate makes a new key, publishes it alone and signs with it from now on.
func (s *Stand) Rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key, s.keyID = key, s.keyID+1
	encode := base64.RawURLEncoding.EncodeToString
	s.keys = []map[string]any{
		{"kty": "OKP", "crv": "Ed25519", "kid": "other", "x": "AA"}, // clients must pass over what they do not know
		{"kty": "RSA", "use": "sig", "kid": fmt.Sprint(s.keyID), "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())},
	}
	return nil
}

// Fetched is how often a path was asked for.
func (s *Stand) Fetched(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetched[path]
}

// ServeHTTP serves the stand.
func (s *Stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.fetched[r.URL.Path]++
	s.mu.Unlock()
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

func (s *Stand) discovery(w http.ResponseWriter, _ *http.Request) {
	at := strings.TrimRight(s.config.Issuer, "/")
	auth := "client_secret_basic"
	if s.config.SecretInForm {
		auth = "client_secret_post"
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": s.config.Issuer, "token_endpoint_auth_methods_supported": []string{auth}, "authorization_endpoint": at + "/authorize", "token_endpoint": at + "/token", "jwks_uri": at + "/jwks",
		"userinfo_endpoint": at + "/userinfo", "end_session_endpoint": at + "/logout", "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
	})
}

func (s *Stand) jwks(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"keys": s.keys})
}

var page = template.Must(template.New("").Parse(`<!doctype html>
<html lang="ru"><meta charset="utf-8"><title>Вход · стенд OIDC</title>
<h1>Вход</h1>
<form method="post" action="authorize?{{.Query}}">
{{range .People}}<p><button name="person" value="{{.OID}}">{{.LastName}} {{.FirstName}} {{.MiddleName}}</button></p>
{{end}}<p><button name="answer" value="refuse">Отказаться</button></p>
</form>
</html>
`))

// authorize shows the page on which a person is chosen.
func (s *Stand) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !s.known(query) {
		http.Error(w, "unknown client or redirect_uri", http.StatusBadRequest)
		return
	}
	if fault := authorizeFault(query); fault != "" {
		s.back(w, r, url.Values{"error": {fault}, "state": {query.Get("state")}})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page.Execute(w, map[string]any{"Query": template.URL(r.URL.RawQuery), "People": s.config.People})
}

func (s *Stand) known(query url.Values) bool {
	return query.Get("client_id") == s.config.ClientID && query.Get("redirect_uri") == s.config.RedirectURL
}

func authorizeFault(query url.Values) string {
	switch {
	case query.Get("response_type") != "code":
		return "unsupported_response_type"
	case !strings.Contains(" "+query.Get("scope")+" ", " openid "):
		return "invalid_scope"
	case query.Get("state") == "" || len(query.Get("nonce")) < 32 || query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != 43:
		return "invalid_request"
	}
	return ""
}

func (s *Stand) answer(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	person := r.PostFormValue("person")
	switch {
	case !s.known(query) || authorizeFault(query) != "":
		http.Error(w, "bad request", http.StatusBadRequest)
	case r.PostFormValue("answer") == "refuse":
		s.back(w, r, url.Values{"error": {"access_denied"}, "error_description": {"The person declined"}, "state": {query.Get("state")}})
	case s.person(person) == nil:
		http.Error(w, "no such person", http.StatusBadRequest)
	default:
		code := rand.Text()
		s.mu.Lock()
		s.codes[code] = grant{person, query.Get("nonce"), query.Get("code_challenge"), query.Get("redirect_uri"), s.config.Now().Add(time.Minute)}
		s.mu.Unlock()
		s.back(w, r, url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {s.config.Issuer}})
	}
}

func (s *Stand) back(w http.ResponseWriter, r *http.Request, form url.Values) {
	http.Redirect(w, r, s.config.RedirectURL+"?"+form.Encode(), http.StatusFound)
}

func (s *Stand) person(oid string) *esiamock.Person {
	for i := range s.config.People {
		if s.config.People[i].OID == oid {
			return &s.config.People[i]
		}
	}
	return nil
}

func (s *Stand) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id) // RFC 6749, 2.3.1: both are written as form values first
	secret, _ = url.QueryUnescape(secret)
	if s.config.SecretInForm {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != s.config.ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.config.ClientSecret)) != 1 {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.codes[r.PostFormValue("code")]
	delete(s.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || s.config.Now().After(g.until) || g.redirect != r.PostFormValue("redirect_uri") || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge ||
		r.PostFormValue("grant_type") != "authorization_code" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": "The code is not yours"})
		return
	}
	access := rand.Text()
	s.tokens[access] = g.oid
	signed, err := s.sign(g)
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": access, "id_token": signed, "token_type": "Bearer", "expires_in": 3600})
}

// sign makes the ID token; the caller holds the lock.
func (s *Stand) sign(g grant) (string, error) {
	now, p := s.config.Now(), s.person(g.oid)
	claims := map[string]any{
		"iss": s.config.Issuer, "aud": s.config.ClientID, "sub": s.subject(g.oid), "nonce": g.nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"amr": []string{"PWD"}, "sid": "session-" + g.oid[len(g.oid)-2:], "acct": map[string]any{"lvl": string(p.Level), "status": p.Status},
	}
	if s.config.Tamper != nil {
		s.config.Tamper(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	token.Header["kid"] = fmt.Sprint(s.keyID)
	return token.SignedString(s.key)
}

func (s *Stand) subject(oid string) any {
	if s.config.NumericSubject {
		return json.Number(oid)
	}
	return oid
}

func (s *Stand) userinfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	oid, ok := s.tokens[token]
	s.mu.Unlock()
	if !ok {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	p := s.person(oid)
	claims := map[string]any{
		"sub": s.subject(oid), "family_name": p.LastName, "given_name": p.FirstName, "birthdate": p.BirthDate.Format(time.DateOnly),
		"gender": map[string]string{"M": "male", "F": "female"}[p.Gender],
	}
	var groups []string
	for _, role := range p.Roles {
		groups = append(groups, role.Groups...)
	}
	for name, value := range map[string]string{"middle_name": p.MiddleName, "snils": p.SNILS} {
		if value != "" {
			claims[name] = value
		}
	}
	if groups != nil {
		maps.Copy(claims, map[string]any{"groups": groups})
	}
	writeJSON(w, http.StatusOK, claims)
}

func (s *Stand) logout(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("post_logout_redirect_uri")
	if r.URL.Query().Get("client_id") != s.config.ClientID || !strings.HasPrefix(to, strings.TrimSuffix(s.config.RedirectURL, "/callback")) {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}
