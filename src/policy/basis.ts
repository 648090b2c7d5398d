import type { Json, JsonObject } from '../json';
import { peopleCalled, strangersAmong, type People } from './people';
import type { PolicyRequest, World } from './request';
import type { Basis } from './verdict';

/** Entries of a list that are kept at most. */
const maxEntries = 50;
/** Longest text of one part of the world, as JSON. */
const maxPartLength = 8_000;

/** People are recorded by id: an author that `people.yaml` does not know is left out, and `cut` says so. */
export function basisOf(input: {
  readonly request: PolicyRequest;
  readonly world: World;
  readonly people: People;
}): Basis {
  const { request, people } = input;
  const cut: string[] = [];
  const world = Object.entries(input.world).flatMap(([name, value]): [string, Json][] => {
    if (value === undefined) return [];
    // Addresses are names of people; handles and teams of the host are not ours to resolve.
    if (name === 'codeowners' && input.world.codeowners?.some((owner) => /^[^@]/.test(owner))) {
      cut.push(name);
      return [];
    }
    const kept = bounded(name === 'history' ? relevant(request, input.world.history ?? []) : (value as Json));
    if (kept.cut) cut.push(name);
    return kept.value === undefined ? [] : [[name, kept.value]];
  });
  const { service, environment, version, authors } = request;
  const known = authors?.flatMap((author) => peopleCalled(people, author));
  if (authors && strangersAmong(people, authors).length > 0) cut.push('authors');
  const filled = { service, environment, version, ...(known ? { authors: [...new Set(known)] } : {}) };
  return { request: defined(filled), world: Object.fromEntries(world), cut };
}

/** Versions of the service, and first those that order, soak and rollback ask about. */
function relevant(request: PolicyRequest, history: NonNullable<World['history']>): Json {
  const ofService = history.filter(({ service }) => service === request.service);
  const isNear = ({ version, environment }: (typeof history)[number]): boolean =>
    version === request.version || environment === request.environment;
  return [...ofService.filter(isNear), ...ofService.filter((entry) => !isNear(entry))].map((entry) => defined(entry));
}

function bounded(value: Json): { readonly value?: Json; readonly cut: boolean } {
  const kept = Array.isArray(value) ? value.slice(0, maxEntries) : value;
  if (JSON.stringify(kept).length > maxPartLength) return { cut: true };
  return { value: kept, cut: Array.isArray(value) && value.length > maxEntries };
}

function defined(entries: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
