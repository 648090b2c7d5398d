import { loadPolicy } from '../../src/policy/policy';
import { allowedSigners, readSigner, readSigners } from '../../src/policy/signers';

const body = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64');
const key = `ssh-ed25519 ${body}`;

test.each([
  ['a line of authorized_keys', `${key} ann@company.example`, 'ann@company.example'],
  ['a line of allowed_signers', `ann@company.example ${key}`, 'ann@company.example'],
  ['the option that says what is true anyway', `ann@company.example namespaces="git" ${key}`, 'ann@company.example'],
  ['a key without a name', key, `key-${body.slice(-12).replace(/\W/g, '')}`],
])('takes %s', (_, line, principal) => {
  expect(readSigner(line)).toEqual({ ok: true, signer: { principal, key } });
});

test.each([
  ['no key', 'ann@company.example', /no kind of key that is known/],
  ['an old kind of key', `ssh-dss ${body}`, /no kind of key that is known/],
  ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----', /no kind of key that is known/],
  ['half a key', `ssh-ed25519 ${body.slice(0, 44)}`, /not a public key of that kind/],
  ['a key of another kind than it says', `ssh-rsa ${body}`, /not a public key of that kind/],
  ['a date that the signer could write', `ann@x valid-before="20270101" ${key}`, /to end a key, remove its line/],
  ['an authority', `ann@x cert-authority ${key}`, /options such as cert-authority are not taken/],
  ['everybody', `* ${key}`, /is no name/],
  ['several names', `ann@x,ben@x ${key}`, /is no name/],
  ['a line that never ends', 'x'.repeat(5_000), /too long/],
])('refuses %s', (_, line, message) => {
  expect(readSigner(line)).toEqual({ ok: false, message: expect.stringMatching(message) });
});

test('a file may have comments and empty lines, and says which line is wrong', () => {
  expect(readSigners(`# ours\n\n${key} ann@x\r\n`)).toEqual({ ok: true, signers: [{ principal: 'ann@x', key }] });
  expect(readSigners(`# ours\nnonsense\n`)).toEqual({ ok: false, problems: [expect.stringMatching(/^line 2: /)] });
  expect(readSigners('# nobody\n')).toEqual({ ok: false, problems: ['it names no key'] });
});

test('signatures count as signatures of Git only', () => {
  expect(allowedSigners([{ principal: 'ann@x', key }])).toBe(`ann@x namespaces="git" ${key}\n`);
});

test('a policy names each signer that cannot be used, with its line', () => {
  const read = (signers: string) =>
    loadPolicy({
      files: new Map([
        ['policy.yaml', { text: `version: 1\nenvironments: { x: {} }\nverify:\n  signers:\n${signers}`, blob: 'b' }],
      ]),
      commit: 'c',
    });
  expect(read(`    - "${key} ann@x"\n`)).toMatchObject({
    ok: true,
    policy: { signers: [{ principal: 'ann@x', key }] },
  });
  expect(read(`    - "${key} ann@x"\n    - ann@x\n`)).toMatchObject({
    ok: false,
    problems: [{ line: 6, key: 'verify.signers.1', message: expect.stringMatching(/no kind of key/) }],
  });
});
