import { cutOff, Endpoint, json } from './endpoint';
import { attemptOf, failureOf, key } from './attempt';

const api = new Endpoint();
beforeAll(() => api.start());
beforeEach(() => api.reset());
afterAll(() => api.stop());

const step = {
  id: 'make',
  uses: 'http/request',
  with: { connection: 'api', method: 'POST', path: '/things', json: { a: 1 } },
  outputs: { id: 'response.body.id' },
  find: {
    with: { method: 'GET', path: '/things?key=${{ operation.key }}' },
    found: 'size(response.body) > 0',
    outputs: { id: 'response.body[0].id' },
  },
  undo: {
    uses: 'http/request',
    with: { connection: 'api', method: 'DELETE', path: '/things/${{ steps.make.outputs.id }}' },
  },
};

/** An API that keeps what it made, under the key it was made with. */
class Things {
  readonly made: { readonly id: string; readonly key: string }[] = [];
  loseReply = false;

  readonly reply: Endpoint['reply'] = (seen, response) => {
    if (seen.method === 'POST') {
      const thing = { id: `t${this.made.length + 1}`, key: String(seen.headers['idempotency-key']) };
      this.made.push(thing);
      return this.loseReply ? cutOff(seen, response) : json(201, thing)(seen, response);
    }
    const url = new URL(seen.url, 'http://x');
    if (seen.method === 'GET')
      return json(
        200,
        this.made.filter((thing) => thing.key === url.searchParams.get('key')),
      )(seen, response);
    const at = this.made.findIndex((thing) => url.pathname.endsWith(`/${thing.id}`));
    if (at >= 0) this.made.splice(at, 1);
    return json(at >= 0 ? 200 : 404, {})(seen, response);
  };
}

describe('a step that can find what it did', () => {
  it('makes one thing although the reply to the first attempt was lost', async () => {
    const things = new Things();
    things.loseReply = true;
    api.reply = things.reply;
    expect(await failureOf(api.origin, { step })).toMatchObject({ type: 'StepError', nonRetryable: false });
    things.loseReply = false;
    expect(await attemptOf(api.origin, { step, attempt: 2 })).toMatchObject({ status: 'found', outputs: { id: 't1' } });
    expect(things.made).toEqual([{ id: 't1', key }]);
  });

  it('never takes an error of the look-up for "not there"', async () => {
    api.reply = (seen, response) => json(seen.method === 'GET' ? 500 : 201, { id: 'x' })(seen, response);
    expect(await failureOf(api.origin, { step, attempt: 2 })).toMatchObject({ type: 'StepError' });
    expect(api.seen.filter((seen) => seen.method === 'POST')).toEqual([]);
  });

  it('that is repeatable by itself looks only in a second attempt', async () => {
    api.reply = new Things().reply;
    const safe = { ...step, repeat: 'safe' };
    await attemptOf(api.origin, { step: safe });
    expect(api.seen.map((seen) => seen.method)).toEqual(['POST']);
    await attemptOf(api.origin, { step: safe, attempt: 2 });
    expect(api.seen.map((seen) => seen.method)).toEqual(['POST', 'GET']);
  });
});

describe('an undo', () => {
  it('uses the outputs that its step left', async () => {
    const things = new Things();
    api.reply = things.reply;
    await attemptOf(api.origin, { step });
    const input = { mode: 'undo', outputs: { make: { id: 't1' } } } as const;
    expect(await attemptOf(api.origin, { step, input })).toMatchObject({ status: 'done' });
    expect(things.made).toEqual([]);
  });

  it('finds what its step did when the step never told', async () => {
    const things = new Things();
    things.loseReply = true;
    api.reply = things.reply;
    await failureOf(api.origin, { step });
    await attemptOf(api.origin, { step, input: { mode: 'undo' } });
    expect(things.made).toEqual([]);
  });

  it('has nothing to do when its step did nothing', async () => {
    api.reply = new Things().reply;
    expect(await attemptOf(api.origin, { step, input: { mode: 'undo' } })).toMatchObject({ status: 'skipped' });
    expect(api.seen.map((seen) => seen.method)).toEqual(['GET']);
  });

  it('fails when it cannot tell what its step did', async () => {
    api.reply = json(500, {});
    expect(await failureOf(api.origin, { step, input: { mode: 'undo' } })).toMatchObject({ type: 'StepError' });
  });

  it('of a step that was skipped does nothing', async () => {
    const skipped = { ...step, if: 'inputs.go' };
    const input = { mode: 'undo', outputs: { make: {} } } as const;
    const result = await attemptOf(api.origin, { step: skipped, inputs: { go: false }, input });
    expect(result.status).toBe('skipped');
    expect(api.seen).toEqual([]);
  });

  it('goes back to the version that ran when the lane was granted', async () => {
    const share = {
      connection: 'api',
      method: 'PUT',
      path: '/share',
      json: { base: '${{ inputs.previous_version }}' },
    };
    const shift = { id: 'shift', uses: 'http/request', with: share, undo: { uses: 'http/request', with: share } };
    await attemptOf(api.origin, {
      step: shift,
      inputs: { previous_version: { $late: 'previous_version' } },
      input: { mode: 'undo', late: { previous_version: 'v2.3.0' } },
    });
    expect(api.seen[0]!.body).toBe('{"base":"v2.3.0"}');
  });
});
