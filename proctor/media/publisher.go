package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/pion/transport/v2/packetio"
	"github.com/pion/webrtc/v3"
)

// PublishOptions of Node.Publish.
type PublishOptions struct {
	Room, Attempt uuid.UUID
	Recording     RecordingStart

	// OnState and OnCandidate are called one at a time from a goroutine of the
	// publisher. They may call Close; they should not block for long. Our
	// candidates are in the answer; OnCandidate is for those found later.
	OnState     func(State)
	OnCandidate func(Candidate)
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
	reported time.Time     // owned by the recorder's goroutine

	negotiating sync.Mutex // one description at a time

	inletsMu sync.Mutex
	inlets   map[inletKey]*inlet

	mu         sync.Mutex
	pc         *webrtc.PeerConnection // nil before the first good offer
	candidates remoteCandidates
	video      *upTrack
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
	p := &Publisher{
		node: n, opts: opts, events: newDispatcher(), built: make(chan struct{}), phase: Connecting,
		inlets: map[inletKey]*inlet{},
		log:    n.log.With("attempt", opts.Attempt, "recording", opts.Recording.ID),
	}
	p.keys.send = p.sendPLI
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
	chain, err := p.node.useChain(p.opts.Recording)
	if err != nil {
		return err
	}
	r := newRecorder(recorderConfig{
		log: p.log, now: p.node.now, keys: &p.keys, each: p.watch,
		spool: p.node.spool, chain: chain,
		room: p.opts.Room, attempt: p.opts.Attempt,
		started: p.opts.Recording.Started, duration: p.node.cfg.SegmentDuration,
	})
	if !p.node.spawn(p.events.run) {
		chain.leave()
		return ErrClosed
	}
	p.recorder = r
	p.tell(State{Phase: Connecting})
	go r.run() // shutdown waits for it
	return nil
}

// Offer takes the publisher's session description and returns the answer, which
// holds the server's candidates. A bad one is refused with an *SDPError and
// changes nothing. A later offer renegotiates (ICE restart).
func (p *Publisher) Offer(ctx context.Context, sdp string) (answer string, err error) {
	if err := checkOffer(sdp); err != nil {
		return "", err
	}
	p.negotiating.Lock()
	defer p.negotiating.Unlock()
	p.mu.Lock()
	pc, closing := p.pc, p.closing
	p.mu.Unlock()
	if closing {
		return "", ErrClosed
	}
	if pc != nil {
		return p.answer(ctx, pc, sdp)
	}
	if pc, err = p.connect(); err != nil {
		return "", err
	}
	if answer, err = p.answer(ctx, pc, sdp); err != nil {
		return "", errors.Join(err, pc.GracefulClose())
	}
	p.mu.Lock()
	if closing = p.closing; !closing {
		p.pc = pc
	}
	early := p.candidates.release()
	p.mu.Unlock()
	if closing {
		return "", errors.Join(ErrClosed, pc.GracefulClose())
	}
	for _, c := range early {
		if err := addCandidate(pc, c); err != nil {
			p.log.Debug("early candidate ignored", "error", err)
		}
	}
	return answer, nil
}

func (p *Publisher) answer(ctx context.Context, pc *webrtc.PeerConnection, sdp string) (string, error) {
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
		p.log.Debug("offer rejected", "error", err)
		return "", refuse(SDPRejected, "the offer cannot be used")
	}
	d, err := pc.CreateAnswer(nil)
	if err != nil {
		p.log.Debug("offer rejected", "error", err)
		return "", refuse(SDPRejected, "the offer cannot be answered")
	}
	return localDescription(ctx, pc, d)
}

// connect makes the peer connection.
func (p *Publisher) connect() (*webrtc.PeerConnection, error) {
	pc, err := p.node.engine.connection(p.node.pionConfig(), p.inlet)
	if err != nil {
		return nil, fmt.Errorf("media: new connection: %w", err)
	}
	pc.OnTrack(p.addTrack)
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		p.mu.Lock()
		late := p.pc == pc // the answer was handed out
		p.mu.Unlock()
		if late && c != nil && p.opts.OnCandidate != nil {
			p.events.push(func() { p.opts.OnCandidate(fromPion(c)) })
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed {
			p.node.spawn(func() { p.shutdown(ReasonFailed) })
		}
	})
	return pc, nil
}

// AddCandidate takes a trickled candidate, at most MaxCandidates of them.
func (p *Publisher) AddCandidate(c Candidate) error {
	p.mu.Lock()
	pc, closing := p.pc, p.closing
	init, add, err := p.candidates.take(c, pc != nil)
	p.mu.Unlock()
	switch {
	case closing:
		return ErrClosed
	case err != nil || !add:
		return err
	}
	return addCandidate(pc, init)
}

// inletKey names one stream of a connection.
type inletKey struct {
	kind packetio.BufferPacketType
	ssrc uint32
}

// inlet returns where a stream that comes in is written to.
func (p *Publisher) inlet(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	p.inletsMu.Lock()
	defer p.inletsMu.Unlock()
	key := inletKey{kind, ssrc}
	i := p.inlets[key]
	if i == nil {
		i = newInlet()
		if len(p.inlets) < maxInlets {
			p.inlets[key] = i
		}
	}
	return i
}

// addTrack begins to take a track: the first camera and the first microphone.
func (p *Publisher) addTrack(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	u := &upTrack{
		pub: p, media: Video, ssrc: uint32(remote.SSRC()), payloadType: uint8(remote.PayloadType()), reception: reception{rate: videoRate},
	}
	slot := &p.video
	if remote.Kind() == webrtc.RTPCodecTypeAudio {
		u.media, slot, u.reception.rate = Audio, &p.audio, audioRate
	}
	u.last.Store(p.node.now().UnixNano())

	p.mu.Lock()
	if p.closing || *slot != nil {
		p.mu.Unlock()
		return
	}
	*slot = u
	if p.since.IsZero() {
		p.since = p.node.now()
	}
	p.shown = p.shown || p.video != nil && p.audio != nil
	p.mu.Unlock()

	for kind, take := range map[packetio.BufferPacketType]func([]byte){packetio.RTPBufferPacket: u.take, packetio.RTCPBufferPacket: u.takeReports} {
		if i, ok := p.inlet(kind, u.ssrc).(*inlet); ok {
			i.bind(take)
		}
	}
	p.node.wakeViewers(p.opts.Room)
}

// tracks returns what there is to forward. The two tracks of a publisher come
// one after the other; showing them together spares every viewer a negotiation.
func (p *Publisher) tracks() []*upTrack {
	p.mu.Lock()
	defer p.mu.Unlock()
	var tracks []*upTrack
	if p.closing || !p.shown {
		return nil
	}
	for _, u := range []*upTrack{p.video, p.audio} {
		if u != nil {
			tracks = append(tracks, u)
		}
	}
	return tracks
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
	if number, ok := p.recorder.last(); ok {
		_, err := p.recorder.chain.wait(ctx, number)
		return err
	}
	return nil
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
		pc := p.pc
		p.mu.Unlock()
		p.node.wakeViewers(p.opts.Room)
		if pc != nil {
			if err := pc.GracefulClose(); err != nil {
				p.log.Debug("close connection", "error", err)
			}
		}
		p.recorder.end()
		// Only now: whoever publishes the attempt next must find this one, to
		// wait for it.
		p.node.leave(p)
		p.tell(State{Phase: Closed, Reason: reason})
		p.events.finish()
		p.log.Info("publisher ended", "reason", reason)
	})
}
