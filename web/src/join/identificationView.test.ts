import { describe, expect, it } from 'vitest';
import type { Identification } from '../api/types';
import { fakeAttempt } from '../rtc/fakes';
import { identificationView } from './identificationView';

const result = (outcome: Identification['outcome']): Identification => ({
  id: 'i',
  number: 1,
  kind: 'admission',
  at: '2026-11-21T10:00:00Z',
  outcome,
  reason: '',
  message: { ru: '', en: '' },
  threshold: 0.75,
});

describe('identificationView', () => {
  it('begins with the introduction', () => {
    expect(identificationView(fakeAttempt(), undefined)).toEqual({ kind: 'intro' });
  });

  it('shows what the socket tells while it is under way', () => {
    const challenge = { id: 'c', length: 4, shown: 1, digit: '5' };
    expect(identificationView(fakeAttempt(), { phase: 'looking', hint: 'too_far' })).toEqual({ kind: 'looking', hint: 'too_far' });
    expect(identificationView(fakeAttempt(), { phase: 'challenge', challenge })).toEqual({ kind: 'challenge', challenge });
    expect(identificationView(fakeAttempt(), { phase: 'verifying' })).toEqual({ kind: 'verifying' });
  });

  it('waits for the server after a reload in the middle', () => {
    expect(identificationView(fakeAttempt({ state: 'identifying' }), undefined)).toEqual({ kind: 'looking' });
  });

  it('offers another try after a failure, told by the socket or remembered by the attempt', () => {
    const identification = result('no_match');
    expect(identificationView(fakeAttempt(), { phase: 'done', identification })).toEqual({ kind: 'failed', identification });
    expect(identificationView(fakeAttempt({ lastIdentification: identification }), undefined)).toEqual({ kind: 'failed', identification });
  });

  it('waits for the proctor when no tries are left, and goes on when one is granted', () => {
    const identification = result('quality');
    const none = fakeAttempt({ triesLeft: 0, lastIdentification: identification });
    expect(identificationView(none, undefined)).toEqual({ kind: 'waiting', identification });
    expect(identificationView({ ...none, triesLeft: 1 }, undefined)).toEqual({ kind: 'failed', identification });
  });

  it('is matched when the server says so in either way', () => {
    const identification = result('match');
    expect(identificationView(fakeAttempt(), { phase: 'done', identification }).kind).toBe('matched');
    expect(identificationView(fakeAttempt({ state: 'identified' }), { phase: 'verifying' }).kind).toBe('matched');
  });
});
