import type { CallRecords } from "../../src/control/calls/call-control.ts";

/** A store that keeps nothing and knows nobody, but for what a test gives it. */
export function callRecords(given: Partial<CallRecords> = {}): CallRecords {
  return {
    createCall: async () => undefined,
    noteTransfer: async () => undefined,
    noteSignalling: async () => undefined,
    applyMediaEvent: async () => undefined,
    endCall: async () => true,
    failCallsLeftOver: async () => 0,
    resolveAgent: async () => undefined,
    findOpenCall: async () => undefined,
    recordingPath: () => "/dev/null",
    ...given,
  };
}
