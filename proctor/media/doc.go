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
//	remote track ─▶ upTrack.read ─┬─▶ cache and fan-out ─▶ downTracks of viewers
//	                              └─▶ recorder (a bounded queue)
//	                                    └─▶ assemble (frames, offsets) ─┬─▶ taps
//	                                                                    └─▶ segmenter ─▶ webm ─▶ spool ─▶ chain ─▶ Sink
//
// The goroutine that reads a track does the forwarding and nothing that can
// block: every queue behind it is bounded and drops instead of waiting. A frame
// is put together once, by the recorder; a Tap gets the very bytes and the very
// offset that go into the file, so anybody who holds the stored segment can
// find the block at that offset and hash it.
//
// # Who owns what
//
// A Node owns the socket, the publishers, the viewers and the chains. A
// Publisher owns its peer connection, the readers of its tracks and its
// recorder. A chain is the sequence of segments of one recording; it outlives
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
// Start reading at Node (node.go), then Publisher, recorder, segmenter. The pure
// parts are packages of their own: assemble and webm.
package media
