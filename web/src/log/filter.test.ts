import { describe, expect, it } from 'vitest';
import { apiFilter, filterOf, searchOf } from './filter';

describe('the filter in the address', () => {
  it('comes back as it went', () => {
    const filter = { exam: 'e-1', outcome: 'match', type: 'identification', faculty: 'Мехмат', group: 'МА-21', person: 'p-1', manual: 'true', from: '2026-11-01', to: '2026-11-21' };
    expect(filterOf(searchOf(filter))).toEqual(filter);
  });

  it('leaves out what is empty and what is not a filter', () => {
    expect(filterOf(new URLSearchParams('type=&utm=1&outcome=match'))).toEqual({ outcome: 'match' });
    expect(searchOf({ exam: '', type: 'consent' }).toString()).toBe('type=consent');
  });
});

describe('apiFilter', () => {
  it('makes moments of this time zone’s days, the last day included', () => {
    const { from = '', to = '' } = apiFilter({ from: '2026-11-20', to: '2026-11-21' });
    expect(new Date(from).getTime()).toBe(new Date(2026, 10, 20).getTime());
    expect(new Date(to).getTime()).toBe(new Date(2026, 10, 22).getTime());
  });

  it('drops a day that is none and keeps the rest', () => {
    expect(apiFilter({ from: 'yesterday', exam: 'e-1' })).toEqual({ exam: 'e-1' });
  });
});
