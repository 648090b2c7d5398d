import type { AnyConnection, ConnectionKind } from '../connections/schema';
import { httpKinds } from '../connections/schema';
import { didYouMean } from '../documents/nearest';
import type { JsonObject } from '../json';
import type { RunbookInput, RunbookStep } from './schema';
import type { StepKindSpec } from './step-kind';

/** Names of connections and their kinds; `unread` where a file is there that cannot be read. */
export type ConnectionNames = ReadonlyMap<string, ConnectionKind | 'unread'>;

/** The input that a `connection` stands for: it has to be one, and nothing around it. */
export function boundInput(connection: string): string | undefined {
  return /^\$\{\{ *inputs\.([a-z][a-z0-9_]*) *\}\}$/.exec(connection)?.[1];
}

/** Why a step of this kind cannot use a connection; undefined when it can. */
export function connectionProblem(input: {
  readonly kind: Pick<StepKindSpec, 'name' | 'connectionKinds'>;
  readonly name: string;
  readonly known: ConnectionNames;
}): { readonly message: string; readonly hint?: string } | undefined {
  const { kind, name, known } = input;
  const wanted: readonly ConnectionKind[] = kind.connectionKinds ?? httpKinds;
  const found = known.get(name);
  const usable = [...known].filter(([, each]) => each !== 'unread' && wanted.includes(each)).map(([each]) => each);
  if (found === undefined)
    return {
      message: `there is no connection "${name}"`,
      hint: didYouMean(name, usable) ?? `connections: ${usable.join(', ') || 'none'}`,
    };
  // What is wrong with it is told at its own line.
  if (found === 'unread' || wanted.includes(found)) return undefined;
  return { message: `"${name}" is a connection of the kind ${found}, and ${kind.name} needs ${wanted.join(' or ')}` };
}

/** The step with the connections that its runbook's inputs stand for, so that they are a part of what is approved. */
export function bindConnections(step: RunbookStep, inputs: JsonObject): RunbookStep {
  const bind = (given: RunbookStep['with']): RunbookStep['with'] => {
    const input = typeof given?.connection === 'string' ? boundInput(given.connection) : undefined;
    const value = input !== undefined && Object.hasOwn(inputs, input) ? inputs[input] : undefined;
    return typeof value === 'string' ? { ...given, connection: value } : given;
  };
  const given = bind(step.with);
  return {
    ...step,
    ...(given === undefined ? {} : { with: given }),
    ...(step.find ? { find: { ...step.find, with: bind(step.find.with)! } } : {}),
    ...(typeof step.undo === 'object' && step.undo.with ? { undo: { ...step.undo, with: bind(step.undo.with)! } } : {}),
  };
}

/** The connections that inputs stand for, as far as they are written out or stand for those of an outer runbook. */
export function connectionsIn(
  declared: { readonly [name: string]: RunbookInput },
  inputs: JsonObject,
  outer: { readonly [input: string]: string } = {},
): { readonly [input: string]: string } {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, spec]) => {
      const given = inputs[name] ?? spec.default;
      if (spec.type !== 'connection' || typeof given !== 'string') return [];
      const bound = boundInput(given);
      const value = bound === undefined ? given : outer[bound];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Sentences about inputs that name a connection of another kind than they declare. */
export function unfitConnections(input: {
  readonly declared: { readonly [name: string]: RunbookInput };
  readonly inputs: JsonObject;
  readonly connections: { readonly [name: string]: AnyConnection };
}): readonly string[] {
  const { declared, inputs, connections } = input;
  return Object.entries(declared).flatMap(([name, spec]) => {
    const value = inputs[name];
    if (spec.type !== 'connection' || typeof value !== 'string' || value === '') return [];
    const found = Object.hasOwn(connections, value) ? connections[value]!.kind : undefined;
    if (found === undefined || found === spec.kind) return [];
    const fitting = Object.values(connections).filter(({ kind }) => kind === spec.kind);
    const choice = fitting.map((connection) => connection.name).join(', ') || 'none of the policy is';
    return [
      `"${name}" has to be a connection of the kind ${spec.kind} (${choice}), and "${value}" is of the kind ${found}.`,
    ];
  });
}
