import { readService } from '../../src/policy/read-services';
import { hostileFiles } from './hostile-yaml';

/** A program of its own, started with little memory: reads the corpus and prints how many files were refused. */
let refused = 0;
for (const { path: file, content } of hostileFiles) {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
  if (readService({ file, text, blob: file }).problems.length > 0) refused++;
}
process.stdout.write(JSON.stringify({ refused }));
