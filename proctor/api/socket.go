package api

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"ochno/proctor/exam"
	"ochno/proctor/liveness"
	"ochno/proctor/media"
	"ochno/proctor/media/relay"
)

// Close codes of our own; PROTOCOL.md of the media plane lists them.
const (
	closeBadMessage = 4400
	closeNotSigned  = 4401
	closeForbidden  = 4403
	closeIdle       = 4408
	closeTakenOver  = 4409
	closeTooMany    = 4429
)

const (
	maxMessage   = 64 << 10
	pingEvery    = 20 * time.Second
	idleLimit    = 60 * time.Second
	writeLimit   = 10 * time.Second
	queueLength  = 256
	messageRate  = 30 // a second
	messageBurst = 200
)

// socket is one WebSocket: bounded in what it reads and in what waits to be written. One goroutine reads (serve's caller), one writes.
type socket struct {
	conn    *websocket.Conn
	out     chan []byte
	limiter *rate.Limiter

	once   sync.Once
	closed chan struct{}
	code   int
	reason string
	writer sync.WaitGroup
}

var upgrader = websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10, HandshakeTimeout: 10 * time.Second}

// upgrade makes a socket of the request; the upgrader refuses other origins. On an error the answer has been sent.
func upgrade(w http.ResponseWriter, r *http.Request) (*socket, error) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	c := &socket{conn: conn, out: make(chan []byte, queueLength), limiter: rate.NewLimiter(messageRate, messageBurst), closed: make(chan struct{})}
	conn.SetReadLimit(maxMessage)
	_ = conn.SetReadDeadline(time.Now().Add(idleLimit))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(idleLimit)) })
	c.writer.Add(1)
	go c.write()
	return c, nil
}

// send queues a message. A peer that does not read is cut off: everything it needs comes again when it reconnects.
func (c *socket) send(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		c.close(websocket.CloseInternalServerErr, "internal")
		return
	}
	select {
	case c.out <- text:
	case <-c.closed:
	default:
		c.close(websocket.CloseTryAgainLater, "too slow")
	}
}

// close ends the socket with a code; the first one counts. It does not wait.
func (c *socket) close(code int, reason string) {
	c.once.Do(func() {
		c.code, c.reason = code, reason
		close(c.closed)
	})
}

// serve reads messages until the socket ends, calling handle for each, and then waits for the writer.
func (c *socket) serve(handle func(message []byte)) {
	defer func() {
		c.close(websocket.CloseNormalClosure, "")
		c.writer.Wait()
		c.conn.Close()
	}()
	for {
		kind, message, err := c.conn.ReadMessage()
		if err != nil {
			if errors.Is(err, websocket.ErrReadLimit) {
				c.close(websocket.CloseMessageTooBig, "")
			}
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				c.close(closeIdle, "idle")
			}
			return
		}
		select {
		case <-c.closed:
			return
		default:
		}
		_ = c.conn.SetReadDeadline(time.Now().Add(idleLimit))
		if !c.limiter.Allow() {
			c.close(closeTooMany, "too many messages")
			return
		}
		if kind != websocket.TextMessage {
			c.close(closeBadMessage, "text messages only")
			return
		}
		handle(message)
	}
}

func (c *socket) write() {
	defer c.writer.Done()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case text := <-c.out:
			_ = c.conn.SetWriteDeadline(time.Now().Add(writeLimit))
			err = c.conn.WriteMessage(websocket.TextMessage, text)
		case <-ping.C:
			err = c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeLimit))
		case <-c.closed:
			c.finish()
			return
		}
		if err != nil {
			c.close(websocket.CloseAbnormalClosure, "")
			c.conn.Close() // wakes the reader
			return
		}
	}
}

// finish writes what is queued, says why the socket ends, and wakes the reader.
func (c *socket) finish() {
	deadline := time.Now().Add(2 * time.Second)
	_ = c.conn.SetWriteDeadline(deadline)
	for {
		select {
		case text := <-c.out:
			if c.conn.WriteMessage(websocket.TextMessage, text) != nil {
				c.conn.Close()
				return
			}
			continue
		default:
		}
		break
	}
	if c.code != websocket.CloseAbnormalClosure {
		_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(c.code, c.reason), deadline)
	}
	_ = c.conn.SetReadDeadline(deadline) // the peer may answer the close; then the reader ends
}

// incoming is every message a browser may send.
type incoming struct {
	Type      string           `json:"type"`
	Camera    camera           `json:"camera"`
	SDP       string           `json:"sdp"`
	Candidate *media.Candidate `json:"candidate"`
	Attempts  []string         `json:"attempts"`
	Large     []string         `json:"large"`
	Heard     []string         `json:"heard"`
	Attempt   string           `json:"attempt"`
	All       bool             `json:"all"`
}

// camera is what a page says of the one it opened.
type camera struct {
	Label     string  `json:"label"`
	FrameRate float64 `json:"frameRate"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
}

// longestLabel bounds a camera's name in bytes; browsers give far shorter ones.
const longestLabel = 200

// device is what our own examination may know of it: a name that is too long is cut.
func (c camera) device() liveness.Device {
	if len(c.Label) > longestLabel {
		c.Label = c.Label[:longestLabel]
	}
	return liveness.Device{Label: c.Label, FrameRate: c.FrameRate, Width: c.Width, Height: c.Height}
}

// Messages of the server.
type (
	problemMessage struct {
		Type    string   `json:"type"`
		Problem *Problem `json:"problem"`
	}
	sdpMessage struct {
		Type string `json:"type"`
		SDP  string `json:"sdp"`
	}
	candidateMessage struct {
		Type      string           `json:"type"`
		Candidate *media.Candidate `json:"candidate"`
	}
	attemptMessage struct {
		Type    string  `json:"type"`
		Attempt Attempt `json:"attempt"`
	}
	mediaMessage struct {
		Type  string `json:"type"`
		State string `json:"state"`
	}
	identificationMessage struct {
		Type           string            `json:"type"`
		AttemptID      string            `json:"attemptId,omitempty"`
		Phase          string            `json:"phase"`
		Hint           string            `json:"hint,omitempty"`
		Challenge      *challengeMessage `json:"challenge,omitempty"`
		URL            string            `json:"url,omitempty"` // of the verifier's page
		Identification *Identification   `json:"identification,omitempty"`
	}
	challengeMessage struct {
		ID     string `json:"id"`
		Length int    `json:"length"` // how many digits there will be
		Shown  int    `json:"shown"`  // how many were shown, this one included
		Digit  string `json:"digit"`  // to be read aloud now; empty before the first
	}
	studentHello struct {
		Type       string            `json:"type"`
		Attempt    Attempt           `json:"attempt"`
		Rates      exam.Rates        `json:"rates"` // at most, kbit/s
		ICEServers []relay.ICEServer `json:"iceServers"`
	}
	roomHello struct {
		Type       string            `json:"type"`
		Room       ExamRoom          `json:"room"`
		ICEServers []relay.ICEServer `json:"iceServers"`
	}
	roomAttemptMessage struct {
		Type        string      `json:"type"`
		RoomAttempt RoomAttempt `json:"roomAttempt"`
	}
	presenceMessage struct {
		Type   string      `json:"type"`
		People []StaffCard `json:"people"` // who have the room open
	}
	// levelsMessage tells how loud microphones are, decibels below the loudest possible; 127 is silence.
	levelsMessage struct {
		Type   string           `json:"type"`
		Levels map[string]uint8 `json:"levels"`
	}
	offerMessage struct {
		Type   string         `json:"type"`
		SDP    string         `json:"sdp"`
		Tracks []trackMessage `json:"tracks"`
		// Microphone is the mid of the section on which the page sends its own, once it was asked to.
		Microphone string `json:"microphone,omitempty"`
	}
	trackMessage struct {
		MID       string `json:"mid"`
		AttemptID string `json:"attemptId"`
		Source    string `json:"source"`
		Layer     string `json:"layer,omitempty"` // low: the small picture of two
		Media     string `json:"media"`
	}
)

// failed implements line: the page makes another connection by an offer on the same socket.
func (c *socket) failed() {}

func (c *socket) problem(p *Problem) { c.send(problemMessage{Type: "error", Problem: p}) }

// candidate sends one of ours; an empty one says that no more will come.
func (c *socket) candidate(candidate media.Candidate) {
	if candidate.Candidate == "" {
		c.send(candidateMessage{Type: "candidate"})
		return
	}
	c.send(candidateMessage{Type: "candidate", Candidate: &candidate})
}
