package proctor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/pion/ice/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"ochno/proctor/account"
	"ochno/proctor/esia/esiamock"
)

// page is a socket whose messages are read as they come.
type page struct {
	*websocket.Conn
	work sync.WaitGroup

	mu       sync.Mutex
	writing  sync.Mutex
	messages []map[string]any
	code     int // of its close; 0: open
	changed  chan struct{}
	heard    map[byte]int // packets, by the first byte of what they say
}

func openPage(t *testing.T, b *browser, path string, on func(p *page, m map[string]any)) *page {
	t.Helper()
	conn, status := b.dial(t, path, nil)
	if conn == nil {
		t.Fatalf("%s: %d", path, status)
	}
	must(t, conn.SetReadDeadline(time.Time{}))
	p := &page{Conn: conn, changed: make(chan struct{}), heard: map[byte]int{}}
	p.work.Go(func() {
		for {
			var m map[string]any
			_, text, err := conn.ReadMessage()
			if err == nil {
				err = json.Unmarshal(text, &m)
			}
			p.mu.Lock()
			if err != nil {
				p.code = websocket.CloseAbnormalClosure
				if closed, ok := err.(*websocket.CloseError); ok {
					p.code = closed.Code
				}
			} else {
				p.messages = append(p.messages, m)
			}
			p.mu.Unlock()
			p.bump()
			if err != nil {
				return
			}
			on(p, m)
		}
	})
	t.Cleanup(func() {
		conn.Close()
		p.work.Wait()
	})
	return p
}

func (p *page) bump() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *page) say(t *testing.T, m map[string]any) {
	t.Helper()
	p.writing.Lock()
	defer p.writing.Unlock()
	must(t, p.WriteJSON(m))
}

// wait waits for a condition over what came so far.
func (p *page) wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(40 * time.Second)
	for {
		p.mu.Lock()
		good, changed := ok(), p.changed
		p.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("waited in vain for: %s; the last messages are %v", what, p.messages[max(0, len(p.messages)-4):])
		}
	}
}

// last is the newest message of a type.
func (p *page) last(kind string) map[string]any {
	for _, m := range slices.Backward(p.messages) {
		if m["type"] == kind {
			return m
		}
	}
	return nil
}

// forget drops the messages of a type.
func (p *page) forget(kind string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = slices.DeleteFunc(p.messages, func(m map[string]any) bool { return m["type"] == kind })
}

// hears waits until the student is told that somebody speaks to her, or nobody.
func (p *page) hears(t *testing.T, by any) {
	t.Helper()
	p.wait(t, fmt.Sprint("the voice of ", by), func() bool {
		m := p.last("voice")
		if by == nil {
			return m != nil && m["voice"] == nil
		}
		note, ok := m["voice"].(map[string]any)
		return ok && note["by"] == by
	})
}

// status waits until a proctor is told so many hear her, and so many wait.
func (p *page) status(t *testing.T, hear, waiting int) {
	t.Helper()
	p.wait(t, fmt.Sprintf("%d hear, %d wait", hear, waiting), func() bool {
		talk, ok := p.last("talk")["talk"].(map[string]any)
		return ok && talk["hear"] == float64(hear) && talk["waiting"] == float64(waiting)
	})
}

// refused waits until a talk is refused with a code.
func (p *page) refused(t *testing.T, code string) {
	t.Helper()
	p.wait(t, "refused with "+code, func() bool {
		m := p.last("talk")
		problem, ok := m["problem"].(map[string]any)
		return ok && m["over"] == "refused" && problem["code"] == code
	})
}

func (p *page) packets(of byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[of]
}

// studentPage connects a student whose page plays what comes.
func studentPage(t *testing.T, h *house, b *browser, a attempt) *page {
	t.Helper()
	c := newCameraThat(t, h, "", webrtc.RTPTransceiverDirectionSendrecv)
	p := openPage(t, b, fmt.Sprintf("/api/attempts/%s/connection", a.ID), func(_ *page, m map[string]any) {
		if m["type"] == "answer" {
			if err := c.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: m["sdp"].(string)}); err != nil {
				t.Errorf("the answer: %v", err)
			}
		}
	})
	c.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.heard[packet.Payload[0]]++
			p.mu.Unlock()
		}
	})
	p.say(t, map[string]any{"type": "offer", "sdp": c.offer(t, false)})
	p.wait(t, "live", func() bool { return p.last("media")["state"] == "live" })
	return p
}

// proctorPage opens the room. Her microphone says the same byte again and again, wherever it is taken.
func proctorPage(t *testing.T, h *house, b *browser, word byte) *page {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	var codecs webrtc.MediaEngine
	must(t, codecs.RegisterDefaultCodecs())
	engine := webrtc.NewAPI(webrtc.WithMediaEngine(&codecs), webrtc.WithSettingEngine(settings))
	pc, err := engine.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	mic, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "microphone", "proctor")
	must(t, err)
	life, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	t.Cleanup(func() {
		stop()
		_ = pc.Close()
		work.Wait()
	})
	work.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-life.Done():
				return
			case <-tick.C:
			}
			_ = mic.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n) * 960}, Payload: []byte{word}})
		}
	})
	answer := func(m map[string]any) (string, error) {
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: m["sdp"].(string)}); err != nil {
			return "", err
		}
		for _, tr := range pc.GetTransceivers() {
			if tr.Mid() == m["microphone"] && tr.Sender() == nil {
				sender, err := engine.NewRTPSender(mic, pc.SCTP().Transport())
				if err != nil {
					return "", err
				}
				if err := tr.SetSender(sender, mic); err != nil {
					return "", err
				}
			}
		}
		a, err := pc.CreateAnswer(nil)
		if err != nil {
			return "", err
		}
		return a.SDP, pc.SetLocalDescription(a)
	}
	return openPage(t, b, "/api/exams/"+h.exam.ID.String()+"/watch", func(p *page, m map[string]any) {
		if m["type"] != "offer" {
			return
		}
		sdp, err := answer(m)
		if err != nil {
			t.Errorf("answer: %v", err)
			return
		}
		p.say(t, map[string]any{"type": "answer", "sdp": sdp})
	})
}

// TestVoices has two proctors speak aloud to two students: each hears what is for her and is told who speaks; nobody is spoken to by two; who leaves has
// ended; the timeline knows who reached whom.
func TestVoices(t *testing.T) {
	h := newHouse(t)
	h.grant(t, esiamock.Proctor2, account.Proctor)
	anna, boris := h.signedIn(t, esiamock.StudentAnna), h.signedIn(t, esiamock.StudentBoris)
	first, second := anna.join(t, true), boris.join(t, true)
	one, two := studentPage(t, h, anna, first), studentPage(t, h, boris, second)
	maria, olga := h.signedIn(t, esiamock.Proctor), h.signedIn(t, esiamock.Proctor2)
	m, o := proctorPage(t, h, maria, 'm'), proctorPage(t, h, olga, 'o')
	to := func(a attempt) map[string]any { return map[string]any{"type": "talk", "attempt": a.ID.String()} }
	all := map[string]any{"type": "talk", "all": true}

	for _, wrong := range []map[string]any{{"type": "talk", "attempt": uuid.NewString()}, {"type": "talk", "attempt": h.exam.ID.String()}} {
		m.say(t, wrong)
		m.refused(t, "not_found")
	}
	m.say(t, map[string]any{"type": "talk", "attempt": "everybody"})
	m.wait(t, "an error", func() bool { return m.last("error") != nil })
	m.say(t, map[string]any{"type": "hush"}) // nothing to end

	m.say(t, to(first))
	m.status(t, 1, 0)
	names := map[*page]string{}
	m.wait(t, "the room knows who speaks", func() bool {
		voices, _ := m.last("voices")["voices"].([]any)
		if len(voices) != 1 || voices[0].(map[string]any)["attemptId"] != first.ID.String() {
			return false
		}
		names[m] = voices[0].(map[string]any)["by"].(map[string]any)["name"].(string)
		return true
	})
	one.hears(t, names[m])
	m.wait(t, "her microphone arrives", func() bool { return m.last("talk")["talk"].(map[string]any)["arrives"] == true })
	eventually(t, "Anna hears her", func() bool { return one.packets('m') >= 20 })
	if n := two.packets('m'); n != 0 {
		t.Errorf("Boris heard %d packets of a private talk", n)
	}

	o.say(t, to(first))
	o.refused(t, "voice_taken")
	o.say(t, all)
	o.status(t, 1, 1) // Boris hears; Anna is in a talk of her own
	eventually(t, "Boris hears the other one", func() bool { return two.packets('o') >= 20 })
	if n := one.packets('o'); n != 0 {
		t.Errorf("Anna heard %d packets of the other proctor", n)
	}
	m.say(t, to(second)) // ends her talk with Anna, and begins none: everybody is spoken to
	m.refused(t, "voice_taken")
	o.status(t, 2, 0)
	o.wait(t, "the room knows that one speaks", func() bool { return len(o.last("voices")["voices"].([]any)) == 1 })
	eventually(t, "Anna hears the other one", func() bool { return one.packets('o') >= 20 })
	before := one.packets('m')

	o.Close() // in the middle
	one.hears(t, nil)
	two.hears(t, nil)
	m.wait(t, "the room knows that nobody speaks", func() bool { return len(m.last("voices")["voices"].([]any)) == 0 })
	m.say(t, all)
	m.status(t, 2, 0)
	one.hears(t, names[m])
	two.hears(t, names[m])
	eventually(t, "both hear her", func() bool { return one.packets('m') >= before+20 && two.packets('m') >= 20 })
	// While her voice is waited for Boris hears nobody; nobody needs to do anything for the talk to go on.
	if status, text := boris.call(t, http.MethodPost, "/api/attempts/"+second.ID.String()+"/identification", nil); status >= 300 {
		t.Fatalf("identify: %d %s", status, text)
	}
	m.status(t, 1, 1)
	two.hears(t, nil)
	paused := two.packets('m')
	now := one.packets('m')
	eventually(t, "Anna hears on", func() bool { return one.packets('m') >= now+20 })
	if n := two.packets('m'); n > paused+10 { // what was on its way
		t.Errorf("Boris heard %d packets while his voice was waited for", n-paused)
	}
	two.wait(t, "the identification has ended", func() bool { return two.last("identification")["phase"] == "done" })
	m.status(t, 2, 0)
	two.hears(t, names[m])

	m.say(t, map[string]any{"type": "hush"})
	m.wait(t, "it is over", func() bool { return m.last("talk")["over"] == "hushed" })
	one.hears(t, nil)

	for what, wrong := range map[string]map[string]any{
		"nobody": {"type": "talk"}, "nil": {"type": "talk", "attempt": uuid.Nil.String()}, "long": {"type": "talk", "attempt": strings.Repeat("7", 30_000)},
	} {
		m.forget("error")
		m.say(t, wrong)
		m.wait(t, what+" is refused", func() bool { return m.last("error") != nil })
	}
	broken := openPage(t, maria, "/api/exams/"+h.exam.ID.String()+"/watch", func(*page, map[string]any) {})
	broken.say(t, map[string]any{"type": "talk", "all": "yes"})
	broken.wait(t, "closed", func() bool { return broken.code == 4400 })

	// A page that says so is a student's no more than any other: it may not speak.
	two.say(t, to(first))
	two.wait(t, "closed", func() bool { return two.code == 4400 })

	kinds := func(a attempt) (list []string) {
		t.Helper()
		status, text := maria.call(t, http.MethodGet, "/api/attempts/"+a.ID.String()+"/timeline", nil)
		if status != http.StatusOK {
			t.Fatalf("timeline: %d %s", status, text)
		}
		var timeline struct {
			Events []struct{ Kind, Actor, Until string }
		}
		must(t, json.Unmarshal([]byte(text), &timeline))
		for _, e := range timeline.Events {
			if e.Kind != "voice_talk" && e.Kind != "voice_announcement" {
				continue
			}
			if e.Until == "" || e.Actor == "" {
				t.Errorf("%+v has no end or nobody who spoke", e)
			}
			list = append(list, e.Kind)
		}
		return list
	}
	if got := kinds(first); !slices.Equal(got, []string{"voice_talk", "voice_announcement", "voice_announcement"}) {
		t.Errorf("Anna's timeline has %v", got)
	}
	if got := kinds(second); !slices.Equal(got, []string{"voice_announcement", "voice_announcement"}) {
		t.Errorf("Boris's timeline has %v", got)
	}
}

// TestVoiceUnheard: who is not connected, or by a camera of a lab, cannot be spoken to, and nothing is written down.
func TestVoiceUnheard(t *testing.T) {
	h := newHouse(t)
	a := h.signedIn(t, esiamock.StudentAnna).join(t, true)
	m := proctorPage(t, h, h.signedIn(t, esiamock.Proctor), 'm')
	m.say(t, map[string]any{"type": "talk", "attempt": a.ID.String()})
	m.refused(t, "voice_unheard")
	m.say(t, map[string]any{"type": "talk", "all": true}) // whoever comes will hear it
	m.status(t, 0, 0)
	m.say(t, map[string]any{"type": "hush"})
	m.wait(t, "it is over", func() bool { return m.last("talk")["over"] == "hushed" })
	for range 80 {
		m.say(t, map[string]any{"type": "hush"})
		m.say(t, map[string]any{"type": "talk", "attempt": a.ID.String()})
	}
	m.refused(t, "voice_often")
	var n int
	must(t, h.store.Pool.QueryRow(t.Context(), `select count(*) from voice where attempt_id is not null`).Scan(&n))
	if n != 0 {
		t.Errorf("%d talks are kept that nobody held", n)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
