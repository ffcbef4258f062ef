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
//	batchSocket ─▶ mux ─▶ transport: SRTP ─▶ upTrack.take ─┬─▶ cache and fanout ─▶ downTracks of viewers ─▶ batchSocket
//	                                                       └─▶ recorder (a bounded queue)
//	                                                             └─▶ assemble (frames, offsets) ─┬─▶ taps
//	                                                                 └─▶ segmenter ─▶ webm ─▶ spool ─▶ chain ─▶ Sink
//
// A publisher's connection is a transport: ICE, DTLS and SRTP put together from
// pion's parts. A viewer's is pion's PeerConnection. Both go through one mux.
//
// One goroutine, the mux's, reads, decrypts and forwards, and does nothing that
// can block: every queue behind it is bounded and drops instead of waiting. A frame
// is put together once, by the recorder; a Tap gets the very bytes and the very
// offset that go into the file, so anybody who holds the stored segment can
// find the block at that offset and hash it.
//
// # Who owns what
//
// A Node owns the socket, the mux, the one ticker, the publishers, the viewers
// and the chains. A Publisher owns its transport, its tracks and its recorder. A
// chain is the sequence of segments of one recording; it outlives the publisher
// until the sink has taken everything. Whoever owns a goroutine waits for it in
// Close.
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
// cost, not the bytes. What was done about it:
//   - batchSocket takes and sends many datagrams by one system call, at most every
//     4 ms, and sends what a batch gave rise to before it rests;
//   - the mux's reader decrypts and takes publishers' packets itself, on the spot:
//     pion's PeerConnection hands each through four goroutines and as many copies
//     (mux, ICE, DTLS demux, SRTP, track);
//   - after each batch the reader sends what came for the viewers (fanout), so that
//     nobody wakes up for it; only who must wait, over TCP, has a goroutine;
//   - there are no interceptors: what they do is done by reception, packetCache and
//     Viewer.report; replayed packets are told by a window of bits, not by closures;
//   - recorders are woken by one ticker in turns, not by packets (recorder.run);
//   - packets are carved from bigger pieces (packetMaker), clusters are made in
//     borrowed buffers.
//
// What is left of the profile, recording into MinIO: 45 % the reader (a third of
// it system calls, a quarter SRTP in and out, a tenth pion on the way out), 20 %
// the scheduler, 14 % the recorders (most of it finishing files: hash, sync), 7 %
// the collector, the rest uploads and ICE.
//
// Start reading at Node (node.go), then Publisher, recorder, segmenter. The pure
// parts are packages of their own: assemble and webm.
package media
