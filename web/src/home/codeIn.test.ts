import { describe, expect, it } from 'vitest';
import { codeIn } from './codeIn';

describe('codeIn', () => {
  it.each([
    ['LINAL-7', 'LINAL-7'],
    ['  LINAL-7 ', 'LINAL-7'],
    ['https://ochno.example/e/LINAL-7', 'LINAL-7'],
    ['https://host/ochno/e/LINAL-7?x=1#y', 'LINAL-7'],
    ['Ваша ссылка: https://host/e/LINAL-7 до встречи', 'LINAL-7'],
    ['', ''],
  ])('finds the code in «%s»', (typed, code) => {
    expect(codeIn(typed)).toBe(code);
  });
});
