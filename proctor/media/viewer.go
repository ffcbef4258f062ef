package media

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
)

// MaxWatched bounds the attempts one viewer sees at a time, so that an answer
// (some 600 bytes a track) fits the wire's 64 KiB.
const MaxWatched = 50

const (
	maxSections   = 2 * MaxWatched // of media, in use or to be used again
	reportsAtOnce = 30             // 28 bytes each, in a datagram
)

// ViewOptions of Node.View.
type ViewOptions struct {
	Room uuid.UUID

	// OnOffer and OnCandidate are called one at a time from a goroutine of the
	// viewer. They may call Close; they should not block for long. Our
	// candidates are in the offer; OnCandidate is for those found later.
	OnOffer     func(Offer)
	OnCandidate func(Candidate)
}

// Viewer is one connection that receives publishers of one room, and lets them
// hear its microphone when it is asked to (talk.go). The server always offers,
// one negotiation at a time.
type Viewer struct {
	node   *Node
	opts   ViewOptions
	log    *slog.Logger
	events *dispatcher
	queue  *downQueue
	wake   chan struct{} // what is wanted or there may have changed
	stop   chan struct{}
	once   sync.Once
	work   sync.WaitGroup

	connected atomic.Bool // it can receive
	described atomic.Bool // an offer was made, with the candidates known then

	mu         sync.Mutex
	pc         *webrtc.PeerConnection
	candidates remoteCandidates
	scene      Scene
	voice      voice
	downs      []*downTrack
	removed    map[Media]int // media sections freed in the negotiation under way
	free       map[Media]int // media sections to use again
	offered    bool          // an answer is due
	answered   bool          // there is a remote description
	closing    bool
}

// View prepares a viewer. Nothing is sent before Watch. ctx bounds the call
// alone.
func (n *Node) View(ctx context.Context, opts ViewOptions) (*Viewer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pc, err := n.engine.connection(n.pionConfig())
	if err != nil {
		return nil, fmt.Errorf("media: new connection: %w", err)
	}
	v := &Viewer{
		node: n, opts: opts, pc: pc, log: n.log.With("room", opts.Room),
		events: newDispatcher(), queue: newDownQueue(),
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
		removed: map[Media]int{}, free: map[Media]int{},
	}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil && opts.OnCandidate != nil && v.described.Load() {
			v.events.push(func() { opts.OnCandidate(fromPion(c)) })
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			v.connected.Store(true)
			n.spawn(v.begin)
		case webrtc.PeerConnectionStateFailed:
			n.spawn(v.shutdown)
		}
	})
	pc.OnTrack(v.hearPage)
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(pair *webrtc.ICECandidatePair) {
		v.queue.direct.Store(pair.Local.Protocol == webrtc.ICEProtocolUDP)
	})
	n.mu.Lock()
	closed := n.closed
	if !closed {
		n.viewers[v] = struct{}{}
		n.others.Go(v.events.run)
		v.work.Go(v.run)
		v.work.Go(v.queue.drain)
	}
	n.mu.Unlock()
	if closed {
		_ = pc.GracefulClose()
		return nil, ErrClosed
	}
	return v, nil
}

// Show replaces what is seen and heard, at most MaxWatched attempts of each.
// Publishers that come later or reconnect are attached by themselves while they
// are wanted; those of another room never are. What is not in the scene costs
// nothing: it is dropped before it is encrypted.
func (v *Viewer) Show(s Scene) error {
	for _, list := range []*[]uuid.UUID{&s.Small, &s.Large, &s.Heard} {
		if len(*list) > MaxWatched {
			return fmt.Errorf("%w attempts", ErrTooMany)
		}
		sorted := slices.Clone(*list)
		slices.SortFunc(sorted, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		*list = slices.Compact(sorted)
	}
	v.mu.Lock()
	closing := v.closing
	v.scene = s
	v.mu.Unlock()
	if closing {
		return ErrClosed
	}
	v.nudge()
	return nil
}

// Watch shows attempts large and lets them be heard.
func (v *Viewer) Watch(attempts []uuid.UUID) error {
	return v.Show(Scene{Large: attempts, Heard: attempts})
}

// Answer takes the answer to the last offer. A bad one is refused with an
// *SDPError; the offer then still waits for its answer.
func (v *Viewer) Answer(sdp string) error {
	if err := checkAnswer(sdp); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.closing:
		return ErrClosed
	case !v.offered:
		return refuse(SDPWrongState, "no offer waits for an answer")
	}
	if err := v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
		v.log.Debug("answer rejected", "error", err)
		return refuse(SDPRejected, "the answer does not fit the offer")
	}
	v.offered, v.answered = false, true
	for m, k := range v.removed {
		v.free[m] += k
	}
	clear(v.removed)
	for _, c := range v.candidates.release() {
		if err := addCandidate(v.pc, c); err != nil {
			v.log.Debug("early candidate ignored", "error", err)
		}
	}
	v.nudge()
	return nil
}

// AddCandidate takes a trickled candidate, at most MaxCandidates of them.
func (v *Viewer) AddCandidate(c Candidate) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing {
		return ErrClosed
	}
	add, err := v.candidates.take(c, v.answered)
	if err != nil || !add {
		return err
	}
	return addCandidate(v.pc, c)
}

// Close ends the connection.
func (v *Viewer) Close() error {
	v.shutdown()
	return nil
}

func (v *Viewer) shutdown() {
	v.once.Do(func() {
		v.node.mu.Lock()
		delete(v.node.viewers, v)
		v.node.mu.Unlock()

		v.mu.Lock()
		v.closing = true
		downs := v.downs
		v.downs = nil
		v.mu.Unlock()
		for _, d := range downs {
			d.up.detach(d)
		}
		close(v.stop)
		v.queue.close()
		if err := v.pc.GracefulClose(); err != nil {
			v.log.Debug("close connection", "error", err)
		}
		v.work.Wait()
		v.events.finish()
	})
}

func (v *Viewer) nudge() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// run negotiates whenever something changed.
func (v *Viewer) run() {
	for {
		select {
		case <-v.stop:
			return
		case <-v.wake:
		}
		offer, ok, err := v.reconcile()
		if err != nil {
			v.log.Warn("no offer made", "error", err)
			continue
		}
		if ok && v.opts.OnOffer != nil {
			v.events.push(func() { v.opts.OnOffer(offer) })
		}
	}
}

// reconcile makes the tracks of the connection those that are wanted and there.
// It makes an offer when that changed anything, unless an answer is still due:
// then Answer wakes it again.
func (v *Viewer) reconcile() (Offer, bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing || v.offered {
		return Offer{}, false, nil
	}
	there := v.there()
	changed, err := v.addMicrophone()
	if err != nil {
		return Offer{}, false, err
	}
	for _, d := range slices.Clone(v.downs) {
		if !slices.Contains(there, d.shown) {
			if err := v.remove(d); err != nil {
				return Offer{}, false, err
			}
			changed = true
		}
	}
	for _, s := range there {
		if !slices.ContainsFunc(v.downs, func(d *downTrack) bool { return d.shown == s }) {
			if v.free[s.up.kind()] == 0 && len(v.pc.GetTransceivers()) >= maxSections {
				continue // after the next answer, when sections have become free
			}
			if err := v.add(s); err != nil {
				return Offer{}, false, err
			}
			changed = true
		}
	}
	if !changed {
		return Offer{}, false, nil
	}
	offer, err := v.offer()
	return offer, err == nil, err
}

func (v *Viewer) add(s shown) error {
	u := s.up
	d := &downTrack{viewer: v, shown: s}
	var err error
	if v.free[u.kind()] > 0 { // AddTrack takes a section that sends no more
		v.free[u.kind()]--
		d.sender, err = v.pc.AddTrack(d)
	} else {
		var t *webrtc.RTPTransceiver
		t, err = v.pc.AddTransceiverFromTrack(d, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err == nil {
			d.sender = t.Sender()
		}
	}
	if err != nil {
		return fmt.Errorf("add track: %w", err)
	}
	v.downs = append(v.downs, d)
	v.work.Go(d.readReports)
	u.attach(d)
	return nil
}

func (v *Viewer) remove(d *downTrack) error {
	d.up.detach(d)
	v.downs = slices.DeleteFunc(v.downs, func(o *downTrack) bool { return o == d })
	v.removed[d.up.kind()]++
	if err := v.pc.RemoveTrack(d.sender); err != nil {
		return fmt.Errorf("remove track: %w", err)
	}
	return nil
}

func (v *Viewer) offer() (Offer, error) {
	d, err := v.pc.CreateOffer(nil)
	if err != nil {
		return Offer{}, fmt.Errorf("create offer: %w", err)
	}
	sdp, err := localDescription(context.Background(), v.pc, d)
	if err != nil {
		return Offer{}, err
	}
	v.offered = true
	v.described.Store(true)
	offer := Offer{SDP: sdp}
	for _, t := range v.pc.GetTransceivers() {
		if t == v.voice.section {
			offer.Microphone = t.Mid()
		}
		for _, down := range v.downs {
			if t.Sender() == down.sender {
				offer.Tracks = append(offer.Tracks, TrackInfo{MID: t.Mid(), Attempt: down.up.pub.opts.Attempt, Media: down.as})
			}
		}
	}
	return offer, nil
}

// report tells the viewer's browser how the tracks' times belong together.
func (v *Viewer) report(now time.Time) {
	if !v.mu.TryLock() { // it negotiates; the next second will do
		return
	}
	downs := slices.Clone(v.downs)
	v.mu.Unlock()
	var reports []rtcp.Packet
	for i, d := range downs {
		if sr, ok := d.report(now); ok {
			reports = append(reports, sr)
		}
		if len(reports) == reportsAtOnce || i == len(downs)-1 && len(reports) > 0 {
			if err := v.pc.WriteRTCP(reports); err != nil {
				v.log.Debug("reports not sent", "error", err)
			}
			reports = nil
		}
	}
}

// begin brings the first picture of every track.
func (v *Viewer) begin() {
	v.mu.Lock()
	downs := slices.Clone(v.downs)
	v.mu.Unlock()
	for _, d := range downs {
		d.begin()
	}
}
