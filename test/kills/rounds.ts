import { ACTIONS } from '../../src/messages/actions';
import { defaultTimings } from '../../workflows/contract';
import { openFaultyCompany, type FaultyCompany, type Victim } from '../helpers/faulty-company';
import { describeFault, faultOf, pause, randomOf, Striker, trace } from './fault';
import { Invariants, isLate } from './invariants';
import { PatientPeople } from './patient-people';
import { playStory, provisionAsked, type Told } from './story';

/** Rounds on one company, for as long as they end well: what a failed round left behind proves nothing about the next. */
export class Rounds {
  private company: FaultyCompany | undefined;

  /** Plays the story with the kill of a seed in it, waits until all is over, and checks what must hold. */
  async play(seed: number): Promise<void> {
    const fault = faultOf(seed);
    await this.on(async (company) => {
      const began = Date.now();
      const people = new PatientPeople(company);
      const striker = new Striker(company, fault);
      const version = `v2.${100 + seed}.0`;
      await company.fleet.publish('checkout', version);
      const told = await playStory(company, people, { version, reached: striker.reached });
      trace('the story is told');
      await striker.over();
      await this.over(company, people, told);
      const seconds = Math.round((Date.now() - began) / 1000);
      const late = company.slack.violations.filter(isLate).length;
      process.stdout.write(
        `${describeFault(fault)}: converged, ${seconds} s, ${late} acknowledgements late on this company so far\n`,
      );
    }, describeFault(fault));
  }

  /** Kills one process while an incident is declared, another while it is mitigated; people go on meanwhile. */
  async incident(first: Victim, second: Victim): Promise<void> {
    await this.on(async (company) => {
      const people = new PatientPeople(company);
      const text = 'declare sev2 checkout "errors after deploy"';
      const { id } = await people.ask({
        user: 'U0ANA',
        command: '/incident',
        text,
        kind: 'incident',
        subject: 'checkout',
      });
      await people.waitFor(() => people.shows(`${id}/card`, '*Open* since'), 'the card of the incident');
      const mitigate = { action: ACTIONS.incidentMitigate, shows: '*Mitigated* since' };
      await this.whileAway(company, first, () => people.act('U0LEE', `${id}/card`, mitigate));
      const resolve = { action: ACTIONS.incidentResolve, shows: '*Resolved* since' };
      await this.whileAway(company, second, () => people.act('U0LEE', `${id}/card`, resolve));
      await this.over(company, people, { expected: new Map(), incidents: [id] });
    }, `${first} is killed before mitigated, ${second} before resolved`);
  }

  /**
   * Kills the bot after somebody pressed Approve and before that is acknowledged. Without a worker the bot waits for
   * Temporal 1.5 s before it acknowledges, so the kill comes in between for certain.
   */
  async unheardApproval(seed: number): Promise<void> {
    await this.on(async (company) => {
      const people = new PatientPeople(company);
      const command = await provisionAsked(company, people);
      await people.waitFor(() => people.shows(`${command.id}/card`, ACTIONS.approve), 'the card of the provisioning');
      await company.strike('worker');
      const before = acknowledged(company);
      const approving = people.approve('U0KIM', command);
      await pause(50 + randomOf(seed)() * 1_000);
      await company.strike('bot');
      expect(acknowledged(company)).toBe(before);
      await Promise.all([company.bringBack('worker'), company.bringBack('bot')]);
      await approving;
      await people.waitFor(() => people.shows(`${command.id}/card`, 'Rolled back'), 'the undone provisioning');
      await this.over(company, people, { expected: new Map([[command, 'rolled_back']]), incidents: [] });
    }, `FAULT_SEED=${seed}: the bot is killed between a click on Approve and its acknowledgement`);
  }

  /**
   * Kills the bot the moment it has acknowledged an approval, while it is about to ask Slack who the voter is; it stays
   * away for longer than one such question may take.
   */
  async heardApproval(): Promise<void> {
    await this.on(async (company) => {
      const people = new PatientPeople(company);
      const command = await provisionAsked(company, people);
      await people.waitFor(() => people.shows(`${command.id}/card`, ACTIONS.approve), 'the card of the provisioning');
      const before = acknowledged(company);
      const approving = people.approve('U0KIM', command);
      await people.waitFor(() => acknowledged(company) > before, 'the acknowledgement');
      await company.strike('bot');
      await pause(defaultTimings.voterCheckMs + 1_000);
      await company.bringBack('bot');
      await approving;
      await people.waitFor(() => people.shows(`${command.id}/card`, 'Rolled back'), 'the undone provisioning');
      await this.over(company, people, { expected: new Map([[command, 'rolled_back']]), incidents: [] });
      expect(acknowledged(company)).toBe(before + 1);
    }, 'the bot is killed just after it acknowledged an approval');
  }

  private async whileAway(company: FaultyCompany, victim: Victim, gesture: () => Promise<void>): Promise<void> {
    await company.strike(victim);
    const back = pause(1_500).then(() => company.bringBack(victim));
    await Promise.all([back, gesture()]);
  }

  private async over(company: FaultyCompany, people: PatientPeople, told: Told): Promise<void> {
    const invariants = new Invariants(company, people);
    await invariants.converged();
    await invariants.hold(told);
  }

  /** Runs something on the present company, and gives the company up when it fails. */
  async on(work: (company: FaultyCompany) => Promise<void>, what: string): Promise<void> {
    const company = (this.company ??= await openFaultyCompany());
    try {
      await work(company);
    } catch (error) {
      this.company = undefined;
      (error as Error).message = `${what}: ${(error as Error).message}`;
      const logs = (['bot', 'worker', 'runner'] as const).map((name) => `${name}: ${company.log(name).slice(-3_000)}`);
      if (process.env.FAULT_TRACE) process.stdout.write(`${logs.join('\n')}\n`);
      await company.close().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.company?.close();
  }
}

function acknowledged({ slack }: FaultyCompany): number {
  return slack.deliveries.filter(({ acks }) => acks > 0).length;
}

/** The seeds to play: `FAULT_SEED` plays that one alone. */
export function seedsOf(first: number, count: number): readonly number[] {
  const one = process.env.FAULT_SEED;
  return one ? [Number(one)] : Array.from({ length: count }, (_, index) => first + index);
}
