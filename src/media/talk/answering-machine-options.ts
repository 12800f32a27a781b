/** When an answer is judged, and by what. Every length in ms of the audio heard since the answer. */
export interface AnsweringMachineOptions {
  /** The first verdict comes at this, whatever is known, and the final one at that. */
  readonly firstVerdictMs: number;
  readonly decideWithinMs: number;
  /** Less speech than this is a noise. */
  readonly leastSpeechMs: number;
  /** The pause after a "hello" that makes it a person's, and after how much speech it still does. */
  readonly helloPauseMs: number;
  readonly helloMs: number;
  /** Longer greetings need a longer pause, up to this one after the longest a person gives. */
  readonly longestPauseMs: number;
  readonly longestHumanMs: number;
  /** Silence after a person's greeting that settles it. */
  readonly settledMs: number;
  /** Speech without a long pause that makes it a machine's, likely and surely; more once a person would answer us. */
  readonly machineMs: number;
  readonly surelyMachineMs: number;
  readonly moreOverAgentMs: number;
  /** Speech over our own voice that makes it a machine's: people stop. */
  readonly overAgentMs: number;
  /** Without our detector's word for it, a pause after speech must be this long. */
  readonly unconfirmedPauseMs: number;
  /** Silence after a machine's greeting that stands for the beep, and the latest moment to speak. */
  readonly greetingOverMs: number;
  readonly messageByMs: number;
  /** How long after that a beep still counts. */
  readonly lateBeepMs: number;
}

export const defaultAnsweringMachineOptions = {
  firstVerdictMs: 660,
  decideWithinMs: 4000,
  leastSpeechMs: 120,
  helloPauseMs: 100,
  helloMs: 700,
  longestPauseMs: 500,
  longestHumanMs: 1700,
  settledMs: 1500,
  machineMs: 1700,
  surelyMachineMs: 2100,
  moreOverAgentMs: 1000,
  overAgentMs: 1200,
  unconfirmedPauseMs: 500,
  greetingOverMs: 2000,
  messageByMs: 40_000,
  lateBeepMs: 10_000,
} as const satisfies AnsweringMachineOptions;
