package media

import (
	"time"

	"github.com/pion/rtcp"
)

// RequestKeyFrame asks the sender for a key frame, at most once in 500 ms; a
// request that comes earlier is sent when its time comes.
func (p *Publisher) RequestKeyFrame() { p.keys.request(p.node.now()) }

// sendPLI asks for a key frame of the picture that is recorded, and of the better
// one if that is another: it may come back with it.
func (p *Publisher) sendPLI() {
	p.mu.Lock()
	video := p.video
	p.mu.Unlock()
	if video != nil {
		video.sendPLI()
	}
	if r := p.recorded.Load(); r != nil && r != video {
		r.sendPLI()
	}
}

func (p *Publisher) sendScreenPLI() {
	p.mu.Lock()
	screen := p.screen
	p.mu.Unlock()
	if screen != nil {
		screen.sendPLI()
	}
}

func (u *upTrack) sendPLI() {
	u.pub.sendReports(&rtcp.PictureLossIndication{SenderSSRC: ourSSRC, MediaSSRC: u.ssrc})
}

// report sends what is due: when packets arrived, requests for lost ones, every
// second a receiver report. The recorder's goroutine calls it.
func (p *Publisher) report(now time.Time) {
	p.mu.Lock()
	conn, tracks := p.conn, [...]*upTrack{p.video, p.low, p.screen, p.audio}
	p.mu.Unlock()
	if conn == nil {
		return
	}
	for _, r := range conn.arrived() {
		p.sendReports(r)
	}
	for _, u := range tracks {
		if u == nil || u.media == Audio {
			continue
		}
		if u.watched() {
			u.repair(now)
		}
		u.keys.tick(now)
	}
	if now.Sub(p.reported) < reportEvery {
		return
	}
	p.reported = now
	rr := rtcp.ReceiverReport{SSRC: ourSSRC}
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
	tracks := [...]*upTrack{p.video, p.low, p.screen, p.audio}
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
