import { ACTIONS } from '../../src/messages/actions';
import type { FaultyCompany } from '../helpers/faulty-company';
import type { Moment } from './fault';
import type { Command, PatientPeople } from './patient-people';

/** What a story leaves behind, for the invariants. */
export interface Told {
  readonly expected: ReadonlyMap<Command, 'succeeded' | 'rolled_back'>;
  readonly incidents: readonly string[];
}

/**
 * Steps 1 to 7 of the story: a deploy that goes well beside a provisioning that fails half-way; a faulty deploy, an
 * incident about it, a rollback. `reached` is called just before what it names.
 */
export async function playStory(
  company: Pick<FaultyCompany, 'fleet'>,
  people: PatientPeople,
  round: { readonly version: string; readonly reached: (moment: Moment) => void },
): Promise<Told> {
  const { version, reached } = round;
  const [deploy, provision] = await Promise.all([
    deployed(people, { version, name: 'deploy', outcome: 'Succeeded', reached }),
    provisioned(company, people, reached),
  ]);
  const faulty = await deployed(people, { version: 'v2.5.0', name: 'faulty deploy', outcome: 'Rolled back', reached });
  reached('incident is declared');
  const incident = await people.openIncident('U0ANA', faulty);
  reached('rollback is asked for');
  const rollback = await people.ask({
    user: 'U0DAN',
    command: '/rollback',
    text: 'checkout in production',
    kind: 'rollback',
    subject: 'checkout',
    environment: 'production',
  });
  reached('incident is mitigated');
  const mitigate = { action: ACTIONS.incidentMitigate, shows: '*Mitigated* since' };
  await people.act('U0LEE', `${incident}/card`, mitigate);
  reached('incident is resolved');
  await people.act('U0LEE', `${incident}/card`, { action: ACTIONS.incidentResolve, shows: '*Resolved* since' });
  await people.waitFor(() => people.shows(`${rollback.id}/card`, 'Succeeded'), 'the rollback');
  return {
    incidents: [incident],
    expected: new Map([
      [deploy, 'succeeded'],
      [provision, 'rolled_back'],
      [faulty, 'rolled_back'],
      [rollback, 'succeeded'],
    ]),
  };
}

async function deployed(
  people: PatientPeople,
  what: {
    readonly version: string;
    readonly name: 'deploy' | 'faulty deploy';
    readonly outcome: string;
    readonly reached: (moment: Moment) => void;
  },
): Promise<Command> {
  const { version, name, outcome, reached } = what;
  reached(`${name} is asked for`);
  const command = await people.ask({
    user: 'U0ANA',
    command: '/deploy',
    text: `checkout ${version} to production`,
    kind: 'deploy',
    subject: 'checkout',
    environment: 'production',
  });
  reached(`${name} is approved first`);
  await people.approve(name === 'deploy' ? 'U0LEE' : 'U0KIM', command);
  reached(`${name} is approved again`);
  await people.approve(name === 'deploy' ? 'U0SAM' : 'U0SUE', command);
  await people.waitFor(() => people.shows(`${command.id}/card`, outcome), `${outcome} on the card of ${version}`);
  return command;
}

async function provisioned(
  company: Pick<FaultyCompany, 'fleet'>,
  people: PatientPeople,
  reached: (moment: Moment) => void,
): Promise<Command> {
  reached('provisioning is asked for');
  const command = await provisionAsked(company, people);
  reached('provisioning is approved');
  await people.approve('U0KIM', command);
  await people.waitFor(() => people.shows(`${command.id}/card`, 'Rolled back'), 'the undone provisioning');
  return command;
}

/** A provisioning that will fail half-way, once it is approved. */
export async function provisionAsked(company: Pick<FaultyCompany, 'fleet'>, people: PatientPeople): Promise<Command> {
  await fetch(`http://127.0.0.1:${company.fleet.port}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fail: 'join' }),
  });
  return people.ask({ user: 'U0ANA', command: '/provision', text: 'web 2', kind: 'provision', subject: 'web' });
}
