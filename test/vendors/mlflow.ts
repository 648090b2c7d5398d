import { bearer, Vendor, wrongFields, type Answer, type Call } from './vendor';

export const mlflowToken = 'mlflow-token-of-a-test';

interface Version {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly tags: unknown;
}

/** One registered model, as MLflow's REST API 2.0 describes it. */
export class Mlflow {
  versions: readonly Version[] = [];
  champion: string | undefined;
  private made = 0;

  readonly server = new Vendor({
    isAuthorized: bearer(mlflowToken),
    routes: [
      {
        method: 'GET',
        path: /^\/api\/2\.0\/mlflow\/registered-models\/get$/,
        answer: ({ query }) => {
          if (query.get('name') !== 'churn') return { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } };
          const aliases =
            this.champion === undefined ? {} : { aliases: [{ alias: 'champion', version: this.champion }] };
          return { status: 200, body: { registered_model: { name: 'churn', ...aliases } } };
        },
      },
      {
        method: 'GET',
        path: /^\/api\/2\.0\/mlflow\/model-versions\/search$/,
        // Where there is none, the list is left out.
        answer: ({ query }) =>
          query.get('filter') === "name='churn'" && this.versions.length > 0
            ? { status: 200, body: { model_versions: this.versions } }
            : { status: 200, body: {} },
      },
      {
        method: 'POST',
        path: /^\/api\/2\.0\/mlflow\/model-versions\/create$/,
        takes: 'application/json',
        answer: (call) => this.create(call),
      },
      {
        method: 'DELETE',
        path: /^\/api\/2\.0\/mlflow\/model-versions\/delete$/,
        takes: 'application/json',
        answer: ({ json }) => {
          if (!this.has(json.version)) return { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } };
          this.versions = this.versions.filter(({ version }) => version !== json.version);
          if (this.champion === json.version) this.champion = undefined;
          return { status: 200, body: {} };
        },
      },
      {
        method: 'POST',
        path: /^\/api\/2\.0\/mlflow\/registered-models\/alias$/,
        takes: 'application/json',
        answer: ({ json }) => {
          const wrong = wrongFields(json, { name: 'string', alias: 'string', version: 'string' });
          if (wrong) return wrong;
          if (!this.has(json.version)) return { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } };
          this.champion = json.version as string;
          return { status: 200, body: {} };
        },
      },
    ],
  });

  private has(version: unknown): boolean {
    return this.versions.some((each) => each.version === version);
  }

  private create({ json }: Call): Answer {
    const wrong = wrongFields(json, { name: 'string', source: 'string', tags: 'object' });
    if (wrong) return wrong;
    this.made += 1;
    const made: Version = {
      name: json.name as string,
      source: json.source as string,
      tags: json.tags,
      version: String(this.made),
    };
    this.versions = [...this.versions, made];
    return { status: 200, body: { model_version: made } };
  }
}
