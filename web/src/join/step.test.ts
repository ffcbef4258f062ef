import { describe, expect, it } from 'vitest';
import { attemptStates, type AttemptState } from '../api/types';
import { fakeAttempt } from '../rtc/fakes';
import { needsLive, stepOf, type Step } from './step';

const fresh = { devicesChecked: false, screenPassed: true, phonePassed: true, connected: false };

describe('stepOf', () => {
  it.each<[AttemptState, Step]>([
    ['registered', 'consent'],
    ['ready', 'devices'],
    ['identifying', 'devices'],
    ['identified', 'devices'],
    ['manual_identification', 'manual'],
    ['admitted', 'admitted'],
    ['in_progress', 'exam'],
    ['paused', 'exam'],
    ['finished', 'receipt'],
    ['reviewed', 'receipt'],
    ['declined', 'declined'],
    ['terminated', 'stopped'],
    ['expired', 'stopped'],
  ])('%s after a reload leads to %s', (state, step) => {
    expect(stepOf(fakeAttempt({ state }), fresh)).toBe(step);
  });

  it('goes on from the devices to the connection to the identification', () => {
    const ready = fakeAttempt({ state: 'ready' });
    expect(stepOf(ready, { devicesChecked: true, screenPassed: true, phonePassed: true, connected: false })).toBe('connection');
    expect(stepOf(ready, { devicesChecked: true, screenPassed: true, phonePassed: true, connected: true })).toBe('identification');
  });

  it('asks for the screen, then the phone, between them, before the identification alone', () => {
    const local = { devicesChecked: true, screenPassed: false, phonePassed: false, connected: true };
    expect(stepOf(fakeAttempt({ state: 'ready' }), local)).toBe('screen');
    expect(stepOf(fakeAttempt({ state: 'ready' }), { ...local, devicesChecked: false })).toBe('devices');
    expect(stepOf(fakeAttempt({ state: 'ready' }), { ...local, screenPassed: true })).toBe('phone');
    expect(stepOf(fakeAttempt({ state: 'in_progress' }), local)).toBe('exam');
  });

  it('wants the camera neither before the consent nor after the end', () => {
    const withoutCamera = attemptStates.filter((state) => !needsLive(stepOf(fakeAttempt({ state }), { devicesChecked: true, screenPassed: true, phonePassed: true, connected: true })));
    expect(withoutCamera).toEqual(['registered', 'finished', 'reviewed', 'declined', 'terminated', 'expired']);
  });
});
