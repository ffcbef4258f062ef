import type { Role } from '../api/types';

/** The sections of the pages for staff, and who may open each. */
export const sections = [
  { to: '/proctor', name: 'exams', roles: ['proctor'] },
  { to: '/rosters', name: 'rosters', roles: ['registrar', 'administrator'] },
  { to: '/requests', name: 'requests', roles: ['registrar', 'administrator'] },
  { to: '/guardian-claims', name: 'guardianClaims', roles: ['registrar', 'administrator'] },
  { to: '/consent-texts', name: 'consentTexts', roles: ['registrar', 'administrator'] },
  { to: '/people', name: 'people', roles: ['administrator'] },
  { to: '/organisations', name: 'organisations', roles: ['administrator'] },
  { to: '/retention', name: 'retention', roles: ['registrar', 'administrator'] },
  { to: '/system', name: 'system', roles: ['administrator'] },
  { to: '/audit', name: 'audit', roles: ['administrator'] },
  { to: '/appeals', name: 'appeals', roles: ['registrar'] },
  { to: '/log', name: 'log', roles: ['registrar'] },
] as const satisfies readonly { to: string; name: string; roles: readonly Role[] }[];

export type Section = (typeof sections)[number];
