package media

import (
	"time"

	"github.com/pion/rtcp"
)

// RequestKeyFrame asks the sender for a key frame, at most once in 500 ms; a
// request that comes earlier is sent when its time comes.
func (p *Publisher) RequestKeyFrame() { p.keys.request(p.node.now()) }

func (p *Publisher) sendPLI() {
	p.mu.Lock()
	video := p.video
	p.mu.Unlock()
	if video != nil {
		p.sendReports(&rtcp.PictureLossIndication{MediaSSRC: video.ssrc})
	}
}

// report sends what is due: requests for lost packets, every second a receiver
// report. The recorder's goroutine calls it.
func (p *Publisher) report(now time.Time) {
	p.mu.Lock()
	tracks := [2]*upTrack{p.video, p.audio}
	p.mu.Unlock()
	if tracks[0] != nil {
		tracks[0].repair(now)
	}
	if now.Sub(p.reported) < reportEvery {
		return
	}
	p.reported = now
	var rr rtcp.ReceiverReport
	for _, u := range tracks {
		if u == nil {
			continue
		}
		if b, ok := u.reception.block(u.ssrc, now); ok {
			rr.Reports = append(rr.Reports, b)
		}
	}
	if len(rr.Reports) > 0 {
		p.sendReports(&rr)
	}
}

// sendReports sends RTCP to the publisher, if it is connected.
func (p *Publisher) sendReports(r rtcp.Packet) {
	p.mu.Lock()
	conn := p.conn
	p.mu.Unlock()
	if conn == nil {
		return
	}
	b, err := r.Marshal()
	if err == nil {
		err = conn.sendRTCP(b)
	}
	if err != nil {
		p.log.Debug("report not sent", "error", err)
	}
}

// reports feeds the recorder with the sender's reports.
func (p *Publisher) reports(b []byte, at time.Time) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	p.mu.Lock()
	tracks := [2]*upTrack{p.video, p.audio}
	p.mu.Unlock()
	for _, r := range packets {
		sr, ok := r.(*rtcp.SenderReport)
		if !ok || sr.NTPTime == 0 {
			continue
		}
		for _, u := range tracks {
			if u != nil && u.ssrc == sr.SSRC {
				u.report(sr, at)
			}
		}
	}
}
