import { describe, expect, it } from 'vitest';
import { browserOf, systemOf } from './browser';
import { problemOf } from './deviceProblem';
import { screenProblemOf } from './screenProblem';
import { levelOf, voiceLevel } from './levelMeter';

const both = { cameras: 1, microphones: 1 };
const failure = (name: string, message = '') => Object.assign(new Error(message), { name });

describe('problemOf', () => {
  it.each([
    ['NotAllowedError', 'Permission denied', both, 'denied'],
    ['NotAllowedError', 'Permission denied by system', both, 'denied_system'],
    ['SecurityError', '', both, 'denied'],
    ['NotFoundError', '', { cameras: 0, microphones: 1 }, 'no_camera'],
    ['NotFoundError', '', { cameras: 1, microphones: 0 }, 'no_microphone'],
    ['OverconstrainedError', '', both, 'unknown'],
    ['NotReadableError', '', both, 'busy'],
    ['AbortError', '', both, 'busy'],
    ['TypeError', '', both, 'unsupported'],
    ['Surprise', '', both, 'unknown'],
  ])('%s «%s» is a problem a person understands', (name, message, devices, problem) => {
    expect(problemOf(failure(name, message), devices)).toBe(problem);
  });

  it('does not fail on what is no error', () => {
    expect(problemOf('no', both)).toBe('unknown');
  });
});

describe('browserOf', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'chrome', 'windows'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'edge', 'windows'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36', 'yandex', 'other'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox', 'other'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15', 'safari', 'mac'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1', 'ios', 'other'],
    ['curl/8', 'other', 'other'],
  ])('%s', (userAgent, browser, system) => {
    expect(browserOf(userAgent)).toBe(browser);
    expect(systemOf(userAgent)).toBe(system);
  });
});

describe('levelOf', () => {
  const tone = (amplitude: number) => Float32Array.from({ length: 1024 }, (_, i) => amplitude * Math.sin(i / 5));

  it('is nothing for silence and whole for full scale', () => {
    expect(levelOf(new Float32Array(1024))).toBe(0);
    expect(levelOf(new Float32Array(0))).toBe(0);
    expect(levelOf(Float32Array.from({ length: 1024 }, (_, i) => (i % 2 === 0 ? 1 : -1)))).toBeCloseTo(1);
  });

  it('hears a voice and not a quiet room', () => {
    expect(levelOf(tone(0.1))).toBeGreaterThan(voiceLevel);
    expect(levelOf(tone(0.003))).toBeLessThan(voiceLevel);
  });
});

describe('screenProblemOf', () => {
  it.each([
    ['NotAllowedError', 'Permission denied', 'denied'],
    ['NotAllowedError', 'Permission denied by system', 'denied_system'],
    ['NotReadableError', '', 'denied_system'],
    ['TypeError', '', 'unsupported'],
    ['InvalidStateError', '', 'unknown'],
  ])('%s «%s» is a problem a person understands', (name, message, problem) => {
    expect(screenProblemOf(failure(name, message))).toBe(problem);
  });
});
