// Package vision looks at one picture at a time: it decodes VP8 key frames, finds the face in them and says how good the
// picture is by the names of ISO/IEC 29794-5, so that only pictures worth sending reach a verifier and a student with a bad
// picture is told what to change.
//
// It is the service's only user of OpenCV (gocv). It stores nothing, keeps nothing between pictures but, in a [Tracker], where the face
// was, and knows nothing of students, exams or verifiers. Pictures stay in memory; [Wipe] clears one when it is no longer needed.
//
// Start reading at [Finder.Assess], then [Tracker] for pictures that follow each other. QUALITY.md lists the components with their
// formulas; the code is in quality.go and pose.go, what becomes a hint in hints.go.
//
// The measures are simple ones that a 640×480 webcam picture supports on a server without a neural network. They bear the
// standard's names because they answer the standard's questions; they are not the reference implementation (OFIQ), and where
// a formula is ours the component's comment says so.
package vision
