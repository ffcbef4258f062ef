export type Browser = 'chrome' | 'edge' | 'yandex' | 'firefox' | 'safari' | 'ios' | 'other';
export type System = 'windows' | 'mac' | 'other';

/** Which browser it is, only to word the advice on permissions; nothing depends on it otherwise. */
export function browserOf(userAgent: string): Browser {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios';
  if (userAgent.includes('YaBrowser/')) return 'yandex';
  if (/Edg(e|A)?\//.test(userAgent)) return 'edge';
  if (userAgent.includes('Firefox/')) return 'firefox';
  if (userAgent.includes('Chrome/')) return 'chrome';
  if (userAgent.includes('Safari/')) return 'safari';
  return 'other';
}

export function systemOf(userAgent: string): System {
  if (userAgent.includes('Windows')) return 'windows';
  if (userAgent.includes('Macintosh')) return 'mac';
  return 'other';
}
