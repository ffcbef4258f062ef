package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

const (
	wallOf      = 9                      // students that a wall shows at a time
	keyPatience = 200 * time.Millisecond // after which a browser asks for a key frame when it cannot show anything
)

// wall connects a proctor who looks at some publishers, and says how long it takes from asking until a whole picture of each is there: the
// connection's own beginnings included.
func (t *rtcTransport) wall(ctx context.Context, publishers []*publisher) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	var want struct {
		Attempts []uuid.UUID `json:"attempts"`
	}
	for _, p := range publishers {
		want.Attempts = append(want.Attempts, p.attempt)
	}
	body, err := json.Marshal(want)
	if err != nil {
		return 0, err
	}
	pc, err := t.connection(nil)
	if err != nil {
		return 0, err
	}
	defer pc.Close()
	shown := make(chan struct{}, len(publishers))
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		var k keyFrame
		there := false
		asked := time.Now()
		for {
			p, _, err := r.ReadRTP()
			if err != nil {
				return
			}
			if r.Kind() != webrtc.RTPCodecTypeVideo || there {
				continue
			}
			if there = k.whole(p); there {
				shown <- struct{}{}
			} else if now := time.Now(); now.Sub(asked) >= keyPatience {
				asked = now
				_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(r.SSRC())}})
			}
		}
	})
	began := time.Now()
	reply, err := t.post(ctx, "/view", "application/json", body)
	if err != nil {
		return 0, err
	}
	var v viewAnswer
	if err := json.Unmarshal(reply, &v); err != nil {
		return 0, err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: v.SDP}); err != nil {
		return 0, err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return 0, err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return 0, err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if _, err := t.post(ctx, "/view/"+v.ID, "application/sdp", []byte(pc.LocalDescription().SDP)); err != nil {
		return 0, err
	}
	for n := range publishers {
		select {
		case <-shown:
		case <-ctx.Done():
			return 0, fmt.Errorf("%d of %d pictures: %w", n, len(publishers), ctx.Err())
		}
	}
	return time.Since(began), nil
}

// keyFrame tells when a key frame came whole.
type keyFrame struct {
	begun bool
	next  uint16
	stamp uint32
}

func (k *keyFrame) whole(p *rtp.Packet) bool {
	if len(p.Payload) < 2 {
		return false
	}
	if first := p.Payload[0]&0x17 == 0x10; first { // the beginning of a frame, without extensions of the descriptor
		k.begun, k.next, k.stamp = p.Payload[1]&1 == 0, p.SequenceNumber, p.Timestamp
	}
	if !k.begun || p.SequenceNumber != k.next || p.Timestamp != k.stamp {
		k.begun = false
		return false
	}
	k.next++
	return p.Marker
}

// walls measures several, each of other publishers.
func walls(ctx context.Context, t transport, publishers []*publisher, n int) (all []time.Duration, err error) {
	rtc, ok := t.(*rtcTransport)
	if !ok || len(publishers) < wallOf {
		return nil, errors.New("load: a wall wants a server and nine publishers")
	}
	for i := range n {
		var some []*publisher
		for j := range wallOf {
			some = append(some, publishers[(i*wallOf+j)%len(publishers)])
		}
		took, err := rtc.wall(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("wall %d: %w", i+1, err)
		}
		all = append(all, took)
	}
	return all, nil
}
