import { header, Vendor, wrongFields, type Answer, type Call } from './vendor';

export const vcenterSession = 'vcenter-session-of-a-test';

interface Machine {
  readonly vm: string;
  readonly name: string;
  power: 'POWERED_ON' | 'POWERED_OFF';
  looks: number;
}

/** Virtual machines of one vCenter, as the vSphere Automation API under /api has them. */
export class Vcenter {
  machines: readonly Machine[] = [];
  /** Looks until VMware Tools run. */
  takes = 2;
  private made = 100;

  readonly server = new Vendor({
    isAuthorized: header('vmware-api-session-id', vcenterSession),
    routes: [
      {
        method: 'GET',
        path: /^\/api\/vcenter\/vm$/,
        answer: ({ query }) => ({
          status: 200,
          body: this.machines
            .filter(({ name }) => query.getAll('names').includes(name))
            .map(({ vm, name, power }) => ({ vm, name, power_state: power, cpu_count: 2, memory_size_MiB: 4096 })),
        }),
      },
      { method: 'POST', path: /^\/api\/vcenter\/vm$/, takes: 'application/json', answer: (call) => this.clone(call) },
      {
        method: 'GET',
        path: /^\/api\/vcenter\/vm\/([a-z0-9-]+)\/guest\/identity$/,
        answer: this.of((machine) => {
          machine.looks += 1;
          const unavailable = { error_type: 'SERVICE_UNAVAILABLE', messages: [] };
          if (machine.looks <= this.takes) return { status: 503, body: unavailable };
          return {
            status: 200,
            body: { name: 'UBUNTU_64', family: 'LINUX', host_name: 'x', ip_address: '192.0.2.33' },
          };
        }),
      },
      {
        method: 'GET',
        path: /^\/api\/vcenter\/vm\/([a-z0-9-]+)\/power$/,
        answer: this.of(({ power }) => ({ status: 200, body: { state: power } })),
      },
      {
        method: 'POST',
        path: /^\/api\/vcenter\/vm\/([a-z0-9-]+)\/power$/,
        answer: this.of((machine, { query }) => {
          const wanted = { start: 'POWERED_ON', stop: 'POWERED_OFF' } as const;
          const power = wanted[query.get('action') as keyof typeof wanted];
          if (power === undefined || machine.power === power)
            return { status: 400, body: { error_type: 'ALREADY_IN_DESIRED_STATE', messages: [] } };
          machine.power = power;
          return { status: 204 };
        }),
      },
      {
        method: 'DELETE',
        path: /^\/api\/vcenter\/vm\/([a-z0-9-]+)$/,
        answer: this.of((machine) => {
          if (machine.power !== 'POWERED_OFF')
            return { status: 400, body: { error_type: 'NOT_ALLOWED_IN_CURRENT_STATE', messages: [] } };
          this.machines = this.machines.filter((each) => each !== machine);
          return { status: 204 };
        }),
      },
    ],
  });

  private of(answer: (machine: Machine, call: Call) => Answer): (call: Call) => Answer {
    return (call) => {
      const machine = this.machines.find(({ vm }) => vm === call.parts[0]);
      return machine ? answer(machine, call) : { status: 404, body: { error_type: 'NOT_FOUND', messages: [] } };
    };
  }

  private clone({ json, query }: Call): Answer {
    const wrong = wrongFields(json, { name: 'string', source: 'string', placement: 'object', power_on: 'boolean' });
    if (wrong || query.get('action') !== 'clone') return wrong ?? { status: 400 };
    if (this.machines.some(({ name }) => name === json.name))
      return { status: 400, body: { error_type: 'ALREADY_EXISTS', messages: [] } };
    this.made += 1;
    const vm = `vm-${this.made}`;
    this.machines = [...this.machines, { vm, name: json.name as string, power: 'POWERED_OFF', looks: 0 }];
    return { status: 200, body: vm };
  }
}
