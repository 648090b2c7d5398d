import { types } from 'pg';
import type { Json } from '../../src/json';

const { builtins } = types;
const text = (value: string): Json => value;

/** A number where it is exactly one in JSON, else the text of it: nothing is rounded in silence. */
function number(value: string): Json {
  const read = Number(value);
  return Number.isFinite(read) && Math.abs(read) <= Number.MAX_SAFE_INTEGER ? read : value;
}

const parsers: ReadonlyMap<number, (value: string) => Json> = new Map<number, (value: string) => Json>([
  [builtins.BOOL, (value) => value === 't'],
  [builtins.INT2, number],
  [builtins.INT4, number],
  [builtins.INT8, number],
  [builtins.OID, number],
  [builtins.FLOAT4, number],
  [builtins.FLOAT8, number],
  [builtins.NUMERIC, number],
  [builtins.JSON, (value) => JSON.parse(value) as Json],
  [builtins.JSONB, (value) => JSON.parse(value) as Json],
  // name[], text[], varchar[]
  ...[1003, 1009, 1015].map((oid): [number, (value: string) => Json] => [
    oid,
    types.getTypeParser(oid as never, 'text') as (value: string) => Json,
  ]),
]);

/** How values of PostgreSQL become JSON: numbers, truth, JSON and lists of text are what they are; all else is text. */
export const postgresTypes = {
  getTypeParser: (oid: number): ((value: string) => Json) => parsers.get(oid) ?? text,
};
