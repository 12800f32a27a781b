import { defineConfig } from "vitest/config";

const common = { testTimeout: 20_000, hookTimeout: 30_000 };

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
