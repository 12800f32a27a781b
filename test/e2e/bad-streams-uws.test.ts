import { badStreamsSuite } from "./bad-streams-suite.ts";

badStreamsSuite("uws");
