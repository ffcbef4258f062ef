import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Writes dist/.keep back after every build. Go embeds web/dist, and a fresh clone has
 * to compile before anybody has built the application: the placeholder is committed.
 */
export function keepPlaceholder(): Plugin {
  let outDir = '';
  return {
    name: 'ochno-keep-placeholder',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
    },
    closeBundle() {
      writeFileSync(join(outDir, '.keep'), '');
    },
  };
}
