package esiamock

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// ESIA's collections: elements are the URLs of objects or, with ?embed=(elements), the objects. A page holds at most pageSize of them.

const (
	defaultPage = 10
	mostOnPage  = 100
)

// element is an object of a collection and the end of its URL.
type element struct {
	id     string
	object map[string]any
}

// collection serves what list makes of a person, if the token grants one of the scopes.
func (s *Stand) collection(list func(s *Stand, p Person, r *http.Request) ([]element, bool), scopes ...string) http.HandlerFunc {
	return s.resource(func(w http.ResponseWriter, r *http.Request, p Person, claims accessClaims) {
		if !slices.ContainsFunc(scopes, func(scope string) bool { return hasScope(claims.Scope, scope+"?oid="+p.OID) }) {
			s.deny(w, http.StatusForbidden, "ESIA-005014", "The access token does not grant this resource")
			return
		}
		elements, ok := list(s, p, r)
		if !ok {
			s.deny(w, http.StatusNotFound, "ESIA-005008", "There is no such resource")
			return
		}
		if id := r.PathValue("element"); id != "" {
			for _, e := range elements {
				if e.id == id {
					writeJSON(w, http.StatusOK, e.object)
					return
				}
			}
			s.deny(w, http.StatusNotFound, "ESIA-005008", "There is no such resource")
			return
		}
		page, err := pageOf(elements, r)
		if err != "" {
			s.deny(w, http.StatusBadRequest, "ESIA-005003", err)
			return
		}
		shown := make([]any, 0, len(page))
		for _, e := range page {
			if r.URL.Query().Get("embed") == "(elements)" {
				shown = append(shown, e.object)
			} else {
				shown = append(shown, s.publicURL+r.URL.Path+"/"+e.id)
			}
		}
		writeJSON(w, http.StatusOK, map[string]any{"stateFacts": []string{"hasSize"}, "size": len(elements), "eTag": "E5A0", "elements": shown})
	})
}

func pageOf(elements []element, r *http.Request) (page []element, fault string) {
	number, size := 1, defaultPage
	for name, into := range map[string]*int{"pageIndex": &number, "pageSize": &size} {
		if text := r.URL.Query().Get(name); text != "" {
			var err error
			if *into, err = strconv.Atoi(text); err != nil || *into < 1 || *into > mostOnPage {
				return nil, "The parameter [" + name + "] is not acceptable"
			}
		}
	}
	from := min((number-1)*size, len(elements))
	return elements[from:min(from+size, len(elements))], ""
}

func contacts(_ *Stand, p Person, _ *http.Request) ([]element, bool) {
	var list []element
	for i, c := range p.Contacts {
		list = append(list, element{strconv.Itoa(i + 1), map[string]any{"id": i + 1, "type": c.Type, "value": c.Value, "vrfStu": verifiedStatus(c.Verified)}})
	}
	return list, true
}

func documents(_ *Stand, p Person, _ *http.Request) ([]element, bool) {
	var list []element
	for i, d := range p.Documents {
		list = append(list, element{strconv.Itoa(i + 1), map[string]any{
			"id": i + 1, "type": d.Type, "series": d.Series, "number": d.Number, "issuedBy": d.IssuedBy, "issueId": d.IssueID,
			"issueDate": esiaDate(d.IssuedOn), "expiryDate": esiaDate(d.Expires), "vrfStu": verifiedStatus(d.Verified),
		}})
	}
	return list, true
}

func addresses(_ *Stand, p Person, _ *http.Request) ([]element, bool) {
	var list []element
	for i, a := range p.Addresses {
		list = append(list, element{strconv.Itoa(i + 1), map[string]any{
			"id": i + 1, "type": a.Type, "addressStr": a.Text, "zipCode": a.ZIP, "region": a.Region, "city": a.City, "street": a.Street, "house": a.House, "flat": a.Flat,
		}})
	}
	return list, true
}

func roles(s *Stand, p Person, _ *http.Request) ([]element, bool) {
	var list []element
	for _, role := range p.Roles {
		o := s.organisations[role.Organisation]
		number, _ := strconv.Atoi(o.OID) // checked by checkPeople
		list = append(list, element{o.OID, map[string]any{
			"oid": number, "prnOid": p.OID, "fullName": o.FullName, "shortName": o.ShortName, "ogrn": o.OGRN, "type": o.Type, "chief": role.Chief, "admin": role.Admin, "active": true,
		}})
	}
	return list, true
}

func organisations(s *Stand, p Person, _ *http.Request) ([]element, bool) {
	var list []element
	for _, role := range p.Roles {
		list = append(list, element{role.Organisation, organisationObject(s.organisations[role.Organisation])})
	}
	return list, true
}

func organisationObject(o esia.Organisation) map[string]any {
	return map[string]any{"oid": o.OID, "fullName": o.FullName, "shortName": o.ShortName, "ogrn": o.OGRN, "inn": o.INN, "type": o.Type}
}

func kids(s *Stand, p Person, r *http.Request) ([]element, bool) {
	claims, _ := s.readToken(r, bearer(r))
	granted := func(scope string) bool { return hasScope(claims.Scope, scope+"?oid="+p.OID) }
	var list []element
	for _, oid := range p.Kids {
		kid, ok := s.findPerson(oid)
		if !ok {
			continue
		}
		object := map[string]any{"oid": oid, "trusted": kid.Trusted, "gender": kid.Gender, "firstName": kid.FirstName, "lastName": kid.LastName, "middleName": kid.MiddleName}
		if granted("kid_birthdate") {
			object["birthDate"] = esiaDate(kid.BirthDate)
		}
		if granted("kid_snils") {
			object["snils"] = writtenSNILS(kid.SNILS)
		}
		list = append(list, element{oid, object})
	}
	return list, true
}

func kidDocuments(s *Stand, p Person, r *http.Request) ([]element, bool) {
	kid, ok := s.findPerson(r.PathValue("kid"))
	if !ok || !slices.Contains(p.Kids, kid.OID) {
		return nil, false
	}
	return documents(s, kid, r)
}

// organisation and its access groups are served to those who belong to it.
func (s *Stand) organisation(w http.ResponseWriter, r *http.Request) {
	p, claims, ok := s.authorised(w, r)
	if !ok {
		return
	}
	i := slices.IndexFunc(p.Roles, func(role Role) bool { return role.Organisation == r.PathValue("organisation") })
	if i < 0 || !hasScope(claims.Scope, "usr_org?oid="+p.OID) {
		s.deny(w, http.StatusForbidden, "ESIA-005014", "The access token does not grant this resource")
		return
	}
	employee := r.PathValue("employee")
	if employee == "" {
		writeJSON(w, http.StatusOK, organisationObject(s.organisations[p.Roles[i].Organisation]))
		return
	}
	if employee != p.OID {
		s.deny(w, http.StatusForbidden, "ESIA-005014", "The access token does not grant this resource")
		return
	}
	groups := make([]any, 0, len(p.Roles[i].Groups))
	for _, name := range p.Roles[i].Groups {
		groups = append(groups, map[string]any{"grp_id": name, "name": name, "itSystem": claims.ClientID})
	}
	writeJSON(w, http.StatusOK, map[string]any{"stateFacts": []string{"hasSize"}, "size": len(groups), "elements": groups})
}

func verifiedStatus(verified bool) string {
	if verified {
		return "VERIFIED"
	}
	return "NOT_VERIFIED"
}

func esiaDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("02.01.2006")
}

func writtenSNILS(digits string) string {
	if digits == "" {
		return ""
	}
	return digits[:3] + "-" + digits[3:6] + "-" + digits[6:9] + " " + digits[9:]
}

func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}
