import type { Source } from './verdict';

/** A reason for more seats than the company's approval rule asks for. */
export interface Duty {
  readonly rule: string;
  readonly because: string;
  readonly source?: Source;
  /** So many approvers in all, or one more than there are anyway. */
  readonly approvers: number | 'one_more';
}
