package esiamock

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"ochno/proctor/esia"
)

// personAnswer is GET /rs/prns/{oid}, limited to what the token's scopes grant.
type personAnswer struct {
	StateFacts  []string `json:"stateFacts"`
	FirstName   string   `json:"firstName,omitempty"`
	LastName    string   `json:"lastName,omitempty"`
	MiddleName  string   `json:"middleName,omitempty"`
	BirthDate   string   `json:"birthDate,omitempty"`
	BirthPlace  string   `json:"birthPlace,omitempty"`
	Gender      string   `json:"gender,omitempty"`
	INN         string   `json:"inn,omitempty"`
	SNILS       string   `json:"snils,omitempty"`
	Trusted     bool     `json:"trusted"`
	Citizenship string   `json:"citizenship"`
	UpdatedOn   int64    `json:"updatedOn"`
	Status      string   `json:"status"`
	Verifying   bool     `json:"verifying"`
	UpCfmCode   bool     `json:"containsUpCfmCode"`
	ETag        string   `json:"eTag"`
}

func (s *Stand) deny(w http.ResponseWriter, status int, code, text string) {
	s.logger.Info("refused", "path", "/rs", "code", code)
	writeJSON(w, status, map[string]string{"code": code, "message": text})
}

// resource serves what belongs to the person of the path, to the bearer of that person's token.
func (s *Stand) resource(serve func(w http.ResponseWriter, r *http.Request, p Person, claims accessClaims)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, claims, ok := s.authorised(w, r)
		if !ok {
			return
		}
		if p.OID != r.PathValue("oid") {
			s.deny(w, http.StatusForbidden, "ESIA-005014", "The access token does not grant this resource")
			return
		}
		serve(w, r, p, claims)
	}
}

// authorised finds the person whose token the request bears, and answers when there is none.
func (s *Stand) authorised(w http.ResponseWriter, r *http.Request) (Person, accessClaims, bool) {
	claims, valid := s.readToken(r, bearer(r))
	if !valid {
		s.deny(w, http.StatusUnauthorized, "ESIA-005011", "The access token is missing or malformed")
		return Person{}, claims, false
	}
	if s.misbehaves(w, r, PlaceREST, claims.SubjectID.String()) {
		return Person{}, claims, false
	}
	if s.now().Unix() >= claims.Expires {
		s.deny(w, http.StatusUnauthorized, "ESIA-005013", "The access token has expired")
		return Person{}, claims, false
	}
	p, ok := s.findPerson(claims.SubjectID.String())
	if !ok {
		s.deny(w, http.StatusNotFound, "ESIA-005008", "There is no such person")
		return Person{}, claims, false
	}
	return p, claims, true
}

func (s *Stand) person(w http.ResponseWriter, _ *http.Request, p Person, claims accessClaims) {
	granted := func(scope string) bool { return hasScope(claims.Scope, scope+"?oid="+p.OID) }
	answer := personAnswer{
		StateFacts: []string{"EntityRoot"}, Trusted: p.Trusted, Citizenship: p.Citizenship, UpdatedOn: s.now().Unix(), Status: p.Status,
		ETag: strings.ToUpper(p.OID + "E5A0"),
	}
	if answer.Citizenship == "" {
		answer.Citizenship = "RUS"
	}
	if granted("fullname") {
		answer.FirstName, answer.LastName, answer.MiddleName = p.FirstName, p.LastName, p.MiddleName
	}
	if granted("birthdate") {
		answer.BirthDate = esiaDate(p.BirthDate)
	}
	if granted("birthplace") {
		answer.BirthPlace = p.BirthPlace
	}
	if granted("gender") {
		answer.Gender = p.Gender
	}
	if granted("snils") {
		answer.SNILS = writtenSNILS(p.SNILS)
	}
	if granted("inn") {
		answer.INN = p.INN
	}
	writeJSON(w, http.StatusOK, answer)
}

// readToken reads an access token of our own making.
func (s *Stand) readToken(r *http.Request, token string) (accessClaims, bool) {
	var header tokenHeader
	var claims accessClaims
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) || header.Use != "access" {
		return claims, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return claims, false
	}
	signed := []byte(parts[0] + "." + parts[1])
	switch header.Algorithm {
	case esia.RS256:
		sum := sha256.Sum256(signed)
		return claims, rsa.VerifyPKCS1v15(&s.signer.current().rsa.PublicKey, crypto.SHA256, sum[:], signature) == nil
	case esia.GOST:
		certificates, err := esia.ParseCertificates(s.CertificatePEM())
		return claims, err == nil && s.openssl.Verify(r.Context(), certificates[len(certificates)-1], signed, signature) == nil
	}
	return claims, false
}

func decodePart(part string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, into) == nil
}
