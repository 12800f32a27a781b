import { defineConfig } from "vitest/config";

// Only what hangs is ended: how fast things are is for the benches, on a machine that has time for them.
const common = { testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    // Two workers on two cores: socket tests share the machine with the processes they start.
    maxWorkers: 2,
    projects: [
      { test: { ...common, name: "tandem", include: ["test/**/*.test.ts"] } },
      {
        test: {
          ...common,
          // What the store does is the same in both databases.
          name: "postgres",
          include: ["test/control/{service,store,dialects}/**/*.test.ts"],
          globalSetup: "test/kit/postgres.ts",
        },
      },
    ],
  },
});
