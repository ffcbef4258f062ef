package esiamock

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"ochno/proctor/esia"
)

//go:embed pages/*.html static/*
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

// page is what every template gets: the words of one language and what the page is about.
type page struct {
	Lang    string
	Other   string // the other language's code, for the link
	OtherTo string // its address
	Base    string // the path under which the stand is reached, "" or "/esia"
	W       words

	Request string
	Client  string
	Data    []string
	People  []choice
	Find    bool   // there are so many people that a search helps
	Sought  string // what was searched for

	Problem string // a sentence
	Code    string
	About   *about
}

type choice struct {
	OID, Name, Initials, Note, Level, LevelClass, Born string
}

type about struct {
	URL    string
	People int
}

// static serves the style sheet. It may be cached for a while: its name does not change with its content.
func static() http.Handler {
	files := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		files.ServeHTTP(w, r)
	})
}

// render writes a page. sendsTo is the URL that its form's answer redirects to: browsers hold redirects to form-action, too.
func (s *Stand) render(w http.ResponseWriter, r *http.Request, status int, name, sendsTo string, p page) {
	query := r.URL.Query()
	p.Lang, p.Other = "ru", "en"
	if query.Get("lang") == "en" {
		p.Lang, p.Other = "en", "ru"
	}
	p.W, p.Base = dictionary[p.Lang], s.basePath
	query.Set("lang", p.Other)
	p.OtherTo = "?" + query.Encode()
	formAction := "'self'"
	if u, err := url.Parse(sendsTo); err == nil && u.Host != "" {
		formAction += " " + u.Scheme + "://" + u.Host
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action "+formAction)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Referrer-Policy", "no-referrer")
	var text strings.Builder
	if err := pages.ExecuteTemplate(&text, name, p); err != nil {
		s.logger.Error("page", "name", name, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	w.Write([]byte(text.String()))
}

func language(r *http.Request) string {
	if r.URL.Query().Get("lang") == "en" {
		return "en"
	}
	return "ru"
}

// signInPage lists the people.
func (s *Stand) signInPage(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("request")
	asked, ok := s.signIns.look(name, s.now())
	if !ok {
		s.stalePage(w, r)
		return
	}
	lang := language(r)
	p := page{Request: name, Client: asked.client.ID}
	for scope := range strings.SplitSeq(asked.scope, " ") {
		if text := dictionary[lang].Scopes[scope]; text != "" {
			p.Data = append(p.Data, text)
		}
	}
	p.Find, p.Sought = len(s.people) > manyPeople, r.URL.Query().Get("q")
	for _, person := range s.people {
		if c := newChoice(person, lang); c.matches(p.Sought) {
			p.People = append(p.People, c)
		}
	}
	s.render(w, r, http.StatusOK, "signin.html", asked.redirectURL, p)
}

// manyPeople is how many are shown without a search field.
const manyPeople = 15

// matches looks for every word of a search in what the page shows of a person; ё is е.
func (c choice) matches(sought string) bool {
	even := func(text string) string { return strings.ReplaceAll(strings.ToLower(text), "ё", "е") }
	shown := even(c.Name + " " + c.Note + " " + c.Level + " " + c.Born)
	for word := range strings.FieldsSeq(even(sought)) {
		if !strings.Contains(shown, word) {
			return false
		}
	}
	return true
}

func newChoice(p Person, lang string) choice {
	c := choice{
		OID:        p.OID,
		Name:       strings.Join(strings.Fields(p.LastName+" "+p.FirstName+" "+p.MiddleName), " "),
		Note:       p.Note,
		Level:      dictionary[lang].Levels[p.Level],
		LevelClass: string(p.Level),
		Born:       p.BirthDate.Format("02.01.2006"),
	}
	if lang == "en" && p.NoteEN != "" {
		c.Note = p.NoteEN
	}
	for _, name := range []string{p.FirstName, p.LastName} {
		first, _ := utf8.DecodeRuneInString(name)
		c.Initials += string(first)
	}
	return c
}

// problemPage is for requests that cannot be sent back: nobody knows yet whose they are.
func (s *Stand) problemPage(w http.ResponseWriter, r *http.Request, refused *refusal) {
	s.logger.Info("refused", "path", r.URL.Path, "code", refused.code)
	ru, en := (&esia.Error{Code: refused.code}).Message()
	text := ru
	if language(r) == "en" {
		text = en
	}
	s.render(w, r, http.StatusBadRequest, "problem.html", "", page{Problem: text, Code: refused.description()})
}

func (s *Stand) stalePage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusGone, "problem.html", "", page{Problem: dictionary[language(r)].Stale})
}

func (s *Stand) signedOutPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "problem.html", "", page{Problem: dictionary[language(r)].SignedOut})
}

func (s *Stand) about(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "about.html", "", page{About: &about{URL: s.publicURL, People: len(s.people)}})
}
