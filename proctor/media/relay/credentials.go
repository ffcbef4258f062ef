package relay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // as the TURN REST scheme and coturn have it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Secret signs credentials. Who has it can make them: it stands in a file, and in coturn's configuration as static-auth-secret.
type Secret []byte

// NewSecret makes one for a relay that nobody else shares.
func NewSecret() Secret {
	s := make(Secret, 32)
	_, _ = rand.Read(s) // never fails
	return s
}

// ICEServer is an RTCIceServer as browsers take it.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Grant makes credentials that are good until then. The subject is whom they are for; they hold a keyed hash of it, so that a TURN server's log names
// nobody. The name ends with a mark of its own: our server knows names that it did not give out before it does anything for them.
func (s Secret) Grant(subject uuid.UUID, until time.Time) (username, password string) {
	name := strconv.FormatInt(until.Unix(), 10) + ":" + s.short("subject", string(subject[:]))
	username = name + s.short("name", name)
	return username, s.sign(username)
}

// sign makes a password as the scheme wants it.
func (s Secret) sign(username string) string {
	mac := hmac.New(sha1.New, s)
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

const shortHex = 16 // digits of short

func (s Secret) short(kind, of string) string {
	mac := hmac.New(sha256.New, s)
	mac.Write([]byte(kind + "\x00" + of))
	return hex.EncodeToString(mac.Sum(nil)[:shortHex/2])
}

// longestName bounds what is looked at.
const longestName = 64

// password is what belongs to a name that we gave out and that is still good.
func (s Secret) password(username string, now time.Time) (string, bool) {
	until, rest, ok := strings.Cut(username, ":")
	if !ok || len(username) > longestName || len(rest) != 2*shortHex {
		return "", false
	}
	name, mark := username[:len(username)-shortHex], username[len(username)-shortHex:]
	at, err := strconv.ParseInt(until, 10, 64)
	if err != nil || now.Unix() >= at || !hmac.Equal([]byte(mark), []byte(s.short("name", name))) {
		return "", false
	}
	return s.sign(username), true
}

// lifetime of credentials: an exam with its waiting, and they are asked for again at every refresh of an allocation.
const lifetime = 12 * time.Hour

// Door is where browsers find relays: ours, an external coturn, or both. The zero Door has none.
type Door struct {
	URLs   []string
	Secret Secret
	Now    func() time.Time // time.Now when nil
}

// Servers are for one person's or attempt's page.
func (d Door) Servers(subject uuid.UUID) []ICEServer {
	if len(d.URLs) == 0 {
		return []ICEServer{}
	}
	now := time.Now
	if d.Now != nil {
		now = d.Now
	}
	username, password := d.Secret.Grant(subject, now().Add(lifetime))
	return []ICEServer{{URLs: d.URLs, Username: username, Credential: password}}
}
