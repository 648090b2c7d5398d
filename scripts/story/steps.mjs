import { incident, provision, rollback, windows, words } from './after.mjs';
import { declared, decide } from './work.mjs';
import { approve, ask, faulty, rollout } from './deliver.mjs';

/**
 * The story as a list. A step gets `people`, `company`, `camera`, `kill(program)`, `note(sentence)`, `memory` and
 * `check(sentence, value or question)`; it looks only at what people see in Slack, what the fleet really runs, and what
 * is on record.
 */
export const steps = [
  { name: '1. Ana asks for a deploy, and one card says everything', play: ask },
  { name: '2. Only the right people open the gate', play: approve },
  { name: '3. The rollout goes from canary to everybody, through a crash', play: rollout },
  { name: '4. A faulty version is taken back by itself', play: faulty },
  { name: '5. An incident is opened about it', play: incident },
  { name: '6. On call goes back to the version before', play: rollback },
  { name: '7. Nodes are built, and given back when something fails', play: provision },
  { name: '8. Declared servers are made, and data is lost only to whom types its name', play: declared },
  { name: '9. A runbook stops where it fails, and a person reads its log and decides', play: decide },
  { name: '10. What is approved today runs when its window opens', play: windows },
  { name: '11. Signalbox answers questions and refuses in words', play: words },
];
