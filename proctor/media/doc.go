// Package media is the WebRTC room of the house: it receives the students'
// cameras and microphones, forwards them to the proctors who watch, records
// them to disk as WebM and hands single frames and audio packets to whoever
// samples them.
//
// It may not know what the pictures are for: no EBS, no SQL, no HTTP, no
// WebSocket. Session descriptions and candidates go in and out as strings (see
// PROTOCOL.md for the wire around them); finished segments leave through a
// Sink. pion/webrtc stays behind this package's own types.
//
// # One path for every packet
//
//	batchSocket ─▶ pion: ICE, DTLS demux, SRTP ─▶ inlet ─▶ upTrack.take ─┬─▶ cache and fan-out ─▶ downTracks of viewers ─▶ batchSocket
//	                                                                     └─▶ recorder (a bounded queue)
//	                                                                           └─▶ assemble (frames, offsets) ─┬─▶ taps
//	                                                                               └─▶ segmenter ─▶ webm ─▶ spool ─▶ chain ─▶ Sink
//
// The goroutine that decrypts a packet does the forwarding and nothing that can
// block: every queue behind it is bounded and drops instead of waiting. A frame
// is put together once, by the recorder; a Tap gets the very bytes and the very
// offset that go into the file, so anybody who holds the stored segment can
// find the block at that offset and hash it.
//
// # Who owns what
//
// A Node owns the socket, the one ticker, the publishers, the viewers and the
// chains. A Publisher owns its peer connection, its tracks and its recorder. A chain is the sequence of segments of one recording; it outlives
// the publisher until the sink has taken everything. Whoever owns a goroutine
// waits for it in Close.
//
// # What is on disk when
//
// A cluster is written whole, by one write, at most two seconds after its first
// packet came. A finished segment is written, synced, hashed, renamed, and only
// then offered to the sink; the spool file goes when the sink has stored it.
// Recover runs the same steps on what a killed process left, and the segmenter
// on what a failing disk left, so the chain of hashes never has a hole.
//
// # Where the time goes
//
// `make bench-media` measures it, next to a floor of one socket and SRTP alone.
// A profile of 50 publishers and one viewer, on two cores: waking up is the
// cost, not the bytes. What was done about it, on a busy machine, in CPU seconds
// per publisher-minute, recording and not: 0.198 and 0.155 before, 0.137 and
// 0.102 after, at a floor of 0.048 in the same round:
//   - batchSocket takes and sends many datagrams by one system call, at most every
//     2 ms, so that pion's goroutines (mux, ICE, DTLS demux, SRTP) wake up for
//     bursts; it costs 3.7 ms of latency at the median;
//   - packets are taken where they are decrypted (inlet), which saves a goroutine
//     and a copy a track, and there are no interceptors: what they do is done by
//     reception, packetCache and Viewer.report;
//   - recorders are woken by one ticker in turns, not by packets (recorder.run);
//   - packets are carved from bigger pieces (packetMaker), clusters are made in
//     borrowed buffers.
//
// What is left of the profile: a quarter SRTP with all behind it, a quarter the
// mux and the system calls, a quarter the two hops inside pion (ICE to DTLS demux
// to SRTP), which its API does not let us take out, the rest the scheduler, the
// collector and the recorder.
//
// Start reading at Node (node.go), then Publisher, recorder, segmenter. The pure
// parts are packages of their own: assemble and webm.
package media
