import type { z } from 'zod';
import { readDocument, type DocumentResult } from './read-yaml';

/** A file of one commit. */
export interface NamedFile {
  readonly file: string;
  readonly text: string;
  /** Object id in Git: equal ids hold equal texts. */
  readonly blob: string;
}

/** Makes something of one file and nothing else: equal files give equal results. */
export type Maker<T> = (file: NamedFile) => T;

/**
 * What was made of files at the commit before, so that the next commit costs what it changed. Keeps one result for
 * each maker and path: the newest.
 */
export class FileCache {
  private readonly kept = new Map<unknown, Map<string, { readonly blob: string; readonly value: unknown }>>();

  /** `maker` has to be the same function every time, or nothing is found again. */
  get<T>(maker: Maker<T>, file: NamedFile): T {
    const ofMaker = this.kept.get(maker) ?? new Map<string, { readonly blob: string; readonly value: unknown }>();
    this.kept.set(maker, ofMaker);
    const known = ofMaker.get(file.file);
    if (known?.blob === file.blob) return known.value as T;
    const value = maker(file);
    ofMaker.set(file.file, { blob: file.blob, value });
    return value;
  }

  /** Forgets files that are not there any more. */
  retain(paths: { has(path: string): boolean }): void {
    for (const ofMaker of this.kept.values())
      for (const path of ofMaker.keys()) if (!paths.has(path)) ofMaker.delete(path);
  }
}

const makers = new WeakMap<z.ZodType, Maker<DocumentResult<unknown>>>();

/** Reads a file by a schema; the same function for the same schema. */
export function documentBy<T>(schema: z.ZodType<T>): Maker<DocumentResult<T>> {
  const known = makers.get(schema);
  if (known) return known as Maker<DocumentResult<T>>;
  const maker: Maker<DocumentResult<T>> = ({ file, text }) => readDocument({ file, text, schema });
  makers.set(schema, maker);
  return maker;
}
