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
	Gender      string   `json:"gender,omitempty"`
	SNILS       string   `json:"snils,omitempty"`
	Trusted     bool     `json:"trusted"`
	Citizenship string   `json:"citizenship"`
	UpdatedOn   int64    `json:"updatedOn"`
	Status      string   `json:"status"`
	Verifying   bool     `json:"verifying"`
	UpCfmCode   bool     `json:"containsUpCfmCode"`
	ETag        string   `json:"eTag"`
}

func (s *Stand) person(w http.ResponseWriter, r *http.Request) {
	deny := func(status int, code, text string) {
		s.logger.Info("refused", "path", "/rs/prns", "code", code)
		writeJSON(w, status, map[string]string{"code": code, "message": text})
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims, valid := s.readToken(r, token)
	switch {
	case !ok || !valid:
		deny(http.StatusUnauthorized, "ESIA-005011", "The access token is missing or malformed")
		return
	case s.now().Unix() >= claims.Expires:
		deny(http.StatusUnauthorized, "ESIA-005013", "The access token has expired")
		return
	case claims.SubjectID.String() != r.PathValue("oid"):
		deny(http.StatusForbidden, "ESIA-005014", "The access token does not grant this resource")
		return
	}
	p, ok := s.findPerson(r.PathValue("oid"))
	if !ok {
		deny(http.StatusNotFound, "ESIA-005008", "There is no such person")
		return
	}
	granted := func(scope string) bool { return hasScope(claims.Scope, scope+"?oid="+p.OID) }
	answer := personAnswer{
		StateFacts: []string{"EntityRoot"}, Trusted: p.Trusted, Citizenship: "RUS", UpdatedOn: s.now().Unix(), Status: p.Status,
		ETag: strings.ToUpper(p.OID + "E5A0"),
	}
	if granted("fullname") {
		answer.FirstName, answer.LastName, answer.MiddleName = p.FirstName, p.LastName, p.MiddleName
	}
	if granted("birthdate") {
		answer.BirthDate = p.BirthDate.Format("02.01.2006")
	}
	if granted("gender") {
		answer.Gender = p.Gender
	}
	if granted("snils") && p.SNILS != "" {
		answer.SNILS = p.SNILS[:3] + "-" + p.SNILS[3:6] + "-" + p.SNILS[6:9] + " " + p.SNILS[9:]
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
		return claims, rsa.VerifyPKCS1v15(&s.keys.rsa.PublicKey, crypto.SHA256, sum[:], signature) == nil
	case esia.GOST:
		certificates, err := esia.ParseCertificates(s.keys.certificatePEM)
		return claims, err == nil && s.openssl.Verify(r.Context(), certificates[len(certificates)-1], signed, signature) == nil
	}
	return claims, false
}

func decodePart(part string, into any) bool {
	data, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(data, into) == nil
}
