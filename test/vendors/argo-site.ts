import { Endpoint, json } from '../steps/endpoint';
import { ArgoCd } from './argo-cd';

/** Several applications of one Argo CD at one address. */
export class ArgoSite {
  private readonly applications = new Map<string, ArgoCd>();
  private readonly door = new Endpoint();

  /** Every application runs `revision` already. */
  async start(names: readonly string[], revision: string): Promise<this> {
    for (const name of names) {
      const application = new ArgoCd();
      application.history.push({ id: 1, revision });
      application.takes = 0;
      await application.server.start();
      this.applications.set(name, application);
    }
    await this.door.start();
    this.door.reply = (seen, response) => {
      const application = this.applications.get(/^\/api\/v1\/applications\/([^/?]+)/.exec(seen.url)?.[1] ?? '');
      if (!application) return json(404, { message: 'application not found' })(seen, response);
      const headers = {
        authorization: seen.headers.authorization ?? '',
        'content-type': seen.headers['content-type']!,
      };
      const body = seen.method === 'GET' ? {} : { body: seen.body };
      const given = seen.method === 'GET' ? { authorization: headers.authorization } : headers;
      void fetch(`${application.server.origin}${seen.url}`, { method: seen.method, headers: given, ...body }).then(
        async (answer) => json(answer.status, await answer.json())(seen, response),
      );
    };
    return this;
  }

  get origin(): string {
    return this.door.origin;
  }

  of(name: string): ArgoCd {
    return this.applications.get(name)!;
  }

  /** What each application runs. */
  get revisions(): { readonly [name: string]: string | undefined } {
    return Object.fromEntries([...this.applications].map(([name, { revision }]) => [name, revision]));
  }

  async stop(): Promise<void> {
    await this.door.stop();
    await Promise.all([...this.applications.values()].map(({ server }) => server.stop()));
  }
}
