import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/**
 * Puts a page's script and style into the page itself, with a policy that lets nothing else run and nothing be fetched: the page works from a
 * disk, and whoever saved it has all of it.
 */
export function singleFile(page: string, fileName: string): Plugin {
  return {
    name: 'ochno-single-file',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const html = Object.values(bundle).find((file) => file.fileName.endsWith(page));
      if (html?.type !== 'asset') throw new Error(`no ${page} in the bundle`);
      let text = String(html.source);
      let scripts = '';
      let styles = '';
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk') scripts += file.code;
        else if (file.fileName.endsWith('.css')) styles += String(file.source);
        Reflect.deleteProperty(bundle, file.fileName);
      }
      scripts = scripts.trim();
      styles = styles.trim();
      if (/<\/script|<!--/i.test(scripts) || /<\/style/i.test(styles)) throw new Error('the page would end within its own script or style');
      const hash = (code: string) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`;
      const policy = `default-src 'none'; script-src ${hash(scripts)}; style-src ${hash(styles)}; base-uri 'none'; form-action 'none'`;
      text = text
        .replace(/\s*<script type="module"[^>]*><\/script>/, '')
        .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
        .replace('<meta charset="utf-8" />', () => `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`)
        .replace('</head>', () => `  <style>${styles}</style>\n  </head>`)
        .replace('</body>', () => `  <script type="module">${scripts}</script>\n  </body>`);
      this.emitFile({ type: 'asset', fileName, source: text });
    },
  };
}
