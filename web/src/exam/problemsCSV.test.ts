import { expect, it } from 'vitest';
import { problemsCSV } from './problemsCSV';

it('quotes what a separator or a quote would break', () => {
  expect(problemsCSV([['a', 'b;c', 'd"e'], ['1', '', 'две\nстроки']])).toBe('\ufeffa;"b;c";"d""e"\r\n1;;"две\nстроки"\r\n');
});
