import { defineConfig } from "vitest/config";

// Only what hangs is ended: how fast things are is for the benches, on a machine that has time for them.
const common = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // Modules keep nothing that a test could see, so files share what was loaded: loading it for each takes most of the time.
  isolate: false,
};
/** Tests of APIs that run on PostgreSQL too. */
const onBoth = ["across", "foreign-key", "native-agents", "native-billing", "native-calls", "native-webhooks"];
/** Parts that need no gateway. */
const cores = ["test/{codecs,kit,media,sip}/**/*.test.ts"];

export default defineConfig({
  test: {
    // More than the two cores of a small machine: tests of sockets and calls wait for most of their time.
    maxWorkers: 3,
    projects: [
      { test: { ...common, name: "cores", include: cores } },
      { test: { ...common, name: "gateway", include: ["test/**/*.test.ts"], exclude: cores } },
      {
        test: {
          ...common,
          // What the services and the store do is the same in both databases; of the APIs, what asks most of the database.
          name: "postgres",
          include: ["test/control/{service,store}/**/*.test.ts", `test/control/dialects/{${onBoth.join(",")}}.test.ts`],
          globalSetup: "test/kit/postgres.ts",
        },
      },
    ],
  },
});
