package media

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v3"
	"golang.org/x/time/rate"
)

// MaxHearers bounds the attempts that hear one viewer at a time.
const MaxHearers = 1000

const (
	speechRate  = 110 // packets a second that a viewer's microphone may send: the shortest a browser makes are 10 ms
	speechBurst = 110
	maxGarbage  = 500 // packets that cannot be read, before a microphone is not listened to any more
)

// voice is a viewer's microphone: what a proctor says to students of the room.
// Guarded by Viewer.mu, but for what run alone uses.
type voice struct {
	wanted  bool
	section *webrtc.RTPTransceiver // nil before it was offered
	to      []uuid.UUID
	spoke   time.Time // when the newest packet came
}

// OpenMicrophone asks the page for its microphone: the next offer has a section
// for it (Offer.Microphone), which stays for good. What comes there goes to
// those whom Speak names and is kept nowhere.
func (v *Viewer) OpenMicrophone() error {
	v.mu.Lock()
	closing := v.closing
	v.voice.wanted = true
	v.mu.Unlock()
	if closing {
		return ErrClosed
	}
	v.nudge()
	return nil
}

// Speak lets attempts of the viewer's room hear its microphone, and nobody else.
// Who is not connected, or takes no sound, hears nothing and holds up nobody.
func (v *Viewer) Speak(to []uuid.UUID) error {
	if len(to) > MaxHearers {
		return fmt.Errorf("%w attempts", ErrTooMany)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing {
		return ErrClosed
	}
	v.voice.to = slices.Clone(to)
	return nil
}

// Spoke returns when the newest packet of the viewer's microphone came; the zero
// time before the first.
func (v *Viewer) Spoke() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.voice.spoke
}

// Hears tells whether the student's page takes sound from us.
func (p *Publisher) Hears() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.closing && p.conn != nil && p.speech.hears
}

// addMicrophone adds the microphone's section when it is wanted and missing;
// v.mu is held. It is offered as sendrecv, although nothing is ever sent on it:
// a section that only receives would be taken for the next student's sound.
func (v *Viewer) addMicrophone() (added bool, err error) {
	if !v.voice.wanted || v.voice.section != nil {
		return false, nil
	}
	t, err := v.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv})
	if err != nil {
		return false, fmt.Errorf("add the microphone: %w", err)
	}
	v.voice.section = t
	return true, nil
}

// hearPage is called by pion when something comes from the page.
func (v *Viewer) hearPage(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing || v.voice.section == nil || v.voice.section.Receiver() != receiver {
		return
	}
	v.work.Go(func() { v.passOn(track) })
}

// passOn gives what the microphone says to those who hear it, until it ends.
func (v *Viewer) passOn(track *webrtc.TrackRemote) {
	limit := rate.NewLimiter(speechRate, speechBurst)
	source := uint32(track.SSRC())
	for garbage := 0; garbage < maxGarbage; {
		p, _, err := track.ReadRTP()
		if err != nil {
			if receiverEnded(err) {
				return
			}
			garbage++
			continue
		}
		now := v.node.now()
		if len(p.Payload) == 0 || len(p.Payload) > maxOpus || uint8(track.PayloadType()) != p.PayloadType || !limit.AllowN(now, 1) {
			continue
		}
		v.mu.Lock()
		v.voice.spoke = now
		to := v.voice.to
		v.mu.Unlock()
		for _, attempt := range to {
			v.say(attempt, Speech{Source: source, Seq: p.SequenceNumber, Time: p.Timestamp, Opus: p.Payload})
		}
	}
}

func (v *Viewer) say(attempt uuid.UUID, s Speech) {
	student, ok := v.node.Publisher(attempt)
	if !ok || student.opts.Room != v.opts.Room {
		return
	}
	if err := student.Say(s); err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrCannotHear) {
		v.log.Debug("a word did not go out", "attempt", attempt, "error", err)
	}
}
