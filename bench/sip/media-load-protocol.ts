/** What the bench and its process of telephones say to each other. */

/** Telephones of one kind. */
export interface PhoneLine {
  readonly codec: "pcmu" | "opus";
  /** They hear their own echo, so their frames are marked and looked for. G.711 only. */
  readonly echo: boolean;
}

export interface MediaLoadOptions {
  readonly lines: readonly PhoneLine[];
}

export type MediaLoadQuestion =
  /** How many phones talk? */
  | { readonly type: "count" }
  /** What is sent from now on counts. */
  | { readonly type: "measure" }
  /** What is sent from now on counts no more; answer when the last of it has come back. */
  | { readonly type: "report" };

export type MediaLoadAnswer =
  /** RTP ports of each line, in the order of the options; calls are to be spread over them. */
  | { readonly type: "ready"; readonly ports: readonly (readonly number[])[] }
  | { readonly type: "count"; readonly phones: number }
  | { readonly type: "report"; readonly lines: readonly LineFigures[]; readonly load: LoadFigures };

/** What the phones of a line heard, all together. */
export interface LineFigures {
  readonly phones: number;
  /** Of them those that heard nothing but silence at the end. */
  readonly deaf: number;
  readonly arrived: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly latenessMs: Spread;
  readonly framesSent: number;
  readonly framesBack: number;
  readonly foreignFrames: number;
  readonly turnaroundMs: Spread;
}

/** How well the telephones themselves did. */
export interface LoadFigures {
  /** ms a packet left after its time. */
  readonly sendLatenessMs: Spread;
  /** Datagrams the kernel dropped before we read them. */
  readonly dropped: number;
}

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}
