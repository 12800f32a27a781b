// Turns vitest's JSON report into the line that closes a run: "N passed, N failed". A suite that could not be loaded
// counts as a failure, and so does a skipped test: nothing skips itself here.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const brokenSuites = report.testResults.filter(
  (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
).length;
const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
const failed = report.numFailedTests + brokenSuites + skipped;
if (skipped > 0) console.log(`${skipped} tests skipped themselves: counted as failed`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 && report.numPassedTests > 0 ? 0 : 1);
