import { runProcess } from './process';
import { botNeeds, startBot } from './start-bot';

void runProcess({ name: 'bot', needs: botNeeds, parts: [startBot] });
