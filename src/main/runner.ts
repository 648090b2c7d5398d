import { runProcess } from './process';
import { runnerNeeds, startRunner } from './start-runner';

void runProcess({ name: 'runner', needs: runnerNeeds, parts: [startRunner], health: 'serve' });
