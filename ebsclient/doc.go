// Package ebsclient asks a verifier that is compatible with EBS (ЕБС, the Russian Unified Biometric System) whether a face and
// a voice belong to a person, and checks the signed verdict that comes back.
//
// It is a library of its own: it knows nothing of exams, browsers or databases, imports nothing of the program around it and
// nothing beyond the standard library. It cuts no samples and makes no decisions: a verdict with a low score is a valid
// verdict, and what follows from it is the caller's policy. It keeps no sample, no token of a person and no verdict.
//
// # Two ways to ask
//
// [Verifier] takes samples and returns a verdict in one call; [Push] is its driver, for a stand or an accredited commercial
// system. [SessionVerifier] sends the person to the verifier, and collects the verdict when the browser is back: Begin, Collect;
// [Web] (EBS's page) and [Adapter] (EBS's application and a secret) are its drivers. Start reading there.
//
// # One place to check
//
// Whatever a driver returns is a JWS, verbatim, and not to be believed until [Checker.Check] has said so: signed by an allowed
// algorithm (GOST R 34.10-2012 by an external [SignatureVerifier]; RS256 and ES256 for stands only) with one of the issuer's keys
// ([StaticKeys], or [RemoteKeys] with rotation), said to us, about this subject, session and challenge, recent, with a score
// within 0…1 for each modality that was expected, and used once ([ReplayStore]).
//
// # Errors
//
// An [*Error] has a [Code] that a program decides on: [Denied], [NotEnrolled], [LowQuality], [LivenessFailed], [Expired], [Busy],
// [Unavailable], [BrokenVerdict] with a [Reason], and for sessions [Cancelled], [Repeat], [Failed], [Pending], [SecretUsed]. Only
// Busy, Unavailable and Pending may turn into a verdict by asking again. Error texts and log lines have the request's ID, and no
// person, no session, no token and no sample.
//
// # How a driver treats its verifier
//
// Every attempt is bounded in time, and all of them together are. A request is repeated only where that is safe: the verifier
// knows it by its X-Request-Id, or it only reads, or it surely was not heard. Retry-After is kept to. No more than 20 requests a
// second are sent (PerSecond), and none while the circuit is open: see [Circuit]. Connections may show a client certificate
// ([MutualTLS]). Answers of more than 64 KiB are refused, redirections are not followed.
//
// Units: scores and liveness are 0…1 without unit; they are not error rates. Times are time.Duration here, whole seconds in
// verdicts (iat, exp, nbf), and milliseconds in shown_ms. Sizes are bytes.
//
// # Sources
//
// The interfaces of Web and Adapter are what public clients of EBS show; each says what is known and what is this project's own.
// No public EBS interface takes samples from a relying party's server, and the claims of EBS's extended result are not public: the
// protocol of Push and the [ClaimNames] are this project's own, and the names can be set. Package ebsmock is a stand that speaks
// all three, and its documentation describes the protocol. JWS and JWT are RFC 7515 and 7519, key sets RFC 7517, problem documents
// RFC 9457; the order of a GOST signature's bytes is RFC 9215's.
package ebsclient
