package esia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of collections: a person has fewer contacts, documents, organisations and children than this.
const (
	maxElements   = 100
	maxPages      = 10
	maxCollection = 512 << 10
)

// Contacts are the person's; scopes contacts, or email and mobile.
func (c *Client) Contacts(ctx context.Context, of *Identity) ([]Contact, error) {
	return collect(ctx, c, of, "contacts", "/rs/prns/"+of.OID+"/ctts", contactAnswer.contact)
}

// Documents are the person's; scope id_doc.
func (c *Client) Documents(ctx context.Context, of *Identity) ([]Document, error) {
	return collect(ctx, c, of, "documents", "/rs/prns/"+of.OID+"/docs", documentAnswer.document)
}

// Addresses are the person's; scope addresses.
func (c *Client) Addresses(ctx context.Context, of *Identity) ([]Address, error) {
	return collect(ctx, c, of, "addresses", "/rs/prns/"+of.OID+"/addrs", addressAnswer.address)
}

// Roles are the organisations that the person belongs to, with the person's part in each; scope usr_org.
func (c *Client) Roles(ctx context.Context, of *Identity) ([]Role, error) {
	return collect(ctx, c, of, "roles", "/rs/prns/"+of.OID+"/roles", roleAnswer.role)
}

// Organisations are those that the person belongs to, with all that ESIA tells of them; scope usr_org.
func (c *Client) Organisations(ctx context.Context, of *Identity) ([]Organisation, error) {
	return collect(ctx, c, of, "organisations", "/rs/prns/"+of.OID+"/orgs", organisationAnswer.organisation)
}

// Organisation is one that the person belongs to; scope usr_org.
func (c *Client) Organisation(ctx context.Context, of *Identity, oid string) (Organisation, error) {
	const step = "organisation"
	if err := checkOID(step, oid); err != nil {
		return Organisation{}, err
	}
	var answer organisationAnswer
	if err := c.get(ctx, step, of.token, "/rs/orgs/"+oid, maxAnswer, &answer); err != nil {
		c.log(ctx, step, err)
		return Organisation{}, err
	}
	organisation, err := answer.organisation()
	if err != nil {
		return Organisation{}, &Error{Code: CodeAnswerInvalid, Step: step, Err: err}
	}
	return organisation, nil
}

// Groups are the access groups of an organisation that the person belongs to; see [Config].GroupsPath.
func (c *Client) Groups(ctx context.Context, of *Identity, organisationOID string) ([]Group, error) {
	const step = "groups"
	if err := checkOID(step, organisationOID); err != nil {
		return nil, err
	}
	path := strings.NewReplacer("{organisation}", organisationOID, "{person}", of.OID).Replace(c.config.GroupsPath)
	return collect(ctx, c, of, step, path, groupAnswer.group)
}

// Children are the person's; scopes kid_fullname and, for their fields, kid_birthdate and kid_snils. ESIA has no way from child to parent.
func (c *Client) Children(ctx context.Context, of *Identity) ([]Child, error) {
	return collect(ctx, c, of, "children", "/rs/prns/"+of.OID+"/kids", childAnswer.child)
}

// ChildDocuments are those of one of the person's children; scope kid_birth_cert_doc.
func (c *Client) ChildDocuments(ctx context.Context, of *Identity, childOID string) ([]Document, error) {
	const step = "child documents"
	if err := checkOID(step, childOID); err != nil {
		return nil, err
	}
	return collect(ctx, c, of, step, "/rs/prns/"+of.OID+"/kids/"+childOID+"/docs", documentAnswer.document)
}

func checkOID(step, oid string) error {
	if len(oid) == 0 || len(oid) > 20 || strings.Trim(oid, "0123456789") != "" {
		return &Error{Code: CodeAnswerInvalid, Step: step, Description: "not an OID"}
	}
	return nil
}

// collectionAnswer is a page of a collection: its elements are objects (embedded) or the URLs of objects.
type collectionAnswer struct {
	Size     looseCount        `json:"size"`
	Elements []json.RawMessage `json:"elements"`
}

// collect reads a collection whole, page by page, and turns each element of shape A into a T. Errors are *Error.
func collect[A, T any](ctx context.Context, c *Client, of *Identity, step, at string, turn func(A) (T, error)) ([]T, error) {
	found, err := collectAll(ctx, c, of, step, at, turn)
	if err != nil {
		c.log(ctx, step, err)
		return nil, err
	}
	return found, nil
}

func collectAll[A, T any](ctx context.Context, c *Client, of *Identity, step, at string, turn func(A) (T, error)) ([]T, error) {
	found := []T{}
	for page := 1; ; page++ {
		query := "?embed=(elements)"
		if page > 1 {
			query += fmt.Sprintf("&pageIndex=%d&pageSize=%d", page, len(found)/(page-1))
		}
		var answer collectionAnswer
		if err := c.get(ctx, step, of.token, at+query, maxCollection, &answer); err != nil {
			return nil, err
		}
		if answer.Size > maxElements || len(found)+len(answer.Elements) > maxElements {
			return nil, &Error{Code: CodeAnswerTooBig, Step: step, Description: fmt.Sprintf("over %d elements", maxElements)}
		}
		for i, raw := range answer.Elements {
			element, err := readElement(ctx, c, of, step, raw, turn)
			var e *Error
			if errors.As(err, &e) {
				return nil, e
			}
			if err != nil {
				return nil, &Error{Code: CodeAnswerInvalid, Step: step, Description: fmt.Sprintf("element %d: %v", len(found)+i+1, err)}
			}
			found = append(found, element)
		}
		// A size that the pages do not bear out is not worth a failed sign-in: an empty page ends the reading.
		if len(found) >= int(answer.Size) || len(answer.Elements) == 0 {
			return found, nil
		}
		if page == maxPages {
			return nil, &Error{Code: CodeAnswerTooBig, Step: step, Description: fmt.Sprintf("over %d pages", maxPages)}
		}
	}
}

// readElement reads an embedded element or fetches the one at a URL. Errors that are no *Error name fields, never values.
func readElement[A, T any](ctx context.Context, c *Client, of *Identity, step string, raw json.RawMessage, turn func(A) (T, error)) (element T, err error) {
	var answer A
	var address string
	if json.Unmarshal(raw, &address) == nil && string(raw) != "null" {
		at, err := elementPath(address)
		if err != nil {
			return element, err
		}
		if err := c.get(ctx, step, of.token, at, maxAnswer, &answer); err != nil {
			return element, err
		}
	} else if decodeObject(raw, &answer) != nil {
		return element, errors.New("not an object of the expected shape")
	}
	return turn(answer)
}

// elementPath takes only the path of an element's URL: the token goes to no host but Config.BaseURL, whatever an answer says.
func elementPath(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 1024 {
		return "", errors.New("not a URL")
	}
	at := u.EscapedPath()
	if i := strings.Index(at, "/rs/"); i >= 0 { // a gateway may put its own path before
		at = at[i:]
	}
	if !strings.HasPrefix(at, "/rs/") || path.Clean(at) != at || strings.Trim(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-") != "" {
		return "", errors.New("not a URL of a resource")
	}
	return at, nil
}

type contactAnswer struct {
	Type     string `json:"type"`
	Verified string `json:"vrfStu"`
	Value    string `json:"value"`
}

func (a contactAnswer) contact() (Contact, error) {
	var r fieldReader
	contact := Contact{Type: r.word("type", a.Type), Value: r.text("value", a.Value), Verified: verified(a.Verified)}
	if contact.Type == "" || contact.Value == "" {
		r.fail("type or value", "missing")
	}
	return contact, r.err
}

type documentAnswer struct {
	Type     string    `json:"type"`
	Verified string    `json:"vrfStu"`
	Series   looseText `json:"series"`
	Number   looseText `json:"number"`
	IssuedOn string    `json:"issueDate"`
	IssueID  looseText `json:"issueId"`
	IssuedBy string    `json:"issuedBy"`
	Expires  string    `json:"expiryDate"`
}

func (a documentAnswer) document() (Document, error) {
	var r fieldReader
	document := Document{
		Type: r.word("type", a.Type), Series: r.text("series", string(a.Series)), Number: r.text("number", string(a.Number)),
		IssuedBy: r.text("issuedBy", a.IssuedBy), IssueID: r.text("issueId", string(a.IssueID)),
		IssuedOn: r.date("issueDate", a.IssuedOn), Expires: r.date("expiryDate", a.Expires), Verified: verified(a.Verified),
	}
	if document.Type == "" {
		r.fail("type", "missing")
	}
	return document, r.err
}

type addressAnswer struct {
	Type   string    `json:"type"`
	Text   string    `json:"addressStr"`
	ZIP    looseText `json:"zipCode"`
	Region string    `json:"region"`
	City   string    `json:"city"`
	Street string    `json:"street"`
	House  looseText `json:"house"`
	Flat   looseText `json:"flat"`
}

func (a addressAnswer) address() (Address, error) {
	var r fieldReader
	address := Address{
		Type: r.word("type", a.Type), Text: r.text("addressStr", a.Text), ZIP: r.text("zipCode", string(a.ZIP)), Region: r.text("region", a.Region),
		City: r.text("city", a.City), Street: r.text("street", a.Street), House: r.text("house", string(a.House)), Flat: r.text("flat", string(a.Flat)),
	}
	if address.Type == "" {
		r.fail("type", "missing")
	}
	return address, r.err
}

type organisationAnswer struct {
	OID       identifier `json:"oid"`
	FullName  string     `json:"fullName"`
	ShortName string     `json:"shortName"`
	OGRN      looseText  `json:"ogrn"`
	INN       looseText  `json:"inn"`
	Type      string     `json:"type"`
}

func (a organisationAnswer) organisation() (Organisation, error) {
	var r fieldReader
	organisation := Organisation{
		OID: string(a.OID), FullName: r.text("fullName", a.FullName), ShortName: r.text("shortName", a.ShortName),
		OGRN: r.digits("ogrn", string(a.OGRN), 13, 15), INN: r.digits("inn", string(a.INN), 10, 12), Type: r.word("type", a.Type),
	}
	if organisation.OID == "" || organisation.FullName == "" && organisation.ShortName == "" {
		r.fail("oid or name", "missing")
	}
	return organisation, r.err
}

type roleAnswer struct {
	organisationAnswer
	Chief flag `json:"chief"`
	Admin flag `json:"admin"`
}

func (a roleAnswer) role() (Role, error) {
	organisation, err := a.organisation()
	return Role{Organisation: organisation, Chief: bool(a.Chief), Admin: bool(a.Admin)}, err
}

type groupAnswer struct {
	ID     string `json:"grp_id"`
	Name   string `json:"name"`
	System string `json:"itSystem"`
}

func (a groupAnswer) group() (Group, error) {
	var r fieldReader
	group := Group{ID: r.text("grp_id", a.ID), Name: r.text("name", a.Name), System: r.text("itSystem", a.System)}
	if group.ID == "" {
		r.fail("grp_id", "missing")
	}
	return group, r.err
}

type childAnswer struct {
	OID identifier `json:"oid"`
	ID  identifier `json:"id"` // a child without an account has a record only
	personAnswer
}

func (a childAnswer) child() (Child, error) {
	person, err := a.person(false)
	child := Child{OID: string(a.OID), Person: person}
	if child.OID == "" {
		child.OID = string(a.ID)
	}
	if err == nil && child.OID == "" {
		err = errors.New("oid: missing")
	}
	return child, err
}

func verified(status string) bool { return status == "VERIFIED" }

// fieldReader checks the fields of one element and keeps the first fault, which names the field and never its value.
type fieldReader struct{ err error }

func (r *fieldReader) fail(field, fault string) {
	if r.err == nil {
		r.err = errors.New(field + ": " + fault)
	}
}

// text is a line of at most 1000 characters, its spaces evened.
func (r *fieldReader) text(field, value string) string {
	value = strings.Join(strings.Fields(value), " ")
	if !utf8.ValidString(value) || utf8.RuneCountInString(value) > 1000 || strings.ContainsFunc(value, unicode.IsControl) {
		r.fail(field, "not a line of text")
		return ""
	}
	return value
}

// word is a constant of ESIA, such as RF_PASSPORT.
func (r *fieldReader) word(field, value string) string {
	if len(value) > 64 || strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		r.fail(field, "not a constant")
		return ""
	}
	return value
}

func (r *fieldReader) digits(field, value string, lengths ...int) string {
	if value == "" {
		return ""
	}
	for _, length := range lengths {
		if len(value) == length && strings.Trim(value, "0123456789") == "" {
			return value
		}
	}
	r.fail(field, fmt.Sprintf("not a number of %v digits", lengths))
	return ""
}

func (r *fieldReader) date(field, value string) time.Time {
	if value == "" {
		return time.Time{}
	}
	date, err := time.Parse("02.01.2006", value)
	if err != nil || date.Year() < 1900 {
		r.fail(field, "not a date DD.MM.YYYY")
		return time.Time{}
	}
	return date
}

// looseText is a text that some answers write as a number.
type looseText string

func (t *looseText) UnmarshalJSON(data []byte) error {
	var number json.Number
	if data[0] != '"' && string(data) != "null" {
		if err := json.Unmarshal(data, &number); err != nil {
			return errors.New("neither a text nor a number")
		}
		*t = looseText(number)
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}
