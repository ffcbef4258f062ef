package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// PublishOptions of Node.Publish.
type PublishOptions struct {
	Room, Attempt uuid.UUID
	// Phone: it is a second camera of the attempt's, without a microphone, beside
	// the publisher that has one. Each takes over its like alone.
	Phone     bool
	Recording RecordingStart

	// Screen is the recording of the screen. Without it a screen that is offered
	// is not taken.
	Screen *RecordingStart

	// OnState is called for one state at a time from a goroutine of the
	// publisher. It may call Close; it should not block for long.
	OnState func(State)
}

const (
	silenceAfter  = 3 * time.Second        // of a track that was there
	pairPatience  = 500 * time.Millisecond // for the other track, before one is shown alone
	closePatience = 10 * time.Second       // for the sink, in Close
	reportEvery   = time.Second
)

// Publisher is one connection of one attempt that sends camera and microphone.
type Publisher struct {
	node   *Node
	opts   PublishOptions
	log    *slog.Logger
	events *dispatcher
	keys   keyRequests

	built    chan struct{} // closed when the fields below are set
	recorder *recorder     // nil when building failed
	once     sync.Once     // of shutdown

	display     *recorder // of the screen; nil when that is not wanted
	displayKeys keyRequests

	recorded  atomic.Pointer[upTrack] // the layer of the camera that is recorded
	displayed atomic.Pointer[upTrack] // the screen, while the newest offer sends one
	loudness  loudness

	// Owned by the recorder's goroutine.
	reported time.Time
	better   time.Time // since when the better layer comes again

	negotiating sync.Mutex // one description at a time

	mu         sync.Mutex
	conn       *transport // nil before the first good offer
	offer      *offer     // the newest good one
	session    uint64     // of our answers
	answers    int
	candidates remoteCandidates
	speech     speech
	video      *upTrack
	low        *upTrack
	screen     *upTrack
	audio      *upTrack
	since      time.Time // when the first of them came
	shown      bool      // viewers may have what there is, be it one track
	phase      Phase
	closing    bool
}

// Publish prepares to receive an attempt. A newer Publish of the same attempt
// takes over the older one: it returns when the older one has ended and its
// last segment is finished (not necessarily stored). ctx bounds the call alone.
func (n *Node) Publish(ctx context.Context, opts PublishOptions) (*Publisher, error) {
	if opts.Attempt == uuid.Nil || opts.Recording.ID == uuid.Nil {
		return nil, errors.New("media: publish: no attempt or no recording")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if opts.Recording.Started.IsZero() {
		opts.Recording.Started = n.now()
	}
	if opts.Screen != nil && opts.Phone {
		return nil, errors.New("media: publish: a phone has no screen")
	}
	if opts.Screen != nil {
		screen := *opts.Screen
		if screen.ID == uuid.Nil || screen.ID == opts.Recording.ID {
			return nil, errors.New("media: publish: the screen needs a recording of its own")
		}
		if screen.Started.IsZero() {
			screen.Started = opts.Recording.Started
		}
		opts.Screen = &screen
	}
	p := &Publisher{
		node: n, opts: opts, events: newDispatcher(), built: make(chan struct{}), phase: Connecting,
		session: rand.Uint64() >> 2, speech: speech{ssrc: rand.Uint32()},
		log: n.log.With("attempt", opts.Attempt, "recording", opts.Recording.ID),
	}
	p.keys.send = p.sendPLI
	p.displayKeys.send = p.sendScreenPLI
	defer close(p.built)

	old, err := n.enter(p)
	if err != nil {
		return nil, err
	}
	if old != nil {
		old.shutdown(ReasonTakenOver)
	}
	if err := p.build(); err != nil {
		n.leave(p)
		return nil, err
	}
	return p, nil
}

func (p *Publisher) build() error {
	r, err := p.newRecorder(p.opts.Recording, &p.keys, p.watch)
	if err != nil {
		return err
	}
	var display *recorder
	if p.opts.Screen != nil {
		if display, err = p.newRecorder(*p.opts.Screen, &p.displayKeys, func(time.Time) {}); err != nil {
			r.chain.leave()
			return err
		}
	}
	if !p.node.spawn(p.events.run) {
		r.chain.leave()
		if display != nil {
			display.chain.leave()
		}
		return ErrClosed
	}
	p.recorder, p.display = r, display
	p.tell(State{Phase: Connecting})
	go r.run() // shutdown waits for both
	if display != nil {
		go display.run()
	}
	return nil
}

func (p *Publisher) newRecorder(start RecordingStart, keys *keyRequests, each func(time.Time)) (*recorder, error) {
	chain, err := p.node.useChain(start)
	if err != nil {
		return nil, err
	}
	return newRecorder(recorderConfig{
		log: p.log, now: p.node.now, keys: keys, each: each,
		spool: p.node.spool, chain: chain,
		room: p.opts.Room, attempt: p.opts.Attempt,
		started: start.Started, duration: p.node.cfg.SegmentDuration,
	}), nil
}

// Offer takes the publisher's session description and returns the answer, which
// holds the server's candidates. A bad one is refused with an *SDPError and
// changes nothing. A later offer renegotiates (ICE restart).
func (p *Publisher) Offer(ctx context.Context, sdp string) (answer string, err error) {
	o, err := parseOffer(sdp, p.opts.Phone)
	if err != nil {
		return "", err
	}
	if p.opts.Screen == nil {
		if s := o.of(Screen); s != nil {
			s.media = ""
		}
	}
	p.negotiating.Lock()
	defer p.negotiating.Unlock()
	p.mu.Lock()
	conn, before, closing := p.conn, p.offer, p.closing
	p.mu.Unlock()
	if closing {
		return "", ErrClosed
	}
	if conn == nil {
		return p.connect(ctx, o)
	}
	if !slices.Equal(before.prints, o.prints) {
		return "", refuse(SDPRejected, "another connection's fingerprint")
	}
	if err := conn.restart(ctx, o); err != nil {
		return "", err
	}
	return p.answer(conn, o)
}

// connect makes the connection and answers its first offer.
func (p *Publisher) connect(ctx context.Context, o *offer) (string, error) {
	conn, err := newTransport(ctx, p.node, p.log, p)
	if err != nil {
		return "", err
	}
	answer, err := p.answer(conn, o)
	if err != nil {
		conn.close()
		return "", err
	}
	p.mu.Lock()
	closing := p.closing
	if !closing {
		p.conn = conn
	}
	early := p.candidates.release()
	p.mu.Unlock()
	if closing {
		conn.close()
		return "", ErrClosed
	}
	conn.start(o)
	for _, c := range early {
		if err := conn.addCandidate(c.Candidate); err != nil {
			p.log.Debug("early candidate ignored", "error", err)
		}
	}
	return answer, nil
}

// answer makes the answer to an offer that was accepted.
func (p *Publisher) answer(conn *transport, o *offer) (string, error) {
	a := answering{fingerprint: p.node.fingerprint}
	var err error
	if a.ufrag, a.pwd, err = conn.agent.GetLocalUserCredentials(); err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	if a.candidates, err = conn.agent.GetLocalCandidates(); err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers++
	a.version, a.session, a.talk = p.answers, p.session, p.speech.ssrc
	p.offer = o
	p.share(o.of(Screen) != nil)
	if microphone := o.of(Audio); microphone != nil {
		p.speech.negotiated(microphone)
	}
	conn.agree(o)
	return a.answer(o), nil
}

// AddCandidate takes a trickled candidate, at most MaxCandidates of them.
func (p *Publisher) AddCandidate(c Candidate) error {
	p.mu.Lock()
	conn, closing := p.conn, p.closing
	add, err := p.candidates.take(c, conn != nil)
	p.mu.Unlock()
	switch {
	case closing:
		return ErrClosed
	case err != nil || !add:
		return err
	}
	return conn.addCandidate(c.Candidate)
}

// broke ends the publisher after its connection.
func (p *Publisher) broke() {
	p.node.spawn(func() { p.shutdown(ReasonFailed) })
}

// Cut ends the current segment at the next key frame (and asks for one), waits
// until the sink has stored it and returns the head of the recording. Every
// frame a Tap handed out before the call is in that segment or an earlier one.
// Without a key frame the segment ends after two seconds all the same.
func (p *Publisher) Cut(ctx context.Context) (Head, error) {
	reply := make(chan cutReply, 1)
	select {
	case p.recorder.cuts <- reply:
	case <-p.recorder.done:
		return Head{}, ErrClosed
	case <-ctx.Done():
		return Head{}, ctx.Err()
	}
	select {
	case r := <-reply:
		if r.err != nil {
			return Head{}, r.err
		}
		return p.recorder.chain.wait(ctx, r.number)
	case <-ctx.Done():
		return Head{}, ctx.Err()
	}
}

// Close ends the connection and its part of the recording and waits until the
// sink has stored the last segment, for up to ten seconds. ErrNotStored says
// that it has not yet: the segment stays in the spool and is offered again.
func (p *Publisher) Close() error {
	p.shutdown(ReasonEnded)
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	var errs []error
	for _, r := range []*recorder{p.recorder, p.display} {
		if r == nil {
			continue
		}
		if number, ok := r.last(); ok {
			_, err := r.chain.wait(ctx, number)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// shutdown ends everything but delivery and waits for it. The first reason wins.
func (p *Publisher) shutdown(reason Reason) {
	<-p.built
	if p.recorder == nil {
		return
	}
	p.once.Do(func() {
		p.mu.Lock()
		p.closing = true
		p.mu.Unlock()
		p.negotiating.Lock() // whoever is at it sees that it is too late
		conn := p.conn
		p.negotiating.Unlock()
		p.node.wakeViewers(p.opts.Room)
		if conn != nil {
			conn.close()
		}
		p.recorder.end()
		if p.display != nil {
			p.display.end()
		}
		// Only now: whoever publishes the attempt next must find this one, to
		// wait for it.
		p.node.leave(p)
		p.tell(State{Phase: Closed, Reason: reason})
		p.events.finish()
		p.log.Info("publisher ended", "reason", reason)
	})
}
