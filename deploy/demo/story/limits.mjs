// What the walk over all pages allows (quality.mjs): JavaScript in KiB, compressed as the service sends it, by kind of page; a margin of some
// KiB above what they take, so that a heavy import is noticed. Raise a figure only with a reason.
export const limits = {
  scripts: { first: 145, guest: 185, stranger: 185, minor: 185, student: 245, 'two roles': 185, proctor: 270 /* she speaks, and sees screens and phones */, registrar: 260, administrator: 260 },
  interactiveMs: 1500,
  frameMs: 16, // of script in one frame of the proctor's wall, of the processor's time: the middle of three rounds
};
