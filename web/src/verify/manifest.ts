import { textOf } from './bytes';

export const format = 'ochno.package/1';

export interface Manifest {
  format: string;
  origin: string;
  size: number;
  records: number;
  whole: boolean;
  personal: number;
  erased: number;
  segments: number;
  selection: Record<string, string>;
  madeAt: string;
  software: string;
  files: Record<string, string>;
}

/** One JSON object with known fields only, each of its type; undefined where it is none. */
export function strictObject<T>(line: Uint8Array, fields: { [K in keyof T]-?: (value: unknown) => value is T[K] }): T | undefined {
  const text = textOf(line);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const known = fields as Record<string, (value: unknown) => boolean>;
  const given = value as Record<string, unknown>;
  if (!Object.keys(given).every((name) => Object.hasOwn(known, name))) return undefined;
  return Object.entries(known).every(([name, fits]) => fits(given[name])) ? (given as T) : undefined;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
}

/** The manifest as it is written, where `segments` and `selection` may be absent. */
export function readManifest(text: Uint8Array): Manifest | undefined {
  const read = strictObject<Omit<Manifest, 'segments' | 'selection'> & { segments: number | undefined; selection: Record<string, string> | undefined }>(text, {
    format: isText,
    origin: isText,
    size: isCount,
    records: isCount,
    whole: isBoolean,
    personal: isCount,
    erased: isCount,
    segments: (value): value is number | undefined => value === undefined || isCount(value),
    selection: (value): value is Record<string, string> | undefined => value === undefined || isTexts(value),
    madeAt: isText,
    software: isText,
    files: isTexts,
  });
  return read === undefined ? undefined : { ...read, segments: read.segments ?? 0, selection: read.selection ?? {} };
}
