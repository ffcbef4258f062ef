import { fromBase64, same, textOf, utf8, type Bytes } from './bytes';
import { Mismatch } from './finding';
import { sha256 } from './sha256';

/** A log's public key: `<name>+<key id>+<base64 of 0x01 ‖ 32 bytes>`. */
export interface PublicKey {
  name: string;
  id: Bytes; // 4 bytes
  key: CryptoKey;
  text: string;
}

const algorithm = 'Ed25519';

/** Reads a public key; throws where it is none. */
export async function parseKey(text: string): Promise<PublicKey> {
  const [name, id, rest] = splitKey(text);
  const bytes = fromBase64(rest);
  if (name === '' || /\s/.test(name) || bytes?.length !== 33 || bytes[0] !== 1) throw new Mismatch({ code: 'notAKey' });
  const hash = sha256(utf8(`${name}\n`), bytes).slice(0, 4);
  if (Array.from(hash, (b) => b.toString(16).padStart(2, '0')).join('') !== id) throw new Mismatch({ code: 'notAKey' });
  try {
    return { name, id: hash, text, key: await crypto.subtle.importKey('raw', bytes.slice(1), algorithm, false, ['verify']) };
  } catch {
    throw new Mismatch({ code: 'notAKey' });
  }
}

/** The last part is base64 and may hold pluses itself. */
function splitKey(text: string): [string, string, string] {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  if (first < 0 || second < 0) return ['', '', ''];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

const maxSignatures = 100;

/** The text of a signed note, once the key's signature under it is checked; throws where it is not signed by it. */
export async function openNote(signed: Uint8Array, key: PublicKey): Promise<string> {
  const whole = textOf(signed);
  const split = whole?.lastIndexOf('\n\n') ?? -1;
  // eslint-disable-next-line no-control-regex -- a note holds no control characters
  if (whole === undefined || split < 0 || !whole.endsWith('\n') || /[\x00-\x09\x0b-\x1f]/.test(whole)) throw new Mismatch({ code: 'notANote' });
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2, -1).split('\n');
  if (lines.length > maxSignatures) throw new Mismatch({ code: 'notANote' });
  let found = false;
  for (const line of lines) {
    const parts = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    const signature = parts === null ? undefined : fromBase64(parts[2] ?? '');
    if (parts === null || signature === undefined || signature.length < 5) throw new Mismatch({ code: 'notANote' });
    if (found || parts[1] !== key.name || !same(signature.slice(0, 4), key.id)) continue;
    if (!(await crypto.subtle.verify(algorithm, key.key, signature.slice(4), utf8(text)))) throw new Mismatch({ code: 'notSigned' });
    found = true;
  }
  if (!found) throw new Mismatch({ code: 'notSigned' });
  return text;
}

/*
 * RFC 8032, section 7.1, test 2. A browser may know the name of the algorithm and nothing more.
 */
const probeKey = 'PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=';
const probeSignature = 'kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==';

/** What keeps this browser from checking a signature; undefined when nothing does. */
export async function unable(): Promise<'insecure' | 'noEd25519' | undefined> {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle; // browsers hide it from plain http
  if (subtle === undefined) return 'insecure';
  try {
    const key = await subtle.importKey('raw', fromBase64(probeKey) ?? utf8(''), algorithm, false, ['verify']);
    const good = await subtle.verify(algorithm, key, fromBase64(probeSignature) ?? utf8(''), Uint8Array.of(0x72));
    const bad = await subtle.verify(algorithm, key, fromBase64(probeSignature) ?? utf8(''), Uint8Array.of(0x73));
    return good && !bad ? undefined : 'noEd25519';
  } catch {
    return 'noEd25519';
  }
}
