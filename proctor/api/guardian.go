package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ochno/proctor/account"
	"ochno/proctor/esia"
)

// What a parent's session holds before she is known.
const (
	keyInvitation = "invitation" // the code that was opened, sealed
	keyClaimant   = "claimant"   // who ESIA said she is, and that it names no such child; sealed
)

// guardianPage is where parents read and answer.
const guardianPage = "/guardian"

// claimant is somebody who came with a code and whom ESIA does not name as the student's parent.
type claimant struct {
	Code   string
	Claims account.Claims
	At     time.Time
}

// claimantLife is how long she may take to ask for a look at her papers.
const claimantLife = 30 * time.Minute

// childReader is a provider that can read a person's children.
type childReader interface {
	Children(ctx context.Context, of *esia.Identity) ([]esia.Child, error)
}

// GuardianInvitation is what a browser that opened a parent's link may know before anybody signed in: nothing of the student.
type GuardianInvitation struct {
	Opened       bool              `json:"opened" doc:"A code was opened in this browser"`
	Organisation *OrganisationCard `json:"organisation,omitempty"`
	ExpiresAt    *time.Time        `json:"expiresAt,omitempty"`
	Claimant     string            `json:"claimant,omitempty" doc:"Her name, when Gosuslugi names no such child and the organisation may look at papers"`
}

type openInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"100"`
	}
}

// openInvitation binds a code to this browser, so that it need not stand in any address.
func (s *Server) openInvitation(ctx context.Context, in *openInput) (*body[GuardianInvitation], error) {
	if _, _, err := s.Guardians.Opened(ctx, in.Body.Code); err != nil {
		return nil, err
	}
	s.sessions.Remove(ctx, keyClaimant)
	if err := s.putSealed(ctx, keyInvitation, in.Body.Code); err != nil {
		return nil, err
	}
	return s.guardianInvitation(ctx, nil)
}

func (s *Server) guardianInvitation(ctx context.Context, _ *struct{}) (*body[GuardianInvitation], error) {
	var out GuardianInvitation
	code := s.openedCode(ctx)
	if code == "" {
		return answer(out), nil
	}
	o, until, err := s.Guardians.Opened(ctx, code)
	if err != nil { // used or expired since
		s.sessions.Remove(ctx, keyInvitation)
		s.sessions.Remove(ctx, keyClaimant)
		return answer(out), nil
	}
	until = until.UTC()
	out = GuardianInvitation{Opened: true, Organisation: &OrganisationCard{Name: o.Name, ShortName: o.ShortName}, ExpiresAt: &until}
	if c := s.claimant(ctx); c.Claims.OID != "" {
		out.Claimant = c.Claims.Name.String()
	}
	return answer(out), nil
}

func (s *Server) openedCode(ctx context.Context) string {
	var code string
	if err := s.getSealed(ctx, keyInvitation, &code); err != nil {
		return ""
	}
	return code
}

func (s *Server) claimant(ctx context.Context) claimant {
	var c claimant
	if err := s.getSealed(ctx, keyClaimant, &c); err != nil || s.Now().Sub(c.At) >= claimantLife {
		return claimant{}
	}
	return c
}

// finishGuardian takes a parent back from ESIA: she is known by her children there, or told how to go on.
func (s *Server) finishGuardian(w http.ResponseWriter, r *http.Request, code string, identity *esia.Identity) {
	ctx := r.Context()
	claims := claimsOf(identity)
	guardian, err := s.Guardians.Arrive(ctx, code, claims, s.children(ctx, identity))
	switch {
	case errors.Is(err, account.ErrNotParent):
		if err := s.putSealed(ctx, keyClaimant, claimant{Code: code, Claims: claims, At: s.Now()}); err != nil {
			s.signInFailed(w, r, arrival{Return: guardianPage}, err)
			return
		}
		s.Logger.InfoContext(ctx, "a parent is not known as one by ESIA")
		http.Redirect(w, r, s.at(guardianPage), http.StatusFound)
		return
	case err != nil:
		problem := explain(ctx, s.Logger, err)
		if problem.Status == http.StatusInternalServerError {
			s.signInFailed(w, r, arrival{Return: guardianPage}, err)
			return
		}
		http.Redirect(w, r, s.at(guardianPage+"?"+url.Values{"problem": {problem.Code}}.Encode()), http.StatusFound)
		return
	}
	if err := s.enterGuardian(ctx, guardian); err != nil {
		s.signInFailed(w, r, arrival{Return: guardianPage}, err)
		return
	}
	http.Redirect(w, r, s.at(guardianPage), http.StatusFound)
}

func (s *Server) enterGuardian(ctx context.Context, guardian account.Person) error {
	s.sessions.Remove(ctx, keyInvitation)
	s.sessions.Remove(ctx, keyClaimant)
	return s.enter(ctx, guardian.ID, account.Guardian, entrance{method: s.SignIn, oid: guardian.OID})
}

// children are the person's by ESIA. Where they cannot be read nobody is taken for a parent: the organisation looks at papers.
func (s *Server) children(ctx context.Context, identity *esia.Identity) []account.Claims {
	reader, ok := s.Parents.(childReader)
	if !ok {
		return nil
	}
	found, err := reader.Children(ctx, identity)
	if err != nil {
		s.Logger.WarnContext(ctx, "a parent's children are not to be had", "error", err)
		return nil
	}
	list := make([]account.Claims, 0, len(found))
	for _, c := range found {
		list = append(list, account.Claims{
			OID: c.OID, Name: account.Name{Last: c.Person.LastName, First: c.Person.FirstName, Middle: c.Person.MiddleName},
			BirthDate: c.Person.BirthDate, SNILS: c.Person.SNILS,
		})
	}
	return list
}

// claimGuardian asks the organisation to look at papers.
func (s *Server) claimGuardian(ctx context.Context, _ *struct{}) (*body[GuardianHome], error) {
	c := s.claimant(ctx)
	if c.Claims.OID == "" {
		return nil, problem(http.StatusConflict, "guardian_code_unknown")
	}
	guardian, err := s.Guardians.Claim(ctx, c.Code, c.Claims)
	if err != nil {
		return nil, err
	}
	if err := s.enterGuardian(ctx, guardian); err != nil {
		return nil, err
	}
	return s.guardianHome(ctx, guardian)
}

// GuardianHome is what a parent sees: the children, the text in force, and what waits for the organisation.
type GuardianHome struct {
	Children []GuardianChild `json:"children" nullable:"false"`
	Claims   []GuardianClaim `json:"claims" nullable:"false"`
	Text     *ConsentText    `json:"text,omitempty"`
	// EraseDays is how long after a withdrawal recordings are still there.
	EraseDays int `json:"eraseDays"`
}

// GuardianChild is a student whose parent the caller is.
type GuardianChild struct {
	ID        uuid.UUID     `json:"id"`
	Name      string        `json:"name"`
	By        string        `json:"by" enum:"esia,papers" doc:"What the parenthood is known from"`
	Minor     bool          `json:"minor" doc:"false: she consents herself now"`
	GrantedAt *time.Time    `json:"grantedAt,omitempty" doc:"Of the consent in force"`
	RefusedAt *time.Time    `json:"refusedAt,omitempty" doc:"The caller refused the current text"`
	Consents  []ConsentItem `json:"consents" nullable:"false"`
}

// GuardianClaim is a parenthood that the organisation looks at.
type GuardianClaim struct {
	ID        uuid.UUID `json:"id"`
	Student   string    `json:"student"`
	BirthDate string    `json:"birthDate" doc:"The student's"`
	Guardian  string    `json:"guardian"`
	FiledAt   time.Time `json:"filedAt"`
	State     string    `json:"state" enum:"open,confirmed,refused"`
}

func (s *Server) getGuardianHome(ctx context.Context, _ *struct{}) (*body[GuardianHome], error) {
	return s.guardianHome(ctx, *caller(ctx))
}

func (s *Server) guardianHome(ctx context.Context, guardian account.Person) (*body[GuardianHome], error) {
	wards, err := s.Guardians.Wards(ctx, guardian)
	if err != nil {
		return nil, err
	}
	claims, err := s.Guardians.ClaimsOf(ctx, guardian.ID)
	if err != nil {
		return nil, err
	}
	out := GuardianHome{Children: make([]GuardianChild, 0, len(wards)), Claims: claimShapes(claims, true), EraseDays: int(account.EraseAfter / (24 * time.Hour))}
	for _, w := range wards {
		child := GuardianChild{ID: w.Student.ID, Name: w.Student.Name.String(), By: string(w.By), Minor: w.Minor, RefusedAt: w.RefusedAt, Consents: consentItems(w.Consents)}
		if w.Standing != nil {
			at := w.Standing.GrantedAt.UTC()
			child.GrantedAt = &at
		}
		out.Children = append(out.Children, child)
	}
	switch text, err := s.Accounts.ConsentText(ctx, guardian.Organisation); {
	case err == nil:
		shape := consentTextShape(text)
		out.Text = &shape
	case !errors.Is(err, account.ErrNoConsentText):
		return nil, err
	}
	return answer(out), nil
}

// claimShapes hides from a claimant what she did not say herself: the student's whole name and birth date.
func claimShapes(list []account.GuardianClaim, short bool) []GuardianClaim {
	out := make([]GuardianClaim, 0, len(list))
	for _, c := range list {
		shape := GuardianClaim{ID: c.ID, Student: c.Student.String(), BirthDate: c.Born.Format(time.DateOnly), Guardian: c.Guardian.String(), FiledAt: c.FiledAt.UTC(), State: "open"}
		if short {
			shape.Student, shape.BirthDate = c.Student.Short(), ""
		}
		if c.Confirmed != nil {
			shape.State = map[bool]string{true: "confirmed", false: "refused"}[*c.Confirmed]
		}
		out = append(out, shape)
	}
	return out
}

// ChildPath is the input of routes about one of a parent's children. It is exported because huma reads embedded structs only then.
type ChildPath struct {
	ID uuid.UUID `path:"id"`
}

type guardianAnswerInput struct {
	ChildPath
	Body struct {
		TextID uuid.UUID `json:"textId"`
		SHA256 string    `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Of the text that was shown"`
		Grant  bool      `json:"grant" doc:"false: refuse"`
		Email  string    `json:"email,omitempty" maxLength:"254" doc:"Where to write when anything changes"`
	}
}

// guardianAnswer is a parent's «yes» or «no».
func (s *Server) guardianAnswer(ctx context.Context, in *guardianAnswerInput) (*body[GuardianHome], error) {
	guardian := *caller(ctx)
	text, err := s.shownText(ctx, guardian.Organisation, in.Body.TextID, in.Body.SHA256)
	if err != nil {
		return nil, err
	}
	if in.Body.Email != "" {
		if err := s.Guardians.KnowAddress(ctx, guardian.ID, in.Body.Email); err != nil {
			return nil, err
		}
	}
	if in.Body.Grant {
		err = s.Guardians.Grant(ctx, guardian, in.ID, text)
	} else {
		err = s.Guardians.Refuse(ctx, guardian, in.ID, text)
	}
	if err != nil {
		return nil, err
	}
	return s.guardianHome(ctx, guardian)
}

// guardianWithdraw is a parent's taking the consent back, whichever parent gave it.
func (s *Server) guardianWithdraw(ctx context.Context, in *ChildPath) (*body[Withdrawn], error) {
	parent, child, err := s.Guardians.ParentOf(ctx, *caller(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return s.withdraw(ctx, account.Withdrawal{Person: child, Guardian: &parent}, func(tx pgx.Tx) error {
		return s.Guardians.TellWithdrawn(ctx, tx, child)
	})
}

// GuardianClaimList are those that wait for the organisation.
type GuardianClaimList struct {
	Claims []GuardianClaim `json:"claims" nullable:"false"`
}

func (s *Server) guardianClaims(ctx context.Context, _ *struct{}) (*body[GuardianClaimList], error) {
	list, err := s.Guardians.OpenClaims(ctx, caller(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	return answer(GuardianClaimList{Claims: claimShapes(list, false)}), nil
}

type decideClaimInput struct {
	ChildPath
	Body struct {
		Confirm bool   `json:"confirm"`
		Note    string `json:"note" minLength:"3" maxLength:"500" doc:"Which papers were seen, or why not"`
	}
}

func (s *Server) decideGuardianClaim(ctx context.Context, in *decideClaimInput) (*body[GuardianClaimList], error) {
	if err := s.Guardians.DecideClaim(ctx, *caller(ctx), in.ID, in.Body.Confirm, in.Body.Note); err != nil {
		return nil, err
	}
	return s.guardianClaims(ctx, nil)
}

// guardianOperations are the routes of minors, their parents, and the staff that looks at papers.
func (s *Server) guardianOperations() {
	get, post := http.MethodGet, http.MethodPost
	guardians := access{roles: []account.Role{account.Guardian}}

	route(s, get, "/api/guardian-consent", "guardianConsent", "My parents' consent", students, s.guardianConsent)
	route(s, post, "/api/guardian-consent/invitations", "inviteGuardian", "Ask a parent", students, s.inviteGuardian)
	route(s, get, "/api/guardian/invitation", "guardianInvitation", "The parent's link that this browser opened", public, s.guardianInvitation)
	route(s, post, "/api/guardian/invitation", "openInvitation", "Open a parent's link", public, s.openInvitation)
	route(s, post, "/api/guardian/claim", "claimGuardian", "Ask the organisation to look at papers", public, s.claimGuardian)
	route(s, get, "/api/guardian", "guardianHome", "My children and the consents", guardians, s.getGuardianHome)
	route(s, post, "/api/guardian/children/{id}/answer", "guardianAnswer", "Consent for a child, or refuse", guardians, s.guardianAnswer)
	route(s, post, "/api/guardian/children/{id}/withdraw", "guardianWithdraw", "Withdraw the consent for a child", guardians, s.guardianWithdraw)
	route(s, get, "/api/guardian-claims", "guardianClaims", "Parents whose papers are to be looked at", listKeepers, s.guardianClaims)
	route(s, post, "/api/guardian-claims/{id}/decision", "decideGuardianClaim", "Confirm a parent by papers, or not", listKeepers, s.decideGuardianClaim)
}
