#!/usr/bin/env node
import { main } from './cli/main';
import { processIo } from './cli/io';

void main(process.argv.slice(2), processIo()).then((ended) => {
  // What was started keeps the process; everything else is done, whatever connection is still open.
  if (ended !== 'running') process.exit(ended);
});
