import { gunzipSync } from 'node:zlib';
import { attemptOf, environmentOf, failureOf, type Attempt } from './attempt';
import { helmWorld, refusal } from './helm-world';

const { api, upgrade, back, other, undone, to, image, releases, underWay, killed, killedHalfWay } = helmWorld();

test('an upgrade that was killed half-way is put back and done again', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade']);
  const made = await attemptOf('', upgrade(to('v2'), {}, { attempt: 2 }));
  expect(made.outputs).toMatchObject({ revision: 4, status: 'deployed' });
  expect(image()).toBe('registry.example/web:v2');
});

test('a first installation that was killed half-way is taken away and done again', async () => {
  await killedHalfWay('v2');
  expect(releases()).toEqual(['v1 pending-install']);
  expect((await attemptOf('', upgrade(to('v2'), {}, { attempt: 2 }))).summary).toBe('installed as revision 1');
  expect(releases()).toEqual(['v1 deployed']);
});

test('the undo of an upgrade that was killed half-way goes back to what was there', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', undone())).status).toBe('done');
  expect(image()).toBe('registry.example/web:v1');
});

test('an upgrade whose way back was killed as well goes back and is done again by another attempt', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  await killed((environment) => upgrade(to('v2'), {}, { environment, attempt: 2 }));
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade', 'v3 pending-rollback']);
  expect((await attemptOf('', upgrade(to('v2'), {}, { attempt: 3 }))).outputs).toMatchObject({ status: 'deployed' });
  expect(image()).toBe('registry.example/web:v2');
});

test.each<[string, (environment?: Attempt['environment']) => Attempt]>([
  ['the undo of an upgrade', (environment) => ({ ...undone(), environment })],
  ['a rollback to a revision that was asked for', (environment) => back({ revision: 1 }, { environment })],
])('%s that was killed half-way is carried on by whoever tries it again', async (_, asks) => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await attemptOf('', upgrade(to('v2')));
  await killed(asks);
  await killed(asks);
  expect(releases().slice(2)).toEqual(['v3 pending-rollback', 'v4 pending-rollback']);
  expect((await attemptOf('', asks())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', asks())).summary).toBe('was at revision 1 already');
});

test('the undo of an upgrade that failed or was killed is carried on when it was killed, too', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  await killed((environment) => ({ ...undone(), environment }));
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade', 'v3 pending-rollback']);
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
});

test('an undo that the cluster refused is tried again, and a rollback to elsewhere is somebody else’s', async () => {
  for (const version of ['v0', 'v1']) await attemptOf('', upgrade(to(version), {}, other(version)));
  await attemptOf('', upgrade(to('v2')));
  api.instead = ({ method, path }) =>
    method === 'PATCH' && path.includes('/deployments/') ? refusal(500, 'InternalError', 'etcd is away') : undefined;
  expect((await failureOf('', undone())).message).toContain('etcd is away');
  api.instead = () => undefined;
  expect(releases().at(-1)).toBe('v4 failed');
  await killed((environment) => back({ revision: 1 }, { environment }));
  expect((await failureOf('', undone())).message).toMatch(/Somebody else is at work on the release web \(revision 5/);
  api.objects.delete('/api/v1/namespaces/shop/secrets/sh.helm.release.v1.web.v5');
  expect((await attemptOf('', undone())).summary).toBe('back to revision 2');
  expect(image()).toBe('registry.example/web:v1');
});

test('somebody else who is at work on the release is left alone', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await killedHalfWay('v2');
  for (const asks of [
    upgrade(to('v3'), {}, other('third')),
    back({}, other('third')),
    undone(upgrade({}, {}, other('third'))),
  ]) {
    const failure = await failureOf('', asks);
    expect(failure.message).toMatch(/Somebody else is at work on the release web \(revision 2 is pending-upgrade\)/);
    expect(failure.nonRetryable).toBe(false);
  }
  expect(releases()).toEqual(['v1 deployed', 'v2 pending-upgrade']);
});

test('the undo goes back to the revision before, and twice is once', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  await attemptOf('', upgrade(to('v2')));
  expect((await attemptOf('', undone())).summary).toBe('back to revision 1');
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', undone())).summary).toBe('was at revision 1 already');
  expect(releases()).toEqual(['v1 superseded', 'v2 superseded', 'v3 deployed']);
});

test('the undo takes away what was not there before, even when it failed at first', async () => {
  api.isSettling = false;
  await failureOf('', upgrade({}, { timeout: '4s' }));
  api.settle();
  await attemptOf('', upgrade({}, {}, { attempt: 2 }));
  expect((await attemptOf('', undone())).summary).toBe('taken away');
  expect([...api.objects.keys()].filter((path) => !path.includes('/replicasets/'))).toEqual([]);
  expect((await attemptOf('', undone())).summary).toBe('nothing was there to be put back');
});

test('the undo leaves alone what the step did not make, and what somebody has changed since', async () => {
  await attemptOf('', upgrade(to('v1'), {}, other()));
  expect((await attemptOf('', undone())).summary).toBe('nothing was made that could be put back');
  await attemptOf('', upgrade(to('v2')));
  await attemptOf('', upgrade(to('v3'), {}, other('third')));
  expect((await failureOf('', undone())).message).toMatch(/web was changed by somebody else after this operation/);
  expect(image()).toBe('registry.example/web:v3');
});

test('a rollback goes to the newest revision that worked, or to the one that is asked for', async () => {
  for (const version of ['v1', 'v2', 'v3']) await attemptOf('', upgrade(to(version), {}, other(version)));
  expect((await attemptOf('', back())).outputs).toEqual({ revision: 4, status: 'deployed' });
  expect(image()).toBe('registry.example/web:v2');
  await attemptOf('', back({ revision: 1 }));
  expect(image()).toBe('registry.example/web:v1');
  expect((await attemptOf('', back({ revision: 1 }))).summary).toBe('was at revision 1 already');
  expect((await attemptOf('', back({ revision: 0 }))).outputs).toEqual({ revision: 0, status: 'absent' });
  expect(releases()).toEqual([]);
  expect((await attemptOf('', back({ revision: 0 }))).summary).toBe('nothing was there');
});

test('a rollback that was lost half-way is carried on by the next attempt', async () => {
  for (const version of ['v1', 'v2']) await attemptOf('', upgrade(to(version), {}, other(version)));
  api.isSettling = false;
  const environment = environmentOf({});
  const heard: unknown[] = [];
  environment.on('heartbeat', (details) => heard.push(details));
  const running = attemptOf('', back({}, { environment })).catch(() => undefined);
  await underWay();
  environment.cancel();
  await running;
  api.settle();
  const again = await attemptOf('', back({}, { attempt: 2, heartbeatDetails: heard.at(-1) }));
  expect(again.outputs).toMatchObject({ status: 'deployed' });
  expect(image()).toBe('registry.example/web:v1');
});

test('a rollback of what has nothing to go back to fails at once', async () => {
  expect((await failureOf('', back())).message).toMatch(/web has no revision before the present one that worked/);
  await attemptOf('', upgrade());
  expect((await failureOf('', back({ revision: 9 }, other()))).message).toMatch(/release has no 9 version/);
});

test('what helm keeps of a release can be read by helm alone, and holds the values that were given', async () => {
  await attemptOf('', upgrade({ values: { replicas: 3 } }));
  const { data } = api.object('/api/v1/namespaces/shop/secrets/sh.helm.release.v1.web.v1') as unknown as {
    data: { release: string };
  };
  const body = gunzipSync(Buffer.from(Buffer.from(data.release, 'base64').toString(), 'base64')).toString();
  expect(JSON.parse(body)).toMatchObject({ config: { replicas: 3 } });
});
