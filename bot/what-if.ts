import type { Asked, AskedOf } from '../src/commands/asked';
import { parseLine } from '../src/commands/grammar';
import { differencesFor } from '../src/infrastructure/declared';
import { losingServers } from '../src/infrastructure/difference';
import type { Answer, AnswerDeps } from './answers';
import type { Catalogue, WhatIfAsked } from './deps';
import { asksForOperation, requestOf, type AskedFrom } from './requests';
import { destroyRequest, stateNamed, statesIn } from './resources';
import { groupsAskedOf, lookedAt, serversRequest } from './servers';

type Deps = Pick<AnswerDeps, 'whatIf' | 'now' | 'waits' | 'log' | 'resources' | 'infrastructure'>;
type Refused = Extract<Answer, { kind: 'refused' }>;

/** What policy would say of a command at an instant. The command is read as if it had been typed; nothing is started. */
export async function whatIf(
  deps: Deps,
  asked: AskedOf<'what-if'>,
  { catalogue, ...from }: AskedFrom & { readonly catalogue: Catalogue | undefined },
): Promise<Answer> {
  const known = catalogue && { ...catalogue, runbooks: catalogue.runbooks.map(({ name }) => name) };
  const parsed = parseLine({ text: asked.command, known });
  if (!parsed.ok) {
    const meant = parsed.didYouMean === undefined ? '' : ` Did you mean: ${parsed.didYouMean}`;
    return misread(`${parsed.problem}${meant}`);
  }
  const question = await questionOf(deps, parsed.asked, { ...from, text: asked.command, catalogue });
  if ('kind' in question) return question;
  const answered = await deps.whatIf({ ...question, ...(asked.at === undefined ? {} : { when: asked.at }) });
  return answered.ok ? { kind: 'explained', lines: answered.lines } : misread(answered.problem);
}

/** What a command would ask for, with what is known of the thing or the servers that it is about. */
async function questionOf(
  deps: Deps,
  asked: Asked,
  { catalogue, ...from }: AskedFrom & { readonly catalogue: Catalogue | undefined },
): Promise<WhatIfAsked | Refused> {
  if (asked.kind === 'provision.destroy') return aboutResource(deps, asked, from);
  if (asked.kind === 'provision.servers' && asked.apply) return aboutServers(deps, asked, from);
  if (!asksForOperation(asked))
    return misread(
      'Policy only decides about deploy, rollback, provision, provision destroy, provision servers --apply and runbook run; put one of these in quotes behind "what-if".',
    );
  const made = requestOf(deps, asked, from, catalogue);
  return made.ok ? { request: made.request } : misread(made.problem);
}

async function aboutResource(
  deps: Deps,
  asked: AskedOf<'provision.destroy'>,
  from: AskedFrom,
): Promise<WhatIfAsked | Refused> {
  const states = await statesIn(deps);
  if (states === undefined)
    return misread('The ledger does not answer in time, so nobody can say what there is; try again in a minute.');
  const named = stateNamed(states, asked.resource);
  if (named.kind === 'none') return named.answer;
  const { state } = named;
  return { request: destroyRequest(deps, { asked, state, from }), resource: state };
}

async function aboutServers(
  deps: Deps,
  asked: AskedOf<'provision.servers'>,
  from: AskedFrom,
): Promise<WhatIfAsked | Refused> {
  const about = groupsAskedOf(asked);
  const infrastructure = await lookedAt(deps, about);
  if (infrastructure === undefined)
    return misread('Nobody says in time which servers are declared and which are there; try again in a minute.');
  const loses = losingServers(differencesFor(about, infrastructure));
  return { request: serversRequest(deps, { asked, loses, from }), infrastructure };
}

function misread(sentence: string): Refused {
  return { kind: 'refused', code: 'bad_request', sentence };
}
