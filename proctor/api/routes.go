package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"ochno/proctor/account"
	"ochno/proctor/exam"
)

// access says who may use a route.
type access struct {
	public bool           // anybody
	owner  bool           // the student whose attempt it is, acting as a student
	holder bool           // whoever signed in, even before she chose a role
	named  bool           // whoever ESIA has named in this browser lately, known to us or not
	roles  []account.Role // anybody with one of these roles
}

var (
	public      = access{public: true}
	signedIn    = access{roles: []account.Role{account.Student, account.Proctor, account.Registrar, account.Administrator, account.Guardian}}
	owner       = access{owner: true}
	staff       = access{roles: []account.Role{account.Proctor, account.Registrar, account.Administrator}}
	proctors    = access{roles: []account.Role{account.Proctor}}
	ownerOrSeer = access{owner: true, roles: []account.Role{account.Proctor, account.Registrar}}
	seers       = access{roles: []account.Role{account.Proctor, account.Registrar}}
	ownerOrLead = access{owner: true, roles: []account.Role{account.Proctor}}
	registrars  = access{roles: []account.Role{account.Registrar}}
	appointers  = access{roles: []account.Role{account.Proctor, account.Registrar, account.Administrator}}
	students    = access{roles: []account.Role{account.Student}}
	listKeepers = access{roles: []account.Role{account.Registrar, account.Administrator}}
)

// routes makes the service's whole tree of routes.
func (s *Server) routes() http.Handler {
	sessions := http.NewServeMux() // routes that may change the session
	s.huma = humago.New(sessions, humaConfig(s.Version))
	s.operations()
	sessions.HandleFunc("GET /auth/esia/start", s.startSignIn)
	sessions.HandleFunc("GET /auth/esia/callback", s.finishSignIn)
	sessions.HandleFunc("GET /auth/esia/link", s.startLink)
	sessions.HandleFunc("GET /auth/verification", s.verified)
	sessions.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, problem(http.StatusNotFound, "not_found"))
	})
	withSession := s.sessions.LoadAndSave(sessions)

	mux := http.NewServeMux()
	for _, prefix := range []string{"/api/", "/auth/", "/healthz"} {
		mux.Handle(prefix, withSession)
	}
	mux.HandleFunc("GET /api/attempts/{id}/connection", s.sessionOnly(s.studentSocket))
	mux.HandleFunc("GET /api/exams/{id}/watch", s.sessionOnly(s.watchSocket))
	s.whipRoutes(mux)
	s.phoneRoutes(mux)
	s.whepRoutes(mux)
	mux.Handle("/", s.page)
	return mux
}

// operations are the routes of the JSON API, each with who may use it.
func (s *Server) operations() {
	get, post := http.MethodGet, http.MethodPost

	route(s, get, "/healthz", "health", "State of the service", public, s.health)
	route(s, get, "/api/session", "session", "Who is signed in", public, s.session)
	route(s, post, "/api/session/end", "endSession", "Sign out", public, s.endSession)

	s.arrivalOperations()
	s.peopleOperations()
	s.readinessOperations()
	s.guardianOperations()
	s.retentionOperations()
	s.fileOperations()
	s.identityOperations()
	s.examOperations()
	s.exportOperations()
	s.invigilateOperations()
	s.accommodationOperations()
	s.reviewOperations()
	s.consentRegisterOperations()
	s.journeyOperations()
	s.systemOperations()
	s.organisationOperations()
	route(s, get, "/api/join/{code}", "examCard", "An exam by its link", public, s.examCard)
	route(s, post, "/api/join/{code}", "join", "Join the exam", signedIn, s.join)

	route(s, get, "/api/attempts/{id}", "attempt", "An attempt", ownerOrSeer, s.getAttempt)
	route(s, post, "/api/attempts/{id}/consent", "consent", "Grant the consent", owner, s.consent)
	route(s, post, "/api/attempts/{id}/decline", "decline", "Choose another form of the exam", owner, s.decline)
	route(s, post, "/api/attempts/{id}/return", "returnToExam", "Come back after declining", owner, s.comeBack)
	route(s, post, "/api/attempts/{id}/identification", "identify", "Begin an identification", owner, s.startIdentification)
	route(s, post, "/api/attempts/{id}/begin", "begin", "Begin the exam", owner, s.begin)
	route(s, post, "/api/attempts/{id}/finish", "finish", "Hand in, or end for this student", ownerOrLead, s.finish)

	route(s, get, "/api/consents", "myConsents", "My consents, and what stands", students, s.myConsents)
	route(s, post, "/api/consents/withdraw", "withdrawConsent", "Withdraw my consent", students, s.withdrawConsent)
	route(s, get, "/api/consent-texts", "consentTexts", "Versions of the consent text, the current one first", listKeepers, s.consentTexts)
	route(s, post, "/api/consent-texts", "publishConsentText", "Publish a new version of the consent text", listKeepers, s.publishConsentText)

	route(s, get, "/api/exams", "exams", "The organisation's exams", staff, s.listExams)
	route(s, get, "/api/exams/{id}", "room", "An exam's room", seers, s.room)
	route(s, post, "/api/exams/{id}/finish", "finishExam", "End the exam for everybody", proctors, s.finishExam)
	route(s, post, "/api/attempts/{id}/retry", "grantTry", "Grant one more try", proctors, s.grantTry)
	route(s, post, "/api/attempts/{id}/terminate", "terminate", "Terminate with a reason", proctors, s.terminate)
	route(s, post, "/api/attempts/{id}/tokens", "issueToken", "A token for publishing or watching without a page", proctors, s.issueToken)
	route(s, get, "/api/attempts/{id}/identifications", "identifications", "All identifications of an attempt", seers, s.identifications)
	route(s, get, "/api/attempts/{id}/recordings", "recordings", "What was recorded", seers, s.recordings)
	route(s, get, "/api/recordings/{id}/segments/{number}", "segment", "A segment's WebM file", seers, s.segment)
	route(s, get, "/api/recordings/{id}/file", "recordingFile", "A recording as one WebM file, or a range of it", seers, s.recordingFile)

	route(s, post, "/api/exams/{id}/roster/preview", "previewRoster", "What a roster file would do", listKeepers, s.previewRoster, largeBody)
	route(s, post, "/api/exams/{id}/roster", "importRoster", "Import the roster file that was previewed", listKeepers, s.importRoster, largeBody)

	route(s, get, "/api/log", "log", "The identification log, newest first", registrars, s.logPage)
	route(s, get, "/api/log/export", "exportLog", "The log as CSV, XLSX, JSON Lines, a paper or a package", registrars, s.exportLog)
	route(s, get, "/api/log/choices", "logChoices", "What the log's filters offer: faculties, groups, students by name", registrars, s.logChoices)
	route(s, get, "/api/log/checkpoint", "checkpoint", "The newest signed tree head", registrars, s.checkpoint)
}

// route registers an operation behind its access rule. Ownership is checked against the attempt whose id stands in the path.
func route[I, O any](s *Server, method, path, id, summary string, who access, handler func(context.Context, *I) (*O, error),
	options ...func(*huma.Operation),
) {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Errors: []int{http.StatusForbidden}, MaxBodyBytes: 64 << 10}
	for _, option := range options {
		option(&op)
	}
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		person, err := s.allow(ctx.Context(), who, ctx.Param("id"))
		if err == nil && person != nil && !who.public {
			err = s.inside(ctx.Context(), *person, path, ctx.Param("id"))
		}
		if err != nil {
			p := explain(ctx.Context(), s.Logger, err)
			ctx.SetHeader("Content-Type", "application/problem+json")
			ctx.SetStatus(p.Status)
			_ = s.huma.Marshal(ctx.BodyWriter(), "application/json", p)
			return
		}
		next(huma.WithValue(ctx, personKey{}, person))
	}}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, explain(ctx, s.Logger, err)
		}
		return out, nil
	})
}

// allow finds who asks and whether she may. The person is nil on public routes when nobody is signed in.
func (s *Server) allow(ctx context.Context, who access, attempt string) (*account.Person, error) {
	person, err := s.person(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case who.public:
		return person, nil
	case who.named && s.lastArrival(ctx).Claims.OID != "":
		return person, nil
	case who.holder:
		if holder, err := s.holder(ctx); err != nil || holder {
			return person, err
		}
	}
	switch {
	case person == nil:
		return nil, problem(http.StatusUnauthorized, "not_signed_in")
	case person.Has(who.roles...):
		return person, nil
	case who.owner && person.Has(account.Student):
		id, err := uuid.Parse(attempt)
		if err != nil {
			return nil, problem(http.StatusNotFound, "not_found")
		}
		a, err := s.Exams.Attempt(ctx, id)
		if err != nil {
			return nil, err
		}
		if a.PersonID == person.ID {
			return person, nil
		}
	}
	return nil, problem(http.StatusForbidden, "forbidden")
}

// inside refuses, as if there were no such thing, an exam, an attempt or a recording of another organisation than the one in which the person
// acts. Routes about other things look after theirs.
func (s *Server) inside(ctx context.Context, person account.Person, path, text string) error {
	_, rest, _ := strings.Cut(path, "/api/")
	kind, _, one := strings.Cut(rest, "/{id}")
	if !one || kind != "attempts" && kind != "exams" && kind != "recordings" {
		return nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return problem(http.StatusNotFound, "not_found")
	}
	if kind == "recordings" {
		if id, err = s.Archive.AttemptOf(ctx, id); err != nil {
			return err
		}
	}
	if kind != "exams" {
		a, err := s.Exams.Attempt(ctx, id)
		if err != nil {
			return err
		}
		id = a.ExamID
	}
	e, err := s.Exams.Exam(ctx, id)
	if err == nil && e.Organisation != person.Organisation {
		err = exam.ErrNotFound
	}
	return err
}

type personKey struct{}

// caller is who asks; the route's rule has let her in.
func caller(ctx context.Context) *account.Person {
	person, _ := ctx.Value(personKey{}).(*account.Person)
	return person
}

// AttemptPath is the input of routes about one attempt. It is exported because huma reads embedded structs only then.
type AttemptPath struct {
	ID uuid.UUID `path:"id"`
}

// examPath is the input of routes about one exam.
type examPath struct {
	ID uuid.UUID `path:"id"`
}

// body is an output with a JSON body that nobody may cache.
type body[T any] struct {
	CacheControl string `header:"Cache-Control"`
	Body         T
}

func answer[T any](v T) *body[T] { return &body[T]{CacheControl: "no-store", Body: v} }

// attemptAnswer reads the attempt again and answers with it.
func (s *Server) attemptAnswer(ctx context.Context, a exam.Attempt, err error) (*body[Attempt], error) {
	if err != nil {
		return nil, err
	}
	shape, err := s.attemptShape(ctx, a)
	if a.PersonID == caller(ctx).ID {
		shape = shape.undoubted()
	}
	return answer(shape), err
}
