// Package ebsclient asks a verifier that is compatible with EBS (ЕБС, the Russian Unified Biometric System) whether a face and
// a voice belong to a person, and checks the signed verdict that comes back.
//
// It is a library of its own: it knows nothing of exams, browsers or databases, and imports nothing of the program around it.
// It cuts no samples and makes no decisions: a verdict with a low score is a valid verdict, and what follows from it is the
// caller's policy.
//
// Start reading at [Verifier]; [Push] is the driver that sends samples and gets a verdict in one request. Whatever a driver
// returns is not to be believed until [Checker.Check] has said so: that is the one place where verdicts are checked.
// [Error] says what went wrong in terms a program can decide on.
//
// The protocol of Push and the names of the verdict's claims are this project's own: no public EBS interface takes samples
// from a relying party's server, and the claims of EBS's extended result are not public. Package ebsmock is a stand that
// speaks the same protocol, and its documentation describes it.
package ebsclient
