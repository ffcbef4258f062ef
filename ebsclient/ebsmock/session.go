package ebsmock

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"time"
)

// The states of a session, in the words of EBS's SDK; PENDING is the stand's own.
const (
	statePending = "PENDING"
	stateSuccess = "SUCCESS"
	stateFailure = "FAILURE"
	stateCancel  = "CANCEL"
	stateRepeat  = "REPEAT"
)

const (
	maxSessions   = 10000
	sessionDigits = 4
	// maxTries is how often samples that cannot be compared may be sent before the session ends with REPEAT.
	maxTries = 3
)

// session is one person before the stand's page. Its fields are guarded by the store's lock; only the store touches them.
type session struct {
	id        string
	adapter   bool   // begun by a launch link; else by the web interface
	system    string // the mnemonic of who asked
	oid       string // of whom; with an adapter unknown until the person says
	challenge string
	returnTo  string
	bearer    [32]byte // a hash of the token the session was begun with; the result is for the same one only
	begun     time.Time
	scenario  *Scenario // met at the end; nil: compared

	state   string
	tries   int
	outcome outcome
	refused error // why samples were not compared, when the session ended by it
	secret  string
	// exchanged is the request that the secret was exchanged by.
	exchanged string
	token     string // the verdict, once it was signed
}

var (
	errNoSession   = errors.New("no such session")
	errSessionOver = errors.New("the session is over")
	errSecretUsed  = errors.New("the secret was used")
)

// sessions are those under way and, for a while, those that ended.
type sessions struct {
	now      func() time.Time
	lifetime time.Duration

	mu       sync.Mutex
	byID     map[string]*session
	bySecret map[string]*session
}

func newSessions(now func() time.Time, lifetime time.Duration) *sessions {
	return &sessions{now: now, lifetime: lifetime, byID: make(map[string]*session), bySecret: make(map[string]*session)}
}

// begin adds a session, unless there is one with the same ID: that one is returned then.
func (s *sessions) begin(one session) (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.byID[one.id]; ok {
		return *known, nil
	}
	now := s.now()
	if len(s.byID) >= maxSessions {
		for _, old := range s.byID {
			// Those that are over are kept for as long again: their result is 410 meanwhile, not 404.
			if now.Sub(old.begun) > 2*s.lifetime {
				s.forget(old)
			}
		}
	}
	if len(s.byID) >= maxSessions {
		return session{}, errTooMany
	}
	one.begun, one.state, one.challenge = now, statePending, newChallenge()
	s.byID[one.id] = &one
	return one, nil
}

func (s *sessions) forget(one *session) {
	delete(s.byID, one.id)
	delete(s.bySecret, one.secret)
}

// get returns a copy.
func (s *sessions) get(id string) (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := s.find(s.byID[id])
	if err != nil {
		return session{}, err
	}
	return *one, nil
}

func (s *sessions) find(one *session) (*session, error) {
	if one == nil {
		return nil, errNoSession
	}
	if s.now().Sub(one.begun) > s.lifetime {
		return nil, errSessionOver
	}
	return one, nil
}

// end is what a session comes to.
type end struct {
	state    string
	oid      string
	scenario *Scenario
	outcome  outcome
	refused  error
}

// finish ends a session that is under way, once.
func (s *sessions) finish(id string, e end) (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := s.find(s.byID[id])
	if err != nil {
		return session{}, err
	}
	if one.state != statePending {
		return *one, errSessionOver
	}
	one.state, one.oid, one.outcome, one.refused = e.state, e.oid, e.outcome, e.refused
	if e.scenario != nil {
		one.scenario = e.scenario
	}
	if one.adapter && one.state == stateSuccess {
		one.secret = newID()
		s.bySecret[one.secret] = one
	}
	return *one, nil
}

// try counts samples that could not be compared, and says whether the person may try again.
func (s *sessions) try(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := s.find(s.byID[id])
	if err != nil {
		return false
	}
	one.tries++
	return one.tries < maxTries
}

// bySecretFor finds the session of a secret for a request. A secret that another request took is used up.
func (s *sessions) bySecretFor(secret, request string) (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := s.find(s.bySecret[secret])
	if err != nil {
		return session{}, err
	}
	if one.exchanged != "" && subtle.ConstantTimeCompare([]byte(one.exchanged), []byte(request)) != 1 {
		return session{}, errSecretUsed
	}
	return *one, nil
}

// give notes that a request (empty: of the web interface) is given the verdict that sign makes, and returns it; a session has
// but one.
func (s *sessions) give(id, request string, sign func(one session) (string, error)) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := s.find(s.byID[id])
	if err != nil {
		return "", err
	}
	if one.adapter {
		if one.exchanged != "" && one.exchanged != request {
			return "", errSecretUsed
		}
		one.exchanged = request
	}
	if one.token == "" {
		if one.token, err = sign(*one); err != nil {
			return "", err
		}
	}
	return one.token, nil
}

// returnURL is where the browser goes when the session has ended: as it was given, and from an adapter with what came of it.
func (one session) returnURL() string {
	if !one.adapter {
		return one.returnTo
	}
	u, err := url.Parse(one.returnTo)
	if err != nil {
		return one.returnTo
	}
	query := u.Query()
	switch one.state {
	case stateSuccess:
		query.Set("res_secret", one.secret)
	case stateCancel:
		query.Set("cancel", "true")
	case stateRepeat:
		query.Set("repeat", "true")
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// isReturn says whether a browser may be sent there.
func isReturn(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= 4<<10 && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// newChallenge is random digits, no two neighbours alike: so they can be told apart when said.
func newChallenge() string {
	var out strings.Builder
	last := byte(0)
	for out.Len() < sessionDigits {
		n, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		if digit := '0' + byte(n.Int64()); digit != last {
			out.WriteByte(digit)
			last = digit
		}
	}
	return out.String()
}
