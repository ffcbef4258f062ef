import { describe, expect, it } from 'vitest';
import { lossBetween, readPath } from './path';

const chromium = (local: object): [string, unknown][] =>
  Object.entries({
    T: { type: 'transport', selectedCandidatePairId: 'P' },
    other: { type: 'candidate-pair', state: 'succeeded', nominated: true, localCandidateId: 'X', currentRoundTripTime: 9 },
    P: { type: 'candidate-pair', state: 'succeeded', localCandidateId: 'L', currentRoundTripTime: 0.0384 },
    L: { type: 'local-candidate', ...local },
    V: { type: 'outbound-rtp', packetsSent: 900 },
    A: { type: 'outbound-rtp', packetsSent: 100 },
    R: { type: 'remote-inbound-rtp', packetsLost: 20, roundTripTime: 0.5 },
    N: { type: 'remote-inbound-rtp', packetsLost: -3 },
  });

describe('readPath', () => {
  it.each([
    [{ candidateType: 'host', protocol: 'udp' }, 'direct'],
    [{ candidateType: 'host', protocol: 'tcp' }, 'tcp'],
    [{ candidateType: 'relay', protocol: 'udp' }, 'relay'],
  ])('tells the way of %j', (local, way) => {
    expect(readPath(chromium(local))).toEqual({ way, roundTripMs: 38, sent: 1000, lost: 20 });
  });

  it('takes the chosen pair of a browser without a transport, and the server’s round trip', () => {
    const reading = readPath([
      ['P', { type: 'candidate-pair', state: 'succeeded', selected: true, localCandidateId: 'L' }],
      ['L', { type: 'local-candidate', candidateType: 'host', protocol: 'udp' }],
      ['R', { type: 'remote-inbound-rtp', packetsLost: 1, roundTripTime: 0.12 }],
    ]);
    expect(reading).toEqual({ way: 'direct', roundTripMs: 120, sent: 0, lost: 1 });
  });

  it('knows nothing of nothing', () => {
    expect(readPath([])).toEqual({ way: 'unknown', roundTripMs: undefined, sent: 0, lost: 0 });
  });
});

describe('lossBetween', () => {
  const at = (sent: number, lost: number) => ({ way: 'direct' as const, roundTripMs: 1, sent, lost });
  it('counts only what went between the readings', () => {
    expect(lossBetween(at(1000, 100), at(1200, 110))).toBe(5);
  });
  it('says nothing when nothing was sent, or what was missing came after all', () => {
    expect(lossBetween(at(10, 0), at(10, 5))).toBe(0);
    expect(lossBetween(at(10, 5), at(20, 0))).toBe(0);
  });
});
