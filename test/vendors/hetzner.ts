import { bearer, Vendor, type Answer } from './vendor';

export const hetznerToken = 'hetzner-token-of-a-test';

/** One server of Hetzner Cloud, as its API describes it: actions take their time. */
export class Hetzner {
  status = 'running';
  shutdowns = 0;
  private left = 0;

  readonly server = new Vendor({
    isAuthorized: bearer(hetznerToken),
    routes: [
      { method: 'GET', path: /^\/v1\/servers\/42$/, answer: () => this.look() },
      {
        method: 'POST',
        path: /^\/v1\/servers\/42\/actions\/(shutdown|poweron)$/,
        answer: ({ parts }) => {
          if (parts[0] === 'poweron') this.status = 'running';
          else {
            this.shutdowns += 1;
            this.status = 'stopping';
            this.left = 1;
          }
          return { status: 201, body: { action: { id: 1, status: 'running', progress: 0 } } };
        },
      },
    ],
  });

  private look(): Answer {
    if (this.status === 'stopping' && (this.left -= 1) < 0) this.status = 'off';
    return { status: 200, body: { server: { id: 42, name: 'app-1', status: this.status } } };
  }
}
