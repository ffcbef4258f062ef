// Package ebsmock is a stand of EBS: a verifier that takes pushed samples or identifies people on a page of its own, enrols faces,
// compares samples and signs verdicts, for development, tests and demonstrations. It is a test tool that knows nothing of the
// program under test, and may not be used to identify anybody: its measures are a stand's measures, not biometrics.
//
// [New] makes a [Stand], which is an http.Handler; command ebsmock serves one. Start reading at push.go and sessionapi.go.
//
// # Protocol
//
// Everything refused is an application/problem+json document (RFC 9457) with a code and a message in Russian and English.
//
//	POST   /api/v1/push/verifications   one verification of samples that are sent along
//	POST   /api/v2/verifications        begins a session on the stand's page: ?redirect=, answered by 302 and a Location
//	GET    /api/v2/verifications/{id}/result   its verdict
//	POST   /bio/remote-identification/result   the verdict for the secret that an adapter's session ended with
//	GET    /session?session_id=, /app?…        the page for a session; /app is what an adapter's launch link begins with
//	GET    /keys                        public keys, JWKS; POST /keys/rotate puts a new one into use, three older ones stay
//	GET    /enrolments                  {"enrolments": [{"oid", "name", "enrolledAt"}]}: no pictures
//	PUT    /enrolments/{oid}            a JPEG or PNG as the body, up to 8 MiB, exactly one face; the name may come percent-encoded
//	                                    in X-Person-Name; 204, or 422 low_quality
//	DELETE /enrolments/{oid}            204, or 404 not_enrolled
//	GET    /scenarios                   names, and those in force
//	PUT    /scenarios/{oid}             {"scenario", "times", "delayMs", "retryAfterSeconds"}: for the subject's next requests;
//	                                    times 0 is for all of them; DELETE takes it away
//	GET    /people, /healthz, /         people to choose from, {"status": "ok"}, the enrolment page
//
// Push. A verification is multipart/form-data with the parts metadata (application/json: user_id, the ESIA oid; idp, "ESIA";
// info_system, the mnemonic; session_id; challenge, the digits; perhaps shown_ms, when each digit was shown from the beginning of the
// voice sample), photo (image/jpeg or image/png) and voice (audio/wav, 16-bit mono PCM), one of which may be missing, with the
// headers Authorization: Bearer and X-Request-Id. The answer is {"extended_result": "<JWS>"}. The same request with the same
// X-Request-Id gets the same verdict; another request with it gets 409 id_reused. Refusals: 400 bad_body, 401 not_authenticated,
// 403 forbidden, 404 not_enrolled, 410 expired, 413 too_large, 422 low_quality or liveness_failed, 429 busy with Retry-After,
// 500 internal.
//
// Web session. It begins with {"metadata": {"date", "user_id", "info_system", "idp"}} and a bearer's token, which is the system's own
// or looks like ESIA's access token for the person (the stand knows no ESIA, and checks no signature of it). On the page the person
// says four digits, shown one by one, to camera and microphone, or picks a scenario, or calls it off; then the browser goes back to
// the redirect, as it was given. The result is for the same token: 200 {"state": "SUCCESS", "extended_result"}, the same each time;
// 200 {"state": "CANCEL"}, "REPEAT" or "FAILURE"; 202 {"state": "PENDING"} before the person is done; else as for push. A session
// lasts ten minutes: 410 expired after that.
//
// Adapter. The launch link's sid, info_system and dbo_ko_public_uri make the session; the person says who he is on the page. The
// browser goes back to dbo_ko_public_uri with res_secret, or cancel=true, or repeat=true, or, after a failure, nothing. The exchange
// is {"resSecret"} with X-Request-Id and the system's token, and gives what the web session's result gives. It can be repeated with the
// same X-Request-Id; by another request the secret is used: 422 secret_used.
//
// The page's own questions, which a test may ask in its place: POST /sessions {"sid", "infoSystem", "returnTo"} (the launch link),
// GET /sessions/{id}, POST /sessions/{id}/samples (the form of a push; of metadata only user_id and shown_ms count), POST
// /sessions/{id}/scenario {"scenario", "user_id"}; the answers have "state", "challenge" and, in the end, "returnTo".
//
// The verdict is a JWS with a kid, by RS256 or, if the configuration says so, ES256. Its claims are this project's own: iss, aud (the
// mnemonic), sub (the oid), iat, exp, jti, session_id, challenge, result (overall at least [Threshold], and alive), match {overall,
// photo, sound}, liveness {passed, score}, engine {photo, sound}.
//
// # Scenarios
//
// Set for a subject by PUT /scenarios/{oid}, for one request by the header X-Stand-Scenario ("429;retry-after=2",
// "slow;delay=5s"), or for a session on its page. Without one the stand compares. With one of the first two groups it looks at no
// sample and needs no enrolment.
//
//   - verdicts: match (0.99995), near_miss (0.9998), no_match, photo_missing, sound_missing, spoof (not alive)
//   - verdicts not to be believed: wrong_issuer, wrong_subject, wrong_audience, wrong_session, wrong_challenge, bad_signature,
//     unknown_key, alg_none, score_out_of_range (1.2), replayed (the jti of the last verdict about the subject), expired, future
//   - ends without a verdict: repeat, cancel, failure (422 with the codes repeat, cancelled, failed in answer to a push)
//   - refusals: low_quality, liveness_failed, not_enrolled, expired_session, replayed_secret, 401, 403, 422, 429, 500, 503
//   - transport: half (breaks off in the middle of the answer), slow (3 s, then compares), never
//
// A session that begins under a subject's or a request's scenario meets 401, 403, 429, 500, 503, not_enrolled, half, slow and never at
// once, and the others when the person is done. A request for its result meets what it asks for by the header, waiting for nobody,
// or else what the session began with or the person picked, or else the subject's.
//
// # Face measure
//
// OpenCV's Haar cascade finds the one face. It is brought to 72 pixels; the light is taken out by a logarithm, a difference of two
// blurs, and evening out the contrast; what is left is the print, and only that is kept of an enrolled picture. Two prints are laid
// over each other by shift, scale and rotation, compared by correlation as a whole and piece by piece, each over the other, and the
// mean of the four figures is their similarity. A logistic curve makes the score of it: a half at 0.71, 0.9999 at 0.79.
//
// Measured by TestFaceMeasure on the two photographs of one man that come with the gocv module, taken on different days, one of
// them small and with a green square drawn over the face:
//
//	enrolled each of the two, presented the man in 18 other conditions (VP8 at 500 and 150 kbit/s, half as bright, gamma 0.6
//	and 1.7, light from one side and from above, noise, 0.7 to 1.3 times the size, shifted, tilted by 6°, the other day):
//	    FNMR 0 of 36; similarity 0.84 and more
//	presented ten persons drawn from him (mirrored, then stretched by a quarter, or eyes, nose and mouth moved and resized; VP8):
//	    FMR 0 of 20; similarity 0.67 and less
//
// By hand, on portraits of two other men: false matches 0 of 3 pairs of different men (similarity 0.46 to 0.59); one of these men,
// once smiling into the camera and once speaking and turned aside by some 20°, is NOT matched with himself (0.51): 1 of 1. Local
// binary patterns at two scales (chi-square, 7 by 7 cells) and histograms of gradients were tried on the same portraits and do no
// better: both put strangers before the man himself. So the stand knows somebody again who sits before the camera much as when
// enrolled, in other light, at another distance, on another day; it does not know him with another expression or turned away. Nobody
// should read an FMR or FNMR of people out of so few pictures: with 0 of 20 errors the upper bound at 95 % is 14 %, and drawn persons
// are no sample of people. Twins, photographs of the person and videos all pass.
//
// # Sound measure
//
// It does not recognise speakers, nor which digit is said. Stretches of speech are found by their level over that of the pauses, and
// must be voiced: like themselves one period of 70 to 400 Hz later, in a tenth of their time and 50 ms at least: 80 ms are what is
// left of the vowel in a fast «шесть», and nothing in claps and hiss. Their number, how often the voice rises within them (about once
// a syllable) and their length are compared with the number of digits: full marks for a rise a digit at least, three stretches a
// digit at most, and 0.2 to 2 s a digit. Where it is said when each digit was shown, a stretch must begin after each, and before the
// next one has been there for 0.6 s; the marks are multiplied by the share of digits so followed. Anybody's voice saying anything of
// that length and rhythm passes; silence, hiss, claps, a hum, one digit of four, and four digits said before they were shown do not.
//
// # Overall and liveness
//
// Overall is the lesser of photo and sound. Liveness passes when somebody spoke about as much as was asked, in time (half of full
// marks or more); its score is 0.99 of those marks. Without a voice sample it passes with a score of 0.5. That is no presentation
// attack detection.
package ebsmock
