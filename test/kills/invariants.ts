import { ACTIONS } from '../../src/messages/actions';
import { openLedger, type Ledger } from '../../activities/adapters/ledger';
import type { LedgerRecord } from '../../src/ledger/record';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLine } from '../../examples/fleet/state';
import type { FaultyCompany } from '../helpers/faulty-company';
import { eventually } from '../helpers/temporal';
import type { Violation } from '../slack-rules';
import { payloadOf, type Command, type PatientPeople } from './patient-people';
import type { Told } from './story';

/** Reads what a company's processes left behind; nothing of them has to run for it. */
export class Invariants {
  private opened: Promise<Ledger> | undefined;

  constructor(
    private readonly company: FaultyCompany,
    private readonly people: PatientPeople,
  ) {}

  /** Nothing runs any more: no operation, no run, no lane, no incident. What watches the policy or a metric never ends, and what clears up comes when it is time. */
  async converged(): Promise<void> {
    await eventually(() => this.cancelStrays(), 60_000);
    await eventually(async () => {
      const running: string[] = [];
      for await (const { workflowId } of this.company.temporal.client.workflow.list({
        query: `ExecutionStatus = 'Running' AND WorkflowType NOT IN ('policyWatch', 'metricWatch', 'pushWatch', 'sweep')`,
      }))
        running.push(workflowId);
      if (running.length > 0) throw new Error(`still running: ${running.join(', ')}`);
    }, 60_000);
  }

  async hold(told: Told): Promise<void> {
    const ledger = await this.ledger();
    for (const [command, outcome] of told.expected) await this.recordedOnce(ledger, command, outcome);
    for (const id of told.incidents) await this.incidentRecordedOnce(ledger, id);
    for (const stray of this.people.strays) await this.strayIsOver(ledger, stray);
    await this.shownOnce([...told.expected.keys()].map(({ id }) => id).concat(told.incidents));
    await this.fleetAgrees(ledger, told);
    const { findings } = await ledger.verify();
    expect(findings.filter(({ severity }) => severity === 'broken')).toEqual([]);
    expect(this.company.slack.violations.filter((broken) => !isLate(broken))).toEqual([]);
    await eventually(() => expect(this.company.orphans()).toEqual([]));
  }

  private async recordedOnce(ledger: Ledger, { id, votes }: Command, outcome: string): Promise<void> {
    const records = await ledger.readOperation(id);
    const of = (event: string) => records.filter((record) => record.event === event);
    const summary = `${id}: ${records.map(({ event }) => event).join(', ')}`;
    expect([summary, of('request').length, of('intent').length, of('outcome').length]).toEqual([summary, 1, 1, 1]);
    expect([id, of('outcome')[0]!.body.kind, of('outcome')[0]!.body.sentence]).toEqual([
      id,
      outcome,
      expect.any(String),
    ]);
    expect([
      id,
      of('vote')
        .map(({ body }) => body.by)
        .sort(),
    ]).toEqual([id, [...votes].sort()]);
  }

  private async incidentRecordedOnce(ledger: Ledger, id: string): Promise<void> {
    const events = (await ledger.readOperation(id)).map(({ body }) => body.event);
    expect([id, events]).toEqual([id, ['declared', 'mitigate', 'resolve']]);
  }

  /** A command that failed before somebody's eyes may have begun an operation; it must not have done anything. */
  private async strayIsOver(ledger: Ledger, { id }: Command): Promise<void> {
    const records = await ledger.readOperation(id);
    expect([id, records.filter(({ event }) => event === 'intent')]).toEqual([id, []]);
  }

  private async shownOnce(ids: readonly string[]): Promise<void> {
    const { people } = this;
    for (const id of ids) {
      expect([id, people.copies(`${id}/card`).length]).toEqual([id, 1]);
      const blocks = JSON.stringify(people.message(`${id}/card`)!.blocks);
      for (const action of [ACTIONS.approve, ACTIONS.abort, ACTIONS.incidentResolve])
        expect([id, blocks.includes(`"${action}"`)]).toEqual([id, false]);
    }
    const keys = people.everything().flatMap(({ metadata }) => payloadOf(metadata).key ?? []);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  }

  /** What the fleet was told, in its own words: nothing twice, nothing after its undo, nobody between. */
  private async fleetAgrees(ledger: Ledger, { expected }: Told): Promise<void> {
    const log = (await this.fleet('/log')) as readonly LogLine[];
    const calls = log.filter(({ path, status }) => path === '/services/checkout/share' && status === 200);
    noEffectTwice(calls);
    nobodyBetween(calls);
    for (const { id } of expected.keys()) nothingAfterUndo(log, id);
    await fencesGrow(ledger, calls);
    const state = await ledger.readState({ service: 'checkout', environment: 'production' });
    expect([state.changing, await this.company.versions('checkout')]).toEqual([
      undefined,
      { [state.current!.version]: 4 },
    ]);
    expect(await this.fleet('/batches')).toEqual([]);
    expect(await this.fleet('/groups/web')).toMatchObject({ nodes: [] });
  }

  private async fleet(path: string): Promise<unknown> {
    return (await fetch(`http://127.0.0.1:${this.company.fleet.port}${path}`)).json();
  }

  /** Whoever typed a command twice, because the first was not answered, takes the other one back. */
  private async cancelStrays(): Promise<void> {
    const { people, company } = this;
    for (const { id, user } of people.strays) {
      const card = people.message(`${id}/card`);
      if (!card || !JSON.stringify(card.blocks).includes(`"${ACTIONS.cancel}"`)) continue;
      const { channel, ts } = card;
      await company.slack.click({ user, channel, ts, actionId: ACTIONS.cancel });
      throw new Error(`${id} is not cancelled yet`);
    }
  }

  private ledger(): Promise<Ledger> {
    const { ledger, env } = this.company;
    this.opened ??= openLedger({
      url: ledger.url,
      ref: 'refs/heads/ledger',
      dataDir: mkdtempSync(join(tmpdir(), 'signalbox-reader-')),
      signingKey: env.LEDGER_KEY,
      now: () => new Date(),
    });
    return this.opened;
  }
}

/** On a busy machine, or while something is killed; people repeat what was not acknowledged. Speed has its own tests. */
export function isLate({ rule }: Violation): boolean {
  return rule === 'no_ack' || rule === 'late_ack';
}

/** A step that was tried again after a crash says the same under the same key, before anything else is said. */
function noEffectTwice(calls: readonly LogLine[]): void {
  const bodies = new Map<string, string>();
  calls.forEach((call, index) => {
    const body = JSON.stringify(call.body);
    const known = bodies.get(call.key!);
    if (known === undefined) return bodies.set(call.key!, body);
    expect([call.key, body]).toEqual([call.key, known]);
    return expect([`repeat of ${call.key}`, calls[index - 1]!.key]).toEqual([`repeat of ${call.key}`, call.key]);
  });
}

function nothingAfterUndo(log: readonly LogLine[], id: string): void {
  const mine = log.filter(({ key }) => key?.startsWith(`${id}/`)).map(({ key }) => key!);
  const firstUndo = mine.findIndex((key) => key.endsWith('/undo'));
  if (firstUndo < 0) return;
  expect(mine.slice(firstUndo).filter((key) => !key.endsWith('/undo'))).toEqual([]);
}

/** One service's calls come operation after operation: the lane lets nobody in between. */
function nobodyBetween(calls: readonly LogLine[]): void {
  const blocks = operationsOf(calls);
  expect(blocks).toEqual([...new Set(blocks)]);
}

async function fencesGrow(ledger: Ledger, calls: readonly LogLine[]): Promise<void> {
  const fences: string[] = [];
  for (const id of operationsOf(calls)) {
    const intent = (await ledger.readOperation(id)).find(({ event }) => event === 'intent');
    if (!intent) throw new Error(`${id} reached the fleet without an intent in the ledger`);
    fences.push(fenceOf(intent));
  }
  expect(fences).toEqual([...fences].sort());
}

function fenceOf({ body }: LedgerRecord): string {
  const { epoch, number } = body.fence as { epoch: number; number: number };
  return `${String(epoch).padStart(16, '0')}.${String(number).padStart(8, '0')}`;
}

/** Operations in the order of their calls, each once a row. */
function operationsOf(calls: readonly LogLine[]): readonly string[] {
  const ids = calls.map(({ key }) => key!.split('/')[0]!);
  return ids.filter((id, index) => id !== ids[index - 1]);
}
