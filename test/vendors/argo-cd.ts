import { bearer, Vendor, wrongFields, type Answer, type Call } from './vendor';

interface Info {
  readonly name: string;
  readonly value: string;
}

interface Operation {
  readonly info?: readonly Info[];
  readonly sync: { readonly revision: string; readonly prune?: boolean };
}

export const argoToken = 'argocd-token-of-a-test';
const path = /^\/api\/v1\/applications\/([a-z0-9.-]+)/;
const at = (rest: string): RegExp => new RegExp(`${path.source}${rest}$`);

/** One application of Argo CD, as `swagger.json` of its API describes it (ApplicationService). */
export class ArgoCd {
  readonly history: { readonly id: number; readonly revision: string }[] = [];
  /** Phase in which the next sync ends. */
  ends: 'Succeeded' | 'Failed' = 'Succeeded';
  healthy = true;
  /** Looks for which an operation goes on. */
  takes = 2;
  /** Whether the application follows Git by itself. */
  autoSync = false;
  syncs = 0;
  rollbacks = 0;
  private under: Operation | undefined;
  private last: { readonly phase: string; readonly message: string; readonly operation: Operation } | undefined;
  private left = 0;

  readonly server = new Vendor({
    isAuthorized: bearer(argoToken),
    routes: [
      { method: 'GET', path: at(''), answer: () => this.look() },
      { method: 'POST', path: at('/sync'), takes: 'application/json', answer: (call) => this.sync(call) },
      { method: 'POST', path: at('/rollback'), takes: 'application/json', answer: (call) => this.rollBack(call) },
    ],
  });

  get revision(): string | undefined {
    return this.history.at(-1)?.revision;
  }

  private sync({ json }: Call): Answer {
    const wrong = wrongFields(json, { revision: 'string', prune: 'boolean', infos: 'object' });
    if (wrong) return wrong;
    this.syncs += 1;
    return this.begin({
      info: json.infos as readonly Info[],
      sync: { revision: json.revision as string, prune: json.prune as boolean },
    });
  }

  private rollBack({ json }: Call): Answer {
    const wrong = wrongFields(json, { id: 'number', prune: 'boolean' });
    if (wrong) return wrong;
    const auto = 'rollback cannot be initiated when auto-sync is enabled';
    if (this.autoSync) return { status: 400, body: { code: 9, message: auto, error: auto } };
    const deployment = this.history.find(({ id }) => id === json.id);
    const unknown = `application does not have deployment id ${String(json.id)}`;
    if (!deployment) return { status: 400, body: { code: 3, message: unknown, error: unknown } };
    this.rollbacks += 1;
    return this.begin({ sync: { revision: deployment.revision } });
  }

  private begin(operation: Operation): Answer {
    const busy = 'another operation is already in progress';
    if (this.under) return { status: 400, body: { code: 9, message: busy, error: busy } };
    this.under = operation;
    this.left = this.takes;
    return { status: 200, body: this.application() };
  }

  private look(): Answer {
    if (this.under && (this.left -= 1) < 0) {
      const operation = this.under;
      this.under = undefined;
      const failed = this.ends === 'Failed';
      const message = failed ? 'one or more objects failed to apply' : 'successfully synced (all tasks run)';
      this.last = { phase: this.ends, message, operation };
      if (!failed) this.history.push({ id: (this.history.at(-1)?.id ?? -1) + 1, revision: operation.sync.revision });
    }
    return { status: 200, body: this.application() };
  }

  private application(): object {
    const running = this.under && this.left < this.takes;
    const state = running ? { phase: 'Running', message: '', operation: this.under } : this.last;
    return {
      metadata: { name: 'shop' },
      spec: {},
      ...(this.under ? { operation: this.under } : {}),
      status: {
        ...(this.history.length > 0 ? { history: this.history } : {}),
        ...(state ? { operationState: state } : {}),
        sync: { status: this.under ? 'OutOfSync' : 'Synced', revision: this.revision ?? '' },
        health: { status: this.healthy ? 'Healthy' : 'Progressing' },
      },
    };
  }
}
