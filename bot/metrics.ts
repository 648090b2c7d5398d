import { Counter, Gauge, Registry } from 'prom-client';

export interface BotMetrics {
  readonly registry: Registry;
  /** `what`: operation, incident, vote, act. `outcome`: started, already, kept, lost, accepted, sent, ended. */
  handedOver(what: string, outcome: string): void;
  request(route: string, status: number): void;
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
