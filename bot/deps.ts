import type { WebClient } from '@slack/web-api';
import type { Client } from '@temporalio/client';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { AskedKind, AskedOf } from '../src/commands/asked';
import type { Understood } from '../src/commands/instant';
import type { PolicyHealth } from '../src/policy/policy-health';
import type { RenderContext } from '../src/messages/blocks';
import type { OfferedLease } from '../src/messages/request-modals';
import type { StatusView } from '../src/messages/status';
import type { KnownPerson } from '../src/operation/asker';
import type { InfrastructureCase } from '../src/infrastructure/declared';
import type { OperationRequest } from '../src/operation/request';
import type { OperationView } from '../src/operation/view';
import type { ResourceState } from '../src/resources/resource';
import type { ExplainedLine } from '../src/policy/explain';
import type { DeclaredInputs } from '../src/runbooks/inputs';
import type { OperationTimings } from '../workflows/contract';
import type { TokenTable } from './tokens';

/** What the forms and the suggestions offer. Policy decides; this only helps people type. */
export interface Catalogue {
  readonly services: readonly string[];
  readonly environments: readonly string[];
  /** What people may ask for. */
  readonly runbooks: readonly OfferedRunbook[];
  /** Never offered. Their inputs are known, so that whoever asks for one hears what policy says and not how to spell it. */
  readonly handlers: readonly OfferedRunbook[];
  /** Channel that policy names for incidents. */
  readonly incidentChannel: string;
}

export interface OfferedRunbook {
  readonly name: string;
  readonly about?: string;
  /** Folder below `runbooks/`; empty for that folder itself. */
  readonly folder: string;
  /** In their order: values without a name fill them. */
  readonly inputs: DeclaredInputs;
  /** What it makes lives on for so long. */
  readonly lease?: OfferedLease;
}

/** A question to policy: a request, an instant in words, and what is known of the thing or the servers that it is about. */
export interface WhatIfAsked {
  readonly request: OperationRequest;
  readonly when?: string;
  readonly resource?: ResourceState;
  readonly infrastructure?: InfrastructureCase;
}

export type WhatIf =
  { readonly ok: true; readonly lines: readonly ExplainedLine[] } | { readonly ok: false; readonly problem: string };

/** How Slack reaches the bot. */
export type SlackTransport =
  | { readonly mode: 'socket'; readonly appToken: string; readonly sockets: number }
  | { readonly mode: 'http'; readonly signingSecret: string };

/** Every wait of the bot, milliseconds. What happens before an acknowledgement has to fit in Slack's three seconds. */
export interface BotWaits {
  /** Standing in line for a hand-over when a burst comes. */
  readonly turn: number;
  /** Handing over a start or an Update. */
  readonly handOver: number;
  /** Sending the signal that stands in for an Update. */
  readonly signal: number;
  /** Keeping a delivery in the spill queue. */
  readonly keep: number;
  /** Reading the catalogue while a person waits. */
  readonly catalogue: number;
  /** One query or look-up that a person looks at. */
  readonly look: number;
  /** The answer to a vote or an act, after the acknowledgement. */
  readonly answer: number;
  /** How late a kept request may still be started. */
  readonly notAfter: number;
  /** How often a kept delivery is tried again at most. */
  readonly spillRetry: number;
  /** A socket that is not connected for so long is replaced. */
  readonly supervise: number;
  /** Between the starts of two sockets. */
  readonly stagger: number;
}

export const defaultWaits: BotWaits = {
  turn: 300,
  handOver: 1_200,
  signal: 600,
  keep: 600,
  catalogue: 500,
  look: 2_000,
  answer: 12_000,
  notAfter: 600_000,
  spillRetry: 15_000,
  supervise: 60_000,
  stagger: 3_000,
};

/** The bot's view of Temporal: starts, updates, signals, queries, lists. */
export type TemporalClient = Pick<Client, 'workflow' | 'withDeadline'>;

/** A log in the store, as far as the bot needs it. */
export interface LogEntry {
  readonly key: string;
  readonly step: string;
  readonly mode: 'do' | 'undo';
  readonly attempt: number;
  readonly bytes: number;
}

export interface LogAccess {
  /** Each throws `LogStoreAway` with a sentence when the store does not do it. */
  readonly store: {
    list(operation: string): Promise<readonly LogEntry[]>;
    tail(key: string, bytes: number): Promise<string>;
    stream(key: string): AsyncIterable<Uint8Array>;
  };
  /** Why a person may not read the logs of an operation, in one sentence; nothing when they may. */
  whyNotRead(asked: { readonly person: string; readonly view?: OperationView }): Promise<string | undefined>;
  /** Where people reach the bot's HTTP; absent: no links to whole logs. */
  readonly publicUrl?: string;
}

/** Everything the bot needs. `src/main/bot.ts` constructs the clients; nothing here reads the environment. */
export interface BotDeps {
  readonly slack: SlackTransport & {
    readonly botToken: string;
    /** Ends in `/api/`; absent means Slack itself. */
    readonly apiUrl?: string;
  };
  /** Calls Slack with the bot token; bounded and without retries of its own. */
  readonly web: Pick<WebClient, 'chat' | 'views'>;
  readonly temporal: TemporalClient;
  readonly redis?: {
    /** Fails fast: `enableOfflineQueue: false`, `maxRetriesPerRequest: 1`. */
    readonly commands: Redis;
    /** For BullMQ's worker: `maxRetriesPerRequest: null`. */
    readonly blocking: Redis;
    /** Prefix of every key, so that several bots can share one Redis. */
    readonly prefix?: string;
  };
  /** Where the command line, webhooks, health and metrics are served, and Slack's requests in HTTP mode. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly relayKey: string;
  readonly timings: OperationTimings;
  readonly waits: BotWaits;
  readonly tokens: TokenTable;
  /** Whose codes can be checked; absent: nobody's. */
  readonly secondFactorsFile?: string;
  readonly render: RenderContext;
  catalogue(): Promise<Catalogue>;
  /** `/signalbox why`: one full sentence an entry. */
  explain(asked: AskedOf<'why'> & { readonly person: string }): Promise<readonly ExplainedLine[]>;
  /** An instant in words, on the clock of whoever typed it. */
  understand(asked: { readonly text: string; readonly person: string }): Promise<Understood>;
  /** `/signalbox what-if`: what policy would say of a request at an instant in words; a problem is one full sentence. */
  whatIf(asked: WhatIfAsked): Promise<WhatIf>;
  /** What holds work back at the moment, and whether the newest policy binds, one full sentence each. */
  holding?(): Promise<Pick<StatusView, 'holds' | 'policy' | 'policyProblem'>>;
  /** What was provisioned, as the ledger knows it. */
  resources?(): Promise<readonly ResourceState[]>;
  /** What programs of steps wrote, and who may read it; absent: nobody may here. */
  readonly logs?: LogAccess;
  /** Which servers are declared for an environment, and what is there; it looks at the repository first. */
  infrastructure?(asked: Pick<OperationRequest, 'environment' | 'infrastructure'>): Promise<InfrastructureCase>;
  /** Which kinds a person may ask for, so that help stays short. */
  mayRequest(person: string): Promise<(kind: AskedKind) => boolean>;
  /** Which runbooks a person may ask for, so that lists stay short; absent: all of them. */
  mayRun?(person: string): Promise<(runbook: string) => boolean>;
  /** Why a person may not ask for anything at all, and whom to ask instead; nothing when they may. */
  whyNothing?(person: string): Promise<string | undefined>;
  /** Teams a person sits in, for the App Home. */
  teamsOf(person: string): Promise<readonly string[]>;
  /** What is freshly known of a member without asking Slack; signed, it saves the workflow a question. */
  known?(person: string): KnownPerson | undefined;
  /** Asks Slack who this is, in the background: they are about to decide. */
  meet?(person: string): void;
  /** People, groups or channels changed in Slack: what was looked up before no longer counts. */
  workspaceChanged?(): void;
  /** The policy in force as far as it is known, for `/readyz` and metrics; it never waits. */
  policyHealth?(): PolicyHealth | undefined;
  /** Whether everything else that the process needs is there, for `/readyz`; one sentence each for what is not. */
  notReady?(): Promise<readonly string[]>;
  now(): Date;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
}
