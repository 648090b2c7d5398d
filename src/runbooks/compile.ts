import { digestOf } from '../canonical';
import type { AnyConnection } from '../connections/schema';
import { handlerProblems, infrastructureSteps, serversScope, type InfrastructureWork } from '../infrastructure/work';
import type { Json, JsonObject } from '../json';
import type { Plan, PlanOutline, PlanStep, Scope } from '../operation/plan';
import { compileRollout, type CompiledStage, type Judging, type Metrics } from '../rollouts/compile';
import { resourceWords, type ResourcePlan } from '../resources/resource';
import type { Rollout } from '../rollouts/schema';
import type { CompiledPlan, CompileInput, Work } from './compile-input';
import { askedInputs, destroyedBy, offeredInputs, operationOf, runbookOf } from './compile-request';
import { connectionsIn, unfitConnections } from './connection-inputs';
import { compileStep, isIrreversible, outlineOf, type StepSite } from './compile-step';
import { TreeBuilder } from './compile-tree';
import { formatDuration } from './duration';
import { hasTemplate } from './expressions';
import { validateInputs } from './inputs';
import { ownLane } from './own-lane';
import { planResource } from './plan-resource';
import type { Runbook } from './schema';
import { metricProblems, metricsIn } from './metrics-in';
import { isLate, resolveScope } from './scope';
import { secretsIn } from './secret-inputs';
import { stepKindOf } from './step-kinds';
import { teardownSteps } from './teardown';
import { packedFolders, toolFoldersIn } from './tool-folders';
import { countTargets, targetProblems } from './targets';

/** Freezes what a request will do into a plan and its digest. Equal input gives an equal digest. */
export function compilePlan(input: CompileInput): CompiledPlan {
  const builder = new PlanBuilder(input);
  if (input.work.kind === 'runbook') {
    const { runbook } = input.work;
    const site: StepSite = { prefix: '', scope: runbook.name, phase: 'work' };
    builder.steps({ runbook, site, offered: offeredInputs(input), asked: askedInputs(input) });
    if (input.request.kind === 'provision') builder.resource(runbook);
    if (isAskedByName(input.request)) builder.lane(runbook);
    builder.watch({ criteria: {}, forMs: input.watchMs });
  } else if (input.work.kind === 'teardown') builder.teardown(input.work);
  else if (input.work.kind === 'rollout') builder.rollout(input.work);
  else if (input.work.kind === 'infrastructure') {
    builder.infrastructure(input.work);
    builder.watch({ criteria: {}, forMs: input.watchMs });
  }
  return builder.build(input.resolve);
}

/** The read-only `resolve` steps of the work as a plan of their own; undefined when there are none. */
export function compileResolve(input: Omit<CompileInput, 'resolve'>): CompiledPlan | undefined {
  const runbook = runbookOf(input.work);
  // What is undone has been looked at before.
  const own = input.work.kind === 'teardown' ? [] : (runbook?.resolve ?? []);
  const measures = Object.entries(input.measures ?? {});
  if (!runbook || (measures.length === 0 && own.length === 0)) return undefined;
  const builder = new PlanBuilder({ ...input, resolve: {} });
  for (const [fact, metric] of measures) builder.measure(fact, metric);
  builder.steps({
    runbook: { ...runbook, steps: own, finally: [] },
    site: { prefix: '', scope: resolveScope, phase: 'work' },
    offered: {
      ...offeredInputs(input),
      ...(input.work.kind === 'rollout' ? lastStage(input, input.work.rollout) : {}),
    },
    asked: askedInputs(input),
  });
  return builder.build({});
}

/** The handler of a rollout resolves once for all its stages: what holds for the last one holds for each before. */
function lastStage({ metrics }: Pick<CompileInput, 'metrics'>, rollout: Rollout): JsonObject {
  const compiled = compileRollout({ rollout, metrics });
  const last = compiled.ok ? compiled.rollout.stages.at(-1) : undefined;
  return last ? stageInputs(last) : {};
}

function stageInputs({ name, share, previousShare }: CompiledStage): JsonObject {
  return { share, previous_share: previousShare, stage: name };
}

/** Path of the step that measures a fact; no step of a runbook can have it. */
export function measuredPath(fact: string): string {
  return `measured/${fact}`;
}

/** Scope of the steps that judge; no runbook and no stage can have this name. */
const judgeScope = '@judge';

const noLibrary = { runbooks: new Map(), actions: new Map() } as const;
/** What one plan may have in all: it travels with its operation. */
const maxPlanSteps = 500;

class PlanBuilder {
  private readonly scopes: { [scope: string]: Scope } = {};
  private readonly problems: string[] = [];
  private tree: TreeBuilder;
  private made: ResourcePlan | undefined;
  private ownLane: string | undefined;
  private given: Plan['given'];

  constructor(private readonly input: CompileInput) {
    this.tree = new TreeBuilder(input.library ?? noLibrary, this.scopes);
  }

  private get planSteps(): readonly PlanStep[] {
    return this.tree.steps;
  }

  /** `offered` inputs reach a runbook that declares them, whatever was `asked`: policy has judged by them. */
  steps(call: {
    readonly runbook: Runbook;
    readonly site: StepSite;
    readonly offered: JsonObject;
    readonly asked?: JsonObject;
  }): void {
    const { runbook, site, offered, asked = {} } = call;
    const declared = runbook.inputs ?? {};
    const wanted = Object.entries(offered).filter(([name]) => Object.hasOwn(declared, name));
    const late = Object.fromEntries(wanted.filter(([, value]) => isLate(value)));
    const inputs = this.inputsFor(runbook, { ...asked, ...Object.fromEntries(wanted) }, Object.keys(late));
    this.problems.push(...unfitConnections({ declared, inputs, connections: this.input.connections }));
    this.scopes[site.scope] = { inputs: { ...inputs, ...late } };
    const connections = connectionsIn(declared, inputs);
    const secrets = secretsIn(declared, inputs);
    this.tree.add(runbook.steps, { ...site, connections, secrets });
    this.tree.add(('finally' in runbook && runbook.finally) || [], {
      ...site,
      connections,
      secrets,
      phase: 'finally',
      stem: 'finally',
    });
  }

  /** What the runbook makes that lives on. */
  resource(runbook: Runbook): void {
    const { request, library = noLibrary } = this.input;
    const inputs = this.scopes[runbook.name]?.inputs ?? {};
    const planned = planResource({
      runbook,
      inputs,
      library,
      ...(request.lease !== undefined && { lease: request.lease }),
    });
    if (planned.ok) this.made = planned.resource;
    else this.problems.push(...planned.problems);
  }

  /** What handlers run for stands in the lane of its service, whatever they say. */
  lane(runbook: Runbook): void {
    const { service, environment } = this.input.request;
    const isOfService = service !== undefined && environment !== undefined;
    const named = ownLane(runbook, { inputs: this.scopes[runbook.name]?.inputs ?? {}, isOfService });
    if ('problem' in named) this.problems.push(named.problem);
    else this.ownLane = named.lane;
  }

  /** The undo of what a run of the runbook did, as steps of their own. */
  teardown({ runbook, resource }: Extract<Work, { kind: 'teardown' }>): void {
    const site: StepSite = { prefix: '', scope: runbook.name, phase: 'work' };
    const bare: Runbook = { ...runbook, finally: [] };
    this.steps({ runbook: bare, site, offered: offeredInputs(this.input), asked: askedInputs(this.input) });
    const undoing = resource.undoing ?? { paths: [], outputs: {} };
    const { steps, scopes, given, lost } = teardownSteps(this.planSteps, { scopes: this.scopes, undoing });
    this.tree = new TreeBuilder(noLibrary, this.scopes);
    for (const step of steps) this.tree.push(step);
    Object.assign(this.scopes, scopes);
    this.given = given;
    for (const path of lost)
      this.problems.push(
        `The ${resourceWords(resource)} was made by a step "${path}" that the runbook ${runbook.name} no longer undoes, so it cannot be taken away by it; the owner of the policy repository can name a runbook under resource.destroy.`,
      );
  }

  infrastructure(work: InfrastructureWork): void {
    this.problems.push(...handlerProblems(work));
    const { steps, inputs } = infrastructureSteps(work);
    this.scopes[serversScope] = { inputs };
    this.tree.add(steps, { prefix: '', scope: serversScope, phase: 'work' });
  }

  rollout(work: Extract<Work, { kind: 'rollout' }>): void {
    const compiled = compileRollout({ rollout: work.rollout, metrics: this.input.metrics });
    if (!compiled.ok) {
      for (const { path, message, hint } of compiled.problems)
        this.problems.push(
          `The rollout ${work.rollout.name} cannot be used: ${path.join('.')}: ${message}${hint ? `; ${hint}` : ''}.`,
        );
      return;
    }
    const { rollout } = compiled;
    for (const prerequisite of rollout.prerequisites) this.prerequisite(prerequisite, work.prerequisites ?? {});
    for (const stage of rollout.stages) this.stage(stage, work.handler);
    this.watch({ ...rollout.watch, forMs: Math.max(rollout.watch.forMs, this.input.watchMs) });
  }

  private prerequisite(
    prerequisite: { readonly name: string; readonly value: Json },
    handlers: { readonly [name: string]: Runbook },
  ): void {
    const { name, value } = prerequisite;
    const runbook = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (!runbook) {
      this.problems.push(
        `The rollout asks for the prerequisite "${name}", but the policy names no handler for prerequisite.${name}; add one under "handlers" or take the prerequisite out.`,
      );
      return;
    }
    if ((runbook.resolve ?? []).length > 0)
      this.problems.push(
        `The runbook ${runbook.name} has "resolve" steps, which a handler of a prerequisite cannot have; move them into its steps.`,
      );
    this.steps({
      runbook,
      site: { prefix: `prerequisite-${name}/`, scope: `@prerequisite-${name}`, phase: 'work' },
      offered: { ...offeredInputs(this.input), value, ...(isFlat(value) ? { [name]: value } : {}) },
    });
  }

  private stage(stage: CompiledStage, handler: Runbook): void {
    this.steps({
      runbook: handler,
      site: { prefix: `${stage.slug}/`, scope: stage.slug, stage: stage.name, phase: 'work' },
      offered: {
        ...offeredInputs(this.input),
        ...stageInputs(stage),
      },
    });
    if (stage.judging)
      this.judge({ judging: stage.judging, path: `${stage.slug}/success-criteria`, stage: stage.name, phase: 'work' });
  }

  /** Holds the lane after the work is done. Without criteria it only waits. */
  watch(judging: Judging): void {
    if (judging.forMs <= 0) return;
    this.judge({ judging, path: 'monitoring-period', phase: 'watch' });
  }

  /** What it cannot read is not known, which policy takes for the worst; it is no reason to refuse. */
  measure(fact: string, metric: string): void {
    this.scopes[judgeScope] = { inputs: {} };
    const step = compileStep(
      {
        id: 'measured',
        name: `Measure ${fact.replaceAll('_', ' ')}`,
        uses: 'metric/read',
        with: { metric },
        outputs: { value: '${{ value }}' },
        timeout: '10s',
        'on-failure': 'continue',
      },
      0,
      { prefix: '', scope: judgeScope, phase: 'work' },
    );
    this.tree.push({ ...step, path: measuredPath(fact) });
  }

  private judge(call: {
    readonly judging: Judging;
    readonly path: string;
    readonly stage?: string;
    readonly phase: 'work' | 'watch';
  }): void {
    const { judging, stage, phase, path } = call;
    const hasCriteria = Object.keys(judging.criteria).length > 0;
    const span = formatDuration(judging.forMs);
    const words = hasCriteria ? `Watch ${Object.keys(judging.criteria).join(', ')} for ${span}` : `Wait for ${span}`;
    this.scopes[judgeScope] = { inputs: {} };
    const step = compileStep(
      {
        id: hasCriteria ? 'success_criteria' : 'wait',
        name: words,
        uses: hasCriteria ? 'monitor' : 'wait',
        with: { ...(hasCriteria ? { criteria: judging.criteria } : {}), for: `${judging.forMs}ms` },
      },
      0,
      { prefix: '', scope: judgeScope, phase, ...(stage === undefined ? {} : { stage }) },
    );
    this.tree.push({ ...step, path });
  }

  private inputsFor(runbook: Runbook, given: JsonObject, late: readonly string[]): JsonObject {
    const isKnownNow = ([name]: readonly [string, unknown]): boolean => !late.includes(name);
    const result = validateInputs({
      declared: Object.fromEntries(Object.entries(runbook.inputs ?? {}).filter(isKnownNow)),
      given: Object.fromEntries(Object.entries(given).filter(isKnownNow)),
    });
    if (result.ok) return result.inputs;
    for (const problem of result.problems)
      this.problems.push(`The runbook ${runbook.name} cannot run: ${problem.message}`);
    return {};
  }

  build(resolve: JsonObject): CompiledPlan {
    this.checkUses();
    const trees = this.trees();
    const known = { ...this.input, scopes: this.scopes, resolve };
    this.problems.push(...targetProblems(this.planSteps, known));
    if (this.problems.length > 0) return { ok: false, problems: [...new Set(this.problems)] };
    const { request } = this.input;
    const plan: Plan = {
      format: 1,
      operation: { ...operationOf(request, this.input.work), commit: this.input.commit },
      policyCommit: this.input.policyCommit,
      sources: this.input.sources,
      connections: this.usedConnections() as unknown as JsonObject,
      metrics: this.usedMetrics() as unknown as JsonObject,
      scopes: this.scopes,
      service: this.input.service,
      environment: this.input.environment,
      ...(Object.keys(trees).length > 0 ? { trees } : {}),
      resolve,
      ...(this.input.found && { found: this.input.found }),
      ...(this.ownLane === undefined ? {} : { lane: this.ownLane }),
      ...(this.made ? { resource: this.made } : {}),
      ...destroyedBy(this.input.work),
      ...(this.given ? { given: this.given } : {}),
      steps: this.planSteps.map((step) => countTargets(step, known)),
    };
    // What was parsed may hold prototypes and undefined; the digest is over what the blob store will give back.
    const frozen = JSON.parse(JSON.stringify(plan)) as Plan;
    const outline: PlanOutline = {
      format: 1,
      digest: digestOf(frozen),
      steps: frozen.steps.map(outlineOf),
      irreversible: this.irreversible(),
      ...(frozen.resource || this.input.work.kind === 'infrastructure' ? { makes: true } : {}),
    };
    return { ok: true, plan: frozen, outline };
  }

  private trees(): NonNullable<Plan['trees']> {
    if (!this.input.folders) return {};
    const { trees, problems } = packedFolders(
      toolFoldersIn([this.planSteps, this.usedConnections()]),
      this.input.folders,
    );
    this.problems.push(...problems);
    return trees;
  }

  private checkUses(): void {
    for (const name of this.connectionNames())
      if (!Object.hasOwn(this.input.connections, name))
        this.problems.push(`A step uses the connection "${name}", which does not exist; add connections/${name}.yaml.`);
    this.problems.push(...this.planSteps.flatMap((step) => metricProblems(step, this.input.metrics)));
    if (this.planSteps.length > maxPlanSteps)
      this.problems.push(
        `The plan has ${this.planSteps.length} steps, those of nested runbooks included, and at most ${maxPlanSteps} are possible; start a part of it as an operation of its own.`,
      );
    const paths = this.planSteps.map((step) => step.path);
    for (const path of paths.filter((each, index) => paths.indexOf(each) !== index))
      this.problems.push(`Two steps of the plan would both be called ${path}; give one of them another id.`);
  }

  private metricNames(): readonly string[] {
    return [...new Set(this.planSteps.flatMap(metricsIn))].sort();
  }

  private connectionNames(): readonly string[] {
    const called = this.planSteps.flatMap((step) => {
      const undo = typeof step.undo === 'object' && 'uses' in step.undo ? [step.undo] : [];
      const look = step.find ? [{ uses: step.uses, with: step.find.with }] : [];
      return [step, ...undo, ...look].flatMap((call) => stepKindOf(call.uses)?.connections?.(call.with) ?? []);
    });
    const measured = this.metricNames().flatMap((name) => this.input.metrics[name]?.connection ?? []);
    return [...new Set([...called, ...measured])].filter((name) => name !== '' && !hasTemplate(name)).sort();
  }

  private usedConnections(): { readonly [name: string]: AnyConnection } {
    return Object.fromEntries(this.connectionNames().map((name) => [name, this.input.connections[name]!]));
  }

  private usedMetrics(): Metrics {
    return Object.fromEntries(
      this.metricNames().flatMap((name) =>
        Object.hasOwn(this.input.metrics, name) ? [[name, this.input.metrics[name]!]] : [],
      ),
    );
  }

  private irreversible(): readonly string[] {
    const words = this.planSteps.filter(isIrreversible).map((step) => `“${step.name}” cannot be undone.`);
    const deploys = this.input.request.kind === 'deploy' && this.input.previousVersion === undefined;
    if (!deploys) return words;
    return [...words, 'No version ran here before, so there is nothing to go back to.'];
  }
}

function isAskedByName({ kind }: CompileInput['request']): boolean {
  return kind === 'runbook' || kind === 'provision';
}

function isFlat(value: Json): boolean {
  return typeof value !== 'object' || value === null;
}
