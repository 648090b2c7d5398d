/** Every wait of an operation, as an argument (law 13). Milliseconds. */
export interface OperationTimings {
  /** How long one delivery to Slack may try before the slot waits for the next change. */
  readonly deliveryMs: number;
  /** How long the last card, and notices that somebody has to see, may try. The outcome is recorded and the lane free by then. */
  readonly lastDeliveryMs: number;
  /** How long Slack may take to say who a voter is. */
  readonly voterCheckMs: number;
  /** How long a decision may take on the spot, in the worker that asks for it, before it goes the long way. */
  readonly decideMs: number;
  /** How long `admit` and `judge` may try while Git is away. */
  readonly judgeMs: number;
  /** How long a record may try to be committed. */
  readonly recordMs: number;
  /** How long a record that could not be committed rests before it is tried again. */
  readonly recordAgainMs: number;
  /** How long a rollback waits for its record before it goes on without. */
  readonly deferMs: number;
  /** A runner that says nothing for this long is taken for dead and its step is tried again. */
  readonly heartbeatMs: number;
  /** How long a holder may take to go when a rollback takes its lane over. */
  readonly takeOverMs: number;
  /** How often a lane asks whether its holder still lives. */
  readonly livenessMs: number;
  /** Greatest age of a look-up of a voter that still counts. */
  readonly voterMaxAgeMs: number;
  /** How long an operation waits in its lane at most. */
  readonly laneMs: number;
}
