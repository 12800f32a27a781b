import { type PolyphaseTable, polyphaseTable } from "./resampler-design.ts";

/** Inputs worked on at a time; longer ones go in pieces. 20 ms at 48 kHz. */
const blockSamples = 960;

function toSample(value: number): number {
  return value >= 32767 ? 32767 : value <= -32768 ? -32768 : Math.round(value);
}

/**
 * Polyphase FIR sample-rate converter, mono. It keeps its state from call to call, so the sum of the outputs does
 * not depend on how the input was cut. Group delay: 24 samples of the lower rate (3 ms at 8 kHz).
 */
export class Resampler {
  /** Length of the filter's delay in ms, the same at all frequencies. */
  readonly delayMs: number;
  private readonly table: PolyphaseTable;
  /** Float64Array: the last tapsPerPhase − 1 inputs, then the block being worked on. */
  private readonly line: Float64Array;
  /** Where the next output lies after the first input of the next block, in steps of 1/L input sample. */
  private position = 0;

  /** Any of our rates; others too (44 100 Hz of a file) as long as the ratio needs no more than 640 phases. */
  constructor(fromHz: number, toHz: number) {
    this.table = polyphaseTable(fromHz, toHz);
    this.line = new Float64Array(this.table.tapsPerPhase - 1 + blockSamples);
    this.delayMs = fromHz === toHz ? 0 : (this.table.delayInputSamples / fromHz) * 1000;
  }

  /** The most samples one call can write for that many inputs. */
  maxOutput(inputSamples: number): number {
    return Math.ceil((inputSamples * this.table.interpolation) / this.table.decimation);
  }

  /** Converts the first `inputSamples` of `input`; returns samples written. */
  process(input: Int16Array, out: Int16Array, inputSamples: number = input.length): number {
    const { interpolation, decimation, tapsPerPhase } = this.table;
    if (out.length < this.maxOutput(inputSamples)) throw new Error("Resampler: the output is too short");
    if (interpolation === decimation) {
      for (let i = 0; i < inputSamples; i++) out[i] = input[i]!;
      return inputSamples;
    }
    const { line } = this;
    let written = 0;
    for (let done = 0; done < inputSamples; done += blockSamples) {
      const samples = Math.min(blockSamples, inputSamples - done);
      for (let i = 0; i < samples; i++) line[tapsPerPhase - 1 + i] = input[done + i]!;
      const outputs = Math.max(0, Math.ceil((samples * interpolation - this.position) / decimation));
      filter(this.table, line, this.position, out, written, outputs);
      written += outputs;
      this.position += outputs * decimation - samples * interpolation;
      line.copyWithin(0, samples, samples + tapsPerPhase - 1);
    }
    return written;
  }

  /** Forgets what was heard, as if made anew. */
  reset(): void {
    this.line.fill(0);
    this.position = 0;
  }
}

/**
 * Writes `outputs` samples from `outAt` on. Outputs of the same phase lie L apart and their windows M apart, which is
 * the taps' stride: four of them share each coefficient and three of four inputs. Every output is summed in the same
 * order wherever it falls, so that cutting the input elsewhere changes no bit.
 */
function filter(
  table: PolyphaseTable,
  line: Float64Array,
  position: number,
  out: Int16Array,
  outAt: number,
  outputs: number,
): void {
  const { interpolation, decimation, tapsPerPhase, stride, taps } = table;
  const run = tapsPerPhase / stride;
  const sharing = stride === decimation;
  for (let first = 0; first < interpolation && first < outputs; first++) {
    const time = position + first * decimation;
    let window = Math.floor(time / interpolation);
    const tapsFrom = (time - window * interpolation) * tapsPerPhase;
    let at = first;
    if (sharing) {
      for (; at + 3 * interpolation < outputs; at += 4 * interpolation) {
        let sum0 = 0;
        let sum1 = 0;
        let sum2 = 0;
        let sum3 = 0;
        for (let start = 0; start < stride; start++) {
          let k = tapsFrom + start * run;
          const end = k + run;
          let x = window + start;
          let x0 = line[x]!;
          let x1 = line[x + stride]!;
          let x2 = line[x + 2 * stride]!;
          x += 3 * stride;
          for (; k < end; k += 4) {
            const x3 = line[x]!;
            let tap = taps[k]!;
            sum0 += tap * x0;
            sum1 += tap * x1;
            sum2 += tap * x2;
            sum3 += tap * x3;
            x0 = line[x + stride]!;
            tap = taps[k + 1]!;
            sum0 += tap * x1;
            sum1 += tap * x2;
            sum2 += tap * x3;
            sum3 += tap * x0;
            x1 = line[x + 2 * stride]!;
            tap = taps[k + 2]!;
            sum0 += tap * x2;
            sum1 += tap * x3;
            sum2 += tap * x0;
            sum3 += tap * x1;
            x2 = line[x + 3 * stride]!;
            tap = taps[k + 3]!;
            sum0 += tap * x3;
            sum1 += tap * x0;
            sum2 += tap * x1;
            sum3 += tap * x2;
            x += 4 * stride;
          }
        }
        out[outAt + at] = toSample(sum0);
        out[outAt + at + interpolation] = toSample(sum1);
        out[outAt + at + 2 * interpolation] = toSample(sum2);
        out[outAt + at + 3 * interpolation] = toSample(sum3);
        window += 4 * decimation;
      }
    }
    for (; at < outputs; at += interpolation) {
      let sum = 0;
      let k = tapsFrom;
      for (let start = 0; start < stride; start++) {
        for (let x = window + start, end = k + run; k < end; k++, x += stride) sum += taps[k]! * line[x]!;
      }
      out[outAt + at] = toSample(sum);
      window += decimation;
    }
  }
}
