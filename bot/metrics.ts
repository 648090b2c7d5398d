import { Counter, Gauge, Registry } from 'prom-client';
import { policyAge, type PolicyHealth } from '../src/policy/policy-health';

export interface BotMetrics {
  readonly registry: Registry;
  /** `what`: operation, incident, vote, act. `outcome`: started, already, kept, lost, accepted, sent, ended. */
  handedOver(what: string, outcome: string): void;
  request(route: string, status: number): void;
}

/** How old the knowledge of policy is, and whether a newer commit is refused. `look` never waits for anybody. */
export function addPolicyGauges(registry: Registry, look: () => PolicyHealth | undefined): void {
  const registers = [registry];
  new Gauge({
    name: 'signalbox_policy_age_seconds',
    help: 'Seconds since the policy repository was last heard.',
    registers,
    collect() {
      const health = look();
      if (health) this.set(policyAge(health, new Date()));
    },
  });
  new Gauge({
    name: 'signalbox_policy_refused',
    help: '1 while a newer policy commit does not bind, by why.',
    labelNames: ['because'],
    registers,
    collect() {
      this.reset();
      const refused = look()?.refused;
      if (refused) this.set({ because: refused.because }, 1);
    },
  });
  new Gauge({
    name: 'signalbox_policy_info',
    help: 'The policy commit in force.',
    labelNames: ['commit'],
    registers,
    collect() {
      this.reset();
      const health = look();
      if (health) this.set({ commit: health.commit }, 1);
    },
  });
}

/** The bot's numbers for `/metrics`. `sockets` is asked when they are read. */
export function botMetrics(sockets: () => number): BotMetrics {
  const registry = new Registry();
  const over = new Counter({
    name: 'signalbox_handed_over_total',
    help: 'Deliveries handed over, by what they were and how it ended.',
    labelNames: ['what', 'outcome'],
    registers: [registry],
  });
  const requests = new Counter({
    name: 'signalbox_http_requests_total',
    help: 'Requests to the API, by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  new Gauge({
    name: 'signalbox_slack_sockets',
    help: 'Open Socket Mode connections.',
    registers: [registry],
    collect() {
      this.set(sockets());
    },
  });
  return {
    registry,
    handedOver: (what, outcome) => over.inc({ what, outcome }),
    request: (route, status) => requests.inc({ route, status: String(status) }),
  };
}
