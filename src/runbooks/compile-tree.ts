import type { PlanStep, Scope } from '../operation/plan';
import type { JsonObject } from '../json';
import { compileStep, type StepSite } from './compile-step';
import { bindConnections, connectionsIn } from './connection-inputs';
import { bindSecrets, secretsIn } from './secret-inputs';
import { bareCondition } from './expressions';
import { nestedIn, type Library, type Nested } from './library';
import { stepIdOf, type RunbookStep } from './schema';

const mostPlaced = 2_000;

type Inner = Extract<Nested, { kind: 'found' }>;

/**
 * Lays the steps of runbooks out as the flat list of a plan: a group is followed by its parts, a runbook or an action
 * that runs in another's place is a group with a scope of its own.
 */
export class TreeBuilder {
  readonly steps: PlanStep[] = [];

  constructor(
    private readonly library: Pick<Library, 'runbooks' | 'actions'>,
    /** Scopes of nested runbooks are added here. */
    private readonly scopes: { [scope: string]: Scope },
  ) {}

  push(step: PlanStep): void {
    this.steps.push(step);
  }

  add(steps: readonly RunbookStep[], site: StepSite): void {
    steps.forEach((step, index) => this.place(step, index, site));
  }

  private place(written: RunbookStep, index: number, site: StepSite): void {
    // Runbooks inside runbooks grow fast; so many are refused in any case.
    if (this.steps.length > mostPlaced) return;
    const step = bindSecrets(bindConnections(written, site.connections ?? {}), site.secrets ?? {});
    const inner = nestedIn(step, this.library);
    if (inner?.kind === 'found') {
      this.nested({ step: { ...step, id: stepIdOf(step, index, site.stem) }, inner, site });
      return;
    }
    const compiled = compileStep(step, index, site);
    const undo = typeof step.undo === 'object' ? nestedIn(step.undo, this.library) : undefined;
    if (undo?.kind === 'found') this.undoneBySteps(compiled, undo, site);
    else this.steps.push(compiled);
    this.add(step.steps ?? [], { ...site, prefix: `${compiled.path}/`, inside: compiled.path, stem: compiled.id });
  }

  private nested(call: { readonly step: RunbookStep; readonly inner: Inner; readonly site: StepSite }): PlanStep {
    const { step, inner, site } = call;
    const group = compileStep({ ...step, uses: 'runbook', with: { inputs: {} } }, 0, site);
    const scope = `@${group.path}`;
    this.scopes[scope] = { inputs: {}, from: group.path };
    const { outputs, inputs: declared = {} } = inner.document;
    const placed: PlanStep = {
      ...group,
      name: step.name ?? inner.document.help ?? group.name,
      with: { inputs: inner.inputs as JsonObject, declared: declared as JsonObject },
      inner: scope,
      ...(outputs === undefined
        ? {}
        : {
            outputs: Object.fromEntries(Object.entries(outputs).map(([name, source]) => [name, bareCondition(source)])),
          }),
    };
    this.steps.push(placed);
    const connections = connectionsIn(declared, inner.inputs as JsonObject, site.connections);
    const secrets = secretsIn(declared, inner.inputs as JsonObject, site.secrets);
    this.add(inner.document.steps, {
      ...site,
      prefix: `${group.path}/`,
      inside: group.path,
      stem: 'step',
      scope,
      connections,
      secrets,
    });
    return placed;
  }

  private undoneBySteps(step: PlanStep, inner: Inner, site: StepSite): void {
    const path = `${step.path}/undo`;
    this.steps.push({ ...step, undo: { group: path } });
    this.nested({
      step: { id: 'undo', name: `Undo of “${step.name}”`, uses: 'runbook' },
      inner,
      site: { ...site, prefix: `${step.path}/`, inside: undefined, phase: 'undo' },
    });
  }
}
