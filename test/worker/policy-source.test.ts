import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import { createPolicySource, type PolicySource } from '../../activities/worker/policy-source';
import { readSigners, type Signer } from '../../src/policy/signers';
import { makeRepository, type TestRepository } from '../helpers/git-repository';
import { commitSigned, makeKeyRing, sign, type KeyRing, type SigningKey } from '../helpers/signed-commits';

let remote: TestRepository;
let dataDir: string;
let keys: KeyRing;
let ann: SigningKey;
let ben: SigningKey;
const open: PolicyRepository[] = [];

beforeAll(async () => {
  keys = await makeKeyRing();
  [ann, ben] = [await keys.make('ann@company.example'), await keys.make('ben@company.example')];
});
afterAll(() => keys.remove());
beforeEach(async () => {
  remote = await makeRepository();
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-source-'));
});
afterEach(async () => {
  for (const repository of open.splice(0)) await repository.close();
  await remote.remove();
  await rm(dataDir, { recursive: true, force: true });
});

/** A process of its own on the folder. */
function start(trusted?: readonly Signer[], folder = dataDir): PolicySource {
  const mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: folder, now: () => Date.now() });
  open.push(mirror);
  return createPolicySource({ mirror, freshMs: 0, trusted, now: () => Date.now() });
}

const trust = (...lines: readonly SigningKey[]): readonly Signer[] => {
  const read = readSigners(lines.map(({ line }) => line).join('\n'));
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.signers;
};

let revision = 0;
/** A policy that asks for signatures of some keys, or of none. */
function policy(...signers: readonly SigningKey[]): { readonly [path: string]: string } {
  const verify =
    signers.length === 0 ? '' : `verify: { signers: [${signers.map(({ line }) => `"${line}"`).join(', ')}] }`;
  return { 'policy.yaml': `version: 1 # ${revision++}\nenvironments: { staging: {} }\n${verify}\n` };
}

const other = (): { readonly [path: string]: string } => ({ 'README.md': String(revision++) });
const moveTo = (commit: string) => remote.git(['update-ref', 'refs/heads/main', commit]);

/** Accepts a first policy that asks for Ann's signature. */
async function begun(): Promise<{ readonly source: PolicySource; readonly first: string }> {
  const first = await commitSigned(remote, policy(ann), ann);
  const source = start();
  await source.refresh();
  expect(await source.current()).toMatchObject({ commit: first });
  return { source, first };
}

describe('where the policy in force asks for signatures', () => {
  test('a newer commit that is signed binds, and one that is not does not', async () => {
    const { source } = await begun();
    const signed = await commitSigned(remote, policy(ann), ann);
    expect(await source.current()).toMatchObject({ commit: signed, unreachable: false });
    const unsigned = await remote.commit(policy(ann));
    expect(await source.current()).toMatchObject({
      commit: signed,
      refused: { commit: unsigned, because: 'untrusted', why: 'it is not signed' },
      problem: `the newest commit ${unsigned.slice(0, 10)} cannot be used: it is not signed`,
    });
  });

  type Attack = (first: string) => Promise<{ readonly head: string; readonly why: string }>;
  const attacks: readonly (readonly [string, Attack])[] = [
    [
      'an unsigned commit in the middle',
      async () => {
        const middle = await remote.commit(other());
        return {
          head: await commitSigned(remote, other(), ann),
          why: `commit ${middle.slice(0, 10)} on the way to it is not signed`,
        };
      },
    ],
    [
      'an unsigned commit on the other side of a merge',
      async (first) => {
        const side = await remote.commit({ 'side.md': 'x' }, 'Side', { branch: 'refs/heads/side' });
        const onTop = await sign(remote, { commit: await remote.commit(other()), key: ann, parents: [first] });
        const merge = await sign(remote, { commit: onTop, key: ann, parents: [onTop, side] });
        await moveTo(merge);
        return { head: merge, why: `commit ${side.slice(0, 10)} on the way to it is not signed` };
      },
    ],
    [
      'a key that is not listed',
      async () => ({
        head: await commitSigned(remote, other(), ben),
        why: `it is signed by a key that is not allowed (${ben.fingerprint})`,
      }),
    ],
    [
      'a commit that admits its own key',
      async () => ({
        head: await commitSigned(remote, policy(ann, ben), ben),
        why: `it is signed by a key that is not allowed (${ben.fingerprint})`,
      }),
    ],
    [
      'a signature that was taken from another commit',
      async (first) => {
        const body = await remote.git(['cat-file', 'commit', first]);
        const signature = /gpgsig [^]*?-----END SSH SIGNATURE-----\n/.exec(body)![0];
        const forged = await remote.git(['cat-file', 'commit', await remote.commit(other())]);
        const put = forged.replace('\n\n', `\n${signature}\n`);
        const head = (await remote.git(['hash-object', '-w', '-t', 'commit', '--stdin'], put)).trim();
        await moveTo(head);
        return { head, why: 'it has a signature that does not fit what it holds' };
      },
    ],
    [
      'a signature of another kind',
      async () => {
        const body = await remote.git(['cat-file', 'commit', await remote.commit(other())]);
        const put = body.replace(
          '\n\n',
          '\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n',
        );
        const head = (await remote.git(['hash-object', '-w', '-t', 'commit', '--stdin'], put)).trim();
        await moveTo(head);
        return { head, why: 'it is signed with GPG or X.509, and only ssh keys count' };
      },
    ],
    [
      'a signed rewrite of history',
      async (first) => {
        const head = await sign(remote, { commit: await remote.commit(policy(ann)), key: ann, parents: [] });
        await moveTo(head);
        return {
          head,
          why: `it does not follow ${first.slice(0, 10)}, the last accepted commit, so history was rewritten`,
        };
      },
    ],
  ];
  test.each(attacks)('%s does not bind, and the last good commit stays', async (_, attack) => {
    const { source, first } = await begun();
    await remote.git(['update-ref', 'refs/heads/side', first]);
    const { head, why } = await attack(first);
    expect(await source.current()).toMatchObject({
      commit: first,
      refused: { commit: head, because: 'untrusted', why },
    });
  });

  test('an older version that was signed is refused, also by a process that starts later', async () => {
    const { source, first } = await begun();
    const second = await commitSigned(remote, policy(ann), ann);
    await source.current();
    await moveTo(first);
    const refused = {
      commit: first,
      because: 'untrusted',
      why: `it is older than ${second.slice(0, 10)}, which was accepted before`,
    };
    expect(await source.current()).toMatchObject({ commit: second, refused });
    expect(await start().current()).toMatchObject({ commit: second, refused });
  });

  test('a mirror that was thrown away does not forget what it had accepted', async () => {
    const { source } = await begun();
    const second = await commitSigned(remote, policy(ann), ann);
    await source.current();
    const mirror = (await readdir(dataDir)).find((name) => name.endsWith('.git'))!;
    await rm(join(dataDir, mirror), { recursive: true });
    const rewritten = await sign(remote, { commit: await remote.commit(policy(ann)), key: ann, parents: [] });
    await moveTo(rewritten);
    await expect(start().current()).rejects.toThrow(
      /No policy is in force, because the newest commit .* history was rewritten/,
    );
    await moveTo(second);
    expect(await start().current()).toMatchObject({ commit: second });
  });

  test('a key that an accepted commit adds counts for what comes after it, even in one push', async () => {
    const { source } = await begun();
    await commitSigned(remote, policy(ann, ben), ann);
    const byBen = await commitSigned(remote, other(), ben);
    expect(await source.current()).toMatchObject({ commit: byBen });
  });

  test('a key that an accepted commit takes away does not count after it, even in one push', async () => {
    await commitSigned(remote, policy(ann, ben), ann);
    const source = start();
    await source.current();
    const without = await commitSigned(remote, policy(ann), ann);
    const byBen = await commitSigned(remote, policy(ann, ben), ben);
    expect(await source.current()).toMatchObject({ commit: without, refused: { commit: byBen, because: 'untrusted' } });
  });

  test('a signed commit that cannot be read changes no keys', async () => {
    const { source, first } = await begun();
    await commitSigned(remote, { 'policy.yaml': `${policy(ann, ben)['policy.yaml']}\nnonsense: 1\n` }, ann);
    const byBen = await commitSigned(remote, policy(ann, ben), ben);
    expect(await source.current()).toMatchObject({ commit: first, refused: { commit: byBen, because: 'untrusted' } });
  });

  test('no configuration of the mirror makes an unsigned commit count', async () => {
    const { source, first } = await begun();
    const mirror = (await readdir(dataDir)).find((name) => name.endsWith('.git'))!;
    const yes = join(dataDir, 'yes');
    await writeFile(yes, '#!/bin/sh\necho "Good \\"git\\" signature for x with ED25519 key SHA256:x"\n', {
      mode: 0o755,
    });
    await appendFile(join(dataDir, mirror, 'config'), `[gpg "ssh"]\n\tprogram = ${yes}\n[gpg]\n\tprogram = ${yes}\n`);
    const head = await commitSigned(remote, other(), ben);
    expect(await source.current()).toMatchObject({ commit: first, refused: { commit: head } });
  });

  test('an object that was put in the place of another makes no difference', async () => {
    const { source, first } = await begun();
    const unsigned = await remote.commit(policy(ann));
    const signed = await sign(remote, { commit: unsigned, key: ann });
    await remote.git(['update-ref', 'refs/heads/side', signed]);
    const mirror = (await readdir(dataDir)).find((name) => name.endsWith('.git'))!;
    expect(await source.current()).toMatchObject({ commit: first, refused: { commit: unsigned } });
    const ref = join(dataDir, mirror, 'refs/replace');
    await mkdir(ref, { recursive: true });
    await writeFile(join(ref, unsigned), `${signed}\n`);
    expect(await start().current()).toMatchObject({ commit: first, refused: { commit: unsigned } });
  });

  test('two processes that share the folder agree', async () => {
    const { source } = await begun();
    const beside = start();
    for (let round = 0; round < 3; round++) {
      const commit = await commitSigned(remote, policy(ann), ann);
      const both = await Promise.all([source.current(), beside.current()]);
      expect(both.map((each) => [each.commit, each.refused])).toEqual([
        [commit, undefined],
        [commit, undefined],
      ]);
    }
  });
});

describe('the keys of whoever runs Signalbox', () => {
  test('decide about the first commit', async () => {
    const unsigned = await remote.commit(policy());
    await expect(start(trust(ann)).current()).rejects.toThrow(
      /No policy is in force, because the newest commit .* it is not signed, and only what a key of POLICY_SIGNERS signed can come first/,
    );
    const signed = await sign(remote, { commit: unsigned, key: ann });
    await moveTo(signed);
    expect(await start(trust(ann)).current()).toMatchObject({ commit: signed });
  });

  test('count for every later commit beside those of the policy', async () => {
    await commitSigned(remote, policy(ben), ann);
    const source = start(trust(ann));
    await source.current();
    const byBen = await commitSigned(remote, other(), ben);
    expect(await source.current()).toMatchObject({ commit: byBen });
    const byAnn = await commitSigned(remote, other(), ann);
    expect(await source.current()).toMatchObject({ commit: byAnn });
    await remote.commit(other());
    expect(await source.current()).toMatchObject({ commit: byAnn, refused: { why: 'it is not signed' } });
  });

  test('are asked for where a policy was in force without them, which goes on and says so', async () => {
    const before = await remote.commit(policy());
    await start().current();
    const source = start(trust(ann));
    expect(await source.current()).toMatchObject({
      commit: before,
      problem: expect.stringContaining('would not be accepted today: it is not signed'),
    });
    const signed = await commitSigned(remote, policy(), ann);
    expect(await source.current()).toMatchObject({ commit: signed });
    expect(await source.current()).not.toHaveProperty('problem');
  });
});

describe('where nobody asks for signatures', () => {
  test('a rewrite binds, and is said', async () => {
    const first = await remote.commit(policy());
    const source = start();
    await source.current();
    const second = await remote.commit(policy());
    await source.current();
    await moveTo(first);
    expect(await source.current()).toMatchObject({ commit: first, rewrittenFrom: second });
  });
});

describe('its own tests', () => {
  const test1 = (verdict: string) =>
    `tests:\n  - name: staging is open\n    at: 2026-11-24T10:00:00Z\n    request: { kind: deploy, environment: staging, service: shop, version: v1, by: U0ANN }\n    expect: { verdict: ${verdict} }\n`;
  const files = (verdict: string) => ({
    ...policy(),
    'configs/services/shop.yaml': 'service: { name: shop }\n',
    'policy_tests/a.yaml': test1(verdict),
  });

  test('have to pass before a commit binds, and the one that fails is named', async () => {
    const good = await remote.commit(files('allowed'));
    const source = start();
    await source.current();
    const bad = await remote.commit(files('denied'));
    expect(await source.current()).toMatchObject({
      commit: good,
      refused: {
        commit: bad,
        because: 'unusable',
        why: 'its own test "staging is open" (policy_tests/a.yaml:2) fails, because the verdict should be "denied" and is "allowed"',
      },
    });
  });
});
