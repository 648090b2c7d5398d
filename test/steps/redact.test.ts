import { Redactor } from '../../activities/steps/redact';

function masked(secret: string, text: string): string {
  const redactor = new Redactor();
  redactor.add(secret);
  return redactor.text(text);
}

const body = ['MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw', 'ggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyji', 'hjSs='];
const key = ['-----BEGIN PRIVATE KEY-----', ...body, '-----END PRIVATE KEY-----'].join('\n');

test.each<[string, string]>([
  ['with a bar in front of each line, as Terraform frames an error', key.replaceAll('\n', '\n\u2502 ')],
  ['with the line ends of another system', key.replaceAll('\n', '\r\n')],
  ['cut in the middle', key.split('\n').slice(0, 2).join('\n')],
])('a key of several lines is masked %s', (_, shown) => {
  const text = masked(key, shown);
  for (const line of body.slice(0, 2)) expect(text).not.toContain(line);
  expect(text).not.toContain('undefined');
});

test('what a document of secrets holds is masked by itself, and what is too short to be one is not', () => {
  const document = JSON.stringify({ type: 'robot', private_key: key, nested: [{ password: 'hunter2-hunter2' }] });
  const text = masked(document, `password=hunter2-hunter2 type=robot ${body[0]}`);
  expect(text).toBe('password=*** type=robot ***');
});

test('a secret of one line that is no document is masked as it is', () => {
  expect(masked('[brackets are not JSON', 'x [brackets are not JSON x')).toBe('x *** x');
});
