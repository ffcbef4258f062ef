package esiamock

import (
	"net/http"
	"net/url"
	"time"

	"ochno/proctor/esia"
)

// signIn is one authorize request, from the page to the token.
type signIn struct {
	client      *client
	generation  esia.Generation
	redirectURL string
	scope       string
	state       string
	challenge   string // PKCE; "" without

	// What the person answered.
	person    Person
	at        time.Time
	sessionID string
}

// authorize checks a system's request and shows the browser the sign-in page.
func (s *Stand) authorize(w http.ResponseWriter, r *http.Request, generation esia.Generation) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.problemPage(w, r, badParameter("query"))
		return
	}
	refused := wellFormed(form)
	var c *client
	if refused == nil {
		c, refused = s.knownClient(form)
	}
	if refused != nil {
		s.problemPage(w, r, refused)
		return
	}
	if refused = s.checkAuthorize(r, c, generation, form); refused != nil {
		s.sendBack(w, r, form.Get("redirect_uri"), refused, form.Get("state"))
		return
	}
	if s.misbehavesInBrowser(w, r, "", form.Get("redirect_uri"), form.Get("state")) {
		return
	}
	name, err := s.signIns.put(&signIn{
		client:      c,
		generation:  generation,
		redirectURL: form.Get("redirect_uri"),
		scope:       form.Get("scope"),
		state:       form.Get("state"),
		challenge:   form.Get("code_challenge"),
	}, s.now())
	if err != nil {
		s.sendBack(w, r, form.Get("redirect_uri"), refuse("temporarily_unavailable", "ESIA-007008", "Overloaded"), form.Get("state"))
		return
	}
	s.logger.Info("sign-in page", "client", c.ID, "generation", string(generation))
	http.Redirect(w, r, s.publicURL+"/login?request="+name, http.StatusFound)
}

func (s *Stand) checkAuthorize(r *http.Request, c *client, generation esia.Generation, form url.Values) *refusal {
	if refused := s.checkSigned(r.Context(), c, generation, form, "response_type", "access_type"); refused != nil {
		return refused
	}
	if form.Get("response_type") != "code" {
		return refuse("unsupported_response_type", "ESIA-007009", "The response_type is not supported")
	}
	if access := form.Get("access_type"); access != "online" && access != "offline" {
		return badParameter("access_type")
	}
	return checkChallenge(generation, form)
}

// sendBack returns the browser to the system with an error.
func (s *Stand) sendBack(w http.ResponseWriter, r *http.Request, to string, refused *refusal, state string) {
	s.logger.Info("refused", "path", r.URL.Path, "code", refused.code)
	s.redirect(w, r, to, url.Values{"error": {refused.oauth}, "error_description": {refused.description()}, "state": {state}})
}

func (s *Stand) redirect(w http.ResponseWriter, r *http.Request, to string, add url.Values) {
	u, err := url.Parse(to)
	if err != nil {
		s.problemPage(w, r, badParameter("redirect_uri"))
		return
	}
	query := u.Query()
	for name, values := range add {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound)
}

// signInAnswer is the button that was pressed on the page.
func (s *Stand) signInAnswer(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.problemPage(w, r, badParameter("form"))
		return
	}
	answer := r.PostForm
	person, known := s.findPerson(answer.Get("person"))
	if answer.Get("answer") != "refuse" && !known {
		s.problemPage(w, r, badParameter("person"))
		return
	}
	now := s.now()
	asked, ok := s.signIns.take(answer.Get("request"), now)
	if !ok {
		s.stalePage(w, r)
		return
	}
	if answer.Get("answer") == "refuse" {
		s.sendBack(w, r, asked.redirectURL, refuse("access_denied", "ESIA-007004", "The resource owner denied the request"), asked.state)
		return
	}
	if s.misbehavesInBrowser(w, r, person.OID, asked.redirectURL, asked.state) {
		return
	}
	asked.person, asked.at, asked.sessionID = person, now, newUUID()
	code, err := s.codes.put(asked, now)
	if err != nil {
		s.sendBack(w, r, asked.redirectURL, refuse("temporarily_unavailable", "ESIA-007008", "Overloaded"), asked.state)
		return
	}
	s.logger.Info("signed in", "client", asked.client.ID)
	s.redirect(w, r, asked.redirectURL, url.Values{"code": {code}, "state": {asked.state}})
}

// logout ends nothing, for the stand keeps no sessions of people; it checks the parameters and sends the browser on.
func (s *Stand) logout(w http.ResponseWriter, r *http.Request) {
	form := r.URL.Query()
	if refused := wellFormed(form); refused != nil {
		s.problemPage(w, r, refused)
		return
	}
	c := s.clients[form.Get("client_id")]
	to := form.Get("redirect_url")
	switch {
	case c == nil:
		s.problemPage(w, r, refuse("unauthorized_client", "ESIA-007005", "The client is not known"))
	case to == "":
		s.signedOutPage(w, r)
	case !c.owns(to):
		s.problemPage(w, r, refuse("invalid_request", "ESIA-007023", "The redirect_url is not registered for the client"))
	default:
		http.Redirect(w, r, to, http.StatusFound)
	}
}
