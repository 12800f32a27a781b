/** A part of a file, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header (RFC 9110 §14.2) for a file of `sizeBytes`. "whole": no range, or one we need not serve
 * (several parts, other units, nonsense); "unsatisfiable": answer 416.
 */
export function readRange(header: string | undefined, sizeBytes: number): ByteRange | "whole" | "unsatisfiable" {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? "");
  if (!match) return "whole";
  const [, first, last] = match;
  if (first === "") {
    if (last === "") return "whole";
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== "" && Number(last) < start) return "whole"; // an invalid range is ignored (§14.1.1)
  return start >= sizeBytes ? "unsatisfiable" : { start, end };
}
