import { runProcess } from './process';
import { startWorker, workerNeeds } from './start-worker';

void runProcess({ name: 'worker', needs: workerNeeds, parts: [startWorker], health: 'serve' });
