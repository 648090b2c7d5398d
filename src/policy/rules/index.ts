import type { Rule } from '../context';
import { approvals } from './approvals';
import { breakGlass } from './break-glass';
import { commandedFreezes } from './commanded-freezes';
import { companyRules } from './company-rules';
import { dependencies } from './dependencies';
import { freezes } from './freezes';
import { gdpr } from './gdpr';
import { handlerOnly } from './handler-only';
import { holdsKnown } from './holds-known';
import { hipaa } from './hipaa';
import { incidents } from './incidents';
import { known } from './known';
import { labels } from './labels';
import { locks } from './locks';
import { order } from './order';
import { pciDss } from './pci-dss';
import { policyChange } from './policy-change';
import { requester } from './requester';
import { resources } from './resources';
import { rollbackTarget } from './rollback-target';
import { stop } from './stop';
import { sox } from './sox';
import { strict } from './strict';
import { windows } from './windows';

/** Every rule, in the order in which people read their answers. Each looks at everything; none depends on another. */
export const rules: readonly Rule[] = [
  known,
  handlerOnly,
  requester,
  resources,
  labels,
  breakGlass,
  sox,
  pciDss,
  gdpr,
  hipaa,
  companyRules,
  policyChange,
  rollbackTarget,
  strict,
  approvals,
  windows,
  freezes,
  order,
  incidents,
  locks,
  commandedFreezes,
  stop,
  holdsKnown,
  dependencies,
];
