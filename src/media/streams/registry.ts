/** Every carrier's media stream protocol, one line each; a call comes in at `/media/<carrier>`. */
export { twilio } from "./twilio.ts";
