// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest';
import type { BehaviourNote, Watch } from '../api/types';
import { watchPage } from './watcher';

const all: Watch = { tabs: true, focus: true, fullScreen: true };
let stop = (): void => undefined;
afterEach(() => {
  stop();
  document.body.replaceChildren();
});

function watched(watch: Watch) {
  const told: BehaviourNote[] = [];
  let time = 0;
  stop = watchPage(watch, (note) => told.push(note), () => time);
  const pass = (ms: number): void => {
    time += ms;
  };
  const hide = (hidden: boolean): void => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  return { told, pass, hide };
}

it('tells how long the page was hidden, and not of a glance', () => {
  const { told, pass, hide } = watched(all);
  hide(true);
  pass(12_400);
  hide(false);
  hide(true);
  pass(900);
  hide(false);
  expect(told).toEqual([{ kind: 'tab_hidden', seconds: 12 }]);
});

it('tells that another window was in front, but not of the embedded exam', () => {
  const { told, pass } = watched(all);
  window.dispatchEvent(new Event('blur'));
  pass(5_000);
  window.dispatchEvent(new Event('focus'));
  const frame = document.createElement('iframe');
  document.body.append(frame);
  frame.focus();
  window.dispatchEvent(new Event('blur'));
  pass(60_000);
  window.dispatchEvent(new Event('focus'));
  expect(told).toEqual([{ kind: 'focus_lost', seconds: 5 }]);
});

it('notices nothing that the exam does not watch, and nothing after its end', () => {
  const { told, pass, hide } = watched({ tabs: false, focus: false, fullScreen: false });
  hide(true);
  window.dispatchEvent(new Event('blur'));
  pass(30_000);
  hide(false);
  window.dispatchEvent(new Event('focus'));
  stop();
  const later = watched(all);
  stop();
  later.hide(true);
  later.pass(30_000);
  later.hide(false);
  expect([...told, ...later.told]).toEqual([]);
});
