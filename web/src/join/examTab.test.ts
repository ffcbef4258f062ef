import { describe, expect, it } from 'vitest';
import { answerForExam, examOpenElsewhere } from './examTab';

describe('the window of an exam', () => {
  it('answers for its own exam while it is open', async () => {
    const close = answerForExam('demo');
    expect(await examOpenElsewhere('demo')).toBe(true);
    expect(await examOpenElsewhere('other', 50)).toBe(false);
    close();
    expect(await examOpenElsewhere('demo', 50)).toBe(false);
  });
});
