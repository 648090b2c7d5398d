import { bearer, header, Vendor, wrongFields, type Answer, type Call } from './vendor';

export const githubToken = 'github-token-of-a-test';
export const gitlabToken = 'gitlab-token-of-a-test';

interface Run {
  readonly id: number;
  readonly display_title: string;
  readonly inputs: { readonly [name: string]: string };
  /** Its file, without its end. */
  readonly workflow: string;
  looks: number;
  conclusion?: string;
}

/** The runs of one workflow, as GitHub's REST API describes them: a dispatch says nothing, and its run comes later. */
export class GitHubActions {
  readonly runs: Run[] = [];
  ends = 'success';
  /** The only workflow that ends as `ends` says; all do when absent. */
  only: string | undefined;
  takes = 2;
  cancels = 0;
  /** Lists in which a new run is not there yet. */
  late = 1;

  readonly server = new Vendor({
    isAuthorized: bearer(githubToken),
    routes: [
      {
        method: 'POST',
        path: /^\/repos\/example\/shop\/actions\/workflows\/(ci|integration)\.yml\/dispatches$/,
        takes: 'application/json',
        answer: (call) => this.dispatch(call),
      },
      {
        method: 'GET',
        path: /^\/repos\/example\/shop\/actions\/workflows\/(ci|integration)\.yml\/runs$/,
        answer: ({ query }) =>
          query.get('event') === 'workflow_dispatch' ? this.list() : { status: 422, body: { message: 'no event' } },
      },
      { method: 'GET', path: /^\/repos\/example\/shop\/actions\/runs\/(\d+)$/, answer: (call) => this.look(call) },
      {
        method: 'POST',
        path: /^\/repos\/example\/shop\/actions\/runs\/(\d+)\/cancel$/,
        answer: (call) => this.cancel(call),
      },
    ],
  });

  private dispatch({ json, parts: [workflow] }: Call): Answer {
    const wrong = wrongFields(json, { ref: 'string', inputs: 'object' });
    if (wrong) return { ...wrong, status: 422 };
    const inputs = json.inputs as { readonly [name: string]: string };
    const unexpected = Object.keys(inputs).filter((name) => !['signalbox', 'version'].includes(name));
    if (unexpected.length > 0)
      return { status: 422, body: { message: `Unexpected inputs provided: ${unexpected.join(', ')}` } };
    const id = 9_000_000_001 + this.runs.length;
    this.runs.unshift({ id, display_title: inputs.signalbox!, inputs, workflow: workflow!, looks: 0 });
    return { status: 204 };
  }

  private list(): Answer {
    const seen = this.late > 0 && this.runs.length > 0 ? this.runs.slice(1) : this.runs;
    if (this.runs.length > 0) this.late -= 1;
    return { status: 200, body: { total_count: seen.length, workflow_runs: seen.map((run) => ({ ...run })) } };
  }

  private look({ parts }: Call): Answer {
    const run = this.runs.find(({ id }) => String(id) === parts[0]);
    if (!run) return { status: 404, body: { message: 'Not Found' } };
    run.looks += 1;
    if (run.looks > this.takes)
      run.conclusion ??= this.only === undefined || this.only === run.workflow ? this.ends : 'success';
    const status = run.conclusion ? 'completed' : 'in_progress';
    const url = `https://github.com/example/shop/actions/runs/${run.id}`;
    return { status: 200, body: { id: run.id, status, conclusion: run.conclusion ?? null, html_url: url } };
  }

  private cancel({ parts }: Call): Answer {
    const run = this.runs.find(({ id }) => String(id) === parts[0])!;
    if (run.conclusion) return { status: 409, body: { message: 'Cannot cancel a workflow run that is completed.' } };
    run.conclusion = 'cancelled';
    this.cancels += 1;
    return { status: 202, body: {} };
  }
}

/** The pipelines of one project, as GitLab's Pipelines API describes them. */
export class GitLab {
  readonly pipelines: { readonly id: number; readonly variables: unknown; status: string; looks: number }[] = [];
  ends = 'success';
  takes = 2;
  cancels = 0;

  readonly server = new Vendor({
    isAuthorized: header('private-token', gitlabToken),
    routes: [
      {
        method: 'POST',
        path: /^\/api\/v4\/projects\/7\/pipeline$/,
        takes: 'application/json',
        answer: ({ json }) => {
          const wrong = wrongFields(json, { ref: 'string', variables: 'object' });
          if (wrong) return wrong;
          const id = 400 + this.pipelines.length;
          this.pipelines.push({ id, variables: json.variables, status: 'created', looks: 0 });
          return { status: 201, body: this.told(id) };
        },
      },
      {
        method: 'GET',
        path: /^\/api\/v4\/projects\/7\/pipelines\/(\d+)$/,
        answer: ({ parts }) => {
          const pipeline = this.pipelines.find(({ id }) => String(id) === parts[0])!;
          pipeline.looks += 1;
          if (pipeline.status !== 'canceled') pipeline.status = pipeline.looks > this.takes ? this.ends : 'running';
          return { status: 200, body: this.told(pipeline.id) };
        },
      },
      {
        method: 'POST',
        path: /^\/api\/v4\/projects\/7\/pipelines\/(\d+)\/cancel$/,
        answer: ({ parts }) => {
          const pipeline = this.pipelines.find(({ id }) => String(id) === parts[0])!;
          if (pipeline.status === 'running') {
            pipeline.status = 'canceled';
            this.cancels += 1;
          }
          return { status: 200, body: this.told(pipeline.id) };
        },
      },
    ],
  });

  private told(id: number): object {
    const { status } = this.pipelines.find((pipeline) => pipeline.id === id)!;
    return { id, status, ref: 'main', web_url: `https://gitlab.example.com/shop/-/pipelines/${id}` };
  }
}
