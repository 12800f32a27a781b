/**
 * What runs in flite's worker thread. The functions here refer only to each other and to Node's built-ins, because the
 * thread is started from their source text: that works the same from `dist` and from the TypeScript sources under test,
 * where a worker file would need a loader.
 *
 * flite sees a file system of one file in memory (`speech.wav`), so that nothing said is ever written to a disk.
 */
import type * as WorkerThreads from "node:worker_threads";

/** To the thread: speak this. One at a time; the next only after the answer. */
export interface FliteJob {
  readonly text: string;
  readonly voice: string;
}

/** From the thread: a RIFF/WAVE file and flite's `-psdur` line (`pau:0.119 hh:0.212 …`, end times in s), or why not. */
export type FliteAnswer =
  | { readonly type: "spoken"; readonly wav: Uint8Array; readonly phones: string }
  | { readonly type: "failed"; readonly message: string };

/** What we use of a WebAssembly instance that is a WASI command. */
interface WasiCommand {
  readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; _start(): void };
}

/** The corner of the global `WebAssembly` used here; the standard library types without a browser leave it out. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  Instance: new (module: object, imports: object) => WasiCommand;
};

interface MemoryWasi {
  /** Import object of `wasi_snapshot_preview1`. */
  readonly imports: object;
  /** Runs the command; returns its exit code. */
  run(instance: WasiCommand, args: readonly string[]): number;
  /** What was written to `speech.wav` and to standard output. */
  readonly file: Uint8Array;
  readonly stdout: string;
}

/** The 13 calls of WASI preview 1 that flite imports, over memory. Serves one run of one instance. */
function createMemoryWasi(): MemoryWasi {
  const success = 0;
  const badDescriptor = 8;
  const noEntry = 44;
  const noSpace = 51;
  const folderDescriptor = 3;
  const fileDescriptor = 4;
  const maxFileBytes = 8 * 1024 * 1024;
  let memory: { readonly buffer: ArrayBuffer } = { buffer: new ArrayBuffer(0) };
  let args: Uint8Array[] = [];
  let file = new Uint8Array(256 * 1024);
  let fileLength = 0;
  let position = 0;
  const output: Uint8Array[] = [];
  let outputBytes = 0;
  const exit = { code: 0 };
  const view = () => new DataView(memory.buffer);

  const write = (descriptor: number, bytes: Uint8Array): boolean => {
    if (descriptor === 1 || descriptor === 2) {
      if (descriptor === 1 && outputBytes < 65_536) output.push(bytes.slice());
      outputBytes += bytes.length;
      return true;
    }
    const end = position + bytes.length;
    if (end > maxFileBytes) return false;
    if (end > file.length) {
      const larger = new Uint8Array(Math.max(end, file.length * 2));
      larger.set(file);
      file = larger;
    }
    file.set(bytes, position);
    position = end;
    fileLength = Math.max(fileLength, end);
    return true;
  };

  const wasi = {
    args_sizes_get(countAt: number, sizeAt: number): number {
      view().setUint32(countAt, args.length, true);
      view().setUint32(
        sizeAt,
        args.reduce((sum, arg) => sum + arg.length, 0),
        true,
      );
      return success;
    },
    args_get(pointersAt: number, bytesAt: number): number {
      let at = bytesAt;
      args.forEach((arg, index) => {
        view().setUint32(pointersAt + 4 * index, at, true);
        new Uint8Array(memory.buffer).set(arg, at);
        at += arg.length;
      });
      return success;
    },
    clock_time_get(_clock: number, _precision: bigint, timeAt: number): number {
      view().setBigUint64(timeAt, 0n, true);
      return success;
    },
    fd_close: (): number => success,
    fd_fdstat_get(descriptor: number, statAt: number): number {
      if (descriptor > fileDescriptor) return badDescriptor;
      // Kinds: 2 character device, 3 folder, 4 regular file; then flags and two sets of rights, all granted.
      const kind = descriptor === folderDescriptor ? 3 : descriptor === fileDescriptor ? 4 : 2;
      view().setUint8(statAt, kind);
      view().setUint16(statAt + 2, 0, true);
      view().setBigUint64(statAt + 8, 0xffff_ffff_ffff_ffffn, true);
      view().setBigUint64(statAt + 16, 0xffff_ffff_ffff_ffffn, true);
      return success;
    },
    fd_fdstat_set_flags: (): number => success,
    fd_prestat_get(descriptor: number, prestatAt: number): number {
      if (descriptor !== folderDescriptor) return badDescriptor;
      view().setUint32(prestatAt, 0, true);
      view().setUint32(prestatAt + 4, 1, true);
      return success;
    },
    fd_prestat_dir_name(descriptor: number, nameAt: number): number {
      if (descriptor !== folderDescriptor) return badDescriptor;
      view().setUint8(nameAt, 0x2f);
      return success;
    },
    fd_read(_descriptor: number, _vectorsAt: number, _vectorCount: number, readAt: number): number {
      view().setUint32(readAt, 0, true);
      return success;
    },
    fd_seek(descriptor: number, offset: bigint, whence: number, positionAt: number): number {
      if (descriptor !== fileDescriptor) return badDescriptor;
      const from = whence === 0 ? 0 : whence === 1 ? position : fileLength;
      position = Math.min(maxFileBytes, Math.max(0, from + Number(offset)));
      view().setBigUint64(positionAt, BigInt(position), true);
      return success;
    },
    fd_write(descriptor: number, vectorsAt: number, vectorCount: number, writtenAt: number): number {
      let written = 0;
      for (let index = 0; index < vectorCount; index += 1) {
        const at = view().getUint32(vectorsAt + 8 * index, true);
        const length = view().getUint32(vectorsAt + 8 * index + 4, true);
        if (!write(descriptor, new Uint8Array(memory.buffer, at, length))) return noSpace;
        written += length;
      }
      view().setUint32(writtenAt, written, true);
      return success;
    },
    path_open(
      _folder: number,
      _lookup: number,
      pathAt: number,
      pathLength: number,
      _open: number,
      _rights: bigint,
      _inherited: bigint,
      _flags: number,
      descriptorAt: number,
    ): number {
      const path = new TextDecoder().decode(new Uint8Array(memory.buffer, pathAt, pathLength));
      if (path !== "speech.wav") return noEntry;
      position = 0;
      fileLength = 0;
      view().setUint32(descriptorAt, fileDescriptor, true);
      return success;
    },
    proc_exit(code: number): never {
      exit.code = code;
      throw exit;
    },
  };

  return {
    imports: { wasi_snapshot_preview1: wasi },
    run(instance, words) {
      memory = instance.exports.memory;
      args = words.map((word) => new TextEncoder().encode(`${word}\0`));
      try {
        instance.exports._start();
        return 0;
      } catch (error) {
        if (error !== exit) throw error;
        return exit.code;
      }
    },
    get file() {
      return file.slice(0, fileLength);
    },
    get stdout() {
      return output.map((bytes) => new TextDecoder().decode(bytes)).join("");
    },
  };
}

/** The thread: compiles flite once and answers each job from a fresh instance, the next one made while idle. */
async function runFliteWorker(threads: typeof WorkerThreads, wasmBytes: Uint8Array): Promise<void> {
  const flite = await WebAssembly.compile(wasmBytes);
  const prepare = () => {
    const wasi = createMemoryWasi();
    return { wasi, instance: new WebAssembly.Instance(flite, wasi.imports) };
  };
  const speak = ({ text, voice }: FliteJob, { wasi, instance }: ReturnType<typeof prepare>): FliteAnswer => {
    // A little faster than flite's own reading pace, as people speak on the telephone.
    const pace = ["--setf", "duration_stretch=0.88"];
    const code = wasi.run(instance, ["flite", "-voice", voice, ...pace, "-psdur", "-t", text, "-o", "/speech.wav"]);
    if (code !== 0 || wasi.file.length === 0) return { type: "failed", message: `flite ended with code ${code}` };
    return { type: "spoken", wav: wasi.file, phones: wasi.stdout };
  };
  let next: ReturnType<typeof prepare> | undefined = prepare();
  threads.parentPort?.on("message", (job: FliteJob) => {
    let answer: FliteAnswer;
    try {
      answer = speak(job, next ?? prepare());
    } catch (error) {
      answer = { type: "failed", message: `flite crashed: ${String(error)}` };
    }
    threads.parentPort?.postMessage(answer);
    next = undefined;
    setImmediate(() => {
      next ??= prepare();
    });
  });
}

/** Source text of the worker thread: a CommonJS script; `workerData` is the path of flite.wasm. */
export const fliteWorkerSource = `
${createMemoryWasi.toString()}
${runFliteWorker.toString()}
const threads = require("node:worker_threads");
void runFliteWorker(threads, require("node:fs").readFileSync(threads.workerData));
`;
