import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Asker } from '../src/operation/asker';
import type { ActAnswer, ActBody } from '../src/operation/ports';
import type { LeaseRight } from '../src/resources/lease-act';
import { extensionMs } from '../src/resources/extension-ms';
import type { Relayed } from '../src/operation/request';
import { checking, reading } from './activities';
import { ACT_SIGNAL, ACT_UPDATE, RESOURCE_GONE, TITLE_MEMO, WORKFLOWS, type LeaseInput } from './contract';
import { Courier } from './courier';
import type { operation } from './operation';
import { Recorder, type RecorderState } from './recorder';
import { instant, reasonOf, shortIdIn } from './say';

const rememberedActs = 100;

/** What a lease hands to itself at continue-as-new. */
interface LeaseCarried {
  readonly expiresAtMs: number;
  readonly remindedFor?: number;
  readonly failed?: Failed;
  readonly acts: readonly string[];
  readonly noticesSent: number;
  readonly records: RecorderState;
}

/** It could not be taken away at the end that it then had. */
interface Failed {
  readonly forMs: number;
  readonly toldAtMs: number;
  readonly sentence: string;
  /** Nothing was begun, because nobody could be asked: it is tried again. */
  readonly again: boolean;
}

/**
 * The time of something that was provisioned: reminds its owner, lets people extend it as far as policy goes, and has
 * it taken away at the end by an operation like any other. What cannot be taken away is told until a person has seen
 * to it.
 */
export async function lease(input: LeaseInput, carried?: LeaseCarried): Promise<string> {
  return new LeaseDesk(input, carried).live();
}

class LeaseDesk {
  private readonly courier: Courier;
  private readonly recorder: Recorder;
  private readonly acts: Set<string>;
  private expiresAtMs: number;
  private remindedFor: number | undefined;
  private failed: Failed | undefined;
  private isGone = false;
  private isEnding = false;
  private stirs = 0;

  constructor(
    private readonly input: LeaseInput,
    carried: LeaseCarried | undefined,
  ) {
    const { timings, resource, operation: made, createdAt, expiresAt } = input;
    const owner = `lease-${resource.kind}-${resource.name}-${shortIdIn(made)}`;
    this.expiresAtMs = carried?.expiresAtMs ?? Date.parse(expiresAt);
    this.remindedFor = carried?.remindedFor;
    this.failed = carried?.failed;
    this.acts = new Set(carried?.acts);
    this.courier = new Courier({ owner, timings, count: carried?.noticesSent });
    this.recorder = new Recorder({
      operationId: owner,
      day: createdAt.slice(0, 10),
      timings,
      carried: carried?.records,
    });
    setHandler(defineSignal(RESOURCE_GONE), () => {
      this.isGone = true;
    });
    setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), (act) => this.act(act));
    setHandler(defineSignal<[Relayed<ActBody>]>(ACT_SIGNAL), async (act) => {
      const isKnown = this.acts.has(String(act.body?.actionId));
      const said = await this.act(act);
      if (!isKnown && said !== notRelayed && act.body.byKind !== 'machine')
        this.courier.send({ kind: 'private', user: act.body.by }, { kind: 'plain', text: said.sentence });
    });
  }

  async live(): Promise<string> {
    while (!this.isGone) {
      if (this.mayBeginAnew()) await this.beginAnew();
      const { does, atMs } = this.next();
      const seen = this.stirs;
      const restMs = atMs - Date.now();
      if (restMs > 0) {
        await condition(() => this.isGone || this.stirs !== seen || this.mayBeginAnew(), restMs);
        continue;
      }
      if (does === 'remind') this.remind();
      else if (does === 'end') await this.end();
      else await this.sayAgain();
    }
    await condition(allHandlersFinished);
    await this.recorder.persist();
    await this.courier.close();
    return 'gone';
  }

  private next(): { readonly does: 'remind' | 'end' | 'say again'; readonly atMs: number } {
    const { expiresAtMs, failed, input } = this;
    if (failed?.forMs === expiresAtMs) return { does: 'say again', atMs: failed.toldAtMs + input.lookAgainMs };
    const isReminded = this.remindedFor === expiresAtMs || this.input.owner.kind === 'machine';
    return isReminded
      ? { does: 'end', atMs: expiresAtMs }
      : { does: 'remind', atMs: expiresAtMs - input.lease.remindMs };
  }

  private remind(): void {
    const { owner, resource } = this.input;
    this.remindedFor = this.expiresAtMs;
    const expiresAt = instant(this.expiresAtMs);
    const byMs = extensionMs({ ...this.input, expiresAt });
    this.courier.send(
      { kind: 'person', user: owner.id },
      {
        kind: 'lease_ends',
        resource,
        leaseId: workflowInfo().workflowId,
        expiresAt,
        ...(byMs > 0 && { extendMs: byMs }),
      },
    );
  }

  /** Has it taken away. What comes of that is on the card of the operation; here only whether it is gone. */
  private async end(): Promise<void> {
    this.isEnding = true;
    const trouble = await this.takenAway().catch((error: unknown) => ({ sentence: reasonOf(error), again: true }));
    this.isEnding = false;
    if (trouble !== undefined) this.fail(trouble);
  }

  /** Why it is still there. */
  private async takenAway(): Promise<Pick<Failed, 'sentence' | 'again'> | undefined> {
    const answer = await this.asked();
    if (answer.kind !== 'asks') return undefined;
    const { request, title } = answer;
    const child = await startChild<typeof operation>(WORKFLOWS.operation, {
      workflowId: request.body.id,
      args: [{ request, timings: this.input.timings }],
      parentClosePolicy: 'ABANDON',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      memo: { [TITLE_MEMO]: title },
      staticSummary: title,
    });
    const outcome = await child.result();
    if (outcome.kind !== 'succeeded') return { sentence: outcome.sentence, again: false };
    this.isGone = true;
    return undefined;
  }

  /** What the ledger says; it is the end of this where the thing is gone, and no end yet where it was extended. */
  private async asked(): Promise<Awaited<ReturnType<ReturnType<typeof reading>['leaseEnd']>>> {
    const { resource, operation: made, timings } = this.input;
    const answer = await reading(timings).leaseEnd({ resource, operation: made });
    if (answer.kind === 'gone') this.isGone = true;
    if (answer.kind === 'later') this.expiresAtMs = Date.parse(answer.expiresAt);
    return answer;
  }

  /** Nothing is tried once more by itself that had begun: what could not be taken away wants a person. */
  private async sayAgain(): Promise<void> {
    if (this.failed!.again) return this.end();
    const answer = await this.asked().catch(() => undefined);
    if (!answer || answer.kind === 'asks') this.fail(this.failed!);
  }

  private fail({ sentence, again }: Pick<Failed, 'sentence' | 'again'>): void {
    const { resource, owner, channel } = this.input;
    this.failed = { forMs: this.expiresAtMs, toldAtMs: Date.now(), sentence, again };
    const about = {
      kind: 'lease_failed',
      resource,
      sentence,
      ...(owner.kind === 'person' && { owner: owner.id }),
    } as const;
    this.courier.send({ kind: 'channel', channel }, about);
    if (owner.kind === 'person') this.courier.send({ kind: 'person', user: owner.id }, about);
  }

  private async act(relayed: Relayed<ActBody>): Promise<ActAnswer> {
    const { body } = relayed;
    if (body?.workflowId !== workflowInfo().workflowId || body.act?.kind !== 'extend') return notRelayed;
    if (this.acts.has(body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    if (this.isGone) return { kind: 'refused', sentence: 'It is gone, so there is nothing to extend.' };
    if (this.isEnding)
      return {
        kind: 'refused',
        sentence: 'It is being taken away, so it was not extended; cancel that operation first if it has not begun.',
      };
    const right = await this.rightTo(relayed);
    if (right.kind === 'not_relayed') return notRelayed;
    if (right.kind === 'refused') return right;
    if (this.acts.has(body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    this.remember(body.actionId);
    await this.extend(body, right);
    return { kind: 'done', sentence: right.sentence };
  }

  private async extend(body: ActBody, right: Extract<LeaseRight, { kind: 'granted' }>): Promise<void> {
    const { expiresAt, policyCommit } = right;
    const { resource, operation: made, timings } = this.input;
    const { by, byKind = 'person' } = body;
    this.expiresAtMs = Date.parse(expiresAt);
    this.stirs += 1;
    const said = { act: 'extend', of: made, by, byKind, expiresAt, policyCommit };
    const change = { ...resource, operation: made, at: instant(), change: 'extended', of: made, expiresAt } as const;
    this.recorder.write('lease', said, { resources: [change] });
    await this.recorder.flushWithin(timings.deferMs).catch(() => false);
  }

  private rightTo(act: Relayed<ActBody>): Promise<LeaseRight> {
    const { timings, resource, operation: made } = this.input;
    const { by, byKind } = act.body;
    const ask = async (): Promise<Asker> => {
      if (byKind === 'machine') return { standing: 'member', groups: [] };
      const maxAgeMs = timings.voterMaxAgeMs;
      return checking(timings, ({ whoIs }) => whoIs({ user: by, maxAgeMs })).catch(() => nobody);
    };
    return ask()
      .then((asker) => reading(timings).judgeLease({ act, asker, resource, operation: made }))
      .catch(() => ({
        kind: 'refused',
        sentence:
          'It was not extended, because policy or ledger do not answer and unknown means no; try again in a minute.',
      }));
  }

  private remember(actionId: string): void {
    this.acts.add(actionId);
    const [oldest] = this.acts;
    if (this.acts.size > rememberedActs) this.acts.delete(oldest!);
  }

  private mayBeginAnew(): boolean {
    return (
      workflowInfo().continueAsNewSuggested &&
      !this.isEnding &&
      allHandlersFinished() &&
      this.courier.idle &&
      this.recorder.state !== undefined
    );
  }

  private beginAnew(): Promise<never> {
    const { expiresAtMs, remindedFor, failed } = this;
    return continueAsNew<typeof lease>(this.input, {
      expiresAtMs,
      ...(remindedFor !== undefined && { remindedFor }),
      ...(failed && { failed }),
      acts: [...this.acts],
      noticesSent: this.courier.sent,
      records: this.recorder.state!,
    });
  }
}

const nobody: Asker = { standing: 'unknown', groups: 'unknown' };

const notRelayed: ActAnswer = {
  kind: 'refused',
  sentence: 'This did not come through Signalbox, so it was ignored.',
};
